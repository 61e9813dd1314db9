// Package trial tries what people teach on the rehearsals of the active version: one that passes without
// a correction and fails with it at work is a reason to hold the correction until an admin has looked.
//
// A correction is at work from the moment it is stored, and its trial begins right then, in the
// background; who taught it is told what came of it if that takes no longer than they wait. One that was
// stored when the process ended is tried at the next start. Of several at once all are tried together,
// and one by one only if that fails a rehearsal.
//
// Caveats. A correction is tried once, on the version that is active then. Rehearsals that call live
// plugins are left out. What a version doesn't rehearse it can't lower.
package trial
