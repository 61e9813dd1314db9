package casefile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Action is what a plan wants to do through a tool.
type Action struct {
	Tool   string `json:"tool"` // PLUGIN.TOOL
	Args   Object `json:"args"`
	Effect string `json:"effect"` // read, write or irreversible
}

// Writes reports whether the action may change anything.
func (a Action) Writes() bool { return a.Effect != "read" }

// Money gives what the action moves, in minor units: the largest of its whole numbers that are called
// *_cents, whatever its sign; and the currency, "" where it names none. It reports false for an action
// without an amount.
func (a Action) Money() (cents int64, currency string, there bool) {
	for name, v := range a.Args {
		if n, ok := v.(int64); ok && strings.HasSuffix(name, "_cents") && (!there || larger(n, cents)) {
			cents, there = n, true
		}
	}
	if code, _ := a.Args["currency"].(string); len(code) == 3 {
		currency = strings.ToUpper(code)
	}
	return cents, currency, there
}

// larger orders amounts by their distance to 0, and where that is the same by themselves.
func larger(a, b int64) bool {
	if x, y := magnitude(a), magnitude(b); x != y {
		return x > y
	}
	return a > b
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// Purpose is what a call is for.
type Purpose string

// The purposes.
const (
	ForGather Purpose = "gather"
	ForDo     Purpose = "do"
	ForUndo   Purpose = "undo"
	ForVerify Purpose = "verify"
)

// Call is one call of a tool within a case, from its intent to its final answer.
type Call struct {
	ID         string  `json:"id"` // unique in the case: purpose, name, and round, epoch or try
	Purpose    Purpose `json:"purpose"`
	Fact       string  `json:"fact,omitempty"` // what the result becomes, "" for nothing
	Hypothesis string  `json:"hypothesis,omitempty"`
	Step       int     `json:"step"`
	Action
	Key        string    `json:"idempotency_key,omitempty"` // of writes
	Try        int       `json:"try"`                       // from 1
	State      CallState `json:"state"`
	Doubt      bool      `json:"doubt,omitempty"` // a try may have been done, and nothing has settled that
	SentAt     time.Time `json:"sent_at"`
	BegunAt    time.Time `json:"begun_at"`              // when the first try was sent
	NextAt     time.Time `json:"next_at,omitzero"`      // when to try or ask again
	Deadline   time.Time `json:"deadline,omitzero"`     // past it there is no further try or question
	Within     Duration  `json:"within,omitempty"`      // how long an asynchronous result may take
	ProposedBy string    `json:"proposed_by,omitempty"` // principal whose edit or override it is, "" for the planner
	Undoes     string    `json:"undoes,omitempty"`      // id of the call whose write it takes back
	// Reads are the paths of the state that each argument of a write was made from; see Proposal.
	Reads map[string][]string `json:"reads,omitempty"`
}

// CallState is how far a pending call is.
type CallState string

// The states of a pending call.
const (
	Sent        CallState = "sent"         // on the wire, or was when the process ended
	NotDone     CallState = "not-done"     // proven not done, to be sent again
	Unsettled   CallState = "unsettled"    // nobody knows yet whether it was done
	InOperation CallState = "in-operation" // accepted; the result comes later
)

// Outcome is how one try of a call ended.
type Outcome string

// The outcomes.
const (
	OutcomeDone        Outcome = "done"
	OutcomeRefused     Outcome = "refused"     // 422, or a failed operation: the business says no
	OutcomeNotDone     Outcome = "not-done"    // nothing happened; it may be sent again
	OutcomeUnknown     Outcome = "unknown"     // it may have happened
	OutcomeAccepted    Outcome = "accepted"    // 202: the result comes later
	OutcomeError       Outcome = "error"       // the plugin breaks the protocol, final
	OutcomeDenied      Outcome = "denied"      // the guard stopped it; nothing was sent
	OutcomeUnavailable Outcome = "unavailable" // given up: proven not done until the deadline
	OutcomeAbandoned   Outcome = "abandoned"   // given up: unknown until the deadline
)

// Final reports whether nothing more will be known about the call.
func (o Outcome) Final() bool {
	switch o {
	case OutcomeNotDone, OutcomeUnknown, OutcomeAccepted:
		return false
	}
	return true
}

// Verdict is what the guard says about an action.
type Verdict struct {
	Outcome   VerdictOutcome `json:"outcome"`
	Code      StopCode       `json:"code,omitempty"` // policy.deny, policy.approval, authority.propose or authority.shadow
	Rule      string         `json:"rule,omitempty"` // the rule that decided
	Reason    string         `json:"reason,omitempty"`
	By        string         `json:"by,omitempty"` // role that may approve
	Rules     []RuleResult   `json:"rules,omitempty"`
	Reads     []string       `json:"reads,omitempty"`     // paths of the state that the rules read
	Policy    string         `json:"policy,omitempty"`    // hash of the policies it was judged by
	Authority *Standing      `json:"authority,omitempty"` // the level that it was judged under
	// Reserves is what is taken out of budgets once the action is sent.
	Reserves []Reservation `json:"reserves,omitempty"`
	Exceeded []Exceeded    `json:"exceeded,omitempty"` // the budgets that it had no room in
	Risk     *Risk         `json:"risk,omitempty"`     // nil where nothing adds to it
}

// Blind reports whether the rule that decided couldn't be evaluated.
func (v *Verdict) Blind() bool {
	return slices.ContainsFunc(v.Rules, func(r RuleResult) bool {
		return r.Fired && r.Error != "" && r.Rule == v.Rule && r.Says == v.Outcome
	})
}

// VerdictOutcome is the outcome of a Verdict.
type VerdictOutcome string

// The outcomes of a verdict.
const (
	Allow   VerdictOutcome = "allow"
	Approve VerdictOutcome = "approve"
	Deny    VerdictOutcome = "deny"
)

// RuleResult is what one rule said.
type RuleResult struct {
	Policy string         `json:"policy,omitempty"`
	Rule   string         `json:"rule"`
	Says   VerdictOutcome `json:"says"`
	Fired  bool           `json:"fired"`
	Reason string         `json:"reason,omitempty"`
	By     string         `json:"by,omitempty"`
	Cites  []string       `json:"cites,omitempty"`
	Error  string         `json:"error,omitempty"` // why it couldn't be evaluated; then it denies
	Code   StopCode       `json:"code,omitempty"`  // what it counts as, where it isn't policy.deny or policy.approval
}

// Approval is a checkpoint where a person decides one action.
type Approval struct {
	Seq        uint64           `json:"seq"`
	Hash       string           `json:"hash"` // of the action, its arguments, the policies and Observed
	Step       string           `json:"step"` // id of the call, or of the checkpoint
	Hypothesis string           `json:"hypothesis,omitempty"`
	Action     *Action          `json:"action"` // nil at a checkpoint
	Code       StopCode         `json:"code"`
	Rule       string           `json:"rule,omitempty"`
	Rules      []RuleResult     `json:"rules,omitempty"`
	Reason     string           `json:"reason"`
	Policy     string           `json:"policy,omitempty"` // hash of the policies that it was judged by
	By         string           `json:"by"`               // role that may approve
	Evidence   []string         `json:"evidence,omitempty"`
	Observed   map[string]Value `json:"observed,omitempty"`    // path → value that plan and rules read
	Changed    []Change         `json:"changed,omitempty"`     // since the one that this replaces was asked
	ProposedBy string           `json:"proposed_by,omitempty"` // principal who may not approve it
	Exceeded   []Exceeded       `json:"exceeded,omitempty"`    // the budgets that it would exceed
	Risk       *Risk            `json:"risk,omitempty"`
	AskedAt    time.Time        `json:"asked_at"`
	ExpiresAt  time.Time        `json:"expires_at"`
	Authority  *Standing        `json:"authority,omitempty"` // nil at a checkpoint
	// Reads are the paths of the state that each argument was made from; see Proposal.
	Reads     map[string][]string `json:"reads,omitempty"`
	GrantedBy string              `json:"granted_by,omitempty"` // actor, once a person said yes
}

// Change is an observed value that is not what it was.
type Change struct {
	Path string `json:"path"`
	Then Value  `json:"then"`
	Now  Value  `json:"now"`
}

// ApprovalHash binds an approval to what it is for: the step, the action, the policies that judged
// it and the state that plan and rules read.
func ApprovalHash(step string, action *Action, policy string, observed map[string]Value) (string, error) {
	seen := make(map[string]any, len(observed))
	for k, v := range observed {
		seen[k] = v.V
	}
	bound := map[string]any{"step": step, "policy": policy, "observed": seen}
	if action != nil {
		bound["tool"], bound["args"], bound["effect"] = action.Tool, map[string]any(action.Args), action.Effect
	}
	b, err := EncodeValue(bound)
	if err != nil {
		return "", fmt.Errorf("hash of the approval for %s: %w", step, err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// IdempotencyKey is a function of case, epoch, step and arguments, and of nothing else.
func IdempotencyKey(caseID string, epoch int, step, tool string, args Object) (string, error) {
	b, err := EncodeValue(map[string]any{"case": caseID, "epoch": epoch, "step": step, "tool": tool, "args": map[string]any(args)})
	if err != nil {
		return "", fmt.Errorf("idempotency key of %s: %w", step, err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16]), nil
}

// Duration is a time.Duration that is written as text, like "30s".
type Duration time.Duration

// MarshalText writes like time.Duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}
