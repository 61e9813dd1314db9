package sim

import "slices"

// Kinds are all the ways in which something may go wrong; each must fire. A seed has some of them,
// so that those that hide each other are also seen alone.
func Kinds() []string {
	list := append([]string{}, lives()...)
	list = append(list, "drift", "effect shows late", "unreachable", "connection kept and closed", "write error", "lease taken over", "callback/result twice", "callback/result before the 202", "callback/late result", "callback/result by asking alone",
		"callback/failure", "callback/garbage result", "callback/forged result", "callback/no result", "knowledge fails", "batch", "signal again", "signal out of order",
		"channel fails", "time passes")
	for _, fate := range writeFates() {
		list = append(list, "write/"+fate)
	}
	for _, fate := range readFates() {
		list = append(list, "read/"+fate)
	}
	for _, fate := range askFates() {
		list = append(list, "ask/"+fate)
	}
	for _, d := range operatorMoves() {
		list = append(list, "operator/"+d)
	}
	for _, d := range customerMoves() {
		list = append(list, "customer/"+d)
	}
	return list
}

// lives are the ways in which a process ends.
func lives() []string {
	return []string{"killed", "stopped", "killed before a write", "killed after a write", "killed on the wire", "killed while reading"}
}

func writeFates() []string {
	return []string{"slow", "timeout", "timeout after effect", "late effect", "500", "500 after effect", "garbage", "garbage after effect",
		"cut after effect", "429", "503", "503 retry-after", "503 after effect", "409", "422", "400", "302", "lie", "202, and the tool is synchronous"}
}

func readFates() []string {
	return []string{"slow", "timeout", "500", "garbage", "429", "503", "422", "400"}
}

func askFates() []string { return []string{"timeout", "500", "garbage", "503"} }

// cutOff reports whether a plugin can't be reached just now.
func (s *Sim) cutOff() bool {
	if s.calm || !s.OneIn(10) || !s.has("unreachable") {
		return false
	}
	s.cover("unreachable")
	return true
}

// closedMeanwhile reports whether a plugin closed a connection that was kept.
func (s *Sim) closedMeanwhile() bool {
	if s.calm || !s.OneIn(12) || !s.has("connection kept and closed") {
		return false
	}
	s.cover("connection kept and closed")
	return true
}

// fate is what becomes of a request.
func (s *Sim) fate(c *wireCall) string {
	kind, fates, often := "read", readFates(), 12
	switch {
	case c.asks:
		kind, fates, often = "ask", askFates(), 4
	case c.writes():
		kind, fates, often = "write", writeFates(), 2
	}
	if s.calm || s.Draw(often) != often-1 {
		return "ok"
	}
	fate := fates[s.Draw(len(fates))]
	if c.writes() && s.model.sentBefore(c.key) && s.Draw(2) == 1 { // the one before may have been done
		fate = []string{"422", "400", "302"}[s.Draw(3)]
	}
	if !s.has(kind + "/" + fate) {
		return "ok"
	}
	s.cover(kind + "/" + fate)
	return fate
}

// oneOf chooses how a call that was accepted ends.
func (s *Sim) oneOf(list ...string) string {
	if s.calm {
		return list[0]
	}
	if i := s.Draw(len(list)); i > 0 && s.has("callback/"+list[i]) {
		s.cover("callback/" + list[i])
		return list[i]
	}
	return list[0]
}

// has reports whether the seed has a kind of fault.
func (s *Sim) has(kind string) bool {
	on, known := s.swarm[kind]
	if !known {
		on = s.Draw(3) > 0
		s.swarm[kind] = on
	}
	return on
}

// cover counts a fault that fired.
func (s *Sim) cover(kind string) {
	if !slices.Contains(s.kinds, kind) {
		panic("a kind of fault that Kinds doesn't list: " + kind)
	}
	s.report.Faults[kind]++
}
