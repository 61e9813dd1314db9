package policy

import (
	"slices"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/source"
)

// Authority is a bundle's authority.yaml: what the agent may do by itself, and how it earns more.
type Authority struct {
	Default    casefile.Level
	Bands      []int64 // ascending bounds of amounts, in minor units; evidence is kept for each band
	Currency   string  // of amounts that name none
	Grants     []Grant
	Tools      map[string]Tool // by PLUGIN.TOOL: what is known of their arguments
	Procedures []string        // names of those that there are
	Promote    *Promote        // nil: nothing is earned
	Demote     *Demote         // nil: nothing is lost by reversals
}

// Grant is a level for a procedure and a tool; "" stands for any.
type Grant struct {
	Procedure, Tool string
	Level           casefile.Level
}

// Promote says when the next level is proposed to an admin: after so many judged proposals, once a
// lower bound of agreement, which holds at every look with this confidence, is above Agreement.
type Promote struct {
	After                 int
	Agreement, Confidence float64 // between 0 and 1
}

// Demote says when a level is lost: at so many reversals within a window.
type Demote struct {
	Reversals int
	Window    time.Duration
}

// ParseAuthority reads authority.yaml; what is wrong goes to problems.
func ParseAuthority(file string, text []byte, problems *source.Problems) *Authority {
	m := source.Parse(file, text, problems).Mapping("default", "bands", "grants", "promote", "demote")
	a := &Authority{Default: level(m.Get("default"))}
	for _, n := range m.Get("bands").List() {
		bound := int64(n.Int())
		if bound <= 0 || len(a.Bands) > 0 && bound <= a.Bands[len(a.Bands)-1] {
			n.Fail("bands are amounts in minor units above 0, each above the one before")
		}
		a.Bands = append(a.Bands, bound)
	}
	for _, n := range m.Get("grants").List() {
		g := n.Mapping("procedure", "tool", "level")
		a.Grants = append(a.Grants, Grant{Procedure: g.Get("procedure").String(), Tool: g.Get("tool").String(), Level: level(g.Need("level", "act"))})
	}
	if n := m.Get("promote"); n.Here() {
		a.Promote = promote(n)
	}
	if n := m.Get("demote"); n.Here() {
		a.Demote = demote(n)
	}
	return a
}

func level(n source.Node) casefile.Level {
	if !n.Here() {
		return casefile.LevelPropose
	}
	return casefile.Level(n.OneOf(string(casefile.LevelShadow), string(casefile.LevelPropose), string(casefile.LevelAct)))
}

func promote(n source.Node) *Promote {
	m := n.Mapping("after", "agreement", "confidence")
	p := &Promote{After: 30, Agreement: 0.9, Confidence: 0.95}
	if k := m.Get("after"); k.Here() {
		if p.After = k.Int(); p.After < 1 {
			k.Fail("after is a number of judged proposals, at least 1")
		}
	}
	for key, to := range map[string]*float64{"agreement": &p.Agreement, "confidence": &p.Confidence} {
		if k := m.Get(key); k.Here() {
			if *to = k.Float(); !(*to > 0 && *to < 1) {
				k.Fail("%s is between 0 and 1, without them: no finite evidence shows certainty", key)
			}
		}
	}
	return p
}

func demote(n source.Node) *Demote {
	m := n.Mapping("reversals", "window")
	d := &Demote{Reversals: 2, Window: 168 * time.Hour}
	if k := m.Get("reversals"); k.Here() {
		if d.Reversals = k.Int(); d.Reversals < 1 {
			k.Fail("reversals are counted from 1")
		}
	}
	if k := m.Get("window"); k.Here() {
		if d.Window = k.Duration(); d.Window <= 0 {
			k.Fail("the window is longer than nothing, like 168h")
		}
	}
	return d
}

// Standing gives the level that the file gives an action in a procedure: that of the grant that
// names most, else the default.
func (a *Authority) Standing(procedure string, action casefile.Action) casefile.Standing {
	if a == nil {
		return casefile.Standing{Level: casefile.LevelPropose, Why: casefile.WhyNothing}
	}
	s := casefile.Standing{Level: a.Default, Band: a.Band(action), Why: casefile.WhyDefault}
	best := -1
	for _, g := range a.Grants {
		if g.Procedure != "" && g.Procedure != procedure || g.Tool != "" && g.Tool != action.Tool {
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
			s.Level, s.Why, best = g.Level, casefile.WhyGranted, named
		}
	}
	return s
}

// Knows reports whether there is a procedure, and a tool.
func (a *Authority) Knows(procedure, tool string) bool {
	if a == nil || !slices.Contains(a.Procedures, procedure) {
		return false
	}
	_, there := a.Tools[tool]
	return there
}

// Check reports grants that name a procedure or a tool that isn't there.
func (a *Authority) Check(file string, procedures, tools []string, problems *source.Problems) {
	known := func(name string, among []string) bool { return name == "" || slices.Contains(among, name) }
	for _, g := range a.Grants {
		if !known(g.Procedure, procedures) {
			problems.Warn(source.Pos{File: file}, "a grant names the procedure %s, which isn't there%s", g.Procedure, source.Nearest(g.Procedure, procedures))
		}
		if !known(g.Tool, tools) {
			problems.Warn(source.Pos{File: file}, "a grant names the tool %s, which isn't there%s", g.Tool, source.Nearest(g.Tool, tools))
		}
	}
}
