package grounding

import "regexp"

// Secrets are what no company asks its customers for in a message, in English, German, French and Spanish;
// and what turns a word for one into a question for it.
var (
	secrets = regexp.MustCompile(`\b(?:pass ?(?:word|code|phrase)s?|pin(?: (?:code|number))?|cv[vc]2?|security (?:code|answer|question)s?|(?:one[- ]time|verification|login|2fa|sms|tan) (?:pass)?codes?|(?:credit |debit |bank |your )card(?:'s)? (?:number|details?|data)|card numbers?|number (?:of|on) (?:your|the) (?:\w+ )?card|(?:bank|account) (?:login|credentials?|details)|credentials?|iban|social security (?:number|no)|passport (?:number|no)|seed phrase|private key|passwort\w*|kennwort\w*|kreditkarten(?:nummer|daten)|kartennummer|geheimzahl|zugangsdaten|mot de passe|code (?:secret|pin)|numero de (?:carte|tarjeta)|contrasena|clave)\b`)
	wanted  = regexp.MustCompile(`\b(?:send|give|tell|share|provide|enter|reply|write|confirm|type|submit|include|need|require|want|what is|what's|let (?:us|me) (?:know|have)|please|verify|schicken|senden|geben|nennen|mitteilen|bestatigen|bitte|envoye[rz]|donne[rz]|indique[rz]|confirme[rz]|envi[ae]\w*|di(?:ga|me)\w*|confirm[ae]\w*)\b|\?`)
	unasked = regexp.MustCompile(`\b(?:never|not|n't|nie|niemals|nicht|jamais|nunca|reset|forgot\w*|zurucksetzen)\b`)
)

// secretIn gives the secret that a text asks for, "" for none.
func secretIn(text string) string {
	for _, c := range clausesOf(text) {
		folded := looks(c.text)
		if at := secrets.FindStringIndex(folded); at != nil && !unasked.MatchString(folded) && wanted.MatchString(looks(text)) {
			return folded[at[0]:at[1]]
		}
	}
	return ""
}
