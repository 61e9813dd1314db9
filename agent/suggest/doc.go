// Package suggest proposes changes of the bundle from what people decided again and again: a new example
// for a procedure, a rule that asks for what is always approved or always rejected, an argument that is
// always edited the same way, a hypothesis that people always put another one before, a remedy or a
// procedure that is missing and that people stand in for.
//
// Deeds are what people decided, each with what the agent wanted, read from the journal of a case. Mine
// is pure: the same deeds and the same version give the same suggestions, by thresholds that are stated.
// A suggestion changes files of the active version in place and has to check clean; whoever accepts one
// has had exactly that candidate rehearsed before.
//
// # Caveats
//
// A suggestion is only ever about the active version: once another is active it is made anew. What a
// customer wrote reaches an example bounded, with what identifies people blanked, and each customer
// counts once, so that nobody writes a class of their own. One account counts for no more than all
// others together; where only one person is behind a pattern the suggestion says so, and nothing is
// loosened for it.
package suggest
