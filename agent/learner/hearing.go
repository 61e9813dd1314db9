package learner

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"resolute/agent/triage"
)

// leastJudges is how many texts there have to be to judge by, before anything that was learned decides by
// itself.
const leastJudges = 20

// heldText is a text that was held back from learning.
type heldText struct {
	triage.Example
	By string // actor who said what it is for, "" where its case was resolved
}

// hearing is what two classifiers make of the same texts, neither having learned from them.
type hearing struct {
	by            []string // account that said what each is for, "" for the bundle's authors and for how cases ended
	before, after []answer
	least         [2]float64 // scores from which on they take on
}

// answer is what a classifier makes of a text.
type answer struct {
	verdict  verdict
	told     bool
	surprise float64 // nats
	author   bool    // the text is an example of the bundle's authors
}

// hear asks what decides and what may decide after it: about texts that were held back, and about the
// authors' examples, of which each says what others taught it alone.
func hear(ctx context.Context, book triage.Book, before, after *triage.Classifier, held []heldText) (h hearing, err error) {
	for i, c := range []*triage.Classifier{before, after} {
		b := book
		b.Classifier = c
		h.least[i], _ = b.Least()
	}
	for _, x := range held {
		was, err := before.Decide(ctx, x.Text)
		if err != nil {
			return h, err
		}
		is, err := after.Decide(ctx, x.Text)
		if err != nil {
			return h, err
		}
		h.add(x.By, x.Procedure, was, is)
	}
	for i, x := range book.Classifier.Examples() { // which all that was learned begins with
		was, asked := before.Unlearned(i)
		is, again := after.Unlearned(i)
		if asked && again {
			h.add("", x.Procedure, was, is)
			h.before[len(h.before)-1].author, h.after[len(h.after)-1].author = true, true
		}
	}
	return h, nil
}

func (h *hearing) add(by, procedure string, before, after triage.Decision) {
	h.by = append(h.by, by)
	h.before = append(h.before, answerOf(before, procedure, h.least[0]))
	h.after = append(h.after, answerOf(after, procedure, h.least[1]))
}

func answerOf(d triage.Decision, procedure string, least float64) answer {
	a := answer{surprise: -math.Log(max(expected(d, procedure), leastExpected))}
	a.told = len(d.Candidates) > 0 && d.Candidates[0].Procedure == procedure
	switch {
	case len(d.Candidates) == 0 || d.Candidates[0].Score < least:
	case a.told:
		a.verdict = right
	default:
		a.verdict = wrong
	}
	return a
}

// scores sums up both, without what one account said; "" leaves nothing out.
func (h *hearing) scores(without string) (before, after Score) {
	var was, is []answer
	for i, by := range h.by {
		if without == "" || by != without {
			was, is = append(was, h.before[i]), append(is, h.after[i])
		}
	}
	return scoreOf(was, h.least[0]), scoreOf(is, h.least[1])
}

func scoreOf(list []answer, least float64) Score {
	s := Score{Texts: len(list), Threshold: least}
	for _, a := range list {
		if a.told {
			s.Told++
		}
		if a.author {
			s.Authors++
		} else {
			s.Surprise += a.surprise
		}
		switch a.verdict {
		case right:
			s.Right++
		case wrong:
			s.Wrong++
		default:
			s.People++
		}
	}
	s.Surprise /= max(float64(s.Texts-s.Authors), 1)
	return s
}

// worse says why what was learned doesn't decide by itself, "" for no reason: too few texts say how it
// does, or it is worse on these, or only because of what one account said of them it isn't. What somebody
// taught isn't judged by their own word alone.
func (h *hearing) worse(rate float64) string {
	before, after := h.scores("")
	if why := worse(after, before, rate); why != "" {
		return why
	}
	said, gained, all := map[string]int{}, map[string]int{}, 0
	for i, by := range h.by {
		said[by]++
		if h.gained(i) {
			gained[by]++
			all++
		}
	}
	delete(said, "")
	for _, by := range slices.Sorted(maps.Keys(said)) {
		before, after := h.scores(by)
		one := max(after.allowed(rate), 1) // of a few texts, a single one is more than the stated share
		if why := fewer(after, before, one); why != "" {
			return fmt.Sprintf("without the word of %s on %d texts: %s", by, said[by], why)
		}
		if all > 0 && gained[by] == all {
			return fmt.Sprintf("%d texts speak for it, and of each only %s says what it is for", all, by)
		}
	}
	return ""
}

// gained reports whether a text is told, or taken on the right way, that wasn't before.
func (h *hearing) gained(i int) bool {
	before, after := h.before[i], h.after[i]
	return after.told && !before.told || after.verdict == right && before.verdict != right
}
