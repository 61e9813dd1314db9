// Package projection keeps views of the journal: what entries say, in a form that answers a question which
// the journal alone could answer only by being read from its beginning.
//
// # Concepts
//
// A Projection says which kinds of entries a view is made of, and how they change it. A view is a bucket of
// one bbolt file, DATA/views.db, beside the journal. Views.Run follows the journal in the background and
// hands new entries on, in the order of their offsets and each exactly once: how far a view goes is written
// in the transaction that changes it, so a process that dies at any moment leaves a view that goes on from
// where it stands.
//
// All of it is derived, and nothing is lost with it. The file is removed and made anew where it is damaged,
// of another format, or of another journal (after a restore, say: the entry that a view ends at isn't the
// journal's). A projection of another version is made anew alone. Commits are not synced; after the machine
// went down without a clean end, which a note beside the file tells, all views are made anew.
//
// Following yields to live work. It reads what is committed, never in the committer's way; it rests between
// two batches as long as the batch took, and longer while others commit; with nothing new it sleeps. A
// start doesn't wait for it. Whoever reads a view is told how far it goes, and may wait until it goes further.
//
// # Caveats
//
// A view is as of some moment ago. Whoever has to see what they just did waits for its offset, or for Current.
//
// What Apply makes of entries depends on nothing but the view and the entries: a view that is made anew is
// the one that was followed.
//
// Each value has a checksum of itself and its key: what isn't as it was put there is found when it is read,
// by whoever reads or follows, and the file is made anew as it is for a page that makes no sense. Meanwhile
// who reads gets ErrDamaged. What has a checksum that fits and still can't be decoded wraps ErrDamaged too.
// Not noticed are a key that can't be found any more and is asked for by name, and a page that stands in
// another's place with values that are sound: whoever doubts a view stops the server and removes the file.
package projection
