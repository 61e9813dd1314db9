package learner

import (
	"strings"
	"testing"
)

// Whatever else speaks for a change, no account is the only one whose word does.
func TestNobodyJudgesTheirOwnLessons(t *testing.T) {
	said := func(voices map[string]int, lost map[string]int) *hearing {
		h := &hearing{}
		for range 20 { // authors' examples that stay as they were
			h.by, h.before, h.after = append(h.by, ""), append(h.before, answer{verdict: right, told: true}), append(h.after, answer{verdict: right, told: true})
		}
		for by, n := range voices {
			for range n {
				h.by, h.before, h.after = append(h.by, by), append(h.before, answer{surprise: 1}), append(h.after, answer{verdict: right, told: true})
			}
		}
		for by, n := range lost {
			for range n {
				h.by, h.before, h.after = append(h.by, by), append(h.before, answer{verdict: right, told: true}), append(h.after, answer{surprise: 0.1})
			}
		}
		return h
	}
	for _, tt := range []struct {
		name         string
		voices, lost map[string]int
		want         string // in the reason, "" for none
	}{
		{"nothing changes", nil, nil, ""},
		{"one account", map[string]int{"user:ann": 30}, nil, "30 texts speak for it, and of each only user:ann says what it is for"},
		{"two accounts", map[string]int{"user:ann": 30, "user:bob": 1}, nil, ""},
		{"one account, and cases that were resolved", map[string]int{"user:ann": 30, "": 1}, nil, ""},
		{"others' texts get lost", map[string]int{"user:ann": 30, "user:bob": 1}, map[string]int{"": 2}, "without the word of user:ann on 30 texts: of 23 texts"},
		{"more gets lost", map[string]int{"user:ann": 3, "user:bob": 3}, map[string]int{"": 7}, "of 33 texts"},
	} {
		if why := said(tt.voices, tt.lost).worse(0.03); (tt.want == "") != (why == "") || !strings.HasPrefix(why, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, why, tt.want)
		}
	}
	if why := (&hearing{by: make([]string, 19), before: make([]answer, 19), after: make([]answer, 19)}).worse(0.03); !strings.HasPrefix(why, "19 texts say how it does") {
		t.Errorf("19 texts: %q, want that 20 have to say how it does", why)
	}
}
