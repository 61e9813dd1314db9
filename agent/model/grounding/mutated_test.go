package grounding_test

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"resolute/agent/model/grounding"
)

//go:embed testdata/promises.txt
var promisesText string

// mutation makes false replies out of a true one.
type mutation struct {
	name  string
	made  func(text string) []string
	least float64 // share that has to be found
}

var (
	figure  = regexp.MustCompile(`[0-9]+`)
	counted = regexp.MustCompile(`(?i)\b(days?|working days|hours|months?|percent|werktagen)\b`)
	spelt   = regexp.MustCompile(`\b(?:two|three|five|fünf)\b`)
	months  = regexp.MustCompile(`\b(?:February|March|Februar|März|février|mars|febrero|marzo)\b`)
	week    = regexp.MustCompile(`\b(?:Wednesday|Mittwoch)\b`)
)

// each puts something in the place of every match, one at a time.
func each(x *regexp.Regexp, by func(was string) string) func(string) []string {
	return func(text string) (list []string) {
		for _, at := range x.FindAllStringIndex(text, -1) {
			if now := by(text[at[0]:at[1]]); now != text[at[0]:at[1]] {
				list = append(list, text[:at[0]]+now+text[at[1]:])
			}
		}
		return list
	}
}

// named puts an unknown name in the place of one that is mid in a sentence, and known to the sources' names.
func named(text string) (list []string) {
	for _, name := range []string{"Parcelway", "Brenda", "Tomas", "Studio", "Team", "Harbour"} {
		if strings.Contains(text, name) {
			list = append(list, strings.Replace(text, name, "Quillan", 1))
		}
	}
	return list
}

func mutations() []mutation {
	digit := func(was string) string { // the last one is another
		last := was[len(was)-1]
		return was[:len(was)-1] + string('0'+(last-'0'+7)%10)
	}
	added := func(text string) (list []string) {
		at := len(text)
		for line := range strings.Lines(promisesText) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				if at++; at%4 == 0 { // each text gets a quarter of them, and another one than its neighbours
					list = append(list, text+" "+line)
				}
			}
		}
		return list
	}
	units := map[string]string{"day": "week", "days": "weeks", "working days": "hours", "hours": "minutes", "month": "year", "months": "years", "percent": "euros", "Werktagen": "Stunden"}
	return []mutation{
		{"a figure is another", each(figure, digit), 1},
		{"a figure has a digit more", each(figure, func(was string) string { return was + "3" }), 1},
		{"a figure in full-width digits is another", each(figure, func(was string) string {
			return strings.Map(func(r rune) rune { return r - '0' + '０' }, digit(was))
		}), 1},
		{"a number in words is another", each(spelt, func(string) string { return "seventeen" }), 1},
		{"a unit is another", each(counted, func(was string) string { return units[was] }), 0.9},
		{"a month is another", each(months, func(was string) string { return "August" }), 1},
		{"a weekday is another", each(week, func(string) string { return "Saturday" }), 1},
		{"a name is another", named, 1},
		{"a link is added", func(text string) []string { return []string{text + " See shop-refunds.example/now for more."} }, 1},
		{"an address is added", func(text string) []string { return []string{text + " Write to tomas@refunds.example then."} }, 1},
		{"an amount is added", func(text string) []string {
			return []string{text + " That makes 250 USD.", text + " Das sind 99,95 €."}
		}, 1},
		{"a time is added", func(text string) []string {
			return []string{text + " It happens tomorrow.", text + " It takes one week.", text + " Es dauert einen Monat."}
		}, 0.6},
		{"a promise is added", added, 0.9},
		{"letters are swapped for their lookalikes", func(text string) (list []string) {
			for _, promise := range []string{"This is frее.", "We guаrantee it.", "You get a ｖｏｕｃｈｅｒ too.", "There is a vou\u200Bcher for you.", "𝐀 𝐝𝐢𝐬𝐜𝐨𝐮𝐧𝐭 is yours."} {
				list = append(list, text+" "+promise)
			}
			return list
		}, 0.8},
	}
}

// Of replies that say something else than their evidence nearly all are found out. Each is a true one in
// which one thing was changed.
func TestMutatedRepliesAreFoundOut(t *testing.T) {
	all := slices.Concat(replies(t), starter(t), honest(t))
	held := all[:0]
	for _, r := range all {
		if len(grounding.Check(grounding.Split(r.text, r.ids), r.sources).Faults) == 0 {
			held = append(held, r)
		}
	}
	caught, made := 0, 0
	for _, m := range mutations() {
		n, found := 0, 0
		var missed []string
		for _, r := range held {
			for _, text := range m.made(r.text) {
				n++
				if len(grounding.Check(grounding.Split(text, r.ids), r.sources).Faults) > 0 {
					found++
				} else {
					missed = append(missed, text)
				}
			}
		}
		caught, made = caught+found, made+n
		t.Logf("%-45s %4d of %4d found out", m.name, found, n)
		for _, text := range missed[:min(len(missed), 6)] {
			t.Logf("\tnot: %s", text)
		}
		if n == 0 || float64(found) < m.least*float64(n) {
			t.Errorf("%s: %d of %d are found out, want %.0f %%", m.name, found, n, 100*m.least)
		}
	}
	t.Logf("%d of %d (%.2f %%) are found out", caught, made, 100*float64(caught)/float64(made))
}

// A source bears out its own words, whatever they are: fuzzed, since evidence is text from anywhere.
func FuzzTheWordsOfASourceAreBorneOut(f *testing.F) {
	for _, s := range []string{"The money is on the customer's account within five working days.", "64.00 EUR, 12,50 € and 1250 cents", "ORD-1001 on 4 March at 11:30", "https://a.example/x?y=1 or a@b.example", "+49 (0)30 123 4567", "٣ أيام ½ ① Ⅳ 1.2.3.4", "the third of March, next week, tomorrow", "\xff\u202E\u200B", "Раrсеl", "one hundred and twenty-three dollars", "Ask for a refund; it is free."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.Count(text, "\n") > 3 || len(text) > 600 {
			t.Skip()
		}
		s := grounding.Sources{Now: shop().Now, List: []grounding.Source{{ID: "kb://a", Kind: grounding.Passage, Text: text}}}
		r := grounding.Check([]grounding.Sentence{{Text: text, Evidence: []string{"kb://a"}}}, s)
		for _, fault := range r.Faults {
			switch fault.What {
			case grounding.Number, grounding.Amount, grounding.Name, grounding.Link, grounding.ID:
				t.Errorf("%q cites itself, and yet: %s", text, fault)
			}
			if fault.Detail == "" || fault.String() == "" {
				t.Errorf("%q: a fault says nothing: %+v", text, fault)
			}
		}
		if r.Held > r.Claims || r.Coverage() < 0 || r.Coverage() > 1 {
			t.Errorf("%q: %d of %d claims hold", text, r.Held, r.Claims)
		}
		bare := grounding.Check([]grounding.Sentence{{Text: text}}, s)
		for _, c := range text {
			if unicode.Is(unicode.Nd, c) && len(bare.Faults) == 0 {
				t.Errorf("%q has a figure and cites nothing, and is let through", text)
				break
			}
		}
	})
}

// What is said, in which order sources come, and that others are there, makes no difference.
func TestCheckingIsDeterministic(t *testing.T) {
	for _, r := range slices.Concat(replies(t), honest(t)) {
		parts := grounding.Split(r.text+" We will send a voucher of 99 USD to Quillan.", r.ids)
		first := fmt.Sprint(grounding.Check(parts, r.sources))
		if again := fmt.Sprint(grounding.Check(parts, r.sources)); again != first {
			t.Errorf("%q: %s, and then %s", r.text, first, again)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	all := replies(b)
	b.ReportAllocs()
	for b.Loop() {
		r := all[0]
		_ = grounding.Check(grounding.Split(r.text, r.ids), r.sources)
	}
}
