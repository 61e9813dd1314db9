package casefile

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// writer appends JSON without reflection. Strings that need no escape, numbers and times are copied
// straight; the first error is kept.
//
// The kinds of entries that nearly every case has write themselves, by the methods below; all
// others go by encoding/json, which gives the same JSON.
type writer struct {
	b   []byte
	err error
}

// selfWriting is Data that appends itself, as encoding/json would write it.
type selfWriting interface{ write(*writer) }

// data appends the content of an entry.
func (w *writer) data(d Data) {
	if s, ok := d.(selfWriting); ok {
		s.write(w)
		return
	}
	b, err := json.Marshal(d)
	w.b = append(w.b, b...)
	w.keep(err)
}

func (w *writer) keep(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) open()  { w.b = append(w.b, '{') }
func (w *writer) close() { w.b = append(w.b, '}') }

// separate puts a comma where a member or an element stands before.
func (w *writer) separate() {
	if last := w.b[len(w.b)-1]; last != '{' && last != '[' {
		w.b = append(w.b, ',')
	}
}

// name begins a member; names need no escape.
func (w *writer) name(name string) {
	w.separate()
	w.b = append(append(append(w.b, '"'), name...), '"', ':')
}

func (w *writer) text(name, v string) {
	w.name(name)
	w.b = appendString(w.b, v)
}

// someText leaves "" out.
func (w *writer) someText(name, v string) {
	if v != "" {
		w.text(name, v)
	}
}

func (w *writer) integer(name string, v int64) {
	w.name(name)
	w.b = strconv.AppendInt(w.b, v, 10)
}

func (w *writer) natural(name string, v uint64) {
	w.name(name)
	w.b = strconv.AppendUint(w.b, v, 10)
}

// float writes as encoding/json does.
func (w *writer) float(name string, v float64) {
	w.name(name)
	b, err := json.Marshal(v)
	w.b = append(w.b, b...)
	w.keep(err)
}

func (w *writer) bool(name string, v bool) {
	w.name(name)
	w.b = strconv.AppendBool(w.b, v)
}

// someBool leaves false out.
func (w *writer) someBool(name string, v bool) {
	if v {
		w.bool(name, v)
	}
}

func (w *writer) time(name string, t time.Time) {
	w.name(name)
	b, err := t.AppendText(append(w.b, '"'))
	if err != nil {
		w.keep(fmt.Errorf("%s: %w", name, err))
		return
	}
	w.b = append(b, '"')
}

// someTime leaves the zero time out.
func (w *writer) someTime(name string, t time.Time) {
	if !t.IsZero() {
		w.time(name, t)
	}
}

func (w *writer) duration(name string, d Duration) { w.text(name, time.Duration(d).String()) }

func (w *writer) value(name string, v any) {
	w.name(name)
	b, err := appendValue(w.b, v)
	if err != nil {
		w.keep(fmt.Errorf("%s: %w", name, err))
		return
	}
	w.b = b
}

func (w *writer) object(name string, o Object) {
	if o == nil {
		w.value(name, nil)
	} else {
		w.value(name, map[string]any(o))
	}
}

// someTexts leaves an empty list out.
func (w *writer) someTexts(name string, list []string) {
	if len(list) == 0 {
		return
	}
	w.name(name)
	w.texts(list)
}

func (w *writer) texts(list []string) {
	w.b = append(w.b, '[')
	for _, s := range list {
		w.separate()
		w.b = appendString(w.b, s)
	}
	w.b = append(w.b, ']')
}

// someValues leaves an empty map out.
func (w *writer) someValues(name string, m map[string]Value) {
	if len(m) == 0 {
		return
	}
	w.name(name)
	w.open()
	for _, key := range sortedKeys(m) {
		w.key(key)
		b, err := appendValue(w.b, m[key].V)
		if err != nil {
			w.keep(fmt.Errorf("%s: %w", key, err))
			return
		}
		w.b = b
	}
	w.close()
}

// key begins a member whose name came from outside.
func (w *writer) key(key string) {
	w.separate()
	w.b = append(appendString(w.b, key), ':')
}
