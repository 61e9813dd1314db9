// Package fair has a queue that serves classes in turn, so that one class with a long line doesn't
// hold up the others.
package fair

// Queue holds values in a line for each class. Classes have their turn in the order in which they
// came, one value a turn; within a class the oldest value comes first. Each operation takes the same
// time on average, however long the lines are. It isn't safe for concurrent use.
type Queue[K comparable, V any] struct {
	wanted      func(V) bool
	lines       map[K]*line[K, V] // of classes that have values
	first, last *line[K, V]       // whose turn is next, and whose comes last
	size        int
	left        int // how many of them aren't wanted any more, as far as Left told
}

type line[K comparable, V any] struct {
	class       K
	first, last *node[V]
	next        *line[K, V]
}

type node[V any] struct {
	value V
	next  *node[V]
}

// New makes an empty queue. Values that aren't wanted when their turn comes are dropped and take
// nobody's turn.
func New[K comparable, V any](wanted func(V) bool) *Queue[K, V] { return &Queue[K, V]{wanted: wanted} }

// Push adds a value behind those of its class.
func (q *Queue[K, V]) Push(class K, value V) {
	n := &node[V]{value: value}
	q.size++
	if l := q.lines[class]; l != nil {
		l.last.next = n
		l.last = n
		return
	}
	if q.lines == nil {
		q.lines = map[K]*line[K, V]{}
	}
	l := &line[K, V]{class: class, first: n, last: n}
	q.lines[class] = l
	q.append(l)
}

func (q *Queue[K, V]) append(l *line[K, V]) {
	l.next = nil
	if q.last == nil {
		q.first = l
	} else {
		q.last.next = l
	}
	q.last = l
}

// Pop takes the value whose turn it is, and gives its class. It reports false if none is left.
func (q *Queue[K, V]) Pop() (class K, value V, ok bool) {
	for q.first != nil {
		l := q.first
		if q.first = l.next; q.first == nil {
			q.last = nil
		}
		for l.first != nil && !ok {
			value, ok = l.first.value, q.wanted(l.first.value)
			l.first = l.first.next
			q.size--
			if !ok {
				q.left = max(q.left-1, 0)
			}
		}
		if l.first != nil {
			q.append(l)
		} else {
			delete(q.lines, l.class)
		}
		if ok {
			return l.class, value, true
		}
	}
	*q = Queue[K, V]{wanted: q.wanted} // a map keeps the room that it once needed
	var none V
	return class, none, false
}

// Left says that a value in the queue isn't wanted any more. Once these are more than the others, they
// are dropped.
func (q *Queue[K, V]) Left() {
	if q.left++; q.left <= q.size/2 {
		return
	}
	kept := Queue[K, V]{wanted: q.wanted}
	for class, v, ok := q.Pop(); ok; class, v, ok = q.Pop() {
		kept.Push(class, v) // in the order of turns, which it has again by that
	}
	*q = kept
}
