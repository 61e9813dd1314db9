// Package demo is Fernhill Supply, the company that resolute's demo supports: three real plugins
// (shop, billing and ops) over one bbolt file, the bundle that resolves its problems, and the story
// that is played on it.
//
// A Company serves each plugin below its own path (/shop, /billing, /ops), and beside them what a
// demo and a test want to see or to break:
//
//   - GET /ledger lists every effect, in order. The row, the changed state and the record of the
//     idempotency key are one transaction, so that the ledger can be believed.
//   - POST /faults makes the next calls of a tool fail in a chosen way, GET lists what is still to
//     come, DELETE forgets it.
//
// The data is seeded once per file, with times relative to the clock at that moment, and is the
// same every time. Nothing here is of use outside of a demo: there is no login.
package demo
