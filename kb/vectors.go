package kb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	chromem "github.com/philippgille/chromem-go"
)

// scanned is up to how many chunks chromem's own query looks at every vector. Above it sketches tell
// which to look at; BenchmarkVectors has what that buys.
const scanned = 1000

// Candidates that sketches choose for exact comparison: so many, or that part of all if it is more.
const (
	minCandidates = 1000
	partCandidate = 80
)

// slabSlots is how many slots are allocated together.
const slabSlots = 1024

// slab is a run of slots.
type slab struct {
	vectors  []float32 // chromem's documents point into it
	sketches []uint64
	ids      [slabSlots]string // empty where none is
	classes  [slabSlots]uint16 // index into names
}

// vectorIndex is the meaning side of search: the cosine between the query's vector and every chunk's.
// chromem holds the vectors; beside it stand, by slots, what it can't tell: sketches and classes. It
// lives in memory and is filled from the truth.
type vectorIndex struct {
	sketcher *sketcher

	mu      sync.RWMutex // chromem's own lock doesn't cover counting before a query
	chunks  *chromem.Collection
	err     error
	slabs   []*slab
	slots   int // that were ever used
	free    []int
	names   []string
	numbers map[string]uint16

	scratch sync.Pool // *scratch
}

// scratch is what one search needs.
type scratch struct {
	distances []uint16
	slots     []int32
	scores    []scored
}

type scored struct {
	score float32
	slot  int32
}

func newVectorIndex(dimensions int) *vectorIndex {
	// Vectors are always given: text is embedded outside, where no lock is held.
	never := func(context.Context, string) ([]float32, error) {
		return nil, errors.New("a chunk without its vector reached the vector index")
	}
	v := &vectorIndex{sketcher: newSketcher(dimensions), numbers: map[string]uint16{}}
	v.scratch.New = func() any { return new(scratch) }
	v.chunks, v.err = chromem.NewDB().CreateCollection("chunks", nil, never)
	return v
}

// apply carries changes out. What is already there under the same id is replaced.
func (v *vectorIndex) apply(ctx context.Context, c *changes) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err != nil || len(c.ops) == 0 {
		return v.err
	}
	at := v.slotsOf(c.ops)
	work := make([]float32, v.sketcher.width)
	for _, op := range c.ops {
		slot, there := at[op.id]
		switch {
		case op.removed || op.vector == nil:
			if !there {
				continue
			}
			if err := v.chunks.Delete(ctx, nil, nil, op.id); err != nil {
				return fmt.Errorf("removing the vector of %s: %w", op.id, err)
			}
			*v.id(slot) = ""
			v.free = append(v.free, slot)
			delete(at, op.id)
		default:
			if len(op.vector) != v.sketcher.dimensions {
				return fmt.Errorf("the vector of %s has %d values, not %d", op.id, len(op.vector), v.sketcher.dimensions)
			}
			if !there {
				slot = v.take()
				at[op.id] = slot
			}
			vector := v.vector(slot)
			normalise(vector, op.vector)
			if err := v.chunks.AddDocument(ctx, chromem.Document{ID: op.id, Embedding: vector}); err != nil {
				return fmt.Errorf("adding the vector of %s: %w", op.id, err)
			}
			*v.id(slot) = op.id
			in, at, n := v.slabs[slot/slabSlots], slot%slabSlots, v.sketcher.words()
			in.classes[at] = v.number(op.class)
			v.sketcher.sketch(in.sketches[n*at:n*at+n], vector, work)
		}
	}
	return nil
}

// slotsOf finds the slots of chunks that are there already. There is no map from ids to slots: it
// would cost as much memory as the sketches, and one pass serves a whole batch.
func (v *vectorIndex) slotsOf(ops []indexed) map[string]int {
	at := make(map[string]int, len(ops))
	if v.chunks.Count() == 0 {
		return at
	}
	asked := make(map[string]bool, len(ops))
	for _, op := range ops {
		asked[op.id] = true
	}
	for slot := range v.slots {
		if id := *v.id(slot); asked[id] {
			at[id] = slot
		}
	}
	return at
}

// take gives a slot that is free.
func (v *vectorIndex) take() int {
	if n := len(v.free); n > 0 {
		slot := v.free[n-1]
		v.free = v.free[:n-1]
		return slot
	}
	if v.slots%slabSlots == 0 {
		v.slabs = append(v.slabs, &slab{
			vectors:  make([]float32, slabSlots*v.sketcher.dimensions),
			sketches: make([]uint64, slabSlots*v.sketcher.words()),
		})
	}
	v.slots++
	return v.slots - 1
}

// id is where the id of a slot's chunk is kept.
func (v *vectorIndex) id(slot int) *string { return &v.slabs[slot/slabSlots].ids[slot%slabSlots] }

// vector is where the vector of a slot is kept.
func (v *vectorIndex) vector(slot int) []float32 {
	n := v.sketcher.dimensions
	at := slot % slabSlots * n
	return v.slabs[slot/slabSlots].vectors[at : at+n : at+n]
}

// number is the class as slots have it. Beyond what their type can tell, classes share the last
// number, which no filter hides: the truth is asked again about every hit.
func (v *vectorIndex) number(class string) uint16 {
	n, known := v.numbers[class]
	if known {
		return n
	}
	if len(v.names) == math.MaxUint16 {
		return math.MaxUint16
	}
	n = uint16(len(v.names))
	v.names = append(v.names, class)
	v.numbers[class] = n
	return n
}

// size is how many chunks have vectors.
func (v *vectorIndex) size() int {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.slots - len(v.free)
}

// has reports whether there is a vector of the chunk.
func (v *vectorIndex) has(ctx context.Context, id string) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.err != nil {
		return false
	}
	_, err := v.chunks.GetByID(ctx, id) // its only error is that there is none
	return err == nil
}

// search answers the n chunks nearest to vector that are at all alike and of no hidden class.
func (v *vectorIndex) search(ctx context.Context, vector []float32, n int, hidden map[string]bool) ([]ranked, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.err != nil {
		return nil, v.err
	}
	count := v.chunks.Count()
	if n = min(n, count); n == 0 {
		return nil, nil
	}
	asked := make([]float32, len(vector))
	normalise(asked, vector)
	if v.slots <= scanned && len(hidden) == 0 {
		return v.scan(ctx, asked, n)
	}
	return v.sift(asked, n, hidden), ctx.Err()
}

// scan compares every vector.
func (v *vectorIndex) scan(ctx context.Context, vector []float32, n int) ([]ranked, error) {
	results, err := v.chunks.QueryEmbedding(ctx, vector, n, nil, nil)
	if err == nil {
		err = ctx.Err() // chromem answers what it had so far when it is cancelled
	}
	if err != nil {
		return nil, fmt.Errorf("searching the vectors: %w", err)
	}
	found := make([]ranked, 0, len(results))
	for _, r := range results {
		if r.Similarity > 0 {
			found = append(found, ranked{id: r.ID, score: float64(r.Similarity)})
		}
	}
	byScore(found)
	return found, nil
}

// sift compares the vectors whose sketches are nearest to the query's.
func (v *vectorIndex) sift(vector []float32, n int, hidden map[string]bool) []ranked {
	s := v.scratch.Get().(*scratch)
	defer v.scratch.Put(s)
	sketch := make([]uint64, v.sketcher.words())
	v.sketcher.sketch(sketch, vector, make([]float32, v.sketcher.width))
	s.distances = slices.Grow(s.distances[:0], v.slots)[:v.slots]
	for i, in := range v.slabs {
		from := i * slabSlots
		distances(s.distances[from:min(from+slabSlots, v.slots)], in.sketches, sketch)
	}
	v.candidates(s, max(minCandidates, v.slots/partCandidate, 10*n), hidden)
	s.best(n, func(slot int32) float32 { return dot(vector, v.vector(int(slot))) })
	found := make([]ranked, len(s.scores))
	for i := range found {
		found[i] = ranked{id: *v.id(int(s.scores[i].slot)), score: float64(s.scores[i].score)}
	}
	byScore(found)
	return found
}

// best leaves in s.scores the n candidates of the greatest scores above 0, best first. It sorts only
// when some have gathered that may be among them.
func (s *scratch) best(n int, score func(slot int32) float32) {
	s.scores = s.scores[:0]
	least := float32(0)
	cut := func() {
		slices.SortFunc(s.scores, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
		if len(s.scores) >= n {
			s.scores = s.scores[:n]
			least = s.scores[n-1].score
		}
	}
	for _, slot := range s.slots {
		if x := score(slot); x > least {
			if s.scores = append(s.scores, scored{x, slot}); len(s.scores) >= 4*n {
				cut()
			}
		}
	}
	cut()
}

// candidates fills s.slots with those, at most want, of the smallest distances.
func (v *vectorIndex) candidates(s *scratch, want int, hidden map[string]bool) {
	const nowhere = math.MaxUint16
	shut := make([]bool, len(v.names)+1) // the last is for classes without a number of their own
	for class := range hidden {
		if n, known := v.numbers[class]; known {
			shut[n] = true
		}
	}
	counts := make([]int, v.sketcher.width+1)
	for i, in := range v.slabs {
		from := i * slabSlots
		part := s.distances[from:min(from+slabSlots, v.slots)]
		for k, d := range part {
			if in.ids[k] == "" || shut[min(int(in.classes[k]), len(v.names))] {
				part[k] = nowhere
				continue
			}
			counts[d]++
		}
	}
	limit, below := 0, 0
	for ; limit < len(counts) && below+counts[limit] <= want; limit++ {
		below += counts[limit]
	}
	atLimit := want - below
	s.slots = s.slots[:0]
	for slot, d := range s.distances {
		switch {
		case int(d) < limit:
			s.slots = append(s.slots, int32(slot))
		case int(d) == limit && atLimit > 0:
			atLimit--
			s.slots = append(s.slots, int32(slot))
		}
	}
}

// normalise writes v at length 1 to out.
func normalise(out, v []float32) {
	var squares float64
	for _, x := range v {
		squares += float64(x) * float64(x)
	}
	scale := 1 / math.Sqrt(squares)
	for i, x := range v {
		out[i] = float32(float64(x) * scale)
	}
}

// dot is the cosine of two vectors of length 1.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

func byScore(found []ranked) {
	slices.SortFunc(found, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.id, b.id))
	})
}
