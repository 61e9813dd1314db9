package grounding

import (
	"slices"
	"strings"
	"unicode"
)

// languages are told by their commonest words.
var languages = map[string]map[string]bool{
	"en": setOf("the a an and is are was were to of in on for with your you we our it that this have has be not from by as at or will can please"),
	"de": setOf("der die das und ist sind war ein eine einen einem einer zu von im in auf fur mit ihr ihre ihren ihrem sie wir uns es dass diese haben hat nicht aus bei als oder werden wird konnen bitte den dem des wurde am"),
	"fr": setOf("le la les et est sont etait un une de du des dans sur pour avec votre vous nous notre il elle que ce cette avons a pas par au aux ou sera"),
	"es": setOf("el la los las y es son era un una de del en para con su usted nosotros nuestro que esta este hemos ha no por al o sera se le"),
}

// languageOf guesses the language of a text, "en" where nothing speaks for another.
func languageOf(text string) string {
	best, most := "en", 0
	count := map[string]int{}
	eachWord(text, func(w string) {
		w = key(w)
		for l, words := range languages {
			if words[w] {
				count[l]++
			}
		}
	})
	for _, l := range []string{"en", "de", "fr", "es"} {
		if count[l] > most {
			best, most = l, count[l]
		}
	}
	return best
}

// polite are German pronouns that are written with a capital.
var polite = setOf("sie ihr ihre ihren ihrem ihrer ihres ihnen du dir dich dein deine")

var titles = setOf("herr herrn frau firma dr doktor prof mr mrs ms miss monsieur madame senor senora don dona")

// names finds words that name somebody or something: capitalised ones that aren't at the beginning of a
// sentence, or aren't usual there.
func (c *checker) names(s *scanner) []claim {
	var list []claim
	language := languageOf(s.text)
	words := wordsIn(string(s.rest))
	capital := func(i int) bool {
		if i < 0 || i >= len(words) {
			return false
		}
		return strings.ContainsFunc(s.text[words[i][0]:words[i][1]], unicode.IsUpper)
	}
	for i, at := range words {
		word := s.text[at[0]:at[1]]
		folded := key(word)
		if !capital(i) || len([]rune(word)) < 2 || c.known[folded] || usual[folded] || months[folded] > 0 || currencyOf(word) != "" {
			continue
		}
		first := begins(s.text[:at[0]])
		before := i > 0 && s.text[words[i-1][1]:at[0]] == " "
		names := func(k int) bool { // as far as capitals say so
			return capital(k) && !polite[key(s.text[words[k][0]:words[k][1]])] && !usual[key(s.text[words[k][0]:words[k][1]])]
		}
		switch {
		case language == "de":
			beside := before && (titles[key(s.text[words[i-1][0]:words[i-1][1]])] || names(i) && names(i-1) && !begins(s.text[:words[i-1][0]]))
			beside = beside || !first && names(i) && names(i+1) && s.text[at[1]:words[i+1][0]] == " "
			if !beside {
				continue
			}
		case first && (language != "en" || commonForm(folded)):
			continue
		}
		list = append(list, claim{what: Name, value: folded, text: word, at: at[0]})
	}
	return list
}

// begins reports whether a sentence begins behind a text.
func begins(before string) bool {
	before = strings.TrimRight(before, " \t\"'*_([{>#")
	if before == "" {
		return true
	}
	r, _ := lastRune([]byte(before))
	return strings.ContainsRune(".!?:;\n\r•…|¡¿", r) || r == '-' && strings.HasSuffix(strings.TrimRight(before, "-"), "\n")
}

// commonForm reports whether a word is a form of usual ones, or has an ending that names don't have.
func commonForm(word string) bool {
	if slices.ContainsFunc([]string{"ly", "ing", "ed", "tion", "tions", "ment", "ments", "ness", "able", "ful"}, func(end string) bool { return len(word) > len(end)+2 && strings.HasSuffix(word, end) }) {
		return true
	}
	return usual[strings.TrimSuffix(word, "s")] || usual[word+"s"]
}
