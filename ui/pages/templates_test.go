package pages

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"resolute/agent"
	"resolute/agent/bundle"
	"resolute/agent/casefile"
	"resolute/agent/listing"
	"resolute/agent/model/ollama"
	"resolute/agent/people"
	"resolute/kb"
)

// views are the pages with one kind of data each.
func fullPages(t *testing.T) map[string]any {
	t.Helper()
	w := newWorld(charged(true), busy(), denied(), replaced(), asking(), unsure(), driven())
	w.past.found = pastCases()
	s := &site{Deps: w.deps(t), Options: Options{Now: func() time.Time { return noon }, House: house}.filled(), assets: loadAssets(), templates: loadTemplates()}
	who := people.Principal{ID: "p1", Name: "Robin Field", Role: people.Approver}
	v := s.viewer(who)
	pages := map[string]any{}
	for _, st := range w.stories {
		p, err := s.casePage(context.Background(), st.id, who, dialog{ref: "edit", wrong: "amount_cents is above what it may be", form: url.Values{"arg.amount_cents": {"99999"}}}, s.pasts)
		if err != nil {
			t.Fatal(err)
		}
		p.Cut, p.Case.Timeline.Left, p.Past.Later = 7, 3, true
		p.Others, p.More = append(p.Others, OtherView{Link: "/cases/o", Title: "t", Status: chip(casefile.Waiting), Opened: moment(noon, noon)}), true
		name := "case " + string(st.c.Status)
		if st.c.Procedure == "" {
			name += " unsure"
		}
		if st.c.Thinking != nil {
			name += " driven"
		}
		pages[name] = p
	}
	list := w.stories
	one := caseView(list[0].c, list[0].entries, v)
	v.next = "/approvals"
	f := Filter{Status: []casefile.Status{casefile.Approving}, Stop: "policy.deny", Procedure: "p", Customer: "c", Queue: "q", From: "1.00", To: "2", Age: "day", Text: "t"}
	counts, _ := w.Counts(context.Background())
	l := listView(f, listing.Page{Rows: []listing.Row{listing.RowOf(list[0].c)}, Next: "y", Looked: 7}, counts, "x", v)
	l.own(f, []savedView{{"mine", f.query().Encode()}})
	l.Save, l.Behind = true, behind(0, 9000)
	l.Fresh = FreshView{Newer: 2, Changed: 1, Link: "/cases"}
	pages["cases"] = casesPage{List: l}
	pages["approvals"] = approvalsPage{Gone: "/cases/x", Hasty: "5 approvals within a minute", Waits: []WaitView{waitView(list[0].c, true, v)}, Alike: alike([]*casefile.Case{list[0].c, list[0].c}, v), Many: true, One: &one, Done: doneView("x", casefile.DecideApprove), Fresh: FreshView{Newer: 1}}
	pages["overview"] = overviewPage{Needs: needs("1", "2"), Now: moment(noon, noon), People: []NeedView{needView(list[0].c, v)}, Approvals: true,
		Standing: Standing{Today: TodayView{"u", []TodayFigure{{"Opened", "/cases?age=today", "3", "2.5"}}}, Health: []PartView{{Name: "n", Link: "/tools", Icon: "ok", Tone: "muted", Health: "well", Hint: "h", Cases: &Link{Name: "2 cases wait", Link: "/cases"}}, {Name: "model"}},
			Counts: []CountView{{chip(casefile.Working), "3"}}, Doing: []NowView{{ID: "x", Title: "t", What: "w", Changed: moment(noon, noon)}}}}
	pages["outbox"] = outboxPage{Messages: []MessageView{{To: "a@b.example", Kind: "reply", Status: "failed", Icon: "escalated", Error: "e", Paragraphs: []string{"p"}, Citations: []Cited{cited(list[0].c, refundPassage)}}}, Next: "/outbox?cursor=3"}
	hits, _ := w.Search(context.Background(), kb.Query{Text: "x"})
	pages["knowledge"] = knowledgePage{Query: "x", Hits: []HitView{hitView(hits[0], 0.3)}, Passage: &FoundView{Title: "t", Text: "x", Address: refundPassage}, Missing: "m",
		Documents: []DocumentView{{Title: "d", Source: "s", Version: "v", Chunks: 3, Imported: moment(noon, noon)}}, Next: "/knowledge?cursor=a", May: true, Below: "b", Write: &WriteView{"t", "q"}, Report: &ReportView{"s", []Pair{{Name: "f.pdf", Text: "why"}}}, Trouble: "t", State: "1 document",
		Gaps:     []GapView{{Query: "q", Write: "/knowledge?write=q", Cases: "2 cases", Link: "/cases/x", Other: []string{"o"}, Last: moment(noon, noon)}},
		Imports:  ImportsView{[]ImportView{{1, 2, "1 of 2 files"}}},
		Document: &DocumentPage{DocumentView: DocumentView{Title: "d"}, ID: "d", Address: "kb://d@v", Pieces: []PieceView{{"", "x", "/knowledge?at=x"}}, Uses: []UseView{{Link: "/cases/x", Short: "x", How: "h", Query: "q"}}, Used: "Used 1 time", More: "/knowledge?document=d&from=25", Rest: "2 passages more"}}
	for name, p := range peoplePages() {
		pages[name] = p
	}
	conflict := conflictPage(list[0].c, list[0].entries, agent.Decide{Decision: casefile.DecideApprove}, agent.ErrDecisionConflict, v)
	pages["message"] = conflict
	operatorPages(pages, v)
	maps.Copy(pages, insightPages(t, v))
	s.learntPages(pages, v)
	maps.Copy(pages, rehearsalPages(v))
	return pages
}

// operatorPages are the pages of whoever runs the agent, with all that they show.
func operatorPages(pages map[string]any, v viewer) {
	row := waitingView(&listing.Row{ID: "x", Goal: "g", Queue: "q", DueAt: noon.Add(-time.Hour), Stop: &casefile.Stop{Code: "c", Detail: "d"}}, v)
	pages["queues"] = queuesPage{Heading: "h", Queues: []QueueView{{Name: "q", Waits: "1", Notify: []string{"a", "b"}, Due: "2 h", Current: true}}, Chosen: "q", Rows: []WaitingView{row}, Many: true}
	pages["audit"] = auditPage{From: "f", To: "t", Deeds: []DeedView{deedView(people.Event{At: noon, Actor: "user:k", Action: "case.close", Subject: "s", Detail: map[string]any{"a": "b"}}, noon, nil)}, Next: "/audit?x=y", Verified: &VerifiedView{"s", "t", []Pair{{Name: "n", Text: "t"}}}}
	pages["corrections"] = correctionsPage{List: []CorrectionView{correctionView(kb.Correction{ID: "i", Says: "s", InsteadOf: "o", State: kb.Held, Why: "w", Contradicts: []string{"i"}, FromCase: "c", ExpiresAt: noon, By: "user:k", At: noon}, []kb.Use{{Case: "c"}}, 2, v)}, Next: "/corrections?cursor=x", May: true, Admin: true, Teach: &TeachView{Expires: "2026-01-01"}}
	card := RuleCard{Name: "n", Says: "deny", Tone: "escalated", Icon: "escalated", When: "w", Reason: "r", By: "b", Cites: []Link{{Name: "c", Link: "/knowledge"}}, Tables: []string{"tt"}, Fired: "fired", Last: moment(noon, noon), LastCase: "c", Amounts: "a"}
	pages["policies"] = policiesPage{Version: "v", Policies: []PolicyView{{Name: "p", File: "f", Tools: []string{"a", "b"}, Rules: []RuleCard{card}}}, Built: []RuleCard{card}, Tables: []TableView{{Name: "tt", File: "f", Columns: []Pair{{Name: "c", Text: "int"}}, Rows: [][]string{{"x"}}, More: 2}}}
	pages["edit rehearsed"] = editPage{Path: "p", May: true, Fine: true, Spans: []Option{{Value: "30", Name: "n", Chosen: true}}, Impact: &ImpactView{Say: "s"}, Progress: ProgressView{Rows: []ProgressRow{{Begun: "1", Total: "2"}}}}
	pages["authority"] = authorityPage{Given: []Pair{{Name: "n", Text: "t"}}, Goal: "g", Loses: "l", GoalX: 80, Admin: true, Levels: []LadderView{{Procedure: "p", Tool: "t", Band: "b", Level: "act", Given: "propose", Why: "w", Agreed: "1 of 2", Against: "a", Bound: "0.5", Judged: true, Promotion: &PromotionView{To: "act", From: "propose", Why: "w", Case: "c"}, Key: "b", Lowered: &LoweredView{To: "propose", By: "b", Note: "n", Restores: true}}}, Others: []LadderView{{Procedure: "p", Tool: "t", Band: "whatever it moves", Key: "*", Level: "act"}}, More: 3, Demote: []Option{{Value: "v", Name: "n"}}}
	tool := ToolView{Name: "t", Says: "s", Effect: "read", Changed: true, Paused: true, Calls: "3", P50: "a", P95: "b", Failed: "1 of 2", Trouble: true}
	plugin := PluginView{Name: "p", URL: "u", Version: "1", Manifest: "m", Health: "down", Icon: "escalated", Tone: "escalated", Hint: "h", Running: "1 of 2", Seen: moment(noon, noon), Drift: &DriftedView{Plugin: "p", Version: "v", Now: "n", Tools: []string{"a", "b"}, Changes: []FileDiff{{Path: "a", Change: "changed: effect", Lines: []DiffLine{{Class: "add", Text: "t"}}}}, May: true}, Breaker: "closed", Tools: []ToolView{tool}}
	pages["model"] = modelPage{Model: modelView(ollama.Status{State: ollama.StateMissing, Model: "m", Detail: "d", Address: "a", Version: "v", Models: []string{"o"}, Window: 1, Most: 2, Bytes: 1_000_000, Last: &ollama.Last{At: noon, Code: "memory", Detail: "d"}}, noon),
		Pull: pullView(&ollama.Pull{Model: "m", Status: "s", Completed: 1_000_000, Total: 2_000_000}), May: true, Wanted: "m"}
	pages["tools"] = toolsPage{Plugins: []PluginView{plugin}}
	pages["tool"] = toolPage{Tool: tool, Plugin: plugin, Title: "t", Input: "i", Output: "o", Trusted: []string{"/a", "/b"}, Classes: []ClassView{{"s", "1"}}, Last: []TryRow{{Link: "/cases/x", Short: "x", Outcome: "o", Tone: "approval"}}, May: true, PauseFor: "tool t", Wrong: "w",
		Fields: []ArgField{{Name: "a", Form: "arg.a", Kind: "choice", Options: []string{"x"}}, {Name: "b", Form: "arg.b", Kind: "yesno"}, {Name: "c", Form: "arg.c", Kind: "json"}, {Name: "d", Form: "arg.d", Kind: "number"}}, Answer: &AnswerView{Outcome: "o", Detail: "d", Took: "t", Result: "r", Failed: true}}
	version := VersionView{Version: "v", Short: "v", Draft: true, By: "b", At: moment(noon, noon), Runs: []RunView{{Say: "s", Icon: "ok", By: "b"}}}
	pages["bundles"] = bundlesPage{Versions: []VersionView{version, {Active: true}, {}}}
	pages["bundle"] = bundlePage{Version: version, Diff: &DiffView{Files: []FileDiff{{Path: "p", Change: "changed", Lines: []DiffLine{{"add", "+x"}}}}, Rules: []bundle.RuleChange{{Policy: "p", Rule: "r", Change: "c", Was: "w", Now: "n"}}, Tools: []ToolDiff{{"t", "c", "w"}}, None: true},
		Files: []FileView{{"p", "1", "/bundles/v/edit"}}, Drafts: true, Admin: true, Impact: &ImpactView{Say: "s", Changes: []ImpactRow{{Tool: "t", Was: "w", Now: "n", Count: "1", Amounts: "a", Blind: true, Examples: []Link{{Name: "x", Link: "/cases/x"}}}}}}
	pages["edit"] = editPage{Version: version, Path: "p", Text: "t", May: true, Problems: []ProblemView{{File: "f", Message: "m", Line: 1, Col: 2, Text: "t", Warning: true}}, Fine: true}
}

var emptyPages = map[string]any{
	"case": casePage{}, "cases": casesPage{}, "approvals": approvalsPage{}, "overview": overviewPage{},
	"queues": queuesPage{}, "audit": auditPage{}, "corrections": correctionsPage{}, "policies": policiesPage{}, "authority": authorityPage{}, "tools": toolsPage{}, "tool": toolPage{}, "model": modelPage{}, "bundles": bundlesPage{}, "bundle": bundlePage{}, "edit": editPage{}, "suggestions": suggestionsPage{}, "suggestion": suggestionPage{}, "triage": triagePage{}, "triage-version": triageVersionPage{}, "insights": insightsPage{}, "trace": tracePage{}, "rehearsals": rehearsalsPage{}, "rehearsal": runPage{}, "compare": comparePage{},
	"outbox": outboxPage{}, "knowledge": knowledgePage{}, "signin": signInPage{}, "join": joinPage{}, "account": accountPage{}, "people": peoplePage{}, "tokens": tokensPage{}, "status": statusPage{}, "message": messagePage{},
}

func renderPage(t *testing.T, name string, data any) string {
	t.Helper()
	name, _, _ = strings.Cut(name, " ")
	b, err := loadTemplates().block(name, "page", data)
	if err != nil {
		t.Fatalf("the page %s should render: %v", name, err)
	}
	return string(b)
}

func withShell(data any, sh Shell) any {
	v := reflect.New(reflect.TypeOf(data)).Elem()
	v.Set(reflect.ValueOf(data))
	v.FieldByName("Shell").Set(reflect.ValueOf(sh))
	return v.Interface()
}

var signedIn = Shell{Title: "A page", Company: "Fernhill Supply", Assets: "/assets/x/", Theme: "dark", User: "Robin", Role: "approver", Stream: "/pages/stream?of=case",
	Work: []NavLink{{Name: "Cases", Link: "/cases", Current: true, Count: "3"}}, Teach: []NavLink{{Name: "Knowledge", Link: "/knowledge"}}, Manage: []NavLink{{Name: "People", Link: "/people"}}}

// What the Content-Security-Policy would block, and what would come from elsewhere.
var forbidden = regexp.MustCompile(`(?i)<style|\sstyle=|<script(?:\s[^>]*)?>[^<]|\son[a-z]+=|(?:src|href|action)="?(?:https?:|//|data:|javascript:)`)

func TestEveryPageRendersFull(t *testing.T) {
	for name, data := range fullPages(t) {
		html := renderPage(t, name, withShell(data, signedIn))
		if at := forbidden.FindString(html); at != "" {
			t.Errorf("the page %s has %q: the Content-Security-Policy default-src 'self' forbids it", name, at)
		}
		wellFormed(t, name, html)
	}
}

func TestEveryPageRendersEmpty(t *testing.T) {
	for name, data := range emptyPages {
		for _, sh := range []Shell{{}, signedIn} {
			html := renderPage(t, name, withShell(data, sh))
			wellFormed(t, name, html)
		}
	}
}

const attack = `"><script>alert(1)</script><img src=x onerror=alert(2)>'javascript:alert(3)` + "\u202e\u202d\x00"

func TestEveryPageEscapesHostileText(t *testing.T) {
	for name, data := range fullPages(t) {
		v := reflect.New(reflect.TypeOf(data)).Elem()
		v.Set(reflect.ValueOf(data))
		poison(v)
		html := renderPage(t, name, v.Interface())
		if !strings.Contains(html, "alert(1)") {
			t.Errorf("the page %s should show hostile text as text, but it shows none of it", name)
		}
		for _, tag := range []string{"<script>alert", "<img src=x", `href="javascript:`, `href="'javascript`, "\u202e", "\u202d", "\x00"} {
			if strings.Contains(html, tag) {
				t.Errorf("the page %s lets %q through", name, tag)
			}
		}
	}
}

// poison puts an attack behind each text of a page, whatever its depth.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(v.String() + attack)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				poison(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i))
		}
	}
}

// wellFormed checks what a parser of HTML would mend in silence: open elements, and ids given twice.
func wellFormed(t *testing.T, name, html string) {
	t.Helper()
	var open []string
	for _, m := range regexp.MustCompile(`<(/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*?)(/?)>`).FindAllStringSubmatch(html, -1) {
		tag := m[2]
		switch {
		case m[4] == "/" || tag == "meta" || tag == "link" || tag == "input" || tag == "br" || tag == "col" || tag == "wbr":
		case m[1] == "":
			open = append(open, tag)
		case len(open) == 0 || open[len(open)-1] != tag:
			t.Errorf("the page %s closes %s while %v is open", name, tag, open)
			return
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("the page %s leaves %v open", name, open)
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if ids[m[1]] {
			t.Errorf("the page %s has the id %q twice", name, m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`(?:aria-labelledby|aria-describedby|for|data-opens)="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if !ids[m[1]] {
			t.Errorf("the page %s refers to %q, which isn't there", name, fmt.Sprint(m[0]))
		}
	}
}
