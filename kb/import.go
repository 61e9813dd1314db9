package kb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// batchChunks is how many chunks are gathered for one transaction; a document is never divided.
const batchChunks = 1000

// What became of a document by importing it.
const (
	StateAdded     = "added"
	StateChanged   = "changed"
	StateUnchanged = "unchanged"
)

// Report says what an import did, in the order of the sources.
type Report struct {
	ID        string     `json:"id"` // of the import, as its progress is told under
	Documents []Imported `json:"documents"`
	Failed    []Failure  `json:"failed"`
}

// Imported is a document that was stored, or was there already.
type Imported struct {
	Document
	State   string `json:"state"`   // StateAdded, StateChanged or StateUnchanged
	Renewed int    `json:"renewed"` // chunks that weren't there before
	Removed int    `json:"removed"` // chunks that are no longer there
}

// Failure is a source that was left out, and why. It wraps ErrFormat, ErrContent or ErrIdentity.
type Failure struct {
	Source string `json:"source"` // its path, else its id
	Detail string `json:"detail"`
	Err    error  `json:"-"`
}

// Error names the source and what is wrong with it.
func (f Failure) Error() string { return f.Source + ": " + f.Detail }

// Unwrap gives the group of errors that it belongs to.
func (f Failure) Unwrap() error { return f.Err }

// Import stores sources as documents and makes them searchable. A source whose document is known, by
// its id or path, replaces it, and only chunks that are new are embedded and indexed. A source that
// can't be read is reported and left out. An error means that it stopped early: the report says what
// is durable by then.
func (b *Base) Import(ctx context.Context, sources []Source) (report Report, err error) {
	report = Report{ID: b.opts.NewID(), Documents: []Imported{}, Failed: []Failure{}}
	if err := b.await(ctx); err != nil {
		return report, err
	}
	progress := Progress{Import: report.ID, Total: len(sources)}
	tell := func() {
		progress.At, progress.Failed = b.now().UTC(), len(report.Failed)
		b.progress.Tell(progress.Import, progress)
	}
	tell()
	defer func() {
		if progress.Ended, progress.Source = true, ""; err != nil {
			progress.Error = err.Error()
		}
		tell()
	}()
	var batch []parsed
	waiting, maker := 0, b.newMaker()
	store := func() error {
		done, failed, err := b.store(ctx, batch, maker)
		report.Documents = append(report.Documents, done...)
		report.Failed = append(report.Failed, failed...)
		batch, waiting = nil, 0
		for _, d := range done {
			progress.Documents, progress.Chunks = progress.Documents+1, progress.Chunks+d.Chunks
		}
		tell()
		return err
	}
	for _, s := range sources {
		if err := ctx.Err(); err != nil {
			return report, err
		}
		progress.Source = s.Path
		for p, err := range b.parse(ctx, s) {
			var failed Failure
			switch {
			case errors.As(err, &failed):
				report.Failed = append(report.Failed, failed)
				continue
			case err != nil:
				return report, err
			}
			batch = append(batch, p)
			if waiting += len(p.chunks); waiting >= batchChunks {
				if err := store(); err != nil {
					return report, err
				}
			}
		}
		progress.Done++
	}
	err = store()
	return report, err
}

// store embeds what is new in a batch and stores it in one transaction. Embedding holds no lock, so
// another import may take away a chunk whose vector was going to be used again, as may a document
// that is twice in the batch: then that is embedded too, and the transaction is tried again.
func (b *Base) store(ctx context.Context, batch []parsed, m *maker) (done []Imported, failed []Failure, err error) {
	if len(batch) == 0 {
		return nil, nil, nil
	}
	m.made = map[string][]float32{}
	missing, err := b.missing(ctx, batch, m)
	if err != nil {
		return nil, nil, err
	}
	for {
		if err := m.make(ctx, missing); err != nil {
			return nil, nil, err
		}
		var lacking []string
		err = b.change(func(tx *bolt.Tx, c *changes) error {
			done, failed = nil, nil
			for _, p := range batch {
				id, err := identify(tx, p)
				if err != nil {
					failed = append(failed, Failure{Source: p.name(), Detail: err.Error(), Err: err})
					continue
				}
				imported, lacks, err := b.put(tx, id, p, m, c)
				if err != nil {
					return err
				}
				lacking = append(lacking, lacks...)
				done = append(done, imported)
			}
			if len(lacking) > 0 && m.failed == nil {
				return errIncomplete
			}
			return nil
		})
		switch {
		case err == nil:
			if len(lacking) > 0 {
				m.later()
			}
			return done, failed, nil
		case !errors.Is(err, errIncomplete):
			return nil, failed, err
		}
		missing = lacking
	}
}

// missing answers the texts of a batch that have no vector yet, each once.
func (b *Base) missing(ctx context.Context, batch []parsed, m *maker) (texts []string, err error) {
	err = b.view(ctx, func(tx *bolt.Tx) error {
		asked := map[string]bool{}
		for _, p := range batch {
			id, err := identify(tx, p)
			if err != nil {
				continue // said when it is stored
			}
			for i, chunk := range chunkIDs(id, p.chunks) {
				if m.of(tx, chunk) != nil {
					continue
				}
				if text := p.chunks[i].meaning(); !asked[text] {
					asked[text] = true
					texts = append(texts, text)
				}
			}
		}
		return nil
	})
	return texts, err
}

// identify finds the id of the document that p is: the one it gives, the one its path was stored
// under, or one made of its path.
func identify(tx *bolt.Tx, p parsed) (string, error) {
	if p.path == "" {
		return p.id, nil
	}
	known := string(tx.Bucket(bucketPaths).Get([]byte(p.path)))
	if p.id != "" {
		if known != "" && known != p.id {
			return "", fmt.Errorf("%w: the path %s belongs to the document %s, not %s; delete that one first", ErrIdentity, p.path, known, p.id)
		}
		return p.id, nil
	}
	if known != "" {
		return known, nil
	}
	id := documentID(p.path)
	if tx.Bucket(bucketDocuments).Get([]byte(id)) != nil {
		id = distinctID(p.path)
	}
	return id, nil
}

// put stores one document, and tells the texts of new chunks that have no vector: with any, what it
// did must be undone, or the vectors made later.
func (b *Base) put(tx *bolt.Tx, id string, p parsed, m *maker, c *changes) (result Imported, lacking []string, err error) {
	old, known, err := getDocument(tx, id)
	if err != nil {
		return result, nil, err
	}
	ids := chunkIDs(id, p.chunks)
	d := storedDocument{Cut: cutRules, Hash: p.hash, Document: Document{
		ID: id, Title: p.title, Source: p.path, ImportedAt: b.now().UTC(), Chunks: len(ids), Metadata: p.metadata, Meta: p.meta,
	}}
	if d.Version, err = versionFor(tx, d, old, known); err != nil {
		return result, nil, err
	}
	result = Imported{Document: d.Document, State: StateAdded}
	if known {
		result.State = StateChanged
		if old.same(d) {
			return Imported{Document: old.Document, State: StateUnchanged}, nil, nil
		}
		if old.Version != d.Version {
			if err := keep(tx, old); err != nil {
				return result, nil, err
			}
		}
	}
	before := map[string]bool{}
	for _, chunk := range contents(tx, id) {
		before[chunk] = true
	}
	b.classes.add(d.class(), d.Metadata)
	// Title and metadata are searched, or filtered by, with every chunk.
	described := known && (old.Title != d.Title || old.class() != d.class())
	for i, chunk := range ids {
		p := indexed{id: chunk, title: d.Title, class: d.class(), chunkRecord: p.chunks[i]}
		if before[chunk] {
			delete(before, chunk)
			if described {
				p.vector = vectorOf(m.of(tx, chunk))
				c.ops = append(c.ops, p)
			}
			continue
		}
		vector, ok := m.made[p.meaning()]
		if ok {
			p.vector = vector
			err = m.put(tx, p)
		} else {
			lacking = append(lacking, p.meaning())
		}
		if err == nil {
			err = putJSON(tx, bucketChunks, p.id, p.chunkRecord)
		}
		if err != nil {
			return result, nil, err
		}
		c.ops = append(c.ops, p)
		result.Renewed++
	}
	for _, chunk := range slices.Sorted(maps.Keys(before)) {
		if err := removeChunk(tx, chunk, c); err != nil {
			return result, nil, err
		}
		result.Removed++
	}
	if err := putPath(tx, old.Source, d.Source, id); err != nil {
		return result, nil, err
	}
	if err := tx.Bucket(bucketContents).Put([]byte(id), []byte(strings.Join(ids, "\n"))); err != nil {
		return result, nil, fmt.Errorf("storing the chunks of %s: %w", id, err)
	}
	return result, lacking, putJSON(tx, bucketDocuments, id, d)
}

// putPath makes the path lead to the document, and the one it had before to nothing.
func putPath(tx *bolt.Tx, before, now, id string) error {
	paths := tx.Bucket(bucketPaths)
	if before != "" && before != now {
		if err := paths.Delete([]byte(before)); err != nil {
			return fmt.Errorf("forgetting the path %s: %w", before, err)
		}
	}
	if now == "" {
		return nil
	}
	return paths.Put([]byte(now), []byte(id))
}
