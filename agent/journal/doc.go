// Package journal keeps what happened: the entries of all cases in one append-only journal, and
// beside it what the engine needs to find its way without reading history.
//
// # Concepts
//
// An entry has an offset over all cases and a seq in its case. It names the entry before it in
// its case and that entry's hash, so a case's entries are a list that is read back from its head,
// and a change anywhere in it shows. The hash covers the salted hash of the payload and not the
// payload: a payload can be erased and the chain still holds.
//
// One goroutine, the committer, writes. It takes all requests that wait, checks the preconditions
// of each against one transaction, commits once, and then answers all; while it waits for the disk
// the next group gathers. A refused request leaves no trace.
//
// A case is runnable when there may be something to do for it, until an append with a Park says
// that there is not. A lease is the right to advance a runnable case. Leases live in memory, since
// one process holds the file; what they protect is the append, which carries the lease's fence and
// the case's last seq. A signal or a decision that comes while a case is leased makes the worker's
// next append fail with ErrConflict, so it is never overlooked.
//
// Runnable cases are queued by customer, and customers have their turn one after the other: whoever
// sends a thousand signals waits for those, and nobody else does. Whose a case is stands beside it as a
// hash of eight bytes, that of the customer of the signal that opened it.
//
// Keys correlate signals with cases. A key is kept under the customer's id and under their email,
// hashed; whether its case is open is looked up in the case's head, so a key is written once.
//
// Identities of signals (dedupe) are kept by arrival: the newest in a small table that is in memory
// too, the older in sorted runs that never change, so that accepting a signal costs about the same
// with a thousand as with a million stored.
//
// Records of the audit form a chain of their own. A Checkpoint commits to the heads of all cases and of
// that chain; Compare finds what was changed since, even where every hash in the file was made to fit.
//
// # Caveats
//
// After a failed write or sync the store stops for good: what the disk then holds is not known.
// Reads go on, nothing is acknowledged. The process is expected to say why and to exit.
//
// The request of a caller who left early (a cancelled context) may still be carried out.
//
// bbolt has no checksums on its pages. Entries and index values carry their own, over key and
// value, and are checked whenever they are read; the pages that say how much there is are checked
// before the file is mapped. A damaged page in between can hide a key: that goes unnoticed until
// Verify compares journal and indexes. Repair derives damaged indexes from the entries.
//
// Verify reads under one transaction: space freed meanwhile is reused only afterwards, and the file
// may grow.
package journal
