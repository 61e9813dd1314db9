package casefile

// Reservation is what a write takes out of a budget. A budget is one of a policy, apart for each
// Key and each Currency.
type Reservation struct {
	Policy   string         `json:"policy"`
	Budget   string         `json:"budget"`
	Key      string         `json:"key,omitempty"`      // what it is counted per, as canonical JSON; "" for all together
	Currency string         `json:"currency,omitempty"` // ISO 4217; "" where it counts something other than money
	Amount   int64          `json:"amount"`             // minor units of the currency, or a number of things
	Max      int64          `json:"max"`                // of all amounts within Window
	Window   Duration       `json:"window"`
	Beyond   VerdictOutcome `json:"beyond"`         // what follows from more than Max: approve or deny
	Over     bool           `json:"over,omitempty"` // a person was asked, and lets it exceed Max
}

// Same reports whether both take from the same budget.
func (r Reservation) Same(o Reservation) bool {
	return r.Policy == o.Policy && r.Budget == o.Budget && r.Key == o.Key && r.Currency == o.Currency
}

// Exceeded is a reservation that a budget had no room for.
type Exceeded struct {
	Reservation
	Used int64 `json:"used"` // within the window, when it was refused
}

func (r *Reservation) members(w *writer) {
	w.text("policy", r.Policy)
	w.text("budget", r.Budget)
	w.someText("key", r.Key)
	w.someText("currency", r.Currency)
	w.integer("amount", r.Amount)
	w.integer("max", r.Max)
	w.duration("window", r.Window)
	w.text("beyond", string(r.Beyond))
	w.someBool("over", r.Over)
}

func (r *Reservation) write(w *writer) {
	w.open()
	r.members(w)
	w.close()
}

func (x *Exceeded) write(w *writer) {
	w.open()
	x.members(w)
	w.integer("used", x.Used)
	w.close()
}
