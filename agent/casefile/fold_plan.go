package casefile

// foldPlan applies what the planner noted about hypotheses, questions, waits and approvals.
func (c *Case) foldPlan(e *Entry) {
	switch d := e.Data.(type) {
	case *HypothesisChosen:
		c.Hypotheses = append(c.Hypotheses, Hypothesis{Name: d.Hypothesis, Epoch: c.Epoch, Status: Trying, Seq: e.Seq, BegunAt: e.At, Chosen: d.By, Opening: c.Opening, Statement: d.Statement})
		if c.Override != nil && c.Override.Action == nil {
			c.Override = nil
		}
	case *HypothesisFailed:
		c.giveUp(d)
	case *HypothesisEnded:
		if h := c.Current(); h != nil {
			h.Status = GivenUp
			if d.Reverted {
				h.Status = Reverted
			}
		}
		c.Failure = nil
		c.blame(d.Cause)
	case *StepDone:
		c.stepOver(d.Step)
		c.Approval = nil
	case *ApprovalAsked:
		a := d.Approval
		a.Seq = e.Seq
		c.Approval = &a
	case *ApprovalVoided:
		c.Approval = nil
	case *ApprovalExpired:
		c.Approval, c.Override = nil, nil
		c.Failure = &Failure{Stop: StopApprovalExpired, Detail: "nobody decided in time"}
	case *CustomerAsked:
		q := d.Question
		q.Seq = e.Seq
		c.Question = &q
		if c.Asks == nil {
			c.Asks = map[string]int{}
		}
		c.Asks[q.About()]++
	case *CustomerAnswered:
		c.Question = nil
		c.setFact(d.As, Fact{Value: d.Value, Seq: e.Seq, Round: c.Round})
		c.stepOver(d.Step)
	case *QuestionEnded:
		if q := c.Question; d.TimedOut && q != nil {
			c.Failure = &Failure{Name: q.Input, Detail: "the customer did not answer in time"}
			if q.Input != "" {
				c.Failure.Stop = StopInputMissing
			}
		}
		c.Question = nil
	case *WaitStarted:
		w := d.Wait
		w.Seq = e.Seq
		c.Wait = &w
	case *WaitEnded:
		c.Wait = nil
		if d.TimedOut {
			c.Failure = &Failure{Detail: "what it waited for did not come in time"}
		} else {
			c.stepOver(d.Step)
		}
	case *CheckRead:
		if f := c.Failure; f != nil && f.Purpose == ForVerify {
			c.Failure = nil // that is what was judged
		}
		if h := c.Current(); h != nil {
			if h.Check.Tries == 0 {
				h.Check.BegunAt = e.At
			}
			h.Check.Tries++
			h.Check.Read = 0
			h.Check.Held, h.Check.Error, h.Check.NextAt = d.Held, d.Error, d.NextAt
		}
	}
}

func (c *Case) giveUp(d *HypothesisFailed) {
	if h := c.Current(); h != nil {
		h.Cause = d.Cause
		if h.Status = GivenUp; d.Undo {
			h.Status = Undoing
		}
	}
	c.Failure, c.Question, c.Wait, c.Approval, c.Override = nil, nil, nil, nil, nil
	c.blame(d.Cause)
}

// blame keeps the first cause: it wins.
func (c *Case) blame(cause *Stop) {
	if c.Cause == nil && cause != nil && cause.Code != "" {
		c.Cause = cause
	}
}

func (c *Case) stepOver(step int) {
	if h := c.Current(); h != nil && h.Status == Trying {
		h.Step = step + 1
	}
}
