package kb

import "time"

// Progress is how far an import is.
type Progress struct {
	Import    string    `json:"import"` // its id
	At        time.Time `json:"at"`
	Done      int       `json:"done"`  // sources that were read
	Total     int       `json:"total"` // sources
	Source    string    `json:"source,omitempty"`
	Documents int       `json:"documents"` // stored or found unchanged
	Chunks    int       `json:"chunks"`    // of those documents
	Failed    int       `json:"failed"`
	Ended     bool      `json:"ended"`
	Error     string    `json:"error,omitempty"` // why it ended early
}

// Watch answers a channel that has something whenever imports went on, a function that takes the newest of
// each, and one that ends watching.
func (b *Base) Watch() (news <-chan struct{}, take func() []Progress, cancel func()) {
	return b.progress.Watch()
}
