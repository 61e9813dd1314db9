// Package figures counts, in a view of the journal, what rules said and how tools answered: how often each
// rule fired and on what amounts, and of each tool its last calls with what became of them.
//
// A verdict is counted once: when a person is asked, when an action is denied or only watched, and when a
// call is sent that nobody was asked about. A call is counted when it is answered, each try for itself;
// questions what became of one are no tries.
//
// Caveats. Amounts are those of the one argument of the action that is named *_cents; amounts in several
// currencies are not told apart. Latencies are of the last Kept tries alone.
package figures
