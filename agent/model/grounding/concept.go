package grounding

import "regexp"

// concept is something that a company can owe: how it is promised, and how evidence speaks of it. Both are
// read in forms that looks and key make.
type concept struct {
	name string
	say  *regexp.Regexp
	hold *regexp.Regexp
}

const (
	conceptPolicy = "a policy"
	conceptFull   = "the full amount"
)

// concepts, in English, German, French and Spanish.
var concepts = []concept{
	of("a refund",
		`refund\w*|reimburs\w*|money[- ]back|(?:pay|paid|paying|give|gave|given|giving|get|got) (?:\S+ ){0,4}(?:money|payment|amount|sum|it|that|this|charge) back|charge ?back\w*|(?:ruck)?erstatt\w*|geld zuruck|ruckzahl\w*|rembours\w*|reembols\w*|devolucion del? (?:dinero|importe)|devolvemos el|devolveremos el`,
		`refund\w*|reimburs\w*|money back|(?:given|gave|give|paid|pay|gets?) .{0,40}back|charge ?back|erstatt\w*|ruckzahl\w*|rembours\w*|reembols\w*|devol\w*`),
	of("a credit",
		`credit(?:s|ed|ing)?\b(?: note)?|goodwill|compensat\w*|gutschrift\w*|gutgeschrieben|entschadig\w*|kulanz\w*|dedommag\w*|compensac\w*|make (?:it|this) up to you|make it good|abono`,
		`credit\w*|goodwill|compensat\w*|gutschrift\w*|gutgeschrieben|entschadig\w*|kulanz\w*|dedommag\w*|compensac\w*|abono`),
	of("a replacement",
		`replac\w*|(?:a|the|another) (?:new|second|fresh) (?:one|item|unit|device|copy)|another one|exchang\w*|ersatz\w*|ersetz\w*|umtausch\w*|austausch\w*|neues exemplar|remplac\w*|reemplaz\w*|sustitu\w*`,
		`replac\w*|new one|another one|exchang\w*|ersatz\w*|ersetz\w*|umtausch\w*|austausch\w*|remplac\w*|reemplaz\w*|sustitu\w*`),
	of("something for free",
		`(?:for |completely |entirely |absolutely )?free(?: of charge)?\b|(?:no|any|without|extra|additional) (?:\w+ )?(?:charge|cost|fee)s?\b|gratis|kostenlos\w*|kostenfrei\w*|unentgeltlich|gratuit\w*|sans frais|sin (?:coste|costo|cargo)|for nothing`,
		`\bfree\b|no (?:extra )?(?:charge|cost|fee)|without (?:charge|cost)|gratis|kostenlos\w*|kostenfrei\w*|gratuit\w*|sans frais|sin (?:coste|costo|cargo)`),
	of("that you pay for it",
		`on the house|on us\b|complimentary|as a (?:courtesy|gesture|thank you)|waiv\w*|(?:we|i)(?:'ll| will)? (?:cover|bear|absorb|pay for)\b|auf unsere kosten|aus kulanz|ubernehmen (?:die|alle|samtliche)|a nos frais|por nuestra cuenta`,
		`on the house|on us\b|complimentary|courtesy|gesture|waiv\w*|cover(?:s|ed)?\b|we pay|unsere kosten|kulanz|a nos frais|nuestra cuenta`),
	of("a discount or gift",
		`discount\w*|vouchers?|coupons?|rebates?|(?:%|percent) off|half price|promo(?:tional)? codes?|gift\w*|\bbonus\w*|rewards?|rabatt\w*|gutschein\w*|geschenk\w*|remise|bon d'achat|cadeau\w*|descuento\w*|cupon\w*|regalo\w*`,
		`discount\w*|vouchers?|coupons?|rebates?|percent off|% off|promo\w*|gift\w*|bonus\w*|rewards?|rabatt\w*|gutschein\w*|geschenk\w*|remise|cadeau\w*|descuento\w*|cupon\w*|regalo\w*`),
	of("a guarantee",
		`guarante\w*|warrant(?:y|ies)|garanti\w*|gewahrleist\w*|zusicher\w*|garantiz\w*`,
		`guarante\w*|warrant(?:y|ies)|garanti\w*|gewahrleist\w*`),
	of("an entitlement",
		`entitl\w*|eligib\w*|qualif(?:y|ies|ied)|(?:have|has) (?:a|the|every) right|\bright to\b|your rights?\b|anspruch|berechtigt|droit a\b|derecho a\b`,
		`entitl\w*|eligib\w*|qualif\w*|\brights?\b|anspruch|berechtigt|\bdroit\b|derecho`),
	of(conceptPolicy,
		`polic(?:y|ies)|terms (?:and|of|&)|our (?:rules|terms|conditions)|richtlinie\w*|\bagb\b|geschaftsbedingung\w*|politique|conditions generales|politica\w*|service level`,
		``),
	of("the law",
		`by law|legally|statutory|the law|legal right|gesetzlich\w*|\bloi\b|por ley|\bley\b`,
		`\blaws?\b|legal\w*|statutory|gesetz\w*|\bloi\b|\bley\b`),
	of("that something needs to be sent back, or not",
		`(?:send|sent|sending|ship|mail|bring) (?:\S+ ){0,3}back\b|return (?:it|them|the|this|that|your|anything)\b|zuruck(?:zu)?(?:send|schick)\w*|renvoy\w*|(?:devolver|devuelv)\w*`,
		`(?:send|sent|sending|ship|mail|bring) (?:\S+ ){0,3}back\b|\breturn\w*|zuruck(?:zu)?(?:send|schick)\w*|renvoy\w*|retour\w*|devol\w*|devuelv\w*`),
	of("a cancellation",
		`cancel\w*|stornier\w*|\bstorno\b|kundig\w*|gekundigt|annul\w*|anular\w*`,
		`cancel\w*|storn\w*|kundig\w*|gekundigt|annul\w*|anul\w*`),
	of("more time",
		`extend\w*|extension|prolong\w*|verlanger\w*|ampli(?:ar|amos|aremos)\w*`,
		`extend\w*|extension|added to|prolong\w*|verlanger\w*|ampli\w*`),
	of("something better",
		`upgrad\w*|hochstuf\w*|better plan|premium`,
		`upgrad\w*|hochstuf\w*|better plan|premium`),
	of("that somebody gets in touch",
		`(?:call|phone|ring|visit) you\b|(?:get|come|be) back to you|in touch|(?:contact|email|e-mail|write to|reach out to|inform|notify|update|let) you\b|hear from (?:us|me|our|him|her|them)|keep you (?:posted|informed|updated)|melden uns|rufen sie an|kontaktieren sie|(?:vous )?(?:rappell|recontact)\w*|llamaremos|contactaremos`,
		`(?:call(?:s|ed)?|phone[sd]?|visit(?:s|ed)?|contact(?:s|ed)?|inform(?:s|ed)?|notif(?:y|ies|ied)|email(?:s|ed)?|writes? to) (?:you|the customer|customers|them|back)|called back|notified|follow[- ]?up|in touch|melden|anrufen|recontact\w*|llamar\w*|contactar\w*`),
	of("that it is done at once",
		`immediate(?:ly)?|instant(?:ly)?|right away|straight away|at once|same[- ]day|overnight|express|expedit\w*|priorit\w*|as soon as possible|asap|sofort\w*|umgehend\w*|schnellstmoglich|immediatement|inmediat\w*`,
		`immediate(?:ly)?|instant(?:ly)?|right away|straight away|at once|same[- ]day|overnight|express|expedit\w*|priorit\w*|as soon as|sofort\w*|umgehend\w*|immediatement|inmediat\w*`),
	of("something without end",
		`lifetime|life-long|unlimited|forever|any ?time|no questions asked|whenever you (?:like|want)|no matter (?:what|when|how)|in any case|(?:we|you|we'll|you'll|will) (?:will )?(?:always|never)|lebenslang\w*|unbegrenzt\w*|fur immer|jederzeit|a vie\b|illimite\w*|de por vida|ilimitad\w*|siempre`,
		`lifetime|unlimited|forever|any ?time|no questions|whenever|always|never|lebenslang\w*|unbegrenzt\w*|jederzeit|illimite\w*|ilimitad\w*|siempre`),
	of("an approval",
		`approv(?:e|ed|al|es)\b|grant(?:s|ed)?\b|accepted\b|authori[sz]ed\b|genehmigt\w*|bewilligt\w*|approuv\w*|aprobad\w*|aprobamos`,
		`approv(?:e|ed|al|es)\b|grant(?:s|ed)?\b|accepted\b|authori[sz]ed\b|genehmig\w*|bewillig\w*|approuv\w*|aprob\w*`),
	of("that something is sent or arrives",
		`(?:it|one|parcel|package|order|item|replacement|that|they|which) (?:now )?arrives?\b|arrives? (?:by|on|at|in|within|tomorrow|today)\b|on (?:its|the|their) way|(?:will|shall|should|'ll|to) (?:be )?(?:arrive|delivered|shipped|dispatched|sent|ship|reach you\b)|(?:we|i|have|has|been|was|were|is|are|'ve) (?:\w+ ){0,2}(?:shipped|dispatched|sent)\b|unterwegs|(?:wird|werden|haben|wurde) (?:\S+ ){0,5}(?:geliefert|verschickt|versandt|zugestellt)|sera (?:livre|expedie)\w*|en (?:route|camino)|(?:enviaremos|enviamos|hemos enviado)`,
		`arriv\w*|deliver\w*|ship\w*|dispatch\w*|sent\b|send\b|\beta\b|on (?:its|the|their) way|transit|liefer\w*|verschick\w*|versand\w*|unterwegs|zugestellt|livr\w*|expedi\w*|entreg\w*|envi\w*|replacement id`),
	of(conceptFull,
		`(?:full|entire|whole|complete|total) (?:\w+ )?(?:price|amount|refund|sum|cost|payment|purchase)|in full\b|everything you paid|(?:vollen|voller|gesamten|vollstandig\w*) (?:\w+ )?(?:betrag|preis|kaufpreis|erstattung)|vollstandig|integral\w*|en totalite|(?:importe|precio) (?:completo|total|integro)`,
		`\bfull\b|\bfully\b|entire|whole|complete\w*|vollstandig\w*|integral\w*|totalite|completo|integro`),
}

func of(name, say, hold string) concept {
	c := concept{name: name, say: regexp.MustCompile(`\b(?:` + say + `)`)}
	if hold != "" {
		c.hold = regexp.MustCompile(`\b(?:` + hold + `)`)
	}
	return c
}

// sayIndex and holdIndex tell which concepts a text can have.
var sayIndex, holdIndex = indexed(func(c *concept) *regexp.Regexp { return c.say }), indexed(func(c *concept) *regexp.Regexp { return c.hold })

func indexed(of func(*concept) *regexp.Regexp) index {
	list := make([]string, len(concepts))
	for i := range concepts {
		if x := of(&concepts[i]); x != nil {
			list[i] = x.String()
		}
	}
	return newIndex(list)
}

var (
	// excused are phrases that have the words of a promise and make none.
	excused = regexp.MustCompile(`feel free|free to|credit[- ]cards?|free up|gift ?wrap\w*|express(?:ed|ing|ion)\b|thank you for (?:your )?\w+ing (?:in touch|us)|(?:thanks?|sorry|glad) (?:\w+ ){0,4}(?:got|getting|get|reaching|contacting|writing|being) (?:in touch|out|us|to us)|keep in touch|feel entitled`)

	clauseEnd = regexp.MustCompile(`[,;:.!?]+(?:\s|$)|[()\n]| - |\s(?:and|but|so|because|which|while|und|aber|denn|sondern|et|mais|car|pero|porque)\s`)

	negated = regexp.MustCompile(`n't\b|\b(?:not|never|cannot|cant|dont|wont|no|none|nothing|nobody|neither|nor|unable|without|nicht|nichts|niemand|kein\w*|nie|ohne|pas|jamais|aucun\w*|sans|nunca|sin|ningun\w*|nada|rien)\b`)
	waived  = regexp.MustCompile(`\b(?:don't|dont|doesn't|do not|does not|won't|will not|needn't|need not|no|not|without) (?:\w+ ){0,2}(?:need|have to|having to|required|requirement|necessary|obliged|must|be charged|pay|cost)\w*|no (?:need|obligation)|(?:mussen|brauchen|muss|braucht) (?:\S+ ){0,4}(?:nicht|nichts|kein\w*)|pas (?:besoin|necessaire|oblig\w*)|(?:no|sin) (?:necesita\w*|tiene\w* que|hace falta)`)

	// deeds stand before what is said to have been done.
	deeds          = regexp.MustCompile(`(?:\b(?:we|i)(?:'ve| have| had)?(?: (?:\w+ly|just|already|now|also|since|therefore|both|even))*|\b(?:has|have|had|was|were|is now|are now|been)(?: (?:\w+ly|just|already|now|also|been))*|(?:'s|'ve) been)\s*$`)
	deedsElsewhere = regexp.MustCompile(`\b(?:wir haben|haben wir|ich habe|habe ich|wurden?|worden|nous avons|avons|a ete|ont ete|hemos|ha sido|han sido|se ha)\b`)
	participle     = regexp.MustCompile(`^(?:\w+ed|sent|gave|given|paid|got|made)\b`)
	elsewhere      = regexp.MustCompile(`^(?:erstattet|gutgeschrieben|ersetzt|storniert|verschickt|versandt|gekundigt|genehmigt|\w+e|\w+ees?|\w+ados?)\b`)
	underway       = regexp.MustCompile(`^on (?:its|the|their) way|^unterwegs|^en (?:route|camino)`)
	// notYet stands in keys of what may come and has not.
	notYet = regexp.MustCompile(`able\b|request|pending|\bmax|\bmin|limit|allow|\bcan\b|eligib|possible|until|expected|policy`)

	reported = regexp.MustCompile(`\b(?:you|they|customer)(?:'ve| have| had| also| just)* (?:wrote|written|said|say|asked|ask|told|tell|mention\w*|report\w*|request\w*|contacted|want\w*|would like|expect\w*|describ\w*|complain\w*|wonder\w*)\b|\bas you (?:wrote|said|put it)|\bsie (?:schreiben|schrieben|fragten|fragen|mochten|haben (?:\S+ ){0,4}(?:geschrieben|gefragt|gebeten))|vous (?:avez (?:ecrit|demande|signale)|demandez|ecrivez)|(?:usted )?(?:escribio|pidio|solicito|menciono)\b`)

	// anew is what begins a statement of its own behind what the customer said.
	anew = regexp.MustCompile(`\b(?:we|i|you|it|this|that|they|he|she|is|are|was|were|will|can|may|has|have|do|get|gets|receive|receives|wir|ich|sie|es|wird|ist|sind|nous|vous|il|est|sont|usted|es|son)\b`)

	commit = regexp.MustCompile(`'ll\b|\b(?:will|shall|won't|going to|promis\w*|guarante\w*|assur\w*|ensur\w*|make sure|commit\w*|entitled|you (?:\w+ )?(?:get|receive|earn|win|keep|save|are (?:due|owed))|(?:due|owed) to you|yours|sie (?:bekommen|erhalten)|vous (?:recevez|obtenez)|(?:recibe|obtiene)|at the latest|no later than|within|wird|werden|werde|versprech\w*|garantier\w*|innerhalb|spatestens|sera|serons|recevrez|promett\w*|dans un delai|recibira|garantiz\w*|prometemos|dentro de|reembolsaremos)\b`)

	// head is who will do something, and what.
	head = regexp.MustCompile(`(?:'ll|\b(?:will|shall|going to|promise to|promise you|make sure))\b(.*)$`)
)
