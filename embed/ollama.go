package embed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ollama/ollama/api"
)

// What can be wrong with Ollama when it is asked for the first time.
var (
	ErrNoOllama = errors.New("no Ollama server can be reached")
	ErrNoModel  = errors.New("the model isn't there")
)

const (
	ollamaPort    = "11434"
	defaultBatch  = 32
	shortest      = 100             // bytes that a text isn't cut below
	defaultWithin = 5 * time.Minute // a request may load the model first
)

// OllamaOptions says where and how Ollama is asked.
type OllamaOptions struct {
	Host     string                // as in OLLAMA_HOST: a URL, or a host with or without port; 127.0.0.1:11434 if empty
	Batch    int                   // texts in one request; 32 if 0
	Within   time.Duration         // how long one request may take; 5 minutes if 0
	Progress func(done, total int) // called by Embed after each request, with the texts that are done; nil for none
}

// Ollama embeds with a model that an Ollama server runs.
type Ollama struct {
	OllamaOptions
	client      *api.Client
	address     string
	model       string
	dimensions  int
	fingerprint string
}

var _ Embedder = (*Ollama)(nil)

// Check reports an address that can't be one.
func (o OllamaOptions) Check() error {
	_, err := OllamaAddress(o.Host)
	return err
}

// OllamaModel is the model that made the vectors of a fingerprint.
func OllamaModel(fingerprint string) (model string, ok bool) {
	parts := strings.Split(fingerprint, "/") // a model's name may have slashes of its own
	if len(parts) < 4 || parts[0] != "ollama" {
		return "", false
	}
	return strings.Join(parts[1:len(parts)-2], "/"), true
}

// OpenOllama asks the server for the model and for one vector, from which it learns Dimensions. Its
// errors are ErrNoOllama when no server answers, ErrNoModel when the server lacks the model, and
// what the server says when it can't embed with it.
func OpenOllama(ctx context.Context, model string, opts OllamaOptions) (*Ollama, error) {
	if opts.Batch == 0 {
		opts.Batch = defaultBatch
	}
	if opts.Within == 0 {
		opts.Within = defaultWithin
	}
	base, err := OllamaAddress(opts.Host)
	if err != nil {
		return nil, err
	}
	o := &Ollama{OllamaOptions: opts, client: api.NewClient(base, &http.Client{CheckRedirect: stays}), address: base.Redacted(), model: model}
	digest, err := o.digest(ctx)
	if err != nil {
		return nil, err
	}
	vectors, err := o.request(ctx, []string{"order"})
	if err != nil {
		return nil, err
	}
	o.dimensions = len(vectors[0])
	if o.dimensions == 0 {
		return nil, fmt.Errorf("the embedder ollama/%s answered an empty vector; take a model that is made for embedding", model)
	}
	o.fingerprint = fmt.Sprintf("ollama/%s/%s/%d", model, digest, o.dimensions)
	return o, nil
}

// stays keeps texts from whoever the server would send them on to.
func stays(q *http.Request, _ []*http.Request) error {
	return fmt.Errorf("what is at OLLAMA_HOST sends on to %s, and nothing is told to anybody but the server that is named there", q.URL.Redacted())
}

// OllamaAddress reads what OLLAMA_HOST may hold: a URL, or a host with or without port; 127.0.0.1:11434
// if it is empty.
func OllamaAddress(host string) (*url.URL, error) {
	if host == "" {
		host = "127.0.0.1"
	}
	withScheme := strings.Contains(host, "://")
	if !withScheme {
		host = "http://" + host
	}
	u, err := url.Parse(host)
	if err == nil {
		host = u.Redacted()
	}
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("the address of Ollama, %q, is neither host:port nor a URL; correct OLLAMA_HOST", host)
	}
	if u.Port() == "" && !withScheme {
		u.Host += ":" + ollamaPort
	}
	return u, nil
}

// digest is of the model's content, which a pull can change under the same name.
func (o *Ollama) digest(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	list, err := o.client.List(ctx)
	if err != nil {
		return "", o.explain(err)
	}
	for _, m := range list.Models {
		if m.Name == o.model || m.Name == o.model+":latest" {
			return m.Digest[:min(12, len(m.Digest))], nil
		}
	}
	return "", o.noModel()
}

func (o *Ollama) noModel() error {
	return fmt.Errorf("the embedder ollama/%s can't be used: %w at %s; get it with: ollama pull %s", o.model, ErrNoModel, o.address, o.model)
}

func (o *Ollama) explain(err error) error {
	var status api.StatusError
	var address *url.Error
	switch {
	case errors.As(err, &status) && status.StatusCode == http.StatusNotFound:
		return o.noModel()
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the embedder ollama/%s can't be used: Ollama at %s gave no answer in time: %w; see its log", o.model, o.address, err)
	case errors.As(err, &address):
		return fmt.Errorf("the embedder ollama/%s can't be used: %w at %s: %w; start it with: ollama serve, or set OLLAMA_HOST", o.model, ErrNoOllama, o.address, address.Err)
	}
	return fmt.Errorf("the embedder ollama/%s can't be used: Ollama at %s says: %w", o.model, o.address, err)
}

// Dimensions is the number of values in the model's vectors.
func (o *Ollama) Dimensions() int { return o.dimensions }

// Fingerprint names the model, its content and its dimensions.
func (o *Ollama) Fingerprint() string { return o.fingerprint }

// Embed asks in batches. What is longer than the model reads is cut by Ollama.
func (o *Ollama) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, 0, len(texts))
	for batch := range slices.Chunk(texts, o.Batch) {
		made, err := o.batch(ctx, batch)
		if err != nil {
			return nil, err
		}
		vectors = append(vectors, made...)
		if o.Progress != nil {
			o.Progress(len(vectors), len(texts))
		}
	}
	return vectors, nil
}

// batch embeds texts in one request. A text without a character to read isn't sent: models make
// something of nothing.
func (o *Ollama) batch(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	var sent []string
	var at []int
	for i, text := range texts {
		if strings.TrimSpace(text) == "" {
			vectors[i] = make([]float32, o.dimensions)
			continue
		}
		sent, at = append(sent, text), append(at, i)
	}
	if len(sent) == 0 {
		return vectors, ctx.Err()
	}
	made, err := o.divide(ctx, sent)
	if err != nil {
		return nil, err
	}
	for i, v := range made {
		if len(v) != o.dimensions {
			return nil, fmt.Errorf("the embedder ollama/%s answered a vector of %d values, before it were %d; restart to embed everything anew", o.model, len(v), o.dimensions)
		}
		toUnitLength(v)
		vectors[at[i]] = v
	}
	return vectors, nil
}

// divide asks in smaller requests when the server refuses one, so that a text it can't take costs no
// others, and cuts the text that is longer than the model reads: not all models let Ollama do that.
func (o *Ollama) divide(ctx context.Context, texts []string) ([][]float32, error) {
	vectors, err := o.request(ctx, texts)
	var refused api.StatusError
	if !errors.As(err, &refused) || refused.StatusCode == http.StatusNotFound {
		return vectors, err
	}
	if len(texts) == 1 {
		text := texts[0]
		if len(text) < 2*shortest || !strings.Contains(refused.ErrorMessage, "context length") {
			return nil, err
		}
		half := strings.ToValidUTF8(text[:len(text)/2], "")
		return o.divide(ctx, []string{half})
	}
	first, err := o.divide(ctx, texts[:len(texts)/2])
	if err != nil {
		return nil, err
	}
	second, err := o.divide(ctx, texts[len(texts)/2:])
	return append(first, second...), err
}

func (o *Ollama) request(ctx context.Context, texts []string) ([][]float32, error) {
	within, cancel := context.WithTimeout(ctx, o.Within)
	defer cancel()
	answer, err := o.client.Embed(within, &api.EmbedRequest{Model: o.model, Input: texts})
	if err != nil {
		return nil, errors.Join(ctx.Err(), o.explain(err))
	}
	if len(answer.Embeddings) != len(texts) {
		return nil, fmt.Errorf("the embedder ollama/%s answered %d vectors for %d texts", o.model, len(answer.Embeddings), len(texts))
	}
	for _, v := range answer.Embeddings {
		for _, x := range v {
			if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
				return nil, fmt.Errorf("the embedder ollama/%s answered a vector that isn't made of numbers", o.model)
			}
		}
	}
	return answer.Embeddings, nil
}
