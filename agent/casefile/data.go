package casefile

import "time"

// SignalReceived: a signal belongs to the case.
type SignalReceived struct {
	Signal Signal `json:"signal"`
	From   string `json:"from,omitempty"` // the case that gave way to this one and brought it
}

// CaseOpened: the case begins, under a version of the bundle.
type CaseOpened struct {
	Bundle string `json:"bundle"`
}

// CaseReopened: a signal came so soon after the end that it belongs to it.
type CaseReopened struct {
	Signal string `json:"signal,omitempty"`
}

// CaseLinked: another case has to do with this one.
type CaseLinked struct {
	Case string `json:"case_id"`
	Why  string `json:"why"`
}

// ProcedureChosen: how the case will be handled.
type ProcedureChosen struct {
	Procedure  string      `json:"procedure"`
	Goal       string      `json:"goal"`
	Reason     string      `json:"reason"`
	Candidates []Candidate `json:"candidates,omitempty"`
	Signal     string      `json:"signal,omitempty"` // id of the signal that was read
	Triage     string      `json:"triage,omitempty"` // version of what was learned that chose by its text
}

// InputsFound: what the procedure asks for, as far as the signals up to a sequence number say it.
type InputsFound struct {
	Inputs  map[string]Input `json:"inputs"`
	Missing []string         `json:"missing,omitempty"`
	UpTo    uint64           `json:"up_to"`
}

// CaseCorrelated: the values that signals of this case have in common.
type CaseCorrelated struct {
	Values []Correlation `json:"values"`
}

// KnowledgeFound: what the knowledge says about the procedure's queries.
type KnowledgeFound struct {
	Queries  []string  `json:"queries"`
	Passages []Passage `json:"passages"`
	Error    string    `json:"error,omitempty"`
}

// HypothesisChosen: what is believed now, and what was ruled out by which condition.
type HypothesisChosen struct {
	Hypothesis string       `json:"hypothesis"`
	Considered []Considered `json:"considered,omitempty"`
	By         string       `json:"by,omitempty"`        // actor who chose it, "" for the planner
	Statement  string       `json:"statement,omitempty"` // what a model believes, in its words; rules see the name alone
}

// Considered is a hypothesis with what became of it.
type Considered struct {
	Hypothesis string           `json:"hypothesis"`
	When       string           `json:"when,omitempty"`
	Held       bool             `json:"held"`
	Tried      bool             `json:"tried,omitempty"`
	Error      string           `json:"error,omitempty"`
	Observed   map[string]Value `json:"observed,omitempty"` // what `when` read
}

// HypothesisFailed: the hypothesis is given up; its writes are undone next, if it has any.
type HypothesisFailed struct {
	Hypothesis string `json:"hypothesis"`
	Cause      *Stop  `json:"cause,omitempty"` // counts as the reason when all fail
	Reason     string `json:"reason"`
	Undo       bool   `json:"undo,omitempty"` // writes were done and are to be undone
}

// HypothesisEnded: undoing is over.
type HypothesisEnded struct {
	Hypothesis string `json:"hypothesis"`
	Reverted   bool   `json:"reverted"` // every write of it was undone
	Cause      *Stop  `json:"cause,omitempty"`
}

// StepDone: a step other than a call is over, and the hypothesis goes on.
type StepDone struct {
	Hypothesis string `json:"hypothesis"`
	Step       int    `json:"step"`
}

// ActionDenied: the guard stopped an action; nothing was sent.
type ActionDenied struct {
	Call    Call    `json:"call"`
	Verdict Verdict `json:"verdict"`
}

// CallIntended: a request is about to be sent. One such entry is one request on the wire.
type CallIntended struct {
	Call       Call     `json:"call"`
	Verdict    *Verdict `json:"verdict,omitempty"`     // of writes, at their first try
	ApprovedBy string   `json:"approved_by,omitempty"` // who approved it, under Approval
	Approval   string   `json:"approval,omitempty"`    // the hash that was approved
	Customer   string   `json:"customer,omitempty"`    // whom a write is for: what it is counted under
}

// CallAnswered: what became of a try, or of the question what became of it.
type CallAnswered struct {
	ID         string    `json:"id"`
	Try        int       `json:"try"`
	Outcome    Outcome   `json:"outcome"`
	Source     Source    `json:"source"`
	Result     Value     `json:"result,omitzero"`
	Code       string    `json:"code,omitempty"`
	Detail     string    `json:"detail,omitempty"`
	Status     int       `json:"status,omitempty"` // HTTP status, 0 for none
	DurationMS int64     `json:"duration_ms"`
	SentAt     time.Time `json:"sent_at,omitzero"`  // no later than this the request was sent
	NextAt     time.Time `json:"next_at,omitzero"`  // when to send or ask again
	Deadline   time.Time `json:"deadline,omitzero"` // until when
	Undoes     string    `json:"undoes,omitempty"`  // id of the call whose write it takes back
}

// Source is how an outcome became known.
type Source string

// The sources.
const (
	SourceAnswer    Source = "answer"
	SourceOperation Source = "operation" // the plugin was asked
	SourceCallback  Source = "callback"
	SourceDeadline  Source = "deadline" // nothing was known in time
	SourceRestart   Source = "restart"  // the process ended before the answer
	SourceGuard     Source = "guard"    // stopped before it was sent again
	SourcePause     Source = "pause"    // kept from being sent again
)

// ApprovalAsked: a person must decide.
type ApprovalAsked struct {
	Approval Approval `json:"approval"`
}

// ApprovalVoided: what was asked is no longer what would be done.
type ApprovalVoided struct {
	Hash    string   `json:"hash"`
	Reason  string   `json:"reason"`
	Changed []Change `json:"changed,omitempty"`
}

// ApprovalExpired: nobody decided in time.
type ApprovalExpired struct {
	Hash       string `json:"hash"`
	Hypothesis string `json:"hypothesis,omitempty"`
}

// OperatorDecided: what a person decided.
type OperatorDecided struct {
	Decision   DecisionName `json:"decision"`
	Principal  string       `json:"principal"` // who decided, beyond their name
	Hash       string       `json:"hash,omitempty"`
	Hypothesis string       `json:"hypothesis,omitempty"`
	Step       int          `json:"step"`
	Action     *Action      `json:"action,omitempty"`
	Note       string       `json:"note,omitempty"`
	Bundle     string       `json:"bundle,omitempty"`    // version that the case moves to
	Procedure  string       `json:"procedure,omitempty"` // override: that handles the case from now on; close: that it was for, or NoProcedure
	Goal       string       `json:"goal,omitempty"`      // of that procedure, where it handles the case
}

// DecisionName is what a person may decide.
type DecisionName string

// The decisions.
const (
	DecideApprove  DecisionName = "approve"
	DecideReject   DecisionName = "reject"
	DecideEdit     DecisionName = "edit"
	DecideOverride DecisionName = "override"
	DecideRetry    DecisionName = "retry"
	DecideTakeover DecisionName = "takeover"
	DecideHandback DecisionName = "handback"
	DecideClose    DecisionName = "close"
	DecideReopen   DecisionName = "reopen"
)

// CustomerAsked: the customer gets a question.
type CustomerAsked struct {
	Question Question `json:"question"`
	To       string   `json:"to"`
}

// CustomerAnswered: the answer to a question of a step.
type CustomerAnswered struct {
	As     string `json:"as"`
	Value  Value  `json:"value"`
	Signal string `json:"signal"`
	Step   int    `json:"step"`
}

// QuestionEnded: the question is settled by what the signals say now, or its time is over.
type QuestionEnded struct {
	TimedOut bool `json:"timed_out"`
}

// WaitStarted: nothing happens before a signal comes.
type WaitStarted struct {
	Wait Wait `json:"wait"`
}

// WaitEnded: the signal came, or the time is over.
type WaitEnded struct {
	Signal   string `json:"signal,omitempty"`
	Step     int    `json:"step"`
	TimedOut bool   `json:"timed_out"`
}

// CheckRead: the system of record was read, and the check held or not.
type CheckRead struct {
	Hypothesis string           `json:"hypothesis"`
	Check      string           `json:"check"`
	Held       bool             `json:"held"`
	Error      string           `json:"error,omitempty"`
	Observed   map[string]Value `json:"observed,omitempty"`
	NextAt     time.Time        `json:"next_at,omitzero"` // when it is read again
}

// ReplyWritten: the customer is told something.
type ReplyWritten struct {
	Reply Reply `json:"reply"`
}

// CaseStopped: the case waits for something or somebody.
type CaseStopped struct {
	Status Status `json:"status"`
	Stop   Stop   `json:"stop"`
}

// CaseResolved: the goal is reached, and a check read fresh says so.
type CaseResolved struct {
	Hypothesis string `json:"hypothesis"`
	Outcome    string `json:"outcome"`
}

// CaseClosed: the case ended otherwise.
type CaseClosed struct {
	Stop       Stop   `json:"stop"`
	MergedInto string `json:"merged_into,omitempty"`
}
