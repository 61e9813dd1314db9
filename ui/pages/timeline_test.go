package pages

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
)

// long is a case that went on for long, with answers that are.
func long() *story {
	s := charged(true)
	for i := range 150 {
		call := casefile.Call{ID: fmt.Sprint("gather/long/", i), Purpose: casefile.ForGather, Fact: "long", Action: casefile.Action{Tool: "billing.list_payments", Args: object("n", int64(i)), Effect: "read"}}
		s.call(call, time.Millisecond, casefile.CallAnswered{Outcome: casefile.OutcomeDone, Result: casefile.Value{V: plain("text", strings.Repeat(`"quoted" `, i*7))}})
		s.agent(time.Second, &casefile.CheckRead{Check: "c"})
	}
	return s
}

// A link to a row that the newest page doesn't have leads to the page that has it.
func TestALinkLeadsIntoALongCase(t *testing.T) {
	s := long()
	b := signIn(t, newWorld(s))
	for _, row := range []string{"entry-1", "entry-9", "call-gather/long/70", "call-gather/long/149"} {
		html := b.get("/cases/"+s.id+"?at="+row, http.StatusOK)
		if !strings.Contains(html, ` id="`+row+`"`) {
			t.Errorf("the page about %s should have it", row)
		}
	}
}

// A case that went on for long is read piece by piece, whatever its answers have: no page of it is long, and none of
// its rows is left out of all.
func TestALongCaseIsReadPieceByPiece(t *testing.T) {
	s := long()
	b := signIn(t, newWorld(s))
	path, pages, rows := "/cases/"+s.id, 0, map[string]bool{}
	for {
		html := b.get(path, http.StatusOK)
		if pages++; len(html) > largestHTML {
			t.Fatalf("%s has %d bytes of HTML, want at most %d", path, len(html), largestHTML)
		}
		for _, m := range regexp.MustCompile(`<li id="((?:entry|call)-[^"]*)"`).FindAllStringSubmatch(html, -1) {
			if rows[m[1]] {
				t.Fatalf("the row %s is on two pages", m[1])
			}
			rows[m[1]] = true
		}
		if newest := strings.Contains(html, `#case-timeline">Newest</a>`); newest != (pages > 1) {
			t.Errorf("page %d should lead to the newest rows unless it has them", pages)
		}
		_, rest, more := strings.Cut(html, `<p class="foot earlier"><a href="`)
		if next, _, _ := strings.Cut(rest, "#"); more && strings.Contains(next, "rows=") {
			path = next
			continue
		}
		break
	}
	if want := len(timelineRows(s)); pages < 3 || len(rows) != want {
		t.Errorf("%d rows should be on some pages, not %d on %d", want, len(rows), pages)
	}
}

// largestHTML is how long a page may be, in bytes.
const largestHTML = 100_000

// timelineRows are all rows of a story, whatever a page shows.
func timelineRows(s *story) []*told {
	t := &teller{c: s.c, v: look("operator"), start: s.entries[0].At, end: s.at, rows: map[string]*told{}}
	for i := range s.entries {
		t.tell(&s.entries[i])
	}
	return t.order
}
