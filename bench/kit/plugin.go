package kit

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
)

// Plugin is the plugin of the bundle as a server: the fifth tool reads what the fourth wrote.
type Plugin struct {
	Checked atomic.Int64 // how often the fifth was called: cases that are all but done
	OnCheck func()       // called after it was answered, may be nil
	written sync.Map     // item → true, until it is checked
}

// ServeHTTP answers a call.
func (p *Plugin) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/manifest" {
		_, _ = w.Write(ManifestJSON()) // whoever doesn't hear it asks again
		return
	}
	var in struct{ Item string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	done := false
	switch r.URL.Path {
	case "/tools/write":
		p.written.Store(in.Item, true)
		done = true
	case "/tools/check":
		_, done = p.written.LoadAndDelete(in.Item)
	}
	_, _ = fmt.Fprintf(w, `{"item":%q,"done":%v}`, in.Item, done) // the caller notices
	if r.URL.Path == "/tools/check" {
		p.Checked.Add(1)
		if p.OnCheck != nil {
			p.OnCheck()
		}
	}
}
