package pages

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"resolute/agent/journal"
	"resolute/agent/suggest"
)

// TestLook serves the stories for whoever wants to look at the pages in a browser: with
// RESOLUTE_LOOK=ADDR it runs until it is interrupted. Sign in with /signin?code=once.
func TestLook(t *testing.T) {
	addr := os.Getenv("RESOLUTE_LOOK")
	if addr == "" {
		t.Skip("RESOLUTE_LOOK=127.0.0.1:PORT serves the pages to look at")
	}
	w := newWorld(busy(), charged(true), denied(), replaced(), asking(), unsure())
	w.past.found, *w.learned, w.suggests.list = pastCases(), *someLearned(), []suggest.Shown{oneSuggestion(suggest.Open)}
	for i := range 30 {
		s := begin(0x100+i, time.Duration(i+4)*time.Hour)
		s.agent(0, email(100+i, "Rowan Ellis", "rowan@ellis.example", fmt.Sprint("cus_", i), "Two accounts", "I have two accounts", "vouched"))
		s.entries = append(s.entries, replaced().entries[1:]...)
		for j := 1; j < len(s.entries); j++ {
			s.entries[j].Seq, s.entries[j].Case = uint64(j+1), s.id
			s.c.Fold(&s.entries[j])
		}
		w.stories = append(w.stories, s)
	}
	w.messages = []journal.Message{{Offset: 9, CaseID: replaced().id, Kind: "reply", To: "tomas@reyes.example", Text: "Hello Tomas,\n\nWe sent you a new Blender. It arrives by 2026-03-14.", Citations: []string{refundPassage}, At: noon.Add(-90 * time.Minute), Delivery: journal.Delivery{Status: "sent"}},
		{Offset: 8, CaseID: asking().id, Kind: "question", To: "ada@lindgren.example", Text: "Which order is it?", At: noon.Add(-3 * time.Hour), Delivery: journal.Delivery{Status: "failed", Error: "webhook answered 500"}}}
	t.Fatal(http.ListenAndServe(addr, New(w.deps(t), Options{Now: func() time.Time { return noon }, House: house})))
}
