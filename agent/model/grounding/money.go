package grounding

import (
	"regexp"
	"slices"
	"strings"
)

// cent is the hundredth of whatever currency.
const cent = "cent"

// signs are what currencies are called beside their codes. Those that several share are told by their
// sign.
var signs = map[string]string{
	"€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₺": "TRY", "₩": "KRW", "₪": "ILS", "zł": "PLN", "zl": "PLN", "$": "$", "¥": "¥", "kr": "kr",
	"us$": "USD", "ca$": "CAD", "a$": "AUD", "fr.": "CHF",
	"euro": "EUR", "euros": "EUR", "dollar": "$", "dollars": "$", "dolares": "$", "pound": "GBP", "pounds": "GBP", "pfund": "GBP",
	"franken": "CHF", "francs": "CHF", "yen": "JPY", "rupees": "INR", "rupee": "INR", "zloty": "PLN", "quid": "GBP", "bucks": "$", "eur": "EUR", "usd": "USD", "gbp": "GBP",
	"cent": cent, "cents": cent, "ct": cent, "pence": cent, "centimes": cent, "centimos": cent, "¢": cent,
}

// codes are the currencies that are told from words by their code alone.
var codes = strings.Fields("EUR USD GBP CHF JPY CNY INR CAD AUD NZD SEK NOK DKK PLN CZK HUF RON BGN TRY ILS KRW BRL MXN ZAR SGD HKD THB IDR MYR PHP VND AED SAR KWD BHD ISK CLP ARS COP UAH RUB")

// shared are the currencies of a sign.
var shared = map[string]string{"$": "USD CAD AUD NZD SGD HKD MXN CLP ARS COP", "¥": "JPY CNY", "kr": "SEK NOK DKK ISK"}

// decimals are how many digits of an amount in minor units stand behind the point (ISO 4217), where
// those aren't two.
var decimals = map[string]int{"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "KWD": 3, "BHD": 3}

const currencyExpression = `(?:US|CA|A)?\$|[€£₹₽₺₩₪¥¢]|zł|[A-Z]{3}|(?:US |Canadian |Australian )?(?i:euros?|dollars?|dólares|pounds?|pfund|franken|francs|yen|rupees?|zloty|quid|bucks|cents?|pence|centimes|céntimos|ct|kr|eur|usd|gbp)|Fr\.`

var (
	reCurrency = regexp.MustCompile(`^[ -]?(` + currencyExpression + `)`)
	rePriced   = regexp.MustCompile(`(?:(` + currencyExpression + `) ?)?-?(` + numeral + `)`)
)

// currencyOf gives a currency for what it is called, "" for none.
func currencyOf(word string) string {
	if slices.Contains(codes, word) {
		return word
	}
	for _, country := range []string{"US ", "Canadian ", "Australian "} {
		word = strings.TrimPrefix(word, country)
	}
	return signs[key(word)]
}

// currencyAt gives the currency that a text begins with, and how long that is.
func currencyAt(text string) (code string, length int) {
	at := reCurrency.FindStringSubmatchIndex(text)
	if at == nil {
		return "", 0
	}
	if r, _ := firstRune(text[at[1]:]); inWord(r) {
		return "", 0
	}
	return currencyOf(text[at[2]:at[3]]), at[1]
}

// amounts finds numbers with a currency before or behind them.
func (s *scanner) amounts() {
	s.each(rePriced, func(at []int) bool {
		from, to := at[4], at[5]
		code := ""
		if at[2] >= 0 {
			if code = currencyOf(s.group(at, 1)); code != "" {
				if before, _ := lastRune(s.rest[:at[2]]); inWord(before) {
					code = ""
				} else {
					from = at[2]
				}
			}
		}
		if after, n := currencyAt(string(s.rest[to:min(len(s.rest), to+40)])); after != "" {
			if code == "" || after == code || sharesSign(code, after) {
				code, to = after, to+n
			}
		} else if r, _ := firstRune(string(s.rest[to:])); inWord(r) {
			code = ""
		}
		value := canonical(s.group(at, 2))
		if code == "" || value == "" || from == at[4] && !s.apart(at[4]) {
			return false
		}
		s.money(value, code, from, to)
		return false // masked already
	})
}

// minor gives an amount in major units for one in minor units.
func minor(value string, places int) string {
	whole, part, _ := strings.Cut(value, ".")
	for len(whole) <= places {
		whole = "0" + whole
	}
	at := len(whole) - places
	s := strings.TrimLeft(whole[:at], "0") + "." + strings.TrimRight(whole[at:]+part, "0")
	if s[0] == '.' {
		s = "0" + s
	}
	return strings.TrimSuffix(s, ".")
}

// sameCurrency reports whether two may be one: an unknown one may be any.
func sameCurrency(a, b string) bool { return a == "" || b == "" || a == b || sharesSign(a, b) }

func sharesSign(a, b string) bool {
	return slices.Contains(strings.Fields(shared[a]), b) || slices.Contains(strings.Fields(shared[b]), a)
}

// price is an amount that evidence has.
type price struct{ value, currency string }
