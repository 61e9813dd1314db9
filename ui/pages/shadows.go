package pages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"resolute/agent/people"
	"resolute/agent/rehearsal/shadow"
)

// Shadows runs versions beside the active one, without effects; a shadow.Keeper does.
type Shadows interface {
	Start(ctx context.Context, version, by string) (shadow.Report, error)
	Stop(ctx context.Context, version, by string) (shadow.Report, error)
	Report(ctx context.Context, version string) (shadow.Report, error)
}

// ShadowView is what a version saw beside the active one.
type ShadowView struct {
	Version, Short, Link string
	Running              bool
	By                   string
	Started, Stopped     Moment
	Why, Behind          string
	Counts               []Pair
	Agreed               string // with people
	Decisions            []Pair
	Kinds                []KindView
	Procedures           []ShadowProcedure
	Unplayed             []UnplayedView
}

// KindView is a way of doing something else.
type KindView struct {
	Says, Count string
	Examples    []DivergenceView
}

// ShadowProcedure is what became of the cases of a procedure.
type ShadowProcedure struct{ Name, Cases, Same, Agreed string }

// UnplayedView is why cases can't be compared.
type UnplayedView struct{ Why, Count, Link string }

// shadowViews are the versions that run, or ran, beside the active one.
func (s *site) shadowViews(ctx context.Context, stored []VersionView) ([]ShadowView, error) {
	var list []ShadowView
	for _, v := range stored {
		r, err := s.Shadows.Report(ctx, v.Version)
		if errors.Is(err, shadow.ErrNone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, shadowView(&r, s.viewer(people.Principal{})))
	}
	slices.SortStableFunc(list, func(a, b ShadowView) int { return boolInt(b.Running) - boolInt(a.Running) })
	return list, nil
}

// besideOptions are the versions that may be started beside the active one.
func besideOptions(stored []VersionView, shadows []ShadowView) []Option {
	return slices.DeleteFunc(versionOptions(stored), func(o Option) bool {
		return o.Chosen || slices.ContainsFunc(shadows, func(v ShadowView) bool { return v.Running && v.Version == o.Value })
	})
}

func shadowView(r *shadow.Report, v viewer) ShadowView {
	view := ShadowView{Version: r.Version, Short: digest(r.Version), Link: "/bundles/" + r.Version, Running: r.State == shadow.Running, By: actor(r.By), Started: moment(r.StartedAt, v.now), Why: r.Why,
		Counts: []Pair{{Name: "compared", Text: thousands(r.Cases)}, {Name: "the same", Text: thousands(r.Same)}, {Name: "otherwise", Text: thousands(r.Diverged)}, {Name: "not comparable", Text: thousands(r.Unplayed)}, {Name: "reads of plugins", Text: thousands(r.Reads)}}}
	if r.StoppedAt != nil {
		view.Stopped = moment(*r.StoppedAt, v.now)
	}
	if r.Behind > 0 {
		view.Behind = thousands(int(r.Behind)) + " entries of the journal are still to be followed."
	}
	view.Agreed = agreement(r.People)
	for _, name := range slices.Sorted(maps.Keys(r.Decisions)) {
		d := r.Decisions[name]
		view.Decisions = append(view.Decisions, Pair{Name: string(name), Text: fmt.Sprintf("%s of %s", thousands(d.Agreed), thousands(d.Of))})
	}
	for _, k := range r.Kinds {
		kind := KindView{Says: kindSays(k.Kind), Count: plural(k.Count, "case")}
		for _, e := range k.Examples {
			kind.Examples = append(kind.Examples, DivergenceView{Link: stepLink(e.CaseID, e.Seq), Step: fmt.Sprintf("Case %s, entry %d", short(e.CaseID), e.Seq), Recorded: e.Recorded, Now: e.Now})
		}
		view.Kinds = append(view.Kinds, kind)
	}
	for _, p := range r.Procedures {
		view.Procedures = append(view.Procedures, ShadowProcedure{Name: cmp.Or(p.Procedure, "none found"), Cases: thousands(p.Cases), Same: thousands(p.Same), Agreed: agreement(p.People)})
	}
	for _, u := range r.UnplayedBy {
		view.Unplayed = append(view.Unplayed, UnplayedView{u.Why, thousands(u.Count), "/cases/" + u.CaseID})
	}
	return view
}

// agreement says how often a version would have done as people decided, "" where nobody decided.
func agreement(a shadow.Agreement) string {
	if a.Of == 0 {
		return ""
	}
	return fmt.Sprintf("%s of %s, at least %s to be expected", thousands(a.Agreed), thousands(a.Of), percent(a.LowerBound))
}

func kindSays(k shadow.Kind) string {
	switch k {
	case shadow.OtherProcedure:
		return "takes the case for another problem, or for none"
	case shadow.OtherInputs:
		return "reads other values from the signals"
	case shadow.OtherHypothesis:
		return "suspects another cause, or gives one up"
	case shadow.OtherCall:
		return "calls something else, or does not call"
	case shadow.OtherVerdict:
		return "does the same under another rule or level"
	case shadow.OtherQuestion:
		return "asks the customer otherwise"
	case shadow.OtherReply:
		return "tells somebody else, or nobody"
	case shadow.OtherCheck:
		return "verifies otherwise"
	case shadow.OtherEnd:
		return "stops or ends otherwise"
	case shadow.OtherRest:
		return "does nothing there"
	}
	return "does another step"
}

// shadow starts or stops a version beside the active one.
func (s *site) shadow(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	if err := readForm(w, r, maxForm); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	do := map[string]func(context.Context, string, string) (shadow.Report, error){"start": s.Shadows.Start, "stop": s.Shadows.Stop}[r.PostForm.Get("do")]
	if do == nil {
		return fmt.Errorf("%w: a version beside the active one is started or stopped", errRequest)
	}
	b, err := s.Operations.Versions.Resolve(r.Context(), r.PostForm.Get("version"))
	if err != nil {
		return err
	}
	if _, err := do(r.Context(), b.Version, who.Actor()); err != nil {
		return err
	}
	http.Redirect(w, r, "/rehearsals#beside-h", http.StatusSeeOther)
	return nil
}
