package casefile

import "time"

// Pause keeps the agent from acting: through a tool, in a procedure, or, where neither is named, at all.
type Pause struct {
	Tool      string    `json:"tool,omitempty"` // PLUGIN.TOOL
	Procedure string    `json:"procedure,omitempty"`
	Note      string    `json:"note"`
	By        string    `json:"by"` // actor
	At        time.Time `json:"at"`
}

// What names what is paused.
func (p Pause) What() string {
	switch {
	case p.Tool != "":
		return "the tool " + p.Tool
	case p.Procedure != "":
		return "the procedure " + p.Procedure
	}
	return "everything"
}

// Pauses is what is paused at a moment. It is immutable.
type Pauses struct {
	Change uint64 // differs where the list does
	List   []Pause
}

// Stops gives the pause that keeps a case of a procedure from calling tools, nil if none does. Without
// tools it is about whatever else the agent does.
func (p Pauses) Stops(procedure string, tools ...string) *Pause {
	for i := range p.List {
		switch x := &p.List[i]; {
		case x.Tool == "" && (x.Procedure == "" || x.Procedure == procedure):
			return x
		case x.Tool != "":
			for _, tool := range tools {
				if x.Tool == tool {
					return x
				}
			}
		}
	}
	return nil
}
