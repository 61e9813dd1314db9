package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"resolute/agent/casefile"
	"resolute/kb/measure"
)

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it isn't so after 30 seconds: %s", what)
		}
	}
}

// A case rests on internal knowledge and on corrections of its scope; the customer is shown nothing
// internal. Where passages were used can be asked afterwards.
func TestWhatACaseRestsOn(t *testing.T) {
	r := newRig(t)
	documents := []map[string]any{
		{"source": "internal.md", "audience": "internal", "text": "# Replacement or refund for damaged goods\n\nMargins allow a replacement or a refund of damaged goods up to 80."},
		{"source": "expired.md", "valid_until": "2020-01-01T00:00:00Z", "text": "# Replacement or refund for damaged goods\n\nDamaged goods: no replacement, no refund."},
	}
	if code := r.do("POST", "/api/v1/knowledge", map[string]any{"documents": documents}, nil); code != 200 {
		t.Fatalf("importing: %d", code)
	}
	var taught struct{ ID, Address string }
	for scope, procedure := range map[string]*string{"damaged-item": &taught.Address, "locked-out": new(string)} {
		var c struct{ ID, Address string }
		r.do("POST", "/api/v1/corrections", map[string]any{"scope": map[string]string{"procedure": scope}, "says": "A refund for damaged goods is a replacement at " + scope}, &c)
		if *procedure = c.Address; scope == "damaged-item" {
			taught.ID = c.ID
		}
	}
	var search struct {
		Hits []struct {
			DocumentID string `json:"document_id"`
		}
	}
	eventually(t, "the bundle's knowledge is imported", func() bool {
		r.do("GET", "/api/v1/knowledge/search?q=replacement+or+refund+for+damaged+goods", nil, &search)
		return len(search.Hits) > 3
	})
	id := r.send(story(t, "smashed-blender")[0])
	c := r.settled(id, casefile.Resolved)
	var view struct{ Citations []casefile.Passage }
	r.do("GET", "/api/v1/cases/"+id, nil, &view)
	var internal, corrected bool
	for _, p := range view.Citations {
		internal = internal || p.Internal && strings.HasPrefix(p.Address, "kb://internal#")
		corrected = corrected || p.Address == taught.Address
		if strings.Contains(p.Text, "no replacement") || strings.Contains(p.Text, "locked-out") {
			t.Errorf("the case rests on what expired, or on another procedure's correction: %+v", p)
		}
	}
	if !internal || !corrected || view.Citations[0].Address != taught.Address {
		t.Errorf("the case rests on %+v, want the correction first, and the internal passage too", view.Citations)
	}
	if c.Reply == nil || !slices.Contains(c.Reply.Citations, taught.Address) || strings.Contains(strings.Join(c.Reply.Citations, " "), "kb://internal") {
		t.Errorf("the reply cites %+v, want the correction and nothing internal", c.Reply)
	}
	var used struct {
		Uses []struct {
			Case string `json:"case_id"`
			Kind string
		}
	}
	eventually(t, "the correction's uses are noted", func() bool {
		r.do("GET", "/api/v1/corrections/"+taught.ID, nil, &used)
		return len(used.Uses) == 2
	})
	if used.Uses[0].Case != id || used.Uses[0].Kind != "replied" || used.Uses[1].Kind != "grounded" {
		t.Errorf("uses %+v, want the case that rests on it and its reply, newest first", used.Uses)
	}
}

// Below the bundle's threshold a case finds nothing, and that is a gap somebody can fill.
func TestWhatNobodyWrote(t *testing.T) {
	r := newRig(t)
	s := story(t, "smashed-blender")[0]
	s.ID, s.Type = "nobody-wrote-1", "ticket.created"
	s.Data = map[string]any{"customer": map[string]any{"email": "x@example.com"}, "text": "Zebra chromodynamics xylophone quokka?"}
	id := r.send(s)
	r.settled(id, casefile.Escalated)
	var view struct{ Citations []casefile.Passage }
	if r.do("GET", "/api/v1/cases/"+id, nil, &view); len(view.Citations) != 0 {
		t.Errorf("the case rests on %+v, want nothing rather than the best of the bad", view.Citations)
	}
	var gaps struct {
		Items []struct {
			Query string
			Cases []string
		}
	}
	eventually(t, "the gap is noted", func() bool {
		r.do("GET", "/api/v1/knowledge/gaps", nil, &gaps)
		return len(gaps.Items) > 0
	})
	if g := gaps.Items[0]; !strings.Contains(g.Query, "quokka") || !slices.Contains(g.Cases, id) {
		t.Errorf("gaps %+v, want what the case asked", gaps.Items)
	}
}

// Import, search and measurement by the command line, over a folder that no server holds.
func TestIngestAndEval(t *testing.T) {
	docs, data := t.TempDir(), filepath.Join(t.TempDir(), "data")
	for name, text := range map[string]string{"policies/returns.md": "# Returns\n\nUnused articles can be sent back within thirty days.", "shipping.html": "<h1>Shipping</h1><p>Parcels leave the warehouse at noon.</p>",
		"broken.pdf": "no", "photo.png": "PNG", ".git/x.md": "hidden"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(docs, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(docs, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	questions := filepath.Join(t.TempDir(), "q.jsonl")
	if err := os.WriteFile(questions, []byte(`{"query":"send articles back","relevant":["policies/returns.md"]}`+"\n"+`{"query":"when do parcels leave","relevant":["shipping"]}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cli := func(want int, args ...string) (stdout, stderr string) {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(t.Context(), append(args, "--data", data), func(string) (string, bool) { return "", false }, strings.NewReader(""), &out, &errs); code != want {
			t.Fatalf("%q: exit %d, want %d\n%s%s", args, code, want, &out, &errs)
		}
		return out.String(), errs.String()
	}
	out, errs := cli(1, "ingest", docs, "--audience", "internal")
	if !strings.Contains(out, "2 documents imported, 2 of them new or changed, 1 failed") || !strings.Contains(errs, "broken.pdf: ") || !strings.Contains(errs, "photo.png: passed over") || strings.Contains(errs, "hidden") {
		t.Errorf("ingest says %q and %q; want two imported, the broken file by name, the picture passed over", out, errs)
	}
	if out, _ = cli(1, "ingest", docs, "--audience", "internal"); !strings.Contains(out, "2 documents imported, 0 of them new") {
		t.Errorf("ingest again says %q, want nothing new", out)
	}
	if out, _ = cli(0, "search", "thirty days"); !strings.Contains(out, "kb://policies.returns#returns@") || !strings.Contains(out, "internal") {
		t.Errorf("search says %q, want the passage with its address, internal", out)
	}
	out, errs = cli(0, "eval", "retrieval", questions, "--json")
	var figures map[string]measure.Figures
	if err := json.Unmarshal([]byte(out), &figures); err != nil || len(figures) != 3 || figures["keyword"] != (measure.Figures{Recall5: 1, Recall10: 1, Recall50: 1, MRR10: 1, NDCG10: 1}) || errs != "" {
		t.Errorf("eval --json says %q and %q (%v), want all found by words", out, errs, err)
	}
	if out, _ = cli(0, "eval", "retrieval", questions); !strings.Contains(out, "recall@10") || !strings.Contains(out, "hybrid") {
		t.Errorf("eval says %q, want a table", out)
	}
	if err := os.WriteFile(questions, []byte(`{"query":"x","relevant":["nowhere.md"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs = cli(0, "eval", "retrieval", questions); !strings.Contains(errs, "nowhere.md") {
		t.Errorf("eval of a document that isn't there says %q, want its name", errs)
	}
	cli(2, "eval")
}
