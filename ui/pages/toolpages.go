package pages

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/figures"
	"resolute/agent/people"
	"resolute/tools"
)

type toolsPage struct {
	Shell   Shell
	Plugins []PluginView
}

type toolPage struct {
	Shell    Shell
	Tool     ToolView
	Plugin   PluginView
	Title    string
	Input    string
	Output   string
	Trusted  []string
	Classes  []ClassView
	Last     []TryRow
	Fields   []ArgField // of a try, of what only reads
	May      bool       // try and pause
	Answer   *AnswerView
	Wrong    string
	Paused   bool
	PauseFor string
}

// PluginView is how a plugin stands.
type PluginView struct {
	Name, URL, Version, Manifest string
	Health, Icon, Tone, Hint     string
	Breaker                      string
	Running                      string
	Seen                         Moment
	Drift                        *DriftedView
	Tools                        []ToolView
}

// DriftedView is a plugin that says another thing than the active version has of it.
type DriftedView struct {
	Plugin, Version, Now string
	Tools                []string // whose writes are held
	Changes              []FileDiff
	May                  bool // who looks may accept it
}

// ToolView is a tool in a list.
type ToolView struct {
	Name, Says, Effect string
	Changed, Paused    bool
	Calls              string
	P50, P95           string
	Failed             string // share of the last tries that weren't done
	Trouble            bool
}

// ClassView is a kind of answer.
type ClassView struct{ Says, Count string }

// TryRow is one of the last tries.
type TryRow struct {
	Link, Short   string
	At            Moment
	Outcome, Took string
	Tone          string
}

// AnswerView is what a try from the page came to.
type AnswerView struct {
	Outcome, Detail, Took, Result string
	Failed                        bool
}

func (s *site) toolPages(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	known, err := s.Figures.Tools(r.Context())
	if err != nil {
		return err
	}
	p := toolsPage{Shell: s.shell(r, who, "Tools", "/tools")}
	for _, st := range s.Tools.States() {
		p.Plugins = append(p.Plugins, s.pluginView(st, known, who))
	}
	return s.render(w, http.StatusOK, "tools", p)
}

func (s *site) pluginView(st tools.State, known []figures.Tool, who people.Principal) PluginView {
	v := PluginView{Name: st.Plugin, URL: st.URL, Version: st.Version, Manifest: digest(st.Manifest), Seen: moment(st.Seen, s.Now()), Breaker: st.Breaker, Running: fmt.Sprintf("%d of %d", st.Running, st.Concurrency)}
	switch {
	case st.Breaker != "closed":
		v.Health, v.Icon, v.Tone, v.Hint = "down", "escalated", "escalated", "so many calls got no answer that nothing is sent for a while; one is let through now and then to see"
	case st.Lost:
		v.Health, v.Icon, v.Tone, v.Hint = "in trouble", "off", "approval", fmt.Sprintf("%d in a row got no answer", st.Failures)
	default:
		v.Health, v.Icon, v.Tone = "well", "ok", "muted"
	}
	if st.Drifted {
		d := &DriftedView{Plugin: st.Plugin, May: who.Role.AtLeast(people.Admin), Now: st.Now, Version: st.Saw}
		for _, t := range st.Tools {
			if t.Changed {
				d.Tools = append(d.Tools, t.Name)
			}
		}
		for _, o := range st.Differs {
			d.Changes = append(d.Changes, offeredDiff(o))
		}
		v.Drift = d
	}
	for _, t := range st.Tools {
		v.Tools = append(v.Tools, s.toolView(t, known))
	}
	return v
}

// offeredDiff is a tool that a plugin offers otherwise, line by line.
func offeredDiff(o tools.Differs) FileDiff {
	c, lines := bundle.Offered(o.Tool, o.Was, o.Now)
	what := strings.Join(c.What, ", ")
	if what == "" && c.Change == bundle.Changed {
		what = "words alone"
	}
	f := fileDiff(bundle.FileChange{Path: o.Tool, Change: c.Change, Diff: lines}, "")
	if what != "" {
		f.Change += ": " + what
	}
	return f
}

func (s *site) toolView(t tools.Offered, known []figures.Tool) ToolView {
	v := ToolView{Name: t.Name, Says: shorten(t.Description, 120), Effect: t.Effect, Changed: t.Changed, Calls: "never called"}
	for _, p := range s.House().Paused {
		v.Paused = v.Paused || p.Tool == t.Name
	}
	i := slices.IndexFunc(known, func(f figures.Tool) bool { return f.Tool == t.Name })
	if i < 0 {
		return v
	}
	f := &known[i]
	v.Calls = thousands(f.Calls)
	if d, ok := f.Took(0.5); ok {
		v.P50 = took(d)
	}
	if d, ok := f.Took(0.95); ok {
		v.P95 = took(d)
	}
	bad := 0
	for _, c := range f.Classes() {
		if c.Outcome != casefile.OutcomeDone && c.Outcome != casefile.OutcomeAccepted {
			bad += c.Count
		}
	}
	v.Failed, v.Trouble = fmt.Sprintf("%d of %d", bad, len(f.Tries)), bad*10 > len(f.Tries)
	return v
}

// lastTries is how many tries a tool's page lists.
const lastTries = 20

func (s *site) oneTool(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	p, err := s.toolPage(r, who, nil)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, "tool", p)
}

func (s *site) toolPage(r *http.Request, who people.Principal, typed url.Values) (toolPage, error) {
	name := r.PathValue("name")
	known, err := s.Figures.Tools(r.Context())
	if err != nil {
		return toolPage{}, err
	}
	for _, st := range s.Tools.States() {
		i := slices.IndexFunc(st.Tools, func(t tools.Offered) bool { return t.Name == name })
		if i < 0 {
			continue
		}
		t := st.Tools[i]
		p := toolPage{Shell: s.shell(r, who, name, "/tools"), Tool: s.toolView(t, known), Plugin: s.pluginView(st, known, who), Title: t.Description, Input: indented(t.Input), Output: indented(t.Output), Trusted: t.Trusted,
			May: who.Role.AtLeast(people.Operator), PauseFor: "tool " + name}
		p.Paused = p.Tool.Paused
		if t.Effect == "read" && p.May {
			p.Fields = argFields(t.Input, nil, typed, nil, s.House().Currency)
		}
		if i := slices.IndexFunc(known, func(f figures.Tool) bool { return f.Tool == name }); i >= 0 {
			for _, c := range known[i].Classes() {
				p.Classes = append(p.Classes, ClassView{outcomeWords(c.Outcome, c.Code), thousands(c.Count)})
			}
			for _, try := range slices.Backward(known[i].Tries) {
				if len(p.Last) < lastTries {
					p.Last = append(p.Last, tryRow(try, s.Now()))
				}
			}
		}
		return p, nil
	}
	return toolPage{}, fmt.Errorf("%w: no plugin offers %.80q", errNoPage, name)
}

func tryRow(t figures.Try, now time.Time) TryRow {
	row := TryRow{Link: fmt.Sprintf("/cases/%s#entry-%d", t.Case, t.Seq), Short: short(t.Case), At: moment(t.At, now), Outcome: outcomeWords(t.Outcome, t.Code), Took: took(time.Duration(t.TookMS) * time.Millisecond)}
	switch t.Outcome {
	case casefile.OutcomeDone, casefile.OutcomeAccepted:
	case casefile.OutcomeUnknown, casefile.OutcomeNotDone:
		row.Tone = "approval"
	default:
		row.Tone = "escalated"
	}
	return row
}

func indented(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	v, err := casefile.DecodeValue(raw)
	if err != nil {
		return shorten(string(raw), maxText)
	}
	return pretty(v)
}

// tryTool makes one call of a tool that only reads, for whoever wants to see what it answers. It belongs to
// no case; the audit has it.
func (s *site) tryTool(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := readForm(w, r, maxForm); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	name := r.PathValue("name")
	p, err := s.toolPage(r, who, r.PostForm)
	if err != nil {
		return err
	}
	tool := s.offered()[name]
	if tool.Effect != "read" {
		return fmt.Errorf("%w: %s changes something; only what reads is tried", errRequest, name)
	}
	args, err := argsOf(tool.Input, r.PostForm)
	if err != nil {
		p.Wrong = strings.TrimPrefix(err.Error(), errRequest.Error()+": ")
		return s.render(w, http.StatusBadRequest, "tool", p)
	}
	if err := s.Audit.Record(r.Context(), who.Actor(), "tool.tried", name, nil); err != nil {
		return err
	}
	began := time.Now()
	a := s.Calls(r.Context(), casefile.Request{Tool: name, Args: args, Step: "try"})
	p.Answer = &AnswerView{Outcome: outcomeWords(a.Outcome, a.Code), Detail: a.Detail, Took: took(time.Since(began)), Failed: a.Outcome != casefile.OutcomeDone}
	if a.Outcome == casefile.OutcomeDone {
		p.Answer.Result = pretty(a.Result.V)
	}
	return s.render(w, http.StatusOK, "tool", p)
}

// acceptManifest takes over what a plugin says, if it is what was shown.
func (s *site) acceptManifest(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := readForm(w, r, maxForm); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	if err := s.Manifests.Accept(r.Context(), r.PathValue("plugin"), r.PostForm.Get("manifest"), who.Actor()); err != nil {
		return err
	}
	http.Redirect(w, r, "/tools", http.StatusSeeOther)
	return nil
}
