package sureness

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"resolute/agent/casefile"
	"resolute/agent/projection"
)

// journal is a view in a file, with a clock.
type journal struct {
	t   testing.TB
	db  *bbolt.DB
	now time.Time
	seq uint64
}

func newJournal(t testing.TB) *journal {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "v.db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &journal{t: t, db: db, now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
}

// say journals in a case.
func (j *journal) say(id string, list ...casefile.Data) {
	j.t.Helper()
	var entries []casefile.Entry
	for _, d := range list {
		j.seq++
		entries = append(entries, casefile.Entry{Case: id, Seq: j.seq, Offset: j.seq, At: j.now, Data: d})
	}
	err := j.db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists([]byte("view"))
		if err != nil {
			return err
		}
		return apply(projection.Over(b), entries)
	})
	if err != nil {
		j.t.Fatal(err)
	}
}

func (j *journal) Read(_ context.Context, _ string, fn func(view *projection.Bucket, to uint64) error) error {
	return j.db.View(func(tx *bbolt.Tx) error {
		if b := tx.Bucket([]byte("view")); b != nil {
			return fn(projection.Over(b), j.seq)
		}
		return nil
	})
}

func (j *journal) keeper() *Keeper { return New(j, func() time.Time { return j.now }) }

func thought(model string) *casefile.ModelAnswered {
	return &casefile.ModelAnswered{Use: casefile.UseDrive, Model: model}
}

func proposed(decision string, raw, value float64) *casefile.ModelProposed {
	p := &casefile.ModelProposed{Use: casefile.UseDrive, Confidence: casefile.Confidence{Raw: raw, Value: value}}
	if p.Proposal.Decision = decision; decision == "call" {
		p.Proposal.Tool, p.Proposal.Args = "shop.refund", casefile.Object{"cents": int64(5)}
	}
	return p
}

func refund(cents int64) casefile.Action {
	return casefile.Action{Tool: "shop.refund", Effect: "write", Args: casefile.Object{"cents": cents}}
}

// What a proposal came to is read from what followed, and from nothing else.
func TestWhatAProposalCameTo(t *testing.T) {
	action, other := refund(5), refund(6)
	call := casefile.Call{ID: "do/model/1", Purpose: casefile.ForDo, Hypothesis: "model", Action: action}
	asked := &casefile.ApprovalAsked{Approval: casefile.Approval{Step: call.ID, Hypothesis: "model", Action: &action}}
	intended := &casefile.CallIntended{Call: call}
	answer := func(o casefile.Outcome) *casefile.CallAnswered {
		return &casefile.CallAnswered{ID: call.ID, Outcome: o}
	}
	stopped := func(code casefile.StopCode) *casefile.CaseStopped {
		return &casefile.CaseStopped{Status: casefile.Escalated, Stop: casefile.Stop{Code: code}}
	}
	decided := func(d casefile.DecisionName, a *casefile.Action) *casefile.OperatorDecided {
		return &casefile.OperatorDecided{Decision: d, Action: a}
	}
	resolved := &casefile.CaseResolved{Hypothesis: "model"}
	byHand := &casefile.CaseClosed{Stop: casefile.Stop{Code: casefile.StopHumanClosed}}
	checked := &casefile.HypothesisFailed{Hypothesis: "model", Cause: &casefile.Stop{Code: casefile.StopCheckFailed}}
	unsure := proposed("call", 0.6, 0.6)
	unsure.Problem = "0.60 is below 0.80"
	read := proposed("call", 0.9, 0.9)
	read.Proposal.Tool = "shop.get_order"
	write := proposed("call", 0.9, 0.9)
	for _, c := range []struct {
		what   string
		then   []casefile.Data
		counts []bool // once a day is over
		now    []bool // at once
	}{
		{"a read proves nothing", []casefile.Data{read, proposed("escalate", 0.9, 0.9), stopped(casefile.StopProcedureEscalate), byHand}, nil, nil},
		{"resolved, and it stays so", []casefile.Data{write, intended, answer(casefile.OutcomeDone), resolved}, []bool{true}, nil},
		{"the goal was reached", []casefile.Data{proposed("close", 0.9, 0.9), resolved}, []bool{true}, nil},
		{"resolved, and it came back", []casefile.Data{write, intended, answer(casefile.OutcomeDone), resolved, &casefile.CaseReopened{}}, []bool{false}, []bool{false}},
		{"the check didn't hold", []casefile.Data{write, intended, answer(casefile.OutcomeDone), proposed("close", 0.9, 0.9), checked, stopped(casefile.StopCheckFailed)}, []bool{false, false}, []bool{false, false}},
		{"approved", []casefile.Data{write, asked, decided(casefile.DecideApprove, nil)}, []bool{true}, []bool{true}},
		{"approved, sent and found wrong", []casefile.Data{write, asked, decided(casefile.DecideApprove, nil), intended, answer(casefile.OutcomeDone), checked}, []bool{false}, []bool{false}},
		{"rejected", []casefile.Data{write, asked, decided(casefile.DecideReject, nil)}, []bool{false}, []bool{false}},
		{"another amount in its place", []casefile.Data{write, asked, decided(casefile.DecideEdit, &other)}, []bool{false}, []bool{false}},
		{"the same in its place", []casefile.Data{write, asked, decided(casefile.DecideEdit, &action)}, []bool{true}, []bool{true}},
		{"denied", []casefile.Data{write, &casefile.ActionDenied{Call: call}}, []bool{false}, []bool{false}},
		{"refused", []casefile.Data{write, intended, answer(casefile.OutcomeRefused)}, []bool{false}, []bool{false}},
		{"watched, and a person would have done it", []casefile.Data{write, &casefile.ActionShadowed{Shadowed: casefile.Shadowed{Step: call.ID, Hypothesis: "model", Action: action}}, stopped(casefile.StopAuthorityShadow), decided(casefile.DecideApprove, nil)}, []bool{true}, []bool{true}},
		{"undone", []casefile.Data{write, intended, answer(casefile.OutcomeDone), &casefile.CallAnswered{ID: "undo", Undoes: call.ID, Outcome: casefile.OutcomeDone}}, []bool{false}, []bool{false}},
		{"it ended with a person, who closed it", []casefile.Data{write, intended, answer(casefile.OutcomeDone), stopped(casefile.StopProcedureEscalate), byHand}, []bool{false}, []bool{false}},
		{"the tool was down", []casefile.Data{write, intended, answer(casefile.OutcomeNotDone), stopped(casefile.StopToolUnavailable), byHand}, nil, nil},
		{"a person's own write is nobody's proposal", []casefile.Data{write, asked, decided(casefile.DecideReject, nil), &casefile.CallIntended{Call: casefile.Call{ID: "do/other", Purpose: casefile.ForDo, Hypothesis: "model", ProposedBy: "id", Action: other}}, resolved}, []bool{false}, []bool{false}},
		{"not sure enough, and a person did just that", []casefile.Data{unsure, stopped(casefile.StopConfidenceLow), decided(casefile.DecideOverride, &action)}, []bool{true}, []bool{true}},
		{"not sure enough, and a person did another thing", []casefile.Data{unsure, stopped(casefile.StopConfidenceLow), decided(casefile.DecideOverride, &other)}, []bool{false}, []bool{false}},
		{"not sure enough, and nobody says what was right", []casefile.Data{unsure, stopped(casefile.StopConfidenceLow), byHand}, nil, nil},
		{"a person reopens it", []casefile.Data{write, intended, answer(casefile.OutcomeDone), resolved, decided(casefile.DecideReopen, nil)}, []bool{false}, []bool{false}},
		{"another use of the model", []casefile.Data{&casefile.ModelProposed{Use: casefile.UseTriage, Proposal: casefile.ModelProposal{Decision: "close"}}, resolved}, nil, nil},
	} {
		t.Run(c.what, func(t *testing.T) {
			j := newJournal(t)
			j.say("c1", append([]casefile.Data{thought("small")}, c.then...)...)
			check := func(when string, want []bool) {
				t.Helper()
				by, err := j.keeper().outcomes(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				var got []bool
				for _, o := range by["small"] {
					got = append(got, o.Right)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: want %v, got %v", when, want, got)
				}
			}
			check("at once", c.now)
			j.now = j.now.Add(settles)
			check("a day later", c.counts)
		})
	}
}

// Numbers of one model say nothing of another's, and what is too far back is forgotten.
func TestModelsAreApartAndOldOutcomesAreForgotten(t *testing.T) {
	j := newJournal(t)
	for i := range Kept + 50 {
		model := "a"
		if i < 60 {
			model = "b"
		}
		j.say(fmt.Sprint("c", i), thought(model), proposed("close", 0.9, 0.9), &casefile.HypothesisFailed{Hypothesis: "model", Cause: &casefile.Stop{Code: casefile.StopCheckFailed}})
	}
	models, err := j.keeper().Models(t.Context())
	if err != nil || len(models) != 2 || models[0].Reliability.Of != Kept-10 || models[1].Reliability.Of != 10 {
		t.Fatalf("of %d outcomes %d are kept, 10 of b: got %+v (%v)", Kept+50, Kept, models, err)
	}
	if models[1].Calibration.Version != "" || models[0].Calibration.Version == "" {
		t.Errorf("10 outcomes say nothing, %d do: %+v", Kept-10, models)
	}
	if v := Value(&models[0].Calibration, 0.9); v > 0.1 {
		t.Errorf("of %d such proposals none was right, and 0.9 is still worth %.2f", Kept-10, v)
	}
}

// A calibration has no order, never puts the surer below, stays near the raw number while it knows little,
// and leaves it alone while it knows nothing.
func TestCalibrationsAreMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		outcomes := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Outcome {
			return Outcome{Raw: float64(rapid.IntRange(-2, 102).Draw(t, "raw")) / 100, Right: rapid.Bool().Draw(t, "right")}
		}), 0, 200).Draw(t, "outcomes")
		c := Calibrate(outcomes)
		if (c.Version == "") != (len(outcomes) < Least) {
			t.Fatalf("%d outcomes make version %q", len(outcomes), c.Version)
		}
		shuffled := slices.Clone(outcomes)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] })
		if again := Calibrate(shuffled); again.Version != c.Version || !slices.Equal(again.Right, c.Right) {
			t.Errorf("another order makes another calibration: %+v, not %+v", again, c)
		}
		before := -1.0
		for x := -0.1; x <= 1.1; x += 0.01 {
			v := Value(&c, x)
			if v < before || v < 0 || v > 1 {
				t.Fatalf("%.2f is worth %.3f, and what is less sure %.3f: %+v", x, v, before, c)
			}
			if before = v; c.Version == "" && v != min(max(x, 0), 1) {
				t.Fatalf("nothing is known, and %.2f is worth %.2f", x, v)
			}
		}
	})
}

// The weights keep what they promise: with the usual threshold nothing is sure enough with which a third of the
// samples disagree, or half of which isn't borne out, and everything is that has all for it.
func TestWhatTheWeightsPromise(t *testing.T) {
	best := casefile.Confidence{Agreement: 1, Coverage: 1, Stated: 1, Retrieval: 1}
	if Combine(best) != 1 || Combine(casefile.Confidence{}) != 0 {
		t.Errorf("all for it is 1 and nothing 0, not %v and %v", Combine(best), Combine(casefile.Confidence{}))
	}
	split, bare := best, best
	split.Agreement, split.Retrieval = 2./3, 0.6
	bare.Coverage, bare.Retrieval = 0.5, 0.6
	if Combine(split) >= 0.81 || Combine(bare) >= 0.82 {
		t.Errorf("a third disagrees: %.3f; half isn't borne out: %.3f", Combine(split), Combine(bare))
	}
	if x := Combine(casefile.Confidence{Agreement: 1, Coverage: 1, Stated: 0.8}); x < 0.8 {
		t.Errorf("samples agree and all is borne out, without knowledge: %.3f", x)
	}
	if x := Combine(casefile.Confidence{Agreement: math.NaN(), Stated: 10}); x != weightStated {
		t.Errorf("what is no share counts as none, or as a whole: %.3f", x)
	}
}

// quality is how often a proposal of a raw number is really right: such models are far too sure of themselves.
func quality(raw float64) float64 { return 0.15 + 0.6*raw*raw }

// As outcomes come in, what is said of proposals comes near to what they come to: measured on others than those
// that it is made from.
func TestTheCalibrationErrorFalls(t *testing.T) {
	draw := func(r *rand.Rand) Outcome {
		raw := 0.4 + 0.6*math.Sqrt(r.Float64())
		return Outcome{Raw: raw, Right: r.Float64() < quality(raw)}
	}
	for seed := range uint64(3) {
		j := newJournal(t)
		k, r := j.keeper(), rand.New(rand.NewPCG(seed, 4))
		others := make([]Outcome, 4000)
		for i := range others {
			others[i] = draw(r)
		}
		measured := map[int]float64{}
		for i := range 1001 {
			if i == 0 || i == 50 || i == 200 || i == 1000 {
				j.now = j.now.Add(settles + fresh)
				cal := k.Calibration(t.Context(), "small")
				for o := range others {
					others[o].Value = Value(&cal, others[o].Raw)
				}
				rel := Reliable(others)
				measured[i] = rel.ECE
				t.Logf("seed %d, after %d outcomes: calibration error %.3f (%.3f to %.3f), %.3f were it the truth", seed, i, rel.ECE, rel.Low, rel.High, rel.Chance)
			}
			o := draw(r)
			end := casefile.Data(&casefile.CaseResolved{Hypothesis: "model"})
			if !o.Right {
				end = &casefile.HypothesisFailed{Hypothesis: "model", Cause: &casefile.Stop{Code: casefile.StopCheckFailed}}
			}
			j.say(fmt.Sprint("c", i), thought("small"), proposed("close", o.Raw, o.Raw), end)
		}
		if measured[50] > measured[0]*0.75 || measured[200] > measured[0]/2 || measured[1000] > 0.05 {
			t.Errorf("seed %d: the calibration error by outcomes is %v; want it lower by a quarter after 50, halved after 200, and below 0.05 after 1,000", seed, measured)
		}
	}
}

// A model whose numbers are true from the start isn't made worse by more than what so few outcomes blur.
func TestTrueNumbersStayTrue(t *testing.T) {
	for _, n := range []int{40, 200, 1000} {
		var off float64
		const times = 20
		for seed := range uint64(times) {
			r := rand.New(rand.NewPCG(seed, 5))
			draw := func() Outcome {
				raw := 0.3 + 0.7*r.Float64()
				return Outcome{Raw: raw, Value: raw, Right: r.Float64() < raw}
			}
			known := make([]Outcome, n)
			for i := range known {
				known[i] = draw()
			}
			c := Calibrate(known)
			for range 500 { // how far it is from the truth, which is the raw number
				o := draw()
				off += math.Abs(Value(&c, o.Raw)-o.Raw) / 500 / times
			}
		}
		t.Logf("%d outcomes of true numbers move them by %.3f on average", n, off)
		if off > 0.12 {
			t.Errorf("%d outcomes of true numbers move them by %.3f on average", n, off)
		}
	}
}

// The error's bounds hold it, and chance has a part in it.
func TestReliabilitySaysHowSureItIs(t *testing.T) {
	if r := Reliable(nil); r.Of != 0 || r.ECE != 0 || r.Bins == nil {
		t.Errorf("nothing came of nothing: %+v", r)
	}
	var list []Outcome
	for i := range 300 {
		list = append(list, Outcome{Value: 0.95, Right: i%2 == 0})
	}
	r := Reliable(list)
	if math.Abs(r.ECE-0.45) > 1e-9 || r.Low >= r.ECE || r.High <= r.ECE || r.Chance > 0.05 || len(r.Bins) != 1 || r.Bins[0].Count != 300 {
		t.Errorf("half of what was 0.95 was right, so it is off by 0.45, and by little were it the truth: %+v", r)
	}
	if again := Reliable(list); again.Low != r.Low || again.Chance != r.Chance {
		t.Error("the same outcomes give the same")
	}
}

type thinker func() casefile.ModelAnswered

func (f thinker) Think(context.Context, string, casefile.Consult) casefile.ModelAnswered { return f() }

// An answer says what the model's numbers are worth, once there is something to say.
func TestAnswersSayWhatNumbersAreWorth(t *testing.T) {
	j := newJournal(t)
	m := j.keeper().Around(thinker(func() casefile.ModelAnswered { return casefile.ModelAnswered{Model: "small"} }))
	ask := func(use casefile.ModelUse) *casefile.Calibration {
		return m.Think(t.Context(), "c", casefile.Consult{Use: use}).Calibrated
	}
	if c := ask(casefile.UseDrive); c != nil {
		t.Errorf("nothing is known, and %+v is said", c)
	}
	for i := range 2 * Least {
		j.say(fmt.Sprint("c", i), thought("small"), proposed("close", 0.9, 0.9), &casefile.HypothesisFailed{Hypothesis: "model", Undo: true})
	}
	if c := ask(casefile.UseDrive); c != nil {
		t.Error("a calibration is looked for once a minute, and no more")
	}
	j.now = j.now.Add(fresh)
	if c := ask(casefile.UseDrive); c == nil || c.Of != 2*Least || Value(c, 0.9) > 0.3 {
		t.Errorf("%d proposals of 0.9 were wrong, and %+v is said", 2*Least, c)
	}
	if c := ask(casefile.UseReply); c != nil {
		t.Errorf("what a reply is worth nobody knows, and %+v is said", c)
	}
}
