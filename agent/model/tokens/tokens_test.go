package tokens

import "testing"

func TestBoundCountsGenerously(t *testing.T) {
	for text, want := range map[string]int{
		"":                   0,
		"the":                1,
		"where is my order?": 7, // where and order take 2, the mark 1
		"Confirmation":       4, // a capital letter begins the word
		"R-1042":             6, // digits and marks count one each
		"RX":                 1,
		"a\n\n  b":           5,
		"größe":              3 + 1, // gr, ö, ß, e
		"订单":                 4,
		"🙂":                  3,
	} {
		if n := Bound(text); n != want {
			t.Errorf("%q counts %d, want %d", text, n, want)
		}
	}
}
