package casefile

func (d *SignalReceived) write(w *writer) {
	w.open()
	w.name("signal")
	d.Signal.write(w)
	w.someText("from", d.From)
	w.close()
}

func (s *Signal) write(w *writer) {
	w.open()
	w.text("id", s.ID)
	w.text("source", s.Source)
	w.text("event_id", s.EventID)
	w.text("type", s.Type)
	w.someText("subject", s.Subject)
	w.time("time", s.Time)
	if len(s.Data) > 0 {
		w.object("data", s.Data)
	}
	w.text("assurance", string(s.Assurance))
	w.close()
}

func (d *CaseOpened) write(w *writer) {
	w.open()
	w.text("bundle", d.Bundle)
	w.close()
}

func (d *ProcedureChosen) write(w *writer) {
	w.open()
	w.text("procedure", d.Procedure)
	w.text("goal", d.Goal)
	w.text("reason", d.Reason)
	if len(d.Candidates) > 0 {
		w.name("candidates")
		w.b = append(w.b, '[')
		for _, c := range d.Candidates {
			w.separate()
			w.open()
			w.text("procedure", c.Procedure)
			w.float("score", c.Score)
			w.someText("nearest", c.Nearest)
			w.close()
		}
		w.b = append(w.b, ']')
	}
	w.someText("signal", d.Signal)
	w.someText("triage", d.Triage)
	w.close()
}

func (d *InputsFound) write(w *writer) {
	w.open()
	if d.Inputs == nil {
		w.value("inputs", nil)
	} else {
		w.name("inputs")
		w.open()
		for _, name := range sortedKeys(d.Inputs) {
			in := d.Inputs[name]
			w.key(name)
			w.open()
			w.value("value", in.Value.V)
			w.someText("signal", in.Signal)
			w.text("how", in.How)
			w.close()
		}
		w.close()
	}
	w.someTexts("missing", d.Missing)
	w.natural("up_to", d.UpTo)
	w.close()
}

func (d *CaseCorrelated) write(w *writer) {
	w.open()
	if d.Values == nil {
		w.value("values", nil)
	} else {
		w.name("values")
		w.b = append(w.b, '[')
		for _, c := range d.Values {
			w.separate()
			w.open()
			w.text("procedure", c.Procedure)
			w.integer("index", int64(c.Index))
			w.value("value", c.Value.V)
			w.close()
		}
		w.b = append(w.b, ']')
	}
	w.close()
}

func (d *HypothesisChosen) write(w *writer) {
	w.open()
	w.text("hypothesis", d.Hypothesis)
	if len(d.Considered) > 0 {
		w.name("considered")
		w.b = append(w.b, '[')
		for i := range d.Considered {
			w.separate()
			d.Considered[i].write(w)
		}
		w.b = append(w.b, ']')
	}
	w.someText("by", d.By)
	w.someText("statement", d.Statement)
	w.close()
}

func (k *Considered) write(w *writer) {
	w.open()
	w.text("hypothesis", k.Hypothesis)
	w.someText("when", k.When)
	w.bool("held", k.Held)
	w.someBool("tried", k.Tried)
	w.someText("error", k.Error)
	w.someValues("observed", k.Observed)
	w.close()
}

func (d *CallIntended) write(w *writer) {
	w.open()
	w.name("call")
	d.Call.write(w)
	if d.Verdict != nil {
		w.name("verdict")
		d.Verdict.write(w)
	}
	w.someText("approved_by", d.ApprovedBy)
	w.someText("approval", d.Approval)
	w.someText("customer", d.Customer)
	w.close()
}

func (c *Call) write(w *writer) {
	w.open()
	w.text("id", c.ID)
	w.text("purpose", string(c.Purpose))
	w.someText("fact", c.Fact)
	w.someText("hypothesis", c.Hypothesis)
	w.integer("step", int64(c.Step))
	w.text("tool", c.Tool)
	w.object("args", c.Args)
	w.text("effect", c.Effect)
	w.someText("idempotency_key", c.Key)
	w.integer("try", int64(c.Try))
	w.text("state", string(c.State))
	w.someBool("doubt", c.Doubt)
	w.time("sent_at", c.SentAt)
	w.time("begun_at", c.BegunAt)
	w.someTime("next_at", c.NextAt)
	w.someTime("deadline", c.Deadline)
	if c.Within != 0 {
		w.duration("within", c.Within)
	}
	if len(c.Reads) > 0 {
		w.name("reads")
		w.open()
		for _, arg := range sortedKeys(c.Reads) {
			w.key(arg)
			w.texts(c.Reads[arg])
		}
		w.close()
	}
	w.someText("proposed_by", c.ProposedBy)
	w.someText("undoes", c.Undoes)
	w.close()
}

func (v *Verdict) write(w *writer) {
	w.open()
	w.text("outcome", string(v.Outcome))
	w.someText("code", string(v.Code))
	w.someText("rule", v.Rule)
	w.someText("reason", v.Reason)
	w.someText("by", v.By)
	if len(v.Rules) > 0 {
		w.name("rules")
		w.b = append(w.b, '[')
		for i := range v.Rules {
			w.separate()
			v.Rules[i].write(w)
		}
		w.b = append(w.b, ']')
	}
	w.someTexts("reads", v.Reads)
	w.someText("policy", v.Policy)
	if v.Authority != nil {
		w.name("authority")
		v.Authority.write(w)
	}
	if len(v.Reserves) > 0 {
		w.name("reserves")
		w.b = append(w.b, '[')
		for i := range v.Reserves {
			w.separate()
			v.Reserves[i].write(w)
		}
		w.b = append(w.b, ']')
	}
	if len(v.Exceeded) > 0 {
		w.name("exceeded")
		w.b = append(w.b, '[')
		for i := range v.Exceeded {
			w.separate()
			v.Exceeded[i].write(w)
		}
		w.b = append(w.b, ']')
	}
	if v.Risk != nil {
		w.name("risk")
		v.Risk.write(w)
	}
	w.close()
}

func (s *Standing) write(w *writer) {
	w.open()
	w.text("level", string(s.Level))
	w.someText("band", s.Band)
	w.someText("why", s.Why)
	w.someText("would", string(s.Would))
	w.close()
}

func (r *RuleResult) write(w *writer) {
	w.open()
	w.someText("policy", r.Policy)
	w.text("rule", r.Rule)
	w.text("says", string(r.Says))
	w.bool("fired", r.Fired)
	w.someText("reason", r.Reason)
	w.someText("by", r.By)
	w.someTexts("cites", r.Cites)
	w.someText("error", r.Error)
	w.someText("code", string(r.Code))
	w.close()
}

func (d *CallAnswered) write(w *writer) {
	w.open()
	w.text("id", d.ID)
	w.integer("try", int64(d.Try))
	w.text("outcome", string(d.Outcome))
	w.text("source", string(d.Source))
	if d.Result.V != nil {
		w.value("result", d.Result.V)
	}
	w.someText("code", d.Code)
	w.someText("detail", d.Detail)
	if d.Status != 0 {
		w.integer("status", int64(d.Status))
	}
	w.integer("duration_ms", d.DurationMS)
	w.someTime("sent_at", d.SentAt)
	w.someTime("next_at", d.NextAt)
	w.someTime("deadline", d.Deadline)
	w.someText("undoes", d.Undoes)
	w.close()
}

func (d *CheckRead) write(w *writer) {
	w.open()
	w.text("hypothesis", d.Hypothesis)
	w.text("check", d.Check)
	w.bool("held", d.Held)
	w.someText("error", d.Error)
	w.someValues("observed", d.Observed)
	w.someTime("next_at", d.NextAt)
	w.close()
}

func (d *ReplyWritten) write(w *writer) {
	w.open()
	w.name("reply")
	w.open()
	w.text("to", d.Reply.To)
	w.text("text", d.Reply.Text)
	w.someTexts("citations", d.Reply.Citations)
	w.close()
	w.close()
}

func (d *CaseStopped) write(w *writer) {
	w.open()
	w.text("status", string(d.Status))
	w.name("stop")
	d.Stop.write(w)
	w.close()
}

func (s *Stop) write(w *writer) {
	w.open()
	w.text("code", string(s.Code))
	w.text("detail", s.Detail)
	w.someText("rule", s.Rule)
	if s.Until != nil {
		w.time("until", *s.Until)
	}
	w.someText("to", s.To)
	w.close()
}

func (d *CaseResolved) write(w *writer) {
	w.open()
	w.text("hypothesis", d.Hypothesis)
	w.text("outcome", d.Outcome)
	w.close()
}
