package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"resolute/agent/casefile"
	"resolute/tools/protocol"
)

func TestAManifestThatChangedHoldsWritesUntilSomebodyAcceptsIt(t *testing.T) {
	var change atomic.Pointer[func(*protocol.Tool)]
	var r *rig
	r = newRigWith(t, func(w http.ResponseWriter, q *http.Request) bool {
		if f := change.Load(); f != nil && q.URL.Path == "/shop/manifest" {
			rec := httptest.NewRecorder()
			r.company.Handler().ServeHTTP(rec, q)
			var m protocol.Manifest
			if err := json.Unmarshal(rec.Body.Bytes(), &m); err != nil {
				t.Error(err)
			}
			for i := range m.Tools {
				if m.Tools[i].Name == "create_replacement" {
					(*f)(&m.Tools[i])
				}
			}
			_ = json.NewEncoder(w).Encode(m) // to a recorder's peer on loopback
			return true
		}
		return false
	})
	becomes := func(f func(*protocol.Tool)) { change.Store(&f) }
	type drifts struct {
		Items []struct {
			Plugin, Now string
			Tools       []string
		}
	}
	drifted := func() (d drifts) { r.do("GET", "/api/v1/manifests", nil, &d); return d }
	accept := func(hash string, want int) {
		t.Helper()
		var out map[string]any
		rec := httptest.NewRecorder()
		q := httptest.NewRequest("POST", "/api/v1/manifests/shop/accept", strings.NewReader(`{"manifest":"`+hash+`"}`))
		q.Header.Set("Content-Type", "application/json")
		r.app.Admin().ServeHTTP(rec, q)
		if _ = json.Unmarshal(rec.Body.Bytes(), &out); rec.Code != want {
			t.Fatalf("accept %s: %d %v, want %d", hash, rec.Code, out, want)
		}
	}

	if d := drifted(); len(d.Items) != 0 {
		t.Fatalf("at first these changed: %+v", d)
	}
	becomes(func(tool *protocol.Tool) {
		tool.InputSchema = bytes.Replace(tool.InputSchema, []byte(`"properties":{`), []byte(`"properties":{"express":{"type":"boolean"},`), 1)
	})
	d := drifted()
	if len(d.Items) != 1 || d.Items[0].Plugin != "shop" || strings.Join(d.Items[0].Tools, " ") != "shop.create_replacement" {
		t.Fatalf("changed: %+v, want create_replacement of the shop", d)
	}
	for _, at := range []string{"/tools", "/tools/shop.create_replacement"} {
		if page := r.console("GET", at, nil).Body.String(); !strings.Contains(page, `<span class="add">&#43;      &#34;express&#34;: {</span>`) || !strings.Contains(page, "<code>shop.create_replacement</code> changed: input_schema") {
			t.Errorf("%s should show what changed in the manifest, line by line: %s", at, page)
		}
	}
	id := r.send(story(t, "smashed-blender")[0])
	if c := r.settled(id, casefile.Escalated); c.Stop.Code != casefile.StopManifestChanged || r.called("shop.create_replacement") != 0 {
		t.Fatalf("case %v with %d calls, want it held as manifest.changed", c, r.called("shop.create_replacement"))
	}
	accept("abc", 409)
	becomes(func(tool *protocol.Tool) { tool.TimeoutMS = 1234 })
	accept(d.Items[0].Now, 409) // it changed again since it was shown

	becomes(func(tool *protocol.Tool) {
		tool.InputSchema = json.RawMessage(`{"type":"object","properties":{"parcel":{"type":"string"}},"required":["parcel"],"additionalProperties":false}`)
	})
	accept(drifted().Items[0].Now, 422) // the bundle's procedures don't fit it
	becomes(func(tool *protocol.Tool) { tool.TimeoutMS = 1234 })
	now := drifted().Items[0].Now
	accept(now, 204)
	if d := drifted(); len(d.Items) != 0 {
		t.Errorf("after it was accepted these changed: %+v", d)
	}
	r.decide(id, map[string]any{"decision": "retry"}, 200)
	r.settled(id, casefile.Resolved)
	var audit struct {
		Items []struct {
			Action string
			Detail map[string]any
		}
	}
	r.do("GET", "/api/v1/audit?limit=200", nil, &audit)
	found := false
	for _, e := range audit.Items {
		found = found || e.Action == "manifest.accepted" && e.Detail["plugin"] == "shop" && e.Detail["manifest"] == now
	}
	if !found {
		t.Errorf("the audit says nothing of the manifest that was accepted: %+v", audit.Items)
	}
}
