package demo_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"resolute/agent/bundle"
	"resolute/plugins/demo"
	"resolute/tools/protocol"
)

func company(t *testing.T) *httptest.Server {
	t.Helper()
	c, err := demo.Open(filepath.Join(t.TempDir(), "company.db"), demo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(c.Handler())
	t.Cleanup(func() {
		s.Close()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func manifest(t *testing.T, url string) (m protocol.Manifest) {
	t.Helper()
	r, err := http.Get(url + "/manifest")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestBundleLoadsWithoutAnyProblem(t *testing.T) {
	s := company(t)
	files, err := demo.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	_, problems := bundle.Load(context.Background(), files, "bundle", bundle.Options{MustFetch: true,
		Lookup: func(_, name string) (string, bool) { return s.URL, name == demo.EnvURL },
		Fetch: func(_ context.Context, p bundle.Plugin) (protocol.Manifest, error) {
			return manifest(t, p.URL), nil
		}})
	for _, p := range problems {
		t.Error(p)
	}
}

// The starter bundle's snapshot is what the shop says. To renew it: UPDATE_SNAPSHOT=1 go test ./plugins/demo
func TestStarterFitsTheShop(t *testing.T) {
	s := company(t)
	m := manifest(t, s.URL+"/shop")
	file := filepath.Join("..", "..", "agent", "bundle", "starter", "tools", "shop.manifest.json")
	if os.Getenv("UPDATE_SNAPSHOT") != "" {
		b, err := json.MarshalIndent(m, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	files, err := bundle.Starter()
	if err != nil {
		t.Fatal(err)
	}
	b, problems := bundle.Load(context.Background(), files, "", bundle.Options{})
	for _, p := range problems {
		t.Error(p)
	}
	x, _ := json.Marshal(b.Manifests["shop"])
	y, _ := json.Marshal(m)
	var snapshot, says any
	if json.Unmarshal(x, &snapshot) != nil || json.Unmarshal(y, &says) != nil || !reflect.DeepEqual(snapshot, says) {
		t.Errorf("the starter's snapshot of the shop's manifest is not what the shop says")
	}
}

func TestStoryIsToldInOrder(t *testing.T) {
	steps, err := demo.Story()
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) < 16 {
		t.Errorf("the story has %d signals, want at least 16", len(steps))
	}
	ids, begun := map[string]bool{}, map[string]bool{}
	for i, s := range steps {
		if i > 0 && s.At < steps[i-1].At {
			t.Errorf("step %d comes before step %d", i, i-1)
		}
		if key := s.Signal.Source + "/" + s.Signal.ID; ids[key] {
			t.Errorf("signal %s is there twice", key)
		} else {
			ids[key] = true
		}
		if s.AfterQuestion && !begun[s.Story] {
			t.Errorf("%s answers a question that nobody asked", s.Story)
		}
		begun[s.Story] = true
	}
}
