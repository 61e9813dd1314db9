package api

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"resolute/agent"
	"resolute/agent/casefile"
)

// caseView is a case as the contract shows it.
type caseView struct {
	ID         string                `json:"id"`
	Status     casefile.Status       `json:"status"`
	Stop       *casefile.Stop        `json:"stop"`
	Goal       string                `json:"goal"`
	Procedure  string                `json:"procedure"`
	Candidates []casefile.Candidate  `json:"candidates"`
	Customer   casefile.Customer     `json:"customer"`
	OpenedAt   time.Time             `json:"opened_at"`
	UpdatedAt  time.Time             `json:"updated_at"`
	EndedAt    *time.Time            `json:"ended_at"`
	Bundle     string                `json:"bundle"`
	Inputs     map[string]any        `json:"inputs"`
	Facts      map[string]any        `json:"facts"`
	Hypothesis string                `json:"hypothesis"`
	Hypotheses []casefile.Hypothesis `json:"hypotheses"`
	Attempts   []casefile.Attempt    `json:"attempts"`
	Pending    *pendingView          `json:"pending"`
	Outcome    string                `json:"outcome"`
	MergedInto string                `json:"merged_into"`
	Citations  []casefile.Passage    `json:"citations"`
	Links      []casefile.Link       `json:"links"`
	Reply      *casefile.Reply       `json:"reply"`
	Handoff    *handoffView          `json:"handoff"`
	Warning    string                `json:"warning,omitempty"` // to whoever decided
}

func viewOf(c *casefile.Case) caseView {
	v := caseView{ID: c.ID, Status: c.Status, Stop: c.Stop, Goal: c.Goal, Procedure: c.Procedure, Candidates: orEmpty(c.Candidates), Customer: c.Customer,
		OpenedAt: c.OpenedAt, UpdatedAt: c.UpdatedAt, Bundle: c.Bundle, Inputs: map[string]any{}, Facts: map[string]any{}, Hypotheses: orEmpty(c.Hypotheses),
		Attempts: orEmpty(c.Attempts), Outcome: c.Outcome, MergedInto: c.MergedInto, Citations: orEmpty(c.Passages), Links: orEmpty(c.Links), Reply: c.Reply}
	if !c.EndedAt.IsZero() {
		v.EndedAt = &c.EndedAt
	}
	for k, in := range c.Inputs {
		v.Inputs[k] = in.Value
	}
	for k, f := range c.Facts {
		v.Facts[k] = f.Value
	}
	if n := len(c.Hypotheses); n > 0 {
		v.Hypothesis = c.Hypotheses[n-1].Name
	}
	v.Pending = pendingOf(c)
	if c.Status == casefile.Escalated {
		v.Handoff = handoffOf(c)
	}
	return v
}

// handoffView is what whoever takes a case over should know, beside what the case says anyhow.
type handoffView struct {
	Queue   string            `json:"queue"`
	Since   *time.Time        `json:"since"`
	DueAt   *time.Time        `json:"due_at"`
	Overdue bool              `json:"overdue"`
	Holder  string            `json:"holder"`
	Unblock string            `json:"unblock"`
	Known   []agent.KnownFact `json:"known"`
	Brief   string            `json:"brief"`
}

func handoffOf(c *casefile.Case) *handoffView {
	v := &handoffView{Holder: c.Holder, Known: agent.Known(c), Brief: agent.Brief(c, casefile.NoticeOpened)}
	if h := c.Handoff; h != nil {
		v.Queue, v.Since, v.DueAt, v.Overdue = h.Queue, &h.Since, &h.DueAt, h.Overdue
	}
	if c.Stop != nil {
		v.Unblock = agent.Unblock(c)
	}
	return v
}

// pendingView is what a case waits for: one of these.
type pendingView struct {
	Approval *approvalView      `json:"approval,omitempty"`
	Shadowed *shadowedView      `json:"shadowed,omitempty"`
	Question *casefile.Question `json:"question,omitempty"`
	Wait     *casefile.Wait     `json:"wait,omitempty"`
	Calls    []casefile.Call    `json:"calls,omitempty"`
}

func pendingOf(c *casefile.Case) *pendingView {
	switch {
	case c.Approval != nil:
		a := approvalOf(c)
		return &pendingView{Approval: &a}
	case c.Shadowed != nil && c.Shadowed.JudgedBy == "":
		s := c.Shadowed
		return &pendingView{Shadowed: &shadowedView{Step: s.Step, Hypothesis: s.Hypothesis, Hash: s.Hash, Action: s.Action, Verdict: s.Verdict}}
	case c.Question != nil:
		return &pendingView{Question: c.Question}
	case c.Wait != nil:
		return &pendingView{Wait: c.Wait}
	case len(c.Pending) > 0:
		return &pendingView{Calls: c.Pending}
	}
	return nil
}

// shadowedView is what the agent would have done: a person says whether that was right.
type shadowedView struct {
	Step       string           `json:"step"`
	Hypothesis string           `json:"hypothesis"`
	Hash       string           `json:"hash"`
	Action     casefile.Action  `json:"action"`
	Verdict    casefile.Verdict `json:"verdict"`
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (s *server) getCase(r *request) error {
	c, err := s.Engine.Load(r.Request.Context(), r.Param("id"))
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, viewOf(c))
}

// entryView is an entry as the contract shows it.
type entryView struct {
	Seq      uint64            `json:"seq"`
	At       time.Time         `json:"at"`
	Kind     casefile.Kind     `json:"kind"`
	Actor    string            `json:"actor"`
	Data     casefile.Data     `json:"data"`
	Evidence []string          `json:"evidence"`
	Versions casefile.Versions `json:"versions"`
	Hash     casefile.Hash     `json:"hash"`
	Prev     casefile.Hash     `json:"prev"`
}

func (s *server) getJournal(r *request) error {
	limit, _ := r.page()
	entries, err := s.Store.Entries(r.Request.Context(), r.Param("id"), r.position(), limit)
	if err != nil {
		return err
	}
	items, next := make([]entryView, len(entries)), ""
	for i := range entries {
		e := &entries[i]
		items[i] = entryView{Seq: e.Seq, At: e.At, Kind: e.Data.Kind(), Actor: e.Actor, Data: e.Data, Evidence: orEmpty(e.Evidence), Versions: e.Versions, Hash: e.Hash, Prev: e.Prev}
	}
	if len(entries) == limit {
		next = strconv.FormatUint(entries[limit-1].Seq, 10)
	}
	return answer(r, http.StatusOK, listOf(items, next))
}

func (s *server) postDecision(r *request) error {
	var in struct {
		Decision   casefile.DecisionName `json:"decision"`
		Hash       string                `json:"hash"`
		Action     *casefile.Action      `json:"action"`
		Hypothesis string                `json:"hypothesis"`
		Procedure  string                `json:"procedure"`
		Args       casefile.Object       `json:"args"`
		Note       string                `json:"note"`
		Correction *correctionBody       `json:"correction"`
		Bundle     string                `json:"bundle"`
		Seen       time.Time             `json:"seen"`
	}
	if err := r.decode(&in); err != nil {
		return err
	}
	if in.Correction != nil {
		if err := in.Correction.correction().Check(time.Now()); err != nil {
			return invalid(err.Error(), problemPart{Pointer: "/correction", Detail: "put it right, or take it out; nothing was decided"})
		}
	}
	d := agent.Decide{Decision: in.Decision, Hash: in.Hash, Action: in.Action, Hypothesis: in.Hypothesis, Procedure: in.Procedure, Args: in.Args, Note: in.Note, Bundle: in.Bundle, Seen: in.Seen}
	c, err := s.Engine.Decide(r.Request.Context(), r.Param("id"), d, r.who)
	if err == nil && in.Correction != nil {
		taught := in.Correction.correction()
		taught.FromCase = c.ID
		if _, err = s.teach(r, taught); err != nil {
			err = fmt.Errorf("the decision is taken, but what was to be learned from it isn't kept: %w", err)
		}
	}
	if err != nil {
		return err
	}
	view := viewOf(c)
	if d.Decision == casefile.DecideApprove {
		view.Warning = s.Engine.Hasty(r.who)
	}
	return answer(r, http.StatusOK, view)
}

type approvalView struct {
	CaseID     string                `json:"case_id"`
	Goal       string                `json:"goal"`
	Step       string                `json:"step"`
	Hypothesis string                `json:"hypothesis"`
	Hash       string                `json:"hash"`
	Action     *casefile.Action      `json:"action"`
	Code       casefile.StopCode     `json:"code"`
	Rule       string                `json:"rule"`
	Rules      []casefile.RuleResult `json:"rules"`
	Reason     string                `json:"reason"`
	Evidence   []string              `json:"evidence"`
	Changed    []casefile.Change     `json:"changed"`
	By         string                `json:"by"`
	Authority  *casefile.Standing    `json:"authority"`
	Exceeded   []casefile.Exceeded   `json:"exceeded"`
	Risk       *casefile.Risk        `json:"risk"`
	AskedAt    time.Time             `json:"asked_at"`
	ExpiresAt  time.Time             `json:"expires_at"`
}

func approvalOf(c *casefile.Case) approvalView {
	a := c.Approval
	return approvalView{CaseID: c.ID, Goal: c.Goal, Step: a.Step, Hypothesis: a.Hypothesis, Hash: a.Hash, Action: a.Action, Code: a.Code, Rule: a.Rule, Rules: orEmpty(a.Rules),
		Reason: a.Reason, Evidence: orEmpty(a.Evidence), Changed: orEmpty(a.Changed), By: a.By, Authority: a.Authority, Exceeded: orEmpty(a.Exceeded), Risk: a.Risk, AskedAt: a.AskedAt, ExpiresAt: a.ExpiresAt}
}

func (s *server) getApprovals(r *request) error {
	limit, cursor := r.page()
	waiting, next, err := agent.Approvals(r.Request.Context(), s.Store, cursor, limit)
	if err != nil {
		return err
	}
	items := make([]approvalView, len(waiting))
	for i, c := range waiting {
		items[i] = approvalOf(c)
	}
	return answer(r, http.StatusOK, listOf(items, next))
}

func (s *server) getOutbox(r *request) error {
	limit, _ := r.page()
	messages, more, err := s.Store.Outbox(r.Request.Context(), r.position(), limit)
	if err != nil {
		return err
	}
	for i := range messages {
		messages[i].Citations = orEmpty(messages[i].Citations)
	}
	next := ""
	if more > 0 {
		next = strconv.FormatUint(more, 10)
	}
	return answer(r, http.StatusOK, listOf(messages, next))
}
