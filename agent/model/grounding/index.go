package grounding

import (
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// index tells by the beginnings of words which of some expressions can match a text: most texts have
// nothing of most.
type index struct {
	by     map[string]uint64 // the first byte or two of a word → expressions
	always uint64            // those of which the beginning isn't known
}

// newIndex indexes expressions that begin at the beginning of a word; 64 at most.
func newIndex(expressions []string) index {
	x := index{by: map[string]uint64{}}
	for i, e := range expressions {
		if e == "" {
			continue
		}
		re, err := syntax.Parse(e, syntax.Perl)
		if err != nil {
			x.always |= 1 << i
			continue
		}
		begins, ok, _ := beginnings(re)
		if !ok {
			x.always |= 1 << i
			continue
		}
		for _, b := range begins {
			x.by[b] |= 1 << i
		}
	}
	return x
}

// beginnings gives what texts begin with that an expression matches, two bytes of each at most; ok is
// false where that can't be told. empty reports whether it matches nothing too.
func beginnings(re *syntax.Regexp) (list []string, ok, empty bool) {
	switch re.Op {
	case syntax.OpLiteral:
		s := string(re.Rune)
		if r, _ := utf8.DecodeRuneInString(s); !unicode.IsLetter(r) || r >= utf8.RuneSelf {
			return nil, false, false
		}
		return []string{s[:min(len(s), 2)]}, true, false
	case syntax.OpEmptyMatch, syntax.OpWordBoundary:
		return nil, true, true
	case syntax.OpCapture, syntax.OpPlus:
		return beginnings(re.Sub[0])
	case syntax.OpStar, syntax.OpQuest:
		list, ok, _ = beginnings(re.Sub[0])
		return list, ok, true
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			if re.Rune[i] >= utf8.RuneSelf || re.Rune[i+1] >= utf8.RuneSelf {
				return nil, false, false
			}
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				list = append(list, string(r))
			}
		}
		return list, true, false
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			more, known, none := beginnings(sub)
			if !known {
				return nil, false, false
			}
			list = append(list, more...)
			if !none {
				return list, true, false
			}
		}
		return list, true, true
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			more, known, none := beginnings(sub)
			if !known {
				return nil, false, false
			}
			list, empty = append(list, more...), empty || none
		}
		return list, true, empty
	}
	return nil, false, false
}

// in gives the expressions that can match a text.
func (x *index) in(text string) uint64 {
	found := x.always
	inside := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		word := 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_'
		if word && !inside {
			found |= x.by[text[i:i+1]]
			if i+1 < len(text) {
				found |= x.by[text[i:i+2]]
			}
		}
		inside = word
	}
	return found
}

// wordsIn gives where the words of a text are: letters with their marks.
func wordsIn(text string) [][]int {
	var list [][]int
	from := -1
	for i, r := range text {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r >= utf8.RuneSelf && r != utf8.RuneError && (unicode.IsLetter(r) || from >= 0 && unicode.Is(unicode.M, r))
		switch {
		case letter && from < 0:
			from = i
		case !letter && from >= 0:
			list, from = append(list, []int{from, i}), -1
		}
	}
	if from >= 0 {
		list = append(list, []int{from, len(text)})
	}
	return list
}

// eachWord calls with every word of a text.
func eachWord(text string, call func(word string)) {
	for _, at := range wordsIn(text) {
		call(text[at[0]:at[1]])
	}
}
