// Package rehearsal tries a version of the bundle before it is trusted: scenarios against scripted
// worlds, faults at every call, and recorded cases with the answers that they got.
//
// A Stage is a version made ready. Each rehearsal on it is a whole resolute of its own: the engine and
// intake that run live cases, on a journal in memory, driven by one goroutine. Its clock stands still
// but for what answers take and for the wait until something is due; ids, salts and times that a world
// makes up are of a seed. So the same scenario under the same seed gives the same bytes, and rehearsals
// run beside each other.
//
// A replay is a recorded case that happens again under the version. It follows its journal: what came from
// outside comes at its place, what was answered is answered again, and what the engine decides is held
// against what it decided then.
//
// # Caveats
//
// The wire isn't rehearsed: a world answers in place of the tools' client. Of a live plugin the answers
// aren't the seed's, and what it did stays done: faults are left out there. Nobody listens for its
// callbacks, so asynchronous results are found by asking, as often as the clock that stands still lets. Monitors aren't run; a scenario sends what one would find.
//
// A replay knows nothing of other cases but what its journal says: a budget that had room has room, unless
// the case itself takes it. It ends where it diverges.
package rehearsal
