package casefile

// Risk is how far an action is out of the ordinary, in one number with its parts.
type Risk struct {
	Score int        `json:"score"` // 0 to 100: the sum of the parts, at most 100
	Parts []RiskPart `json:"parts"`
}

// RiskPart is something about an action that adds to its risk.
type RiskPart struct {
	Policy string `json:"policy,omitempty"` // that declares it, "" for what is unusual against the tool's history
	Factor string `json:"factor"`           // id in the policy; else amount, rate, payee or burst
	Add    int    `json:"add"`
	Reason string `json:"reason,omitempty"`
}

func (r *Risk) write(w *writer) {
	w.open()
	w.integer("score", int64(r.Score))
	w.name("parts")
	w.b = append(w.b, '[')
	for i := range r.Parts {
		p := &r.Parts[i]
		w.separate()
		w.open()
		w.someText("policy", p.Policy)
		w.text("factor", p.Factor)
		w.integer("add", int64(p.Add))
		w.someText("reason", p.Reason)
		w.close()
	}
	w.b = append(w.b, ']')
	w.close()
}
