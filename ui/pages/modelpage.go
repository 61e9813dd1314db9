package pages

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"resolute/agent/casefile"
	"resolute/agent/model/ollama"
	"resolute/agent/people"
)

// Model is the way to the model; an ollama.Client is.
type Model interface {
	Glance(ctx context.Context) ollama.Status
	Status(ctx context.Context) ollama.Status
	Pull(name string) (ollama.Pull, error)
	LastPull() *ollama.Pull
	WatchPull() (news <-chan struct{}, cancel func())
}

type modelPage struct {
	Shell  Shell
	Model  ModelView
	Pull   *PullView
	May    bool   // who looks may have a model fetched
	Wanted string // the model that it is likely to be
}

// ModelView is how the model stands.
type ModelView struct {
	Name, Detail       string
	Health, Icon, Tone string
	Facts              []Pair
	Models             []string // that the server has
}

// PullView is how far a pull is.
type PullView struct {
	Text        string
	Done, Total string // megabytes; "" where that isn't known, or it is over
	Wrong       bool
}

// modelPart is how the model stands, for the overview; so many cases stopped for lack of it.
func (s *site) modelPart(ctx context.Context, stopped int) PartView {
	v := modelView(s.Model.Glance(ctx), s.Now())
	p := PartView{Name: "Model", Link: "/model", Icon: v.Icon, Tone: v.Tone, Health: v.Health, Hint: v.Detail}
	if v.Name != "" {
		p.Health = v.Name + " " + v.Health
	}
	if v.Name == "" {
		p.Health, p.Hint = v.Health+"; procedures need none", ""
	}
	if stopped > 0 {
		p.Cases = &Link{Name: plural(stopped, "case"), Link: casesLink(Filter{Stop: string(casefile.StopModelUnavailable)}, "")}
	}
	return p
}

func modelView(st ollama.Status, now time.Time) ModelView {
	v := ModelView{Name: st.Model, Detail: st.Detail, Models: st.Models}
	switch st.State {
	case ollama.StateNone:
		v.Health, v.Icon, v.Tone = "none configured", "left", "muted"
	case ollama.StateReady:
		v.Health, v.Icon, v.Tone = "ready", "ok", "muted"
	case ollama.StateIdle:
		v.Health, v.Icon, v.Tone = "not loaded now", "ok", "muted"
	case ollama.StatePulling:
		v.Health, v.Icon, v.Tone = "being pulled", "waiting", "waiting"
	case ollama.StateUnknown:
		v.Health, v.Icon, v.Tone = "being asked", "waiting", "waiting"
	case ollama.StateMissing:
		v.Health, v.Icon, v.Tone = "missing", "off", "approval"
	case ollama.StateUnreachable:
		v.Health, v.Icon, v.Tone = "can't be reached", "escalated", "escalated"
	default:
		v.Health, v.Icon, v.Tone = "in trouble", "off", "approval"
	}
	v.Facts = append(v.Facts, Pair{Name: "Server", Text: st.Address + cmp.Or(prefixed(", Ollama ", st.Version), ", which doesn't answer")})
	if st.Most > 0 {
		v.Facts = append(v.Facts, Pair{Name: "Context", Text: fmt.Sprintf("%s of its %s tokens are used", thousands(st.Window), thousands(st.Most))})
	}
	if st.Bytes > 0 {
		v.Facts = append(v.Facts, Pair{Name: "Size", Text: thousands(int(st.Bytes/1_000_000)) + " MB"})
	}
	if l := st.Last; l != nil {
		says := "was answered"
		if l.Code != "" {
			says = "got no answer: " + l.Detail
		}
		v.Facts = append(v.Facts, Pair{Name: "Last question", Text: moment(l.At, now).Rel + ", " + says})
	}
	return v
}

// prefixed is a text with something before it, "" if there is none.
func prefixed(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

func pullView(p *ollama.Pull) *PullView {
	switch {
	case p == nil:
		return nil
	case p.Error != "":
		return &PullView{Text: p.Model + ": " + p.Error, Wrong: true}
	case !p.EndedAt.IsZero():
		return &PullView{Text: p.Model + " is there"}
	}
	v := &PullView{Text: p.Model + ": " + p.Status}
	if p.Total > 0 {
		v.Done, v.Total = fmt.Sprint(p.Completed/1_000_000), fmt.Sprint(max(p.Total/1_000_000, 1))
		v.Text += fmt.Sprintf(", %s of %s MB", thousands(int(p.Completed/1_000_000)), thousands(int(p.Total/1_000_000)))
	}
	return v
}

func (s *site) modelPage(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	st := s.Model.Status(r.Context())
	p := modelPage{Shell: s.shell(r, who, "Model", "/model"), Model: modelView(st, s.Now()), Pull: pullView(st.Pull), May: who.Role.AtLeast(people.Admin) && st.State != ollama.StateUnreachable && st.Version != ""}
	if st.State == ollama.StateMissing {
		p.Wanted = st.Model
	}
	p.Shell.Stream = "/model/stream"
	return s.render(w, http.StatusOK, "model", p)
}

// pullModel has the model's server fetch a model.
func (s *site) pullModel(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := readForm(w, r, maxForm); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	name := strings.TrimPrefix(strings.TrimSpace(r.PostForm.Get("model")), "ollama/")
	if _, err := s.Model.Pull(name); err != nil {
		return err
	}
	if err := s.Audit.Record(r.Context(), who.Actor(), "model.pulled", name, nil); err != nil {
		return err
	}
	http.Redirect(w, r, "/model", http.StatusSeeOther)
	return nil
}

// modelStream sends how far a pull is.
func (s *site) modelStream(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	news, cancel := s.Model.WatchPull()
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	fmt.Fprint(w, "retry: 2000\n\n")
	for {
		html, err := s.templates.block("model", "pull", pullView(s.Model.LastPull()))
		if err != nil {
			return err
		}
		event(w, fragment{"pull", html})
		if out.Flush() != nil || !s.await(r.Context(), w, out, news) || !s.still(r, who) {
			return nil
		}
	}
}
