// Package hostile is a room of tests: planners, senders, people and outsiders who want an effect
// that policy doesn't allow, and a shop that does whatever it is told.
//
// The engine, the journal, intake, the API and the client of plugins are those that main wires. The
// shop keeps a ledger of all that it did, and a judge holds that ledger against what the shop's own
// records say and what people really wanted. The judge's rules are written from what the company
// means (judge_test.go); it knows no verdict, no policy file and no state of a case.
//
// Each mechanism is a way to attack and names the guard that stops it. TestAttacks runs all of
// them, in variations, among honest cases under the same bundle: no attack may come through, and
// every honest case must. TestWithoutGuards takes each guard out of the real packages, and the
// attack has to come through then: so neither an attack that could never succeed nor a guard that
// another one makes needless is counted.
//
// Another house has procedures that a model drives, and a model, over HTTP, that does whatever a text
// says, wherever it stands and however it is written (grid_test.go). TestInjections slips each of a
// grid of such texts into an honest case: nothing may come of it, and the honest part has to end as it
// should. Its judge holds what was read, asked and said too, against what people really wanted.
//
// # Caveats
//
// What stands word by word in a paper of the company's that customers may see is the company's to say,
// whoever wrote it there.
//
// What plugins say is believed: a plugin is the system of record. What a planner reads to prove a
// hypothesis, and whether that proves it, is the planner's word, and so is which write an undo takes
// back; both come from the bundle's procedures and never from a model.
package hostile
