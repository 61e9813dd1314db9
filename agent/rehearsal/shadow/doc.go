// Package shadow runs a version of the bundle beside the active one, on live signals and without effects,
// and counts how its decisions compare: with what was done, and with what people decided. That is the
// evidence for activating it.
//
// A shadow follows the journal in the background. When a case comes to rest, the version is put in its
// place from the first signal on: it gets the answers that are recorded; a read that the journal has
// nothing like goes to the plugin, a write never does. Where it would do something else, the comparison
// of that case is over, and it is said what. A case that goes on later is compared anew, and counted in
// place of what was counted of it.
//
// What people decided counts apart, and against the version where it isn't clear: a yes is agreed with if
// the version proposes the same; a no, an edit and an override if it does at that point what the person
// wanted, or at least not what they refused.
//
// # Caveats
//
// A case that is reopened after a thousand others were compared is counted twice. Beyond its first divergence a case says
// nothing more, so a version that does something else early is compared less.
package shadow
