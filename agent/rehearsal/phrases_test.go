package rehearsal

import (
	"regexp"
	"strings"
	"testing"

	"resolute/agent/rehearsal/scenario"
)

// TestPhrasesSayNothingOfTheirOwn: what a customer tells has to stand out, whatever a pattern looks for.
func TestPhrasesSayNothingOfTheirOwn(t *testing.T) {
	telling := regexp.MustCompile(`[0-9]|[A-Z]{2}`)
	for _, persona := range scenario.Personas() {
		for what, ways := range phrases[persona] {
			if len(ways) == 0 {
				t.Errorf("the persona %s has no words for occasion %d", persona, what)
			}
			for _, way := range ways {
				fact := occasion(what) == tells || occasion(what) == corrects
				if telling.MatchString(way) || strings.Count(way, "{}") != map[bool]int{true: 1}[fact] {
					t.Errorf("%s says %q: that could be taken for an answer, or lacks one", persona, way)
				}
			}
		}
	}
}
