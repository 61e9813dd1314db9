// Package runs rehearses versions of the bundle in a server: one after the other, behind live work, and
// keeps what they came to. It knows from that which versions may become active where the house asks for
// a passed rehearsal.
//
// A run is stored when it is asked for, when it begins and when it ends; one that was under way when the
// process died is interrupted when the next one opens the store. Of runs the newest are kept. What a
// version came to last, with the tools that it was tried with, is kept for as long as the version.
//
// # Caveats
//
// Scenarios that call live plugins do to them whatever they say, from one click. So they are left out
// unless the order says otherwise; a version that has no others has passed nothing.
package runs
