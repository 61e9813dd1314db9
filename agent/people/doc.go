// Package people knows who may do what: tokens for programs, sessions for people, the secrets that
// plugins and webhooks are called with, and the audit of everything that anybody changed.
//
// A Principal is who asks. Its Role is one of viewer < operator < approver < admin, or ingest,
// which stands apart: it delivers signals and reads nothing. Tokens and sessions are random and
// only their SHA-256 is stored; both are kept in memory, so that finding one reads no store, and
// one that is revoked counts no more once Revoke has returned. Secrets are sealed with the key file
// beside the data: without it they are lost, and a backup never has it.
//
// An Account is a person. Passwords are kept as argon2id hashes; a Session is of an account and asks it
// each time, so that another role, or none any more, counts at once. The Door lets people in, under
// limits by address and by account that a browser which signed in before has apart.
//
// Every change writes its audit record in the transaction of the change.
//
// Caveats. The memory is right because one process holds the data folder. Sign-in links of the terminal
// live in memory alone: a restart voids those that nobody used, and forgets how often somebody failed.
package people
