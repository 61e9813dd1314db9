// Package grounding holds what a customer is to be told against the evidence that it cites. It is pure
// and deterministic: no model has a say in it.
//
// # Concepts
//
// A reply is a list of sentences, each with the ids of its evidence. What a sentence claims is found in
// its text: numbers with their units, amounts of money, dates and times, names, links and addresses,
// identifiers, and promises (a refund, something for free, a guarantee, a policy, what will be done).
// Each claim has to be in the evidence that this sentence cites. A Fault says which one isn't, and where
// it would be found, in words that a model can repair its reply by.
//
// Sources differ in what they are good for. What a tool told, what was done and a passage that customers
// may see bear anything out. What a customer wrote bears out what they wrote: names, identifiers, and
// numbers too, but no promise, no policy, no link, no amount of money unless the sentence says that they wrote it,
// and no number or date of a sentence that makes a promise. So do the fields of a tool's answer that the bundle doesn't list as trusted. An
// internal passage bears out nothing, may not be cited, and no run of Run of its words may be told
// unless a quotable source has the same words. Who says that something was done needs a tool's fact for it; that a policy
// provides for it is not enough.
//
// Texts are read as a person would see them: compatibility forms, digits of any script and kinds of
// dashes are one, what can't be seen is left out. Letters that only look like others are never what they
// look like, and a word that mixes alphabets, or a text that changes the direction of letters, is a fault by itself.
//
// # Caveats
//
// It sees words and no meaning. Who leaves out a condition ("if it is in stock"), swaps who did what to
// whom, or says something untrue in words that the evidence has too, isn't found out. Numbers have to be
// in the evidence as they are: a sum or a difference that nobody wrote down is a fault, except that days,
// hours and minutes are converted and "N days ago" is counted.
//
// Promises are known in English, German, French and Spanish; numbers, amounts, dates in figures, links
// and identifiers in any language. Names are told by capitals, so at the beginning of a sentence only those
// of which the word isn't a usual beginning are, and in German only those behind a title or beside another.
package grounding
