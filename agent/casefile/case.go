package casefile

import (
	"cmp"
	"slices"
	"time"
)

// Status is where a case stands.
type Status string

// The statuses. Resolved and Closed are ends; Escalated belongs to a person.
const (
	Working   Status = "working"
	Waiting   Status = "waiting"
	Approving Status = "approval"
	Escalated Status = "escalated"
	Resolved  Status = "resolved"
	Closed    Status = "closed"
)

// Ended reports whether the case is over.
func (s Status) Ended() bool { return s == Resolved || s == Closed }

// Stop says why a case is not working.
type Stop struct {
	Code   StopCode   `json:"code"`
	Detail string     `json:"detail"`
	Rule   string     `json:"rule,omitempty"`
	Until  *time.Time `json:"until,omitempty"`
	To     string     `json:"to,omitempty"` // the queue it was routed to
}

// StopCode is the machine-readable reason of a Stop.
type StopCode string

// The stop codes, by the status that they come with.
const (
	StopPolicyApproval   StopCode = "policy.approval"
	StopAuthorityPropose StopCode = "authority.propose"
	StopBudgetExceeded   StopCode = "budget.exceeded" // with Escalated too
	StopRiskHigh         StopCode = "risk.high"
	StopCheckpoint       StopCode = "checkpoint"

	StopWaitingSignal   StopCode = "waiting.signal"
	StopWaitingTimer    StopCode = "waiting.timer"
	StopWaitingCustomer StopCode = "waiting.customer"
	StopWaitingTool     StopCode = "waiting.tool"
	StopPaused          StopCode = "paused"

	StopInputMissing        StopCode = "input.missing"
	StopToolUnavailable     StopCode = "tool.unavailable"
	StopPolicyDeny          StopCode = "policy.deny"
	StopAuthorityShadow     StopCode = "authority.shadow"
	StopConfidenceLow       StopCode = "confidence.low"
	StopEvidenceMissing     StopCode = "evidence.missing"
	StopOutcomeUnknown      StopCode = "outcome.unknown"
	StopToolError           StopCode = "tool.error"
	StopManifestChanged     StopCode = "manifest.changed"
	StopCheckFailed         StopCode = "check.failed"
	StopHypothesesExhausted StopCode = "hypotheses.exhausted"
	StopApprovalRejected    StopCode = "approval.rejected"
	StopApprovalExpired     StopCode = "approval.expired"
	StopLoopLimit           StopCode = "loop.limit"
	StopModelUnavailable    StopCode = "model.unavailable"
	StopProcedureEscalate   StopCode = "procedure.escalate"
	StopHumanTakeover       StopCode = "human.takeover"

	StopDeclined    StopCode = "declined"
	StopMerged      StopCode = "merged"
	StopHumanClosed StopCode = "human.closed"
)

// Case is the state of one case: the fold of its entries. Its JSON is what snapshots hold.
type Case struct {
	ID        string    `json:"id"`
	Seq       uint64    `json:"seq"` // of the last entry folded
	Status    Status    `json:"status"`
	Stop      *Stop     `json:"stop,omitempty"`
	Goal      string    `json:"goal,omitempty"`
	Procedure string    `json:"procedure,omitempty"`
	Bundle    string    `json:"bundle"` // version that the case is handled under
	Customer  Customer  `json:"customer"`
	OpenedAt  time.Time `json:"opened_at"`
	UpdatedAt time.Time `json:"updated_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	DecidedAt time.Time `json:"decided_at,omitzero"` // when a person last decided about it

	Epoch   int `json:"epoch"`             // rises when a person lets it try again; part of every idempotency key
	Round   int `json:"round"`             // facts of an earlier round are gathered again before they are used
	Opening int `json:"opening,omitempty"` // how often a signal reopened it
	Steps   int `json:"steps"`             // calls sent since the last epoch began, for limits.steps

	Signals    []Received       `json:"signals,omitempty"` // in the order in which they arrived
	Candidates []Candidate      `json:"candidates,omitempty"`
	Routed     bool             `json:"routed,omitempty"`  // triage has spoken, be it that no procedure fits
	Triaged    *Triaged         `json:"triaged,omitempty"` // what it said first, whatever became of that
	Belongs    *Belongs         `json:"belongs,omitempty"` // what a person said it is for
	Inputs     map[string]Input `json:"inputs,omitempty"`
	InputsUpTo uint64           `json:"inputs_up_to,omitempty"` // seq of the newest signal that Inputs consider
	Correlated []Correlation    `json:"correlated,omitempty"`
	Facts      map[string]Fact  `json:"facts,omitempty"`
	Passages   []Passage        `json:"passages,omitempty"`
	Grounded   bool             `json:"grounded,omitempty"`
	History    *History         `json:"history,omitempty"`  // nil until it was asked for
	Thinking   *Thinking        `json:"thinking,omitempty"` // nil until the model was asked
	News       uint64           `json:"news,omitempty"`     // seq of the last entry that said what no plan knew

	Hypotheses []Hypothesis   `json:"hypotheses,omitempty"` // those begun, oldest first
	Pending    []Call         `json:"pending,omitempty"`    // calls begun and without a final answer
	Consented  []string       `json:"consented,omitempty"`  // ids of pending calls that a person said yes to
	Attempts   []Attempt      `json:"attempts,omitempty"`   // tries at steps, oldest first
	Writes     []Write        `json:"writes,omitempty"`     // what was done, oldest first
	Asks       map[string]int `json:"asks,omitempty"`       // how often the customer was asked for an input
	Question   *Question      `json:"question,omitempty"`
	Wait       *Wait          `json:"wait,omitempty"`
	Approval   *Approval      `json:"approval,omitempty"`
	Shadowed   *Shadowed      `json:"shadowed,omitempty"` // what it would have done, until a person decides what is done
	Override   *Override      `json:"override,omitempty"`
	Handoff    *Handoff       `json:"handoff,omitempty"`
	Holder     string         `json:"holder,omitempty"`  // actor who took it over, until it is handed back
	Failure    *Failure       `json:"failure,omitempty"` // of the last step, until the planner has drawn its conclusion
	Cause      *Stop          `json:"cause,omitempty"`   // the first cause met on the way to giving up

	Reply      *Reply `json:"reply,omitempty"` // the last one written
	Outcome    string `json:"outcome,omitempty"`
	MergedInto string `json:"merged_into,omitempty"`
	Links      []Link `json:"links,omitempty"`
}

// Received is a signal in its case.
type Received struct {
	Seq uint64 `json:"seq"` // of its entry
	Signal
}

// Candidate is a procedure that triage considered; Score is from 0 to 1.
type Candidate struct {
	Procedure string  `json:"procedure"`
	Score     float64 `json:"score"`
	Nearest   string  `json:"nearest,omitempty"` // the example that the text is most like; what a customer wrote is named by its case
}

// Input is a value that the procedure asked for, and where it came from.
type Input struct {
	Value  Value  `json:"value"`
	Signal string `json:"signal,omitempty"` // id of the signal it was found in
	How    string `json:"how"`              // "from", "pattern" or "answer"
}

// Fact is a value that a call, the customer or a signal gave.
type Fact struct {
	Value Value  `json:"value"`
	Tool  string `json:"tool,omitempty"` // "" for what a person wrote
	Seq   uint64 `json:"seq"`            // of the entry it came with
	Round int    `json:"round"`
}

// Correlation is a value that makes signals belong together.
type Correlation struct {
	Procedure string `json:"procedure"`
	Index     int    `json:"index"` // of the expression in the procedure's correlate
	Value     Value  `json:"value"`
}

// Passage is a piece of knowledge that grounds the case.
type Passage struct {
	Address  string  `json:"address"` // kb://document#heading@version
	Title    string  `json:"title"`
	Text     string  `json:"text"`
	Score    float64 `json:"score"`
	Query    string  `json:"query"`
	Internal bool    `json:"internal,omitempty"` // it may inform a decision; no customer may see it
}

// Quotable gives the passages that what is written to the customer may draw on and cite.
func (c *Case) Quotable() []Passage {
	var list []Passage
	for _, p := range c.Passages {
		if !p.Internal {
			list = append(list, p)
		}
	}
	return list
}

// HypothesisStatus is how far a hypothesis is.
type HypothesisStatus string

// The states of a hypothesis that was begun.
const (
	Trying   HypothesisStatus = "trying"
	Undoing  HypothesisStatus = "undoing"
	Held     HypothesisStatus = "held"
	GivenUp  HypothesisStatus = "given-up"
	Reverted HypothesisStatus = "reverted" // given up, and every write of it undone
)

// Hypothesis is one that was begun in the case.
type Hypothesis struct {
	Name      string           `json:"name"`
	Epoch     int              `json:"epoch"`
	Status    HypothesisStatus `json:"status"`
	Step      int              `json:"step"` // index of the next step; all before it are done
	Seq       uint64           `json:"seq"`  // of the entry that began it
	BegunAt   time.Time        `json:"begun_at"`
	Cause     *Stop            `json:"cause,omitempty"` // why it was given up; code "" for a 422
	Check     Check            `json:"check,omitzero"`
	Undone    int              `json:"undone,omitempty"`    // how many undo steps are done
	Chosen    string           `json:"chosen,omitempty"`    // actor who chose it, "" for the planner
	Opening   int              `json:"opening,omitempty"`   // of the case, when it was begun
	Statement string           `json:"statement,omitempty"` // what a model believes, in its words
}

// Check is how far the verification of a hypothesis is.
type Check struct {
	BegunAt time.Time `json:"begun_at,omitzero"`
	Tries   int       `json:"tries,omitempty"`
	Read    uint64    `json:"read,omitempty"` // seq of the fresh read that was not judged yet, 0 for none
	Held    bool      `json:"held,omitempty"`
	Error   string    `json:"error,omitempty"`
	NextAt  time.Time `json:"next_at,omitzero"`
}

// Attempt is one try at a step: one request on the wire, or one refusal before it.
type Attempt struct {
	Seq        uint64    `json:"seq"`
	Step       string    `json:"step"`
	Hypothesis string    `json:"hypothesis,omitempty"`
	Purpose    Purpose   `json:"purpose"`
	Tool       string    `json:"tool"`
	Args       Object    `json:"args,omitempty"`
	Key        string    `json:"idempotency_key,omitempty"`
	Try        int       `json:"try"`
	At         time.Time `json:"at"`
	DurationMS int64     `json:"duration_ms"`
	Outcome    Outcome   `json:"outcome"`
	Code       string    `json:"code,omitempty"` // the problem's code, or the rule that denied
	Detail     string    `json:"detail,omitempty"`
}

// Failure is a step that can't be done, as the planner finds it.
type Failure struct {
	Call    string   `json:"call,omitempty"` // id of the call
	Purpose Purpose  `json:"purpose,omitempty"`
	Name    string   `json:"name,omitempty"` // the fact or input that is missing
	Tool    string   `json:"tool,omitempty"`
	Outcome Outcome  `json:"outcome,omitempty"` // how the call ended; "" where no call was made
	Code    string   `json:"code,omitempty"`    // the plugin's own word
	Detail  string   `json:"detail,omitempty"`
	Stop    StopCode `json:"stop,omitempty"` // the stop code that it counts as, "" for none
	Rule    string   `json:"rule,omitempty"`
}

// Write is an effect that was done.
type Write struct {
	Seq        uint64 `json:"seq"` // of the entry that says it is done
	Call       string `json:"call"`
	Hypothesis string `json:"hypothesis,omitempty"`
	Step       int    `json:"step"`
	Tool       string `json:"tool"`
	Args       Object `json:"args"`
	Undone     bool   `json:"undone,omitempty"`
	ProposedBy string `json:"proposed_by,omitempty"` // principal whose edit or override it was, "" for the agent
	Reversed   uint64 `json:"reversed,omitempty"`    // seq of the entry that took it back, or by which a person found it wrong
}

// Question is what the customer was asked and has not answered.
type Question struct {
	Seq     uint64    `json:"seq"`
	Input   string    `json:"input,omitempty"` // the input that it is about, or
	As      string    `json:"as,omitempty"`    // the fact that the answer becomes
	Step    int       `json:"step"`
	Text    string    `json:"text"`
	Pattern string    `json:"pattern,omitempty"`
	Until   time.Time `json:"until"`
}

// About names what the question is about.
func (q *Question) About() string { return cmp.Or(q.Input, q.As) }

// Wait is a signal that the case waits for.
type Wait struct {
	Seq   uint64    `json:"seq"`
	Step  int       `json:"step"`
	For   string    `json:"for"`   // signal type
	Match string    `json:"match"` // CEL over the arriving signal and the case
	Until time.Time `json:"until"`
}

// Reply is what the customer is told.
type Reply struct {
	To        string   `json:"to"`
	Text      string   `json:"text"`
	Citations []string `json:"citations,omitempty"`
}

// Link is another case that has to do with this one.
type Link struct {
	Case string `json:"case_id"`
	Why  string `json:"why"`
}

// Override is what a person put in place of the next action.
type Override struct {
	Hypothesis string  `json:"hypothesis,omitempty"` // to go on with
	Step       int     `json:"step"`                 // of that hypothesis, whose action it replaces
	Action     *Action `json:"action,omitempty"`     // nil: the hypothesis as it stands
	By         string  `json:"by"`
	Principal  string  `json:"principal"`
}

// Current gives the hypothesis that is being tried or undone, nil if none is.
func (c *Case) Current() *Hypothesis {
	if n := len(c.Hypotheses); n > 0 {
		if h := &c.Hypotheses[n-1]; h.Status == Trying || h.Status == Undoing {
			return h
		}
	}
	return nil
}

// PendingCall gives the pending call with this id, nil if there is none.
func (c *Case) PendingCall(id string) *Call {
	if i := c.pendingIndex(id); i >= 0 {
		return &c.Pending[i]
	}
	return nil
}

func (c *Case) pendingIndex(id string) int {
	return slices.IndexFunc(c.Pending, func(p Call) bool { return p.ID == id })
}

// WroteIn reports whether a write of the hypothesis is done and not undone.
func (c *Case) WroteIn(h *Hypothesis) bool {
	return slices.ContainsFunc(c.Writes, func(w Write) bool {
		return !w.Undone && w.Hypothesis == h.Name && w.Seq > h.Seq
	})
}

// HalfDone reports whether writes of the hypothesis that is under way are done, or may be: then it
// goes on with what it began with.
func (c *Case) HalfDone() bool {
	h := c.Current()
	return h != nil && (c.WroteIn(h) || slices.ContainsFunc(c.Pending, func(p Call) bool { return p.Writes() }))
}

// Acted reports whether a step of the hypothesis was sent or stopped, whatever became of it.
func (c *Case) Acted(h *Hypothesis) bool {
	return slices.ContainsFunc(c.Attempts, func(a Attempt) bool {
		return a.Purpose == ForDo && a.Hypothesis == h.Name && a.Seq > h.Seq
	})
}
