package pages

import (
	"cmp"
	"maps"
	"net/http"
	"slices"

	"resolute/agent/listing"
	"resolute/agent/people"
)

type queuesPage struct {
	Shell   Shell
	Heading string
	Queues  []QueueView
	Chosen  string
	Rows    []WaitingView
	Many    bool
}

// QueueView is a queue with what waits in it.
type QueueView struct {
	Name    string
	Waits   string
	Notify  []string
	Due     string // how long a case may wait
	Current bool
}

// WaitingView is a case that waits for a person.
type WaitingView struct {
	RowView
	Queue   string
	Since   Moment
	Due     Moment
	Overdue bool
	Whose   string // "" for nobody's
}

// inQueues is how many cases a page of the queues shows.
const inQueues = 100

func (s *site) queues(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	v, chosen := s.viewer(who), r.URL.Query().Get("queue")
	rows, err := s.Listing.Due(r.Context(), chosen, inQueues)
	if err != nil {
		return err
	}
	counts, err := s.Listing.Counts(r.Context())
	if err != nil {
		return err
	}
	p := queuesPage{Chosen: chosen, Many: len(rows) == inQueues}
	known := map[string]QueueView{}
	for name, n := range counts.Queues {
		known[name] = QueueView{Name: name, Waits: thousands(n)}
	}
	if b, err := s.Bundles.Active(); err == nil {
		for _, q := range b.Config.Queues {
			k := known[q.Name]
			known[q.Name] = QueueView{Name: q.Name, Waits: cmp.Or(k.Waits, "0"), Notify: q.Notify, Due: span(q.Due)}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		q := known[name]
		q.Current = name == chosen
		p.Queues = append(p.Queues, q)
	}
	overdue := 0
	for i := range rows {
		row := waitingView(&rows[i], v)
		if row.Overdue {
			overdue++
		}
		p.Rows = append(p.Rows, row)
	}
	p.Heading = "Nothing waits for a person"
	if len(rows) > 0 {
		p.Heading = plural(len(rows), "case") + " handed over"
		if overdue > 0 {
			p.Heading += ", " + thousands(overdue) + " overdue"
		}
	}
	p.Shell = s.shell(r, who, "Queues", "/queues")
	return s.render(w, http.StatusOK, "queues", p)
}

func waitingView(r *listing.Row, v viewer) WaitingView {
	return WaitingView{RowView: rowView(r, v), Queue: r.Queue, Since: moment(r.Since, v.now), Due: moment(r.DueAt, v.now), Overdue: r.Holder == "" && !v.now.Before(r.DueAt), Whose: shorten(actor(r.Holder), whoShown)}
}
