// Package people knows who may do what: tokens for programs, sessions for people, the secrets that
// plugins and webhooks are called with, and the audit of everything that anybody changed.
//
// A Principal is who asks. Its Role is one of viewer < operator < approver < admin, or ingest,
// which stands apart: it delivers signals and reads nothing. Tokens and sessions are random and
// only their SHA-256 is stored; both are kept in memory, so that finding one reads no store, and
// one that is revoked counts no more once Revoke has returned. Secrets are sealed with the key file
// beside the data: without it they are lost, and a backup never has it.
//
// Every change writes its audit record in the transaction of the change.
//
// Caveats. The memory is right because one process holds the data folder. Sign-in links live in
// memory alone: a restart voids those that nobody used.
package people
