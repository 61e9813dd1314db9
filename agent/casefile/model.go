package casefile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// ModelUse is what a model is asked for; model.uses of resolute.yaml switches each on.
type ModelUse string

// The uses.
const (
	UseDrive    ModelUse = "drive"    // what to do next, in procedures with drive: model
	UseOrder    ModelUse = "order"    // which plausible hypothesis first
	UseFill     ModelUse = "fill"     // inputs that no pattern finds
	UseTriage   ModelUse = "triage"   // which procedure, where examples are unsure
	UseReply    ModelUse = "reply"    // what the customer is told
	UseCustomer ModelUse = "customer" // the customer's part in rehearsals; no case asks for it
)

// Consult asks the model. It is one request, or one for each sample; what comes back is journaled as
// it came, and nothing but a proposal.
type Consult struct {
	Use     ModelUse
	System  string          // what stays the same from turn to turn: a server keeps its prefix
	Prompt  string          // what is known now, redacted; texts from outside are delimited in it
	Schema  json.RawMessage // JSON Schema that the answer has to fit
	Samples int             // independent answers, at least 1
	Earlier int             // answers to just this that there are already, so that these are others: the seeds begin behind them
	Tokens  int             // at most this many in one answer
	Source  string          // the prompt file and its version, such as drive.md@0123456789ab
	Repair  *Repair         // nil: it is asked for the first time
}

// Repair asks for an answer once more that can't be used as it is.
type Repair struct {
	Answer string `json:"answer"`
	Wrong  string `json:"wrong"` // exactly what is wrong with it
}

// ModelAnswered: what the model was asked and said, or why it said nothing.
type ModelAnswered struct {
	Use        ModelUse      `json:"use"`
	Model      string        `json:"model,omitempty"`  // as the server names it
	Source     string        `json:"source,omitempty"` // the prompt file and its version
	System     string        `json:"system,omitempty"` // "" where it is that of the answer before
	Prompt     string        `json:"prompt"`           // "" where it said nothing and is asked again
	Repair     *Repair       `json:"repair,omitempty"`
	Samples    int           `json:"samples,omitempty"` // how many answers were asked for
	Earlier    int           `json:"earlier,omitempty"` // how many there were already; these join them
	Answers    []ModelAnswer `json:"answers,omitempty"` // one a sample
	Calibrated *Calibration  `json:"calibrated,omitempty"`
	Error      *ModelError   `json:"error,omitempty"` // then there are no answers
}

// ModelAnswer is one answer with what it took.
type ModelAnswer struct {
	Text         string `json:"text"`
	Cut          bool   `json:"cut,omitempty"` // it ended at the most tokens it may have
	PromptTokens int    `json:"prompt_tokens"` // those a server had cached included
	Tokens       int    `json:"tokens"`        // generated
	LoadMS       int64  `json:"load_ms,omitempty"`
	DurationMS   int64  `json:"duration_ms"` // as the caller saw it
}

// ModelError is why a model said nothing.
type ModelError struct {
	Code      string    `json:"code"`   // none, unreachable, missing, memory, busy, loading, dropped, refused
	Detail    string    `json:"detail"` // what to do about it
	Temporary bool      `json:"temporary,omitempty"`
	NextAt    time.Time `json:"next_at,omitzero"` // when it is asked again, zero for never
}

// Calibration says what raw confidences were worth so far: of the outcomes with a raw confidence of at
// least From[i] and below From[i+1], the share Right[i] was right.
type Calibration struct {
	Version string    `json:"version"` // "" for the one that knows no outcomes
	From    []float64 `json:"from,omitempty"`
	Right   []float64 `json:"right,omitempty"`
	Of      int       `json:"of,omitempty"` // outcomes that it is made from
}

// ModelProposed: what is taken from an answer, or why nothing is.
type ModelProposed struct {
	Use        ModelUse      `json:"use"`
	Proposal   ModelProposal `json:"proposal"`
	Problem    string        `json:"problem,omitempty"` // exactly what is wrong with it; then nothing is taken from it
	Repairable bool          `json:"repairable,omitempty"`
	Confidence Confidence    `json:"confidence"`
}

// What a model that drives a procedure may want.
const (
	WantCall     = "call"
	WantAsk      = "ask"
	WantWait     = "wait"
	WantReply    = "reply" // the goal is reached, and the customer is told
	WantEscalate = "escalate"
	WantClose    = "close" // the goal is reached, and there is nothing to tell
)

// Reaches reports whether it says that the goal is reached, which a check has to prove.
func (p *ModelProposal) Reaches() bool { return p.Decision == WantReply || p.Decision == WantClose }

// ModelProposal is what a model wants, checked against the procedure and grounded, and still no more
// than a proposal.
type ModelProposal struct {
	Decision   string           `json:"decision,omitempty"`   // drive: call, ask, wait, reply, escalate, close; else choose, fill or reply
	Hypothesis string           `json:"hypothesis,omitempty"` // what it believes, in its words
	Tool       string           `json:"tool,omitempty"`
	Args       Object           `json:"args,omitempty"`
	Text       string           `json:"text,omitempty"` // question, reply, or reason to hand it over
	Citations  []string         `json:"citations,omitempty"`
	For        string           `json:"for,omitempty"`    // type of the signal it waits for
	Choice     string           `json:"choice,omitempty"` // of hypotheses or procedures
	Inputs     map[string]Input `json:"inputs,omitempty"`
	Evidence   []string         `json:"evidence,omitempty"` // ids it names
}

// Confidence is how sure a proposal is, from 0 to 1, and what that is made from.
type Confidence struct {
	Value     float64 `json:"value"` // calibrated
	Raw       float64 `json:"raw"`
	Agreement float64 `json:"agreement"` // share of the samples that want the same
	Retrieval float64 `json:"retrieval"` // best score of a passage, 0 where none was found
	Coverage  float64 `json:"coverage"`  // share of what it says that its evidence holds
	Stated    float64 `json:"stated"`    // the model's own
}

// Thinking is what a case keeps of the model.
type Thinking struct {
	Calls  int                 `json:"calls,omitempty"`  // answers of it, since the last epoch began
	Tokens int                 `json:"tokens,omitempty"` // prompt and generated, since the last epoch began
	System string              `json:"system,omitempty"` // hash of the last one
	Asked  map[ModelUse]*Asked `json:"asked,omitempty"`
}

// Asked is the last answer for a use, and what was taken from it.
type Asked struct {
	Seq        uint64         `json:"seq"`
	Answers    []string       `json:"answers,omitempty"` // until something is taken from them that needs no repair
	Cut        bool           `json:"cut,omitempty"`
	Sampled    int            `json:"sampled,omitempty"` // how many were asked for
	Repairs    int            `json:"repairs,omitempty"` // how often it was asked to repair, since news came
	Calibrated *Calibration   `json:"calibrated,omitempty"`
	Error      *ModelError    `json:"error,omitempty"`
	FailedAt   time.Time      `json:"failed_at,omitzero"` // when it began to say nothing
	Taken      *ModelProposed `json:"taken,omitempty"`
}

// SystemHash tells one stable part of a prompt from another.
func SystemHash(system string) string {
	sum := sha256.Sum256([]byte(system))
	return hex.EncodeToString(sum[:8])
}

// Asked gives the last answer for a use that holds what is known now, nil where nobody asked since
// news came.
func (c *Case) Asked(use ModelUse) *Asked {
	if c.Thinking == nil {
		return nil
	}
	if a := c.Thinking.Asked[use]; a != nil && a.Seq > c.News {
		return a
	}
	return nil
}

// Kind gives the entry's kind.
func (*ModelAnswered) Kind() Kind { return KindModelAnswered }

// Kind gives the entry's kind.
func (*ModelProposed) Kind() Kind { return KindModelProposed }

func (c *Case) foldModel(e *Entry) {
	switch d := e.Data.(type) {
	case *ModelAnswered:
		c.foldModelAnswer(e, d)
	case *ModelProposed:
		if a := c.Asked(d.Use); a != nil {
			taken := *d
			if a.Taken = &taken; !d.Repairable {
				a.Answers = nil
			}
			c.overcome(d)
		}
	}
}

func (c *Case) foldModelAnswer(e *Entry, d *ModelAnswered) {
	before := c.Asked(d.Use)
	if c.Thinking == nil {
		c.Thinking = &Thinking{}
	}
	t := c.Thinking
	if t.Asked == nil {
		t.Asked = map[ModelUse]*Asked{}
	}
	if d.System != "" {
		t.System = SystemHash(d.System)
	}
	a := &Asked{Seq: e.Seq, Error: d.Error, Calibrated: d.Calibrated, Sampled: d.Samples}
	if d.Earlier > 0 && before != nil && len(before.Answers) == d.Earlier {
		a.Answers, a.Cut, a.Sampled = before.Answers, before.Cut, before.Sampled
		if d.Error == nil {
			a.Sampled += d.Samples
		}
	}
	for i := range d.Answers {
		a.Answers = append(a.Answers, d.Answers[i].Text)
		a.Cut = a.Cut || d.Answers[i].Cut
		t.Calls++
		t.Tokens += d.Answers[i].PromptTokens + d.Answers[i].Tokens
	}
	if before != nil {
		a.Repairs, a.FailedAt = before.Repairs, before.FailedAt
	}
	if d.Repair != nil {
		a.Repairs++
	}
	if d.Error == nil {
		a.FailedAt = time.Time{}
	} else if a.FailedAt.IsZero() {
		a.FailedAt = e.At
	}
	t.Asked[d.Use] = a
}

// overcome forgets what failed once something is taken from what the model said to that: until then all
// samples and the repair answer the same question.
func (c *Case) overcome(d *ModelProposed) {
	f := c.Failure
	if f == nil || d.Use != UseDrive || d.Repairable {
		return
	}
	if f.Stop != "" {
		c.blame(&Stop{Code: f.Stop, Detail: f.Detail, Rule: f.Rule})
	}
	c.Failure = nil
}

// news notes that an entry says something that no plan knew, so that the model is asked anew. A yes to
// what it wanted is none, nor is what is read again for that, or to prove it.
func (c *Case) news(e *Entry) bool {
	switch d := e.Data.(type) {
	case *SignalReceived, *CaseReopened, *KnowledgeFound, *ActionDenied, *CustomerAnswered, *QuestionEnded, *WaitEnded,
		*HypothesisFailed, *HypothesisEnded, *ApprovalExpired, *ProcedureChosen:
		return true
	case *OperatorDecided:
		return d.Decision != DecideApprove
	case *CallAnswered:
		p := c.PendingCall(d.ID)
		return d.Outcome.Final() && p != nil && p.Try == d.Try && p.Hypothesis != "" && p.Purpose != ForVerify
	}
	return false
}
