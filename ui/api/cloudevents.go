package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"resolute/agent/casefile"
)

// Media types of signals.
const (
	mediaJSON  = "application/json"
	mediaEvent = "application/cloudevents+json"
	mediaBatch = "application/cloudevents-batch+json"
)

// maxAttribute is how long an attribute may be, in bytes.
const maxAttribute = 1024

// readEvents reads the structured, the binary and the batched mode of CloudEvents' HTTP binding.
// Plain JSON is the structured mode too, unless the headers say that it is binary. The body is
// decoded once.
func readEvents(r *http.Request) (signals []casefile.Signal, batch bool, err error) {
	media, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // what can't be parsed is none of the three
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		media += "; charset=" + charset
	}
	if media != mediaJSON && media != mediaEvent && media != mediaBatch {
		return nil, false, &problem{Status: http.StatusUnsupportedMediaType, Detail: "send " + mediaEvent + ", " + mediaJSON + ", or " + mediaBatch + ", in UTF-8; this is " + strconv.Quote(media)}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, false, err
	}
	binary := media == mediaJSON && (r.Header.Get("ce-specversion") != "" || r.Header.Get("ce-id") != "")
	var content any
	if len(body) > 0 || !binary {
		if content, err = readJSON(body); err != nil {
			return nil, false, err
		}
	}
	switch {
	case media == mediaBatch:
		signals, err = batchOf(content)
		return signals, true, err
	case binary:
		content = headersOf(r.Header, content)
	}
	e := event{content: content}
	s, err := e.signal()
	return []casefile.Signal{s}, false, err
}

// batchOf gives the signals of a batch, or what is wrong with the first that can't be taken.
func batchOf(content any) ([]casefile.Signal, error) {
	list, ok := content.([]any)
	if !ok {
		return nil, malformed("a batch is a JSON array of events")
	}
	signals := make([]casefile.Signal, len(list))
	for i, content := range list {
		e := event{content: content, at: "/" + strconv.Itoa(i)}
		s, err := e.signal()
		if err != nil {
			if p := problemOf(err); p != nil {
				p.Detail = "event " + strconv.Itoa(i) + ": " + p.Detail + "; nothing of the batch was taken"
				err = p
			}
			return nil, err
		}
		signals[i] = s
	}
	return signals, nil
}

// headersOf gives the event that is in the headers of the binary mode, as the structured mode has it.
func headersOf(h http.Header, data any) map[string]any {
	e := map[string]any{"data": data}
	for _, name := range []string{"specversion", "id", "source", "type", "subject", "time"} {
		text := h.Get("ce-" + name)
		if text == "" {
			continue
		}
		plain, err := url.PathUnescape(text)
		switch {
		case err != nil:
			e[name] = errors.New("its percent-encoding is broken")
		case !utf8.ValidString(plain):
			e[name] = errors.New("it is not UTF-8")
		default:
			e[name] = plain
		}
	}
	return e
}

// event is a CloudEvents 1.0 event that is being read.
type event struct {
	content any
	at      string // JSON pointer to it in the body
	wrong   []problemPart
}

func (e *event) reject(pointer, detail string) {
	e.wrong = append(e.wrong, problemPart{Pointer: e.at + pointer, Detail: detail})
}

// signal gives the event as a signal, or all that is wrong with it.
func (e *event) signal() (s casefile.Signal, err error) {
	attributes, ok := e.content.(map[string]any)
	if !ok {
		if e.at != "" {
			e.reject("", "it is not a JSON object")
		}
		return s, &problem{Status: http.StatusBadRequest, Detail: "an event is a JSON object", Errors: e.wrong}
	}
	s.EventID = e.text(attributes, "id", true)
	s.Source = e.text(attributes, "source", true)
	s.Type = e.text(attributes, "type", true)
	if v, _ := attributes["specversion"].(string); v != "1.0" {
		e.reject("/specversion", `it has to be "1.0"`)
	}
	s.Subject = e.text(attributes, "subject", false)
	if text := e.text(attributes, "time", false); text != "" {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			e.reject("/time", "it is not RFC 3339, like 2026-03-01T10:00:00Z")
		}
		s.Time = t.UTC()
	}
	if media := e.text(attributes, "datacontenttype", false); media != "" {
		if kind, _, err := mime.ParseMediaType(media); err != nil || kind != mediaJSON && !strings.HasSuffix(kind, "+json") {
			e.reject("/datacontenttype", "data has to be JSON")
		}
	}
	if attributes["data_base64"] != nil {
		e.reject("/data_base64", "send data as a JSON object")
	}
	s.Data = e.data(attributes["data"])
	switch {
	case len(e.wrong) > 0:
		return s, &problem{Status: http.StatusBadRequest, Detail: "this is no CloudEvents 1.0 event that can be taken", Errors: e.wrong}
	case casefile.Reserved(s.Type):
		e.reject("/type", "reserved")
		return s, &problem{Status: http.StatusForbidden, Detail: "signals of type " + s.Type + " come from resolute alone", Errors: e.wrong}
	}
	return s, nil
}

// text gives an attribute.
func (e *event) text(attributes map[string]any, name string, required bool) string {
	switch v := attributes[name].(type) {
	case string:
		switch {
		case v == "" && required:
			e.reject("/"+name, "CloudEvents requires it")
		case len(v) > maxAttribute:
			e.reject("/"+name, "it is longer than "+strconv.Itoa(maxAttribute)+" bytes")
		}
		return v
	case nil:
		if required {
			e.reject("/"+name, "CloudEvents requires it")
		}
	case error:
		e.reject("/"+name, v.Error())
	default:
		e.reject("/"+name, "it is not a text")
	}
	return ""
}

// data gives the event's data. A known field of another kind than it has would be passed over
// later, and the signal taken for one of nobody: it is refused here, where its sender learns of it.
func (e *event) data(v any) casefile.Object {
	if v == nil {
		return nil
	}
	data, ok := v.(map[string]any)
	if !ok {
		e.reject("/data", "it is not a JSON object")
		return nil
	}
	if list := data["attachments"]; list != nil {
		if _, ok := list.([]any); !ok {
			e.reject("/data/attachments", "it is not a list")
		}
	}
	if claim := data["customer"]; claim != nil {
		customer, ok := claim.(map[string]any)
		if !ok {
			e.reject("/data/customer", "it is not an object {id, email, name}")
		}
		e.texts(customer, "/data/customer/", "email", "id", "name")
	}
	e.texts(data, "/data/", "reply_to", "subject", "text", "thread")
	return data
}

func (e *event) texts(m map[string]any, pointer string, names ...string) {
	for _, name := range names {
		if _, ok := m[name].(string); !ok && m[name] != nil {
			e.reject(pointer+name, "it is not a text")
		}
	}
}
