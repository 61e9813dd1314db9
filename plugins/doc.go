// Package plugins turns Go functions into a plugin server, the HTTP server whose tools resolute
// calls. A Tool is a function with its name and effect; its JSON Schemas come from its argument and
// result types. A Server keeps what the protocol promises, so that a tool is business logic only:
//
//   - arguments that don't fit their schema never reach the function (400, with a JSON pointer each);
//   - a write needs an idempotency key, happens once for it, and answers the same for ever; the same
//     key with other arguments is refused, and while the first is in flight it is a conflict;
//   - what became of a call can be asked by its key, also after the caller lost the answer;
//   - an asynchronous tool is accepted at once, run in the background, and its result is posted to
//     the caller until that is accepted.
//
// A function refuses with Refuse, which is final, and says with Unavailable that it did nothing and
// may be asked again. Any other error means that nobody knows; see Tool.Atomic for how a function
// whose effect is in the server's own bbolt file never gets there.
//
// Caveats: the zero Options keep calls in memory, so a restart forgets them; give a Bolt store where
// a repeated call would do harm. Records are never removed.
package plugins
