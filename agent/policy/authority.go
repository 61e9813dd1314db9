package policy

import (
	"resolute/agent/source"
)

// Level is how much the agent may do by itself.
type Level string

// The levels that this version knows.
const (
	Propose Level = "propose" // a person approves
	Act     Level = "act"
)

// Authority says what the agent may do by itself.
type Authority struct {
	Default Level
	Grants  []Grant
}

// Grant is a level for a procedure and a tool; "" stands for any.
type Grant struct {
	Procedure, Tool string
	Level           Level
}

// ParseAuthority reads authority.yaml; what is wrong goes to problems.
func ParseAuthority(file string, text []byte, problems *source.Problems) *Authority {
	m := source.Parse(file, text, problems).Mapping("default", "bands", "grants", "promote", "demote")
	a := &Authority{Default: level(m.Get("default"))}
	for _, n := range m.Get("grants").List() {
		g := n.Mapping("procedure", "tool", "level")
		a.Grants = append(a.Grants, Grant{Procedure: g.Get("procedure").String(), Tool: g.Get("tool").String(), Level: level(g.Need("level", "act"))})
	}
	for _, later := range []string{"bands", "promote", "demote"} {
		if n := m.Get(later); n.Here() {
			n.Warn("%s has no effect in this version: levels are as the file grants them", later)
		}
	}
	return a
}

func level(n source.Node) Level {
	if n.Here() && n.IsScalar() && n.String() == "shadow" {
		n.Fail("the level shadow comes with a later version; propose lets a person approve each action")
		return Propose
	}
	return Level(n.OneOf(string(Propose), string(Act)))
}

// Level gives the level for a tool in a procedure: of the grant that names most, else the default.
func (a *Authority) Level(procedure, tool string) Level {
	if a == nil {
		return Propose
	}
	level, best := a.Default, -1
	for _, g := range a.Grants {
		if g.Procedure != "" && g.Procedure != procedure || g.Tool != "" && g.Tool != tool {
			continue
		}
		named := 0
		if g.Tool != "" {
			named += 2
		}
		if g.Procedure != "" {
			named++
		}
		if named > best {
			level, best = g.Level, named
		}
	}
	return level
}

// Check reports grants that name a procedure or a tool that isn't there.
func (a *Authority) Check(file string, procedures, tools []string, problems *source.Problems) {
	known := func(name string, among []string) bool {
		for _, k := range among {
			if k == name {
				return true
			}
		}
		return name == ""
	}
	for _, g := range a.Grants {
		if !known(g.Procedure, procedures) {
			problems.Warn(source.Pos{File: file}, "a grant names the procedure %s, which isn't there%s", g.Procedure, source.Nearest(g.Procedure, procedures))
		}
		if !known(g.Tool, tools) {
			problems.Warn(source.Pos{File: file}, "a grant names the tool %s, which isn't there%s", g.Tool, source.Nearest(g.Tool, tools))
		}
	}
}
