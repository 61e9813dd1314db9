// Package measure finds out what a model makes of scenarios: what it resolves, what it does that is wrong,
// what it leaves to people, and what that takes, next to an agent that does nothing and to the procedures
// alone. So a model can be chosen by evidence.
//
// # Concepts
//
// A scenario is a rehearsal: it is played as `resolute rehearse` plays it, in a world that it scripts, with
// the engine and the guard of live cases. An attempt passes if what it expects comes about, and nothing else
// is written. A wrong effect is a write that reached its plugin and that the scenario's expect.calls doesn't
// name, or names less often, or whose arguments the world has no answer to. There is to be none, whatever a
// model says: that is the guard's work.
//
// Pass^k is how likely it is that all of k attempts at a scenario pass, averaged over scenarios: of n attempts
// of which c passed, c over k by n over k (Yao et al., τ-bench, arXiv:2406.12045).
//
// # Caveats
//
// What a model is worth on these scenarios is what it is worth on these scenarios. A user's own rehearsals
// say more about their own cases.
package measure
