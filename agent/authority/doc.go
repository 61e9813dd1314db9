// Package authority keeps what the agent has earned: how right its proposals were, for each procedure,
// tool and amount band, and which level follows from that.
//
// Evidence is written in the transaction of the decision that gives it, and read by key: nothing scans
// history. Between two writers of one key the store decides, by what the record was when it was read.
// A promotion is proposed once a lower bound of agreement, which holds at every look, is above what the
// bundle asks for; an admin accepts or refuses it. A demotion happens at once. Either is an entry of the
// case whose decision tipped the scales, and says why. Counting begins anew behind each of them: what
// was earned under another level says nothing about this one, and what was refused needs as much again.
//
// Caveats. A level that was earned or lost stands beside the level that the bundle gives, and counts
// only while the bundle gives that one. A verdict that was reached before a demotion was committed, and
// whose intent is committed right behind it, still passes.
package authority
