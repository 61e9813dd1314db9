package suggest

import (
	"strings"
	"testing"

	"resolute/agent/casefile"
)

func TestWhoWroteIsBlanked(t *testing.T) {
	who := casefile.Customer{ID: "CUS-9x", Name: "Alice Émile-Smith", Email: "alice@a.example"}
	for text, want := range map[string]string{
		"It came for Alice Émile-Smith, alice@a.example": "It came for [name], [email]",
		"ALICE SMITH here; smith's parcel is gone":       "[name] [name] here; [name]'s parcel is gone",
		"émile asked, cus-9x too":                        "[name] asked, [name] too",
		"The blacksmith hammer, and Malice the game":     "The blacksmith hammer, and Malice the game",
		"order ORD-1001 by card 4111 1111 1111 1111":     "order [number] by card [card]",
	} {
		if got := blank(text, who); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if got := blank("Al and Bo wrote", casefile.Customer{Name: "Al Bo"}); got != "Al and Bo wrote" {
		t.Errorf("parts of two letters are words: %q", got)
	}
	if got := blank(strings.Repeat("a", 20*maxExample), casefile.Customer{Name: "(.*)+ [a"}); len(got) != maxExample {
		t.Errorf("a text without end is %d bytes", len(got))
	}
}
