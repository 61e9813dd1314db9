package insights

// asked is a query as records are held against it.
type asked struct {
	from, to          int64
	now, again        int64
	procedure, bundle word
	nothing           bool // the procedure or the version is unknown: no record is of it
	words             dictionary
}

// wants reports whether what is of a procedure under a version was asked for.
func (a *asked) wants(procedure, bundle word) bool {
	return !a.nothing && (a.procedure == 0 || procedure == a.procedure) && (a.bundle == 0 || bundle == a.bundle)
}

// The figures that count cases, as they stand now.
const (
	figCases = iota
	figResolved
	figByItself
	figWithPerson
	figEscalated
	figClosed
	figOpen
	figSettled
	figEnded
	figReopened
	figWatched
	figFollowed
	figFollowedSoFar
	figCount
)

// figure is a number of cases. Those that are split are counted by the reason why a case stands where it
// does too.
type figure struct {
	name  string
	split bool
	has   func(r *record, a *asked) bool
}

// figures are what a report counts, and what Trace gives the cases of.
var figures = [figCount]figure{
	figCases:      {name: "cases", has: func(*record, *asked) bool { return true }},
	figResolved:   {name: "resolved", has: func(r *record, _ *asked) bool { return r.standing == resolved }},
	figByItself:   {name: "resolved_by_itself", has: func(r *record, _ *asked) bool { return r.standing == resolved && r.flags&byPerson == 0 }},
	figWithPerson: {name: "resolved_with_person", has: func(r *record, _ *asked) bool { return r.standing == resolved && r.flags&byPerson != 0 }},
	figEscalated:  {name: "escalated", split: true, has: func(r *record, _ *asked) bool { return r.standing == escalated }},
	figClosed:     {name: "closed", split: true, has: func(r *record, _ *asked) bool { return r.standing == closed }},
	figOpen: {name: "open", split: true, has: func(r *record, _ *asked) bool {
		return r.standing == working || r.standing == waiting || r.standing == approving
	}},
	figSettled: {name: "settled", has: func(r *record, _ *asked) bool {
		return r.standing == resolved || r.standing == escalated || r.standing == closed && r.flags&merged == 0
	}},
	figEnded:    {name: "ended", has: func(r *record, _ *asked) bool { return r.flags&everEnded != 0 }},
	figReopened: {name: "reopened", has: func(r *record, _ *asked) bool { return r.flags&everEnded != 0 && r.flags&reopened != 0 }},
	figWatched:  {name: "watched_for_follow_up", has: (*record).watched},
	figFollowed: {name: "followed_up", has: func(r *record, a *asked) bool { return r.watched(a) && r.followed(a) }},
	figFollowedSoFar: {name: "followed_up_so_far", has: func(r *record, a *asked) bool {
		return r.standing == resolved && r.followed(a)
	}},
}

// watched reports whether it is known by now that the customer came again, or that they didn't: the case
// is resolved that long, and who it is of is known.
func (r *record) watched(a *asked) bool {
	return r.standing == resolved && whoOf(r) != 0 && r.procedure != 0 && r.ended <= a.now-a.again
}

func (r *record) followed(a *asked) bool { return r.flags&wasFollowed != 0 && r.gap <= a.again }

// why is the reason why a case stands where it does: a stop code, or working for one that waits for
// nothing.
func (r *record) why(words dictionary) string {
	if r.standing == working {
		return "working"
	}
	return words.text(r.reason)
}
