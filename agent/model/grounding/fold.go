package grounding

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// seen gives a text as a person sees it: compatibility forms and digits of any script are plain, dashes,
// apostrophes and spaces of one kind, and what can't be seen is left out.
func seen(text string) string {
	if plain(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	digit := false // a mark on a digit changes nothing about it
	for _, r := range norm.NFKC.String(strings.ToValidUTF8(text, "\uFFFD")) {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
		case unicode.Is(unicode.Cf, r), unicode.IsControl(r), unicode.Is(unicode.Variation_Selector, r), invisible(r):
			continue
		case digit && unicode.Is(unicode.M, r):
			continue
		case unicode.Is(unicode.Nd, r):
			r = '0' + digitOf(r)
		case unicode.Is(unicode.Pd, r) || r == '\u2212' || r == '\u2043':
			r = '-'
		case strings.ContainsRune("‘’‛ʼ′`´＇", r):
			r = '\''
		case strings.ContainsRune("“”„‟«»″", r):
			r = '"'
		case strings.ContainsRune("․。", r):
			r = '.'
		case r == '⁄' || r == '∕':
			r = '/'
		case unicode.IsSpace(r):
			r = ' '
		}
		digit = '0' <= r && r <= '9'
		b.WriteRune(r)
	}
	return b.String()
}

func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c >= 0x80 || c < ' ' && c != '\n' && c != '\t' && c != '\r' || c == 0x7f || c == '`' {
			return false
		}
	}
	return true
}

// invisible are letters and symbols that show nothing (Unicode, Default_Ignorable_Code_Point, beside
// those of category Cf).
func invisible(r rune) bool {
	switch r {
	case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, 0x2800:
		return true
	}
	return 0xE0000 <= r && r <= 0xE0FFF
}

// digitOf gives the value of a decimal digit: they come in runs of ten.
func digitOf(r rune) rune {
	if '0' <= r && r <= '9' {
		return r - '0'
	}
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	return 0
}

// turned finds a character that shows what follows in another order than it is written in.
func turned(text string) rune {
	for _, r := range text {
		if 0x202A <= r && r <= 0x202E || 0x2066 <= r && r <= 0x2069 {
			return r
		}
	}
	return 0
}

// key makes words comparable: lower case, without marks on letters.
func key(word string) string {
	ascii := true
	for i := range len(word) {
		ascii = ascii && word[i] < 0x80
	}
	if ascii {
		return strings.ToLower(word)
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(word)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r == 'ß':
			b.WriteString("ss")
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// looks gives what a text looks like to who reads Latin letters, so that a promise is seen whatever it is
// written with. It is for finding what has to be borne out, never for bearing anything out.
func looks(text string) string {
	text = key(text)
	if plain(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if l, ok := alike(r); ok {
			return l
		}
		return r
	}, text)
}

// alike gives the Latin letter that a small letter of another alphabet looks like (after Unicode's
// confusables, those that are one letter).
func alike(r rune) (rune, bool) {
	const others = "ıɑɡɢɩɪɴʀʏʙʜʟαβγεηικνορτυχωϲавгекмнопрстухьѕіјһԁԍԛԝզհյոսցօᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢꜰꜱ"
	const latin = "iaggiinrybhlabyenikvoptuxwcabrekmhonpctyxbsijhdgqwqhjnugoacdejkmoptuvwzfs"
	at := 0
	for _, o := range others {
		if o == r {
			return rune(latin[at]), true
		}
		at++
	}
	return r, false
}

func lastRune(b []byte) (rune, int) { return utf8.DecodeLastRune(b) }

func firstRune(s string) (rune, int) { return utf8.DecodeRuneInString(s) }
