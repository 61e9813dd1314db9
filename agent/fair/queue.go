// Package fair has a queue that serves classes in turn, so that one class with a long line doesn't
// hold up the others.
package fair

// Queue holds values in a line for each class. Classes have their turn in the order in which they
// came, one value a turn; within a class the oldest value comes first. Each operation takes the same
// time however long the lines are. The zero value is an empty queue. It isn't safe for concurrent
// use.
type Queue[K comparable, V any] struct {
	lines       map[K]*line[K, V] // of classes that have values
	first, last *line[K, V]       // whose turn is next, and whose comes last
	size        int
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

// Len gives how many values are in the queue.
func (q *Queue[K, V]) Len() int { return q.size }

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

// Keep drops the values that aren't wanted any more, in time that grows with the queue.
func (q *Queue[K, V]) Keep(wanted func(V) bool) {
	var kept Queue[K, V]
	for class, v, ok := q.Pop(wanted); ok; class, v, ok = q.Pop(wanted) {
		kept.Push(class, v) // in the order of turns, which it gets back by that
	}
	*q = kept
}

// Pop takes the value whose turn it is, and gives its class. Values that aren't wanted any more are
// dropped on the way and take nobody's turn. It reports false if none is left.
func (q *Queue[K, V]) Pop(wanted func(V) bool) (class K, value V, ok bool) {
	for q.first != nil {
		l := q.first
		if q.first = l.next; q.first == nil {
			q.last = nil
		}
		for l.first != nil && !ok {
			value, ok = l.first.value, wanted(l.first.value)
			l.first = l.first.next
			q.size--
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
	var none V
	var nobody K
	q.lines = nil // a map keeps the room that it once needed
	return nobody, none, false
}
