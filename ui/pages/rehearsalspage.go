package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"resolute/agent/people"
	"resolute/agent/rehearsal"
	"resolute/agent/rehearsal/runs"
)

// Rehearsals are run in the background; a runs.Keeper runs them.
type Rehearsals interface {
	Start(ctx context.Context, o runs.Order) (runs.Run, error)
	Stop(ctx context.Context, id, by string) (runs.Told, error)
	Runs(ctx context.Context, cursor string, limit int) (list []runs.Run, next string, err error)
	Get(ctx context.Context, id string) (runs.Told, error)
	Watch() (news <-chan struct{}, take func() []runs.Run, cancel func())
}

type rehearsalsPage struct {
	Shell    Shell
	May      bool // who looks may start and stop
	Versions []Option
	Progress ProgressView
	Rows     []RunRow
	First    bool
	Next     string
	Shadows  []ShadowView
	Beside   []Option // versions that may run beside the active one
}

// perRun is how many rehearsals of a run a page has.
const perRun = 20

func (s *site) rehearsals(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	cursor := r.URL.Query().Get("cursor")
	list, next, err := s.Rehearsals.Runs(r.Context(), cursor, perPage)
	if err != nil {
		return err
	}
	p := rehearsalsPage{Shell: s.shell(r, who, "Rehearsals", "/rehearsals"), May: who.Role.AtLeast(people.Operator), First: cursor == ""}
	under := url.Values{}
	for i := range list {
		p.Rows = append(p.Rows, s.runRow(&list[i]))
		if !list[i].State.Over() {
			under.Add("run", list[i].ID)
		}
	}
	p.Progress = s.progressView(list, under["run"], p.May)
	p.Shell.Stream = "/rehearsals/stream?" + under.Encode()
	if next != "" {
		p.Next = "/rehearsals?" + url.Values{"cursor": {next}}.Encode()
	}
	stored, err := s.versions(r)
	if err != nil {
		return err
	}
	p.Versions = versionOptions(stored)
	if p.Shadows, err = s.shadowViews(r.Context(), stored); err != nil {
		return err
	}
	p.Beside = besideOptions(stored, p.Shadows)
	return s.render(w, http.StatusOK, "rehearsals", p)
}

// versionOptions are versions to choose from, the active one first.
func versionOptions(stored []VersionView) []Option {
	var list []Option
	for _, v := range stored {
		state := "earlier"
		if v.Active {
			state = "active"
		} else if v.Draft {
			state = "draft"
		}
		list = append(list, Option{Value: v.Version, Name: v.Short + ", " + state, Chosen: v.Active})
	}
	slices.SortStableFunc(list, func(a, b Option) int { return boolInt(b.Chosen) - boolInt(a.Chosen) })
	return list
}

// rehearse asks for a run. Scenarios that call live plugins are left out: what they do there is done.
func (s *site) rehearse(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := readForm(w, r, maxForm); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	o := runs.Order{By: who.Actor(), Options: runs.Options{Seed: 1, Faults: r.PostForm.Get("faults") == "yes"}}
	if seed := strings.TrimSpace(r.PostForm.Get("seed")); seed != "" {
		n, err := strconv.ParseUint(seed, 10, 64)
		if err != nil {
			return fmt.Errorf("%w: %.40q is no seed: it is a whole number from 0 on", errRequest, seed)
		}
		o.Seed = n
	}
	var err error
	if o.Cases, err = recorded(r.PostForm.Get("what"), r.PostForm.Get("cases")); err != nil {
		return err
	}
	if o.Replays() {
		o.Faults = false // recorded cases get the answers that they got
	}
	if o.Bundle, err = s.Operations.Versions.Resolve(r.Context(), r.PostForm.Get("version")); err != nil {
		return err
	}
	run, err := s.Rehearsals.Start(r.Context(), o)
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/rehearsals/"+url.PathEscape(run.ID), http.StatusSeeOther)
	return nil
}

// mostNamed is how many cases one run may name.
const mostNamed = 1000

// recorded says which recorded cases are replayed, "" for none.
func recorded(what, named string) (string, error) {
	switch what {
	case "", "scenarios":
		return "", nil
	case "all":
		return rehearsal.All, nil
	}
	ids := strings.FieldsFunc(named, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
	if len(ids) == 0 || len(ids) > mostNamed {
		return "", fmt.Errorf("%w: name from 1 to %d cases by their ids", errRequest, mostNamed)
	}
	for _, id := range ids {
		if _, err := uuid.Parse(id); err != nil {
			return "", fmt.Errorf("%w: %.60q is no case id", errRequest, id)
		}
	}
	return strings.Join(ids, ","), nil
}

func (s *site) stopRehearsal(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	told, err := s.Rehearsals.Stop(r.Context(), r.PathValue("id"), who.Actor())
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/rehearsals/"+url.PathEscape(told.ID), http.StatusSeeOther)
	return nil
}

func (s *site) oneRehearsal(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	told, err := s.Rehearsals.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("from"))
	p := runPage{Shell: s.shell(r, who, "Rehearsal", "/rehearsals"), Run: s.runRow(&told.Run), Seed: strconv.FormatUint(told.Seed, 10), LeftOut: told.LeftOut, Shortened: told.Shortened}
	p.items(told.Items, max(from, 0))
	if told.Outcomes != nil {
		p.Outcomes = outcomesSay(told.Outcomes)
	}
	list, _, err := s.Rehearsals.Runs(r.Context(), "", perPage)
	if err != nil {
		return err
	}
	for i := range list {
		if o := &list[i]; o.ID != told.ID && o.State == runs.Done && o.Replays() == told.Replays() {
			row := s.runRow(o)
			p.Others = append(p.Others, Option{Value: o.ID, Name: row.Short + ", " + row.What + ", " + row.At.Exact})
		}
	}
	if !told.State.Over() {
		p.Progress = s.progressView([]runs.Run{told.Run}, []string{told.ID}, who.Role.AtLeast(people.Operator))
		p.Shell.Stream = "/rehearsals/stream?" + url.Values{"run": {told.ID}}.Encode()
	}
	return s.render(w, http.StatusOK, "rehearsal", p)
}

// underWay tells of the runs of a version that aren't over, and where the page hears more of them.
func (s *site) underWay(list []runs.Run, version string, who people.Principal) (v ProgressView, stream string) {
	var under []runs.Run
	var ids []string
	for i := range list {
		if list[i].Version == version && !list[i].State.Over() {
			under, ids = append(under, list[i]), append(ids, list[i].ID)
		}
	}
	if len(under) == 0 {
		return v, ""
	}
	return s.progressView(under, ids, who.Role.AtLeast(people.Operator)), "/rehearsals/stream?" + url.Values{"run": ids}.Encode()
}

// rehearsalStream tells how far runs are: those that were under way when the page was made, and later ones.
// A page that says what a run came to doesn't change: the region says that it is over.
func (s *site) rehearsalStream(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	news, take, cancel := s.Rehearsals.Watch()
	defer cancel()
	shown := r.URL.Query()["run"]
	list, _, err := s.Rehearsals.Runs(r.Context(), "", perPage)
	if err != nil {
		return err
	}
	var told []runs.Run // newest first
	for _, run := range list {
		if !run.State.Over() || slices.Contains(shown, run.ID) {
			told = append(told, run)
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	fmt.Fprint(w, "retry: 2000\n\n")
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		html, err := s.templates.block("rehearsals", "progress", s.progressView(told, shown, who.Role.AtLeast(people.Operator)))
		if err != nil {
			return err
		}
		event(w, fragment{"progress", html})
		if out.Flush() != nil {
			return nil
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-beat.C:
		case <-news:
			for _, run := range take() {
				if i := slices.IndexFunc(told, func(o runs.Run) bool { return o.ID == run.ID }); i >= 0 {
					told[i] = run
				} else {
					told, shown = slices.Insert(told, 0, run), append(shown, run.ID)
				}
			}
		}
		if !s.still(r, who) {
			return nil
		}
	}
}

func (s *site) compareRehearsals(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	chosen := r.URL.Query()["run"]
	if len(chosen) != 2 || chosen[0] == chosen[1] {
		return fmt.Errorf("%w: choose two runs to be compared", errRequest)
	}
	var told [2]runs.Told
	for i, id := range chosen {
		var err error
		if told[i], err = s.Rehearsals.Get(r.Context(), id); err != nil {
			return err
		}
	}
	if told[0].ID > told[1].ID { // the earlier one first; ids ascend with time
		told[0], told[1] = told[1], told[0]
	}
	p := comparePage{Shell: s.shell(r, who, "Two rehearsals", "/rehearsals"), A: s.runRow(&told[0].Run), B: s.runRow(&told[1].Run)}
	p.compare(&told[0], &told[1])
	return s.render(w, http.StatusOK, "compare", p)
}
