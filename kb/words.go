package kb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/custom"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/keyword"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/analysis/token/lowercase"
	regexptokenizer "github.com/blevesearch/bleve/v2/analysis/tokenizer/regexp"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search/query"
	index "github.com/blevesearch/bleve_index_api"
)

// wordSchema names the fields and analyzers of the word index; it rises when they change.
const wordSchema = "words/2"

// keyFollows is where the word index keeps its schema and the mark of the truth that it follows.
var keyFollows = []byte("resolute-follows")

// The fields of a chunk in the word index.
const (
	fieldTitle    = "title"
	fieldHeadings = "headings"
	fieldText     = "text"
	fieldCodes    = "codes" // order numbers, article numbers, addresses: kept in one piece
	fieldClass    = "class" // of the document's metadata, for filters
)

// codePattern finds what is no word of a language: letters and digits mixed, or parts joined by a sign.
const codePattern = `[\p{L}\p{N}]+(?:[-_./:@+][\p{L}\p{N}]+)+|\p{L}*\p{N}[\p{L}\p{N}]*`

// What a match in a field counts, compared with one in the text.
const (
	boostTitle    = 0.5
	boostHeadings = 1.5
	boostCodes    = 3
)

// wordIndex is the keyword side of search: BM25 over English stems, and codes as they are. Its folder
// comes into being with the first chunk, so that an empty base costs nothing.
type wordIndex struct {
	dir     string
	english analysis.Analyzer

	mu    sync.RWMutex // guards the field below, not the index, which is safe by itself
	index bleve.Index  // nil while there is nothing to find
}

// newWordIndex is the index in a folder, not opened yet.
func newWordIndex(dir string) (*wordIndex, error) {
	m, err := wordMapping()
	if err != nil {
		return nil, fmt.Errorf("describing the word index: %w", err)
	}
	return &wordIndex{dir: dir, english: m.AnalyzerNamed(en.AnalyzerName)}, nil
}

// ranked is a chunk as one of the two indexes found it.
type ranked struct {
	id    string
	score float64
}

// open opens the folder if it follows mark, and reports whether it did.
func (w *wordIndex) open(mark []byte) (bool, error) {
	if _, err := os.Stat(w.dir); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	opened, err := bleve.OpenUsing(w.dir, scorchOptions())
	if err != nil {
		return false, nil // it is derived: whatever is wrong with it, building it anew is the cure
	}
	follows, err := opened.GetInternal(keyFollows)
	if err != nil || string(follows) != follow(mark) {
		return false, opened.Close()
	}
	w.set(opened)
	return true, nil
}

// reset replaces whatever is in the folder with an empty index that follows nothing yet.
func (w *wordIndex) reset() error {
	if err := w.close(); err != nil {
		return err
	}
	if err := os.RemoveAll(w.dir); err != nil {
		return fmt.Errorf("removing the old word index: %w", err)
	}
	m, err := wordMapping()
	if err != nil {
		return fmt.Errorf("describing the word index: %w", err)
	}
	created, err := bleve.NewUsing(w.dir, m, bleve.Config.DefaultIndexType, bleve.Config.DefaultKVStore, scorchOptions())
	if err != nil {
		return fmt.Errorf("creating the word index: %w", err)
	}
	w.set(created)
	return nil
}

func (w *wordIndex) set(i bleve.Index) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.index = i
}

func (w *wordIndex) get() bleve.Index {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.index
}

func (w *wordIndex) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.index == nil {
		return nil
	}
	closing := w.index
	w.index = nil
	return closing.Close()
}

// apply carries changes out in one batch. With a nil mark the index doesn't count as complete yet.
func (w *wordIndex) apply(c *changes) error {
	if w.get() == nil {
		if err := w.reset(); err != nil {
			return err
		}
	}
	i := w.get()
	batch := i.NewBatch()
	for _, op := range c.ops {
		if op.removed {
			batch.Delete(op.id)
			continue
		}
		fields := map[string]any{fieldTitle: op.title, fieldHeadings: op.Headings, fieldText: op.Text, fieldClass: op.class}
		if err := batch.Index(op.id, fields); err != nil {
			return fmt.Errorf("indexing the words of %s: %w", op.id, err)
		}
	}
	if c.mark != nil {
		batch.SetInternal(keyFollows, []byte(follow(c.mark)))
	}
	if err := i.Batch(batch); err != nil {
		return fmt.Errorf("writing the word index: %w", err)
	}
	return nil
}

func follow(mark []byte) string { return fmt.Sprintf("%s %x", wordSchema, mark) }

// search answers the n best chunks for text that are of no hidden class. The text is data: no sign in
// it is an operator.
func (w *wordIndex) search(ctx context.Context, text string, n int, hidden map[string]bool) ([]ranked, error) {
	i := w.get()
	if i == nil {
		return nil, nil
	}
	match := func(field, analyzer string, boost float64) query.Query {
		m := bleve.NewMatchQuery(text)
		m.SetField(field)
		m.Analyzer = analyzer
		m.SetBoost(boost)
		return m
	}
	var asked query.Query = bleve.NewDisjunctionQuery(
		match(fieldText, en.AnalyzerName, 1),
		match(fieldHeadings, en.AnalyzerName, boostHeadings),
		match(fieldTitle, en.AnalyzerName, boostTitle),
		match(fieldCodes, fieldCodes, boostCodes),
	)
	if len(hidden) > 0 {
		visible := bleve.NewBooleanQuery()
		visible.AddShould(asked)
		visible.SetMinShould(1)
		for class := range hidden {
			term := bleve.NewTermQuery(class)
			term.SetField(fieldClass)
			visible.AddMustNot(term)
		}
		asked = visible
	}
	request := bleve.NewSearchRequestOptions(asked, n, 0, false)
	request.SortBy([]string{"-_score", "_id"})
	result, err := i.SearchInContext(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("searching the word index: %w", err)
	}
	found := make([]ranked, len(result.Hits))
	for k, hit := range result.Hits {
		found[k] = ranked{id: hit.ID, score: hit.Score}
	}
	return found, nil
}

// scorchOptions: a lock held by a process that hangs must not make us hang too, and no history of
// snapshots is wanted.
func scorchOptions() map[string]any {
	return map[string]any{"bolt_timeout": "2s", "numSnapshotsToKeep": 1}
}

func wordMapping() (mapping.IndexMapping, error) {
	m := bleve.NewIndexMapping()
	m.ScoringModel = index.BM25Scoring
	m.StoreDynamic, m.IndexDynamic, m.DocValuesDynamic = false, false, false
	if err := m.AddCustomTokenizer(fieldCodes, map[string]any{"type": regexptokenizer.Name, "regexp": codePattern}); err != nil {
		return nil, err
	}
	if err := m.AddCustomAnalyzer(fieldCodes, map[string]any{
		"type": custom.Name, "tokenizer": fieldCodes, "token_filters": []string{lowercase.Name},
	}); err != nil {
		return nil, err
	}
	field := func(name, analyzer string) *mapping.FieldMapping {
		f := bleve.NewTextFieldMapping()
		f.Name, f.Analyzer = name, analyzer
		f.Store, f.IncludeTermVectors, f.IncludeInAll, f.DocValues = false, false, false, false
		return f
	}
	chunk := bleve.NewDocumentStaticMapping()
	chunk.AddFieldMappingsAt(fieldClass, field(fieldClass, keyword.Name))
	chunk.AddFieldMappingsAt(fieldTitle, field(fieldTitle, en.AnalyzerName))
	chunk.AddFieldMappingsAt(fieldHeadings, field(fieldHeadings, en.AnalyzerName), field(fieldCodes, fieldCodes))
	chunk.AddFieldMappingsAt(fieldText, field(fieldText, en.AnalyzerName), field(fieldCodes, fieldCodes))
	m.DefaultMapping = chunk
	return m, m.Validate()
}
