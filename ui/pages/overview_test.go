package pages

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
)

// handed is a case that a queue has until so long after noon.
func handed(n int, due time.Duration) *story {
	s := denied()
	other := begin(n, time.Hour)
	for _, e := range s.entries {
		other.then(0, e.Actor, e.Data)
	}
	return other.agent(0, &casefile.HandoffOpened{Queue: "support-leads", DueAt: noon.Add(due)})
}

// What needs a person stands by when it is due, whether it was handed over or waits for an approval; what is late
// says so, there and among what isn't well.
func TestOverviewBeginsWithWhatIsDueFirst(t *testing.T) {
	late, soon, approval := handed(0xa1, -time.Hour), handed(0xa2, time.Hour), charged(false) // the approval expires in a day
	html := signIn(t, newWorld(approval, soon, late)).get("/", http.StatusOK)
	last := 0
	for _, s := range []*story{late, soon, approval} {
		at := strings.Index(html, `href="/cases/`+s.id)
		if at < last {
			t.Errorf("case %s should stand at its time, late ones first", s.id)
		}
		last = at
	}
	(&browser{t: t}).wants(html, "A rule forbids what would come next", "A refund goes to whoever bought.", "2 for a person, 1 overdue", `<td class="n r1 escalated">`)
}

// Figures, and what is at work, follow the journal; page and stream say the same.
func TestOverviewStreamSendsItsFigures(t *testing.T) {
	w := newWorld(replaced())
	b := signIn(t, w)
	next := b.fragments(fmt.Sprintf("/pages/stream?of=overview&after=%d", len(w.feed)))
	b.wants(next(), `id="fresh"`)
	html := b.get("/", http.StatusOK)
	for _, region := range overviewRegions {
		if got := next(); !strings.Contains(got, `id="`+region+`"`) || !strings.Contains(html, got) {
			t.Errorf("page and stream should render the same block %s, not %.80q", region, got)
		}
	}
	w.add(busy())
	b.wants(next(), `id="stand"`, `href="/cases?status=working">1</a>`)
	b.wants(next(), `id="now"`, "The stalled shipment is credited by the SLA", "shop.get_shipment")
}
