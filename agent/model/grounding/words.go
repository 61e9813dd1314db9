package grounding

// numberWords are numbers up to ninety in four languages, in forms that key makes, without those that
// mean something else in another of them (once, neuf, acht).
var numberWords = map[string]int64{
	"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
	"eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
	"seventy": 70, "eighty": 80, "ninety": 90,
	"zwei": 2, "drei": 3, "vier": 4, "funf": 5, "fuenf": 5, "sechs": 6, "sieben": 7, "neun": 9, "zehn": 10,
	"zwolf": 12, "dreizehn": 13, "vierzehn": 14, "funfzehn": 15, "sechzehn": 16, "siebzehn": 17, "achtzehn": 18,
	"neunzehn": 19, "zwanzig": 20, "dreissig": 30, "vierzig": 40, "funfzig": 50, "sechzig": 60, "siebzig": 70,
	"achtzig": 80, "neunzig": 90,
	"deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "sept": 7, "huit": 8, "dix": 10, "onze": 11, "douze": 12,
	"treize": 13, "quatorze": 14, "quinze": 15, "vingt": 20, "trente": 30, "quarante": 40, "cinquante": 50,
	"dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "siete": 7, "ocho": 8, "nueve": 9, "diez": 10,
	"doce": 12, "catorce": 14, "veinte": 20, "treinta": 30, "cuarenta": 40, "cincuenta": 50,
}

var multipliers = map[string]int64{"hundred": 100, "dozen": 12, "thousand": 1000, "million": 1_000_000, "hundert": 100, "tausend": 1000, "mille": 1000, "mil": 1000}

// articles stand for a single one, behind one of spans and before a unit.
var (
	articles = []string{"a", "an", "ein", "eine", "einer", "einem", "eines", "einen", "un", "une", "una"}
	spans    = []string{"within", "in", "for", "after", "next", "another", "every", "per", "innerhalb", "binnen", "nach", "fur", "sous", "dans", "pendant", "durante", "por", "en", "than", "takes", "take", "lasts", "last", "dauert", "prend", "tarda"}
)
