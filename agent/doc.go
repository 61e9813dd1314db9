// Package agent is the engine: it drives every case from its first signal to a verified end, or to
// a person.
//
// Its core is Step, a pure function from a case and an event to the entries that follow and the
// commands to carry out: claim, plan, guard, journal the intent, call, journal the answer, verify.
// Engine is the loop around it: it leases cases, commits what Step says, carries commands out, and
// comes back with their results. Every effect on the world is a command, and every command follows
// a commit.
//
// What the engine drives (planner, guard, tools, knowledge, triage, store) reaches it through the
// interfaces declared here; main wires them.
//
// Caveats. A worker that loses a race (a signal, a decision or a callback was journaled while it
// worked) drops its step, reads the case again and steps anew: Step must not be given the same
// state twice, since it folds what it decides into it. Waiting is never a sleeping goroutine: a
// case that waits is parked with a durable timer.
package agent
