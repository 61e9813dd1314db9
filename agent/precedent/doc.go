// Package precedent finds cases that are over by what the customer wrote: what worked last time.
//
// A Keeper follows the journal in the background. Each case that ends is put into an index of words and
// meaning, with what was believed, done and ruled out, and how it ended; one that goes on is taken out.
// The index is a knowledge base of its own, in a folder of its own: nothing of it is searched when
// a case is grounded, so what one customer wrote is never a passage that a reply to another could
// quote. It is derived, in no backup, and made anew where it is missing, damaged, of another format or of
// another journal.
//
// # Caveats
//
// What is found is as of some moments ago; that a case is still over is looked up when it is found. A case
// whose customer wrote nothing, and one that was merged into another, is not in the index.
package precedent
