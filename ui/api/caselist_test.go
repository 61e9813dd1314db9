package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"testing"

	"resolute/agent/journal"
	"resolute/ui/api"
)

// late is a listing that doesn't catch up.
type late struct{ api.Listing }

func (late) Wait(context.Context, uint64) error { return errors.New("it follows no more") }

// Filters find what they say and nothing alike, in pages, from the moment that a signal was accepted; where
// the listing is late too.
func TestCasesAreFound(t *testing.T) {
	h := newHouse(t)
	h.findsCases()
	h.deps.Listing = late{}
	h.serve()
	h.findsCases()
}

func (h *house) findsCases() {
	h.t.Helper()
	var ids []string
	for i, data := range []string{
		`{"customer":{"id":"c1","email":"ann@x.example"},"text":"A lamp broke"}`,
		`{"customer":{"id":"c11","email":"joann@x.example"},"text":"The lamp is late"}`,
		`{"customer":{"id":"c1","email":"ann@x.example"},"text":"A desk broke"}`,
	} {
		ids = append(ids, h.signal(fmt.Sprint(i), data))
	}
	for _, c := range []struct {
		query string
		want  []int // newest first
	}{
		{"customer=c1", []int{2, 0}},
		{"customer=ann@x.example", []int{2, 0}},
		{"customer=c", nil},
		{"q=lamp", []int{1, 0}},
		{"q=a+lamp", []int{0}},
		{"q=lamp+a", nil},
		{"q=LAMP+BROKE", []int{0}},
		{"status=working", []int{2, 1, 0}},
		{"status=resolved", nil},
		{"status=working&customer=c11&q=late", []int{1}},
		{"procedure=damaged", nil},
		{"stop=policy.deny", nil},
		{"queue=default", nil},
	} {
		var got []string
		for cursor := ""; ; {
			var p struct {
				Items      []journal.Summary
				NextCursor *string `json:"next_cursor"`
			}
			h.get("/api/v1/cases?limit=1&"+c.query+"&cursor="+url.QueryEscape(cursor), &p)
			for _, item := range p.Items {
				got = append(got, item.ID)
			}
			if p.NextCursor == nil {
				break
			}
			if cursor = *p.NextCursor; len(p.Items) != 1 {
				h.t.Fatalf("%s: a page that is not the last has %d cases, want 1", c.query, len(p.Items))
			}
		}
		var want []string
		for _, i := range c.want {
			want = append(want, ids[i])
		}
		if !slices.Equal(got, want) {
			h.t.Errorf("%s finds %v, want %v of %v", c.query, got, want, ids)
		}
	}
}
