package rehearsal

import (
	"fmt"
	"slices"
	"time"

	"resolute/agent/casefile"
	"resolute/tools/protocol"
)

// witness holds what goes over the wire against what the journal says, as one who sees both: an engine
// that breaks a promise may well journal that it didn't.
type witness struct {
	run   *run
	read  int // entries whose intents are known
	calls map[callID]*testimony
	said  []string // promises that were broken, each once
}

// callID names a call of a case, however often it is tried.
type callID struct{ caseID, call string }

// testimony is what is known of a call.
type testimony struct {
	casefile.Call           // as it was intended last
	intents       int       // that were journaled
	sent          int       // requests that were seen
	key           string    // that the first request had
	at            time.Time // of the last request
	settled       bool      // what the last request did is known: nothing
}

func newWitness(r *run) *witness { return &witness{run: r, calls: map[callID]*testimony{}} }

func (w *witness) breaks(format string, args ...any) {
	if what := fmt.Sprintf(format, args...); !slices.Contains(w.said, what) {
		w.said = append(w.said, what)
	}
}

// follow reads the intents that were journaled meanwhile.
func (w *witness) follow() {
	entries := w.run.entries()[w.read:]
	w.read += len(entries)
	for i := range entries {
		d, ok := entries[i].Data.(*casefile.CallIntended)
		if !ok {
			continue
		}
		id := callID{entries[i].Case, d.Call.ID}
		t := w.calls[id]
		if t == nil {
			t = &testimony{}
			w.calls[id] = t
		}
		if d.Call.Try == 1 { // a read that is made anew
			t.intents, t.sent, t.key, t.settled = 0, 0, "", false
		}
		t.Call = d.Call
		t.intents++
	}
}

// sees holds a request against its intent.
func (w *witness) sees(q casefile.Request, tool casefile.Tool) *testimony {
	w.follow()
	t := w.calls[callID{q.Case, q.Step}]
	if t == nil || t.sent >= t.intents {
		w.breaks("%s was sent before it was journaled", q.Tool)
		return &testimony{}
	}
	writes := tool.Effect != string(protocol.Read)
	switch {
	case t.Tool != q.Tool || t.Key != q.Key || shown(t.Args) != shown(q.Args):
		w.breaks("%s was sent with %s, and %s with %s was journaled", q.Tool, shown(q.Args), t.Tool, shown(t.Args))
	case writes && q.Key == "":
		w.breaks("%s was sent without a key", q.Tool)
	case writes && t.sent > 0 && q.Key != t.key:
		w.breaks("%s was sent again under another key", q.Tool)
	case writes && t.sent > 0 && !t.settled && (tool.Operations || !tool.Idempotent):
		w.breaks("%s was sent again though the request before may have been done", q.Tool)
	}
	t.sent++
	t.key, t.at, t.settled = q.Key, w.run.now, false
	return t
}

// undoes reports whether a request takes another call back.
func (w *witness) undoes(q casefile.Request) bool {
	t := w.calls[callID{q.Case, q.Step}]
	return t != nil && t.Undoes != ""
}

// answered notes what an answer lets the agent know.
func (t *testimony) answered(a casefile.Answer) {
	t.settled = a.Outcome == casefile.OutcomeRefused || a.Outcome == casefile.OutcomeNotDone
}

// asked notes what the plugin says when it is asked about a write.
func (w *witness) asked(key string, at time.Time, a casefile.Answer, tool casefile.Tool) {
	for _, t := range w.calls {
		if t.key == key && a.Unseen && !at.Before(t.at.Add(tool.Timeout)) {
			t.settled = true
		}
	}
}
