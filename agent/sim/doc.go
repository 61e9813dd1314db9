// Package sim drives resolute's loop under one seed: the packages that main wires, on a journal in
// memory and a network, customers, operators and a clock that are made up.
//
// One goroutine's worth of it runs at a time. Whatever the loop does at once (workers, intake,
// decisions, callbacks, the outbox, the calls of one step) is a coroutine that gives way at each
// call of the store and on the wire; a scheduler chooses which goes on. All choices come from one
// sequence of numbers, so a seed replays byte for byte, and a sequence that fails can be shortened.
// A choice of zero is the dull one: nothing breaks, whoever waits longest goes on.
//
// Beside it stands a model, written from DESIGN.md and not from the engine. It follows the journal,
// the wire and the plugins' own ledgers, and is held against all three after each step.
//
// The clock is that of a testing/synctest bubble: what the loop's libraries read from the time
// package is simulated too. So a Run belongs inside synctest.Test.
//
// # Caveats
//
// agent.Engine.Run is not simulated, only what its workers do (Drive): it is goroutines, timers and
// the seats that plugins' calls share, and has tests of its own. Neither are bbolt, sockets and
// knowledge; the journal in memory passes the tests that every Store does.
//
// Where a person put something in place of the plan (edit, override, retry, reopen), what is done on
// top of an earlier remedy is theirs to answer for, and the model holds its peace. An undo that a
// plugin says is done, and isn't, is excused too: nothing reads it again.
package sim
