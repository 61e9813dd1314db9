package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"resolute/agent/casefile"
	"resolute/agent/figures"
	"resolute/agent/insights"
	"resolute/agent/listing"
	"resolute/agent/projection"
	"resolute/agent/suggest"
)

// views gives the projections of the product.
func (r *rig) views() []projection.Projection {
	a := r.app.(*appliance)
	return []projection.Projection{insights.Projection(), listing.Projection(), figures.Projection(), suggest.Projection(a.store, a.version)}
}

// lived lets cases go by that have something for each view.
func lived(t *testing.T) *rig {
	r := newRig(t)
	r.counting(map[string]string{"procedures/bring.yaml": bring})
	for i, who := range []desk{r.as("operator", "olga"), r.as("operator", "omar"), r.as("operator", "olja")} {
		id := r.item("wanted", fmt.Sprint("item-", i))
		r.settled(id, casefile.Approving)
		who.decides(id, map[string]any{"decision": "override", "hypothesis": "by-hand"}, 200)
		r.settled(id, casefile.Resolved)
		r.settled(r.item("seen", fmt.Sprint("seen-", i)), casefile.Resolved)
	}
	id := r.item("wanted", "given away")
	r.settled(id, casefile.Approving)
	r.decide(id, map[string]any{"decision": "takeover", "note": "mine"}, 200)
	return r
}

// kept is a value as it stands in a file of views: at a view, a bucket and a key.
type kept struct {
	view, bucket string
	key, stored  []byte
}

// valuesOf gives all values in a copy of a file of views.
func valuesOf(t *testing.T, file string) (list []kept) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(copied, content, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(copied, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // it is a copy
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(view []byte, b *bbolt.Bucket) error {
			data := b.Bucket([]byte("data"))
			if data == nil {
				return nil
			}
			note := func(bucket string, k, v []byte) {
				list = append(list, kept{string(view), bucket, bytes.Clone(k), bytes.Clone(v)})
			}
			return data.ForEach(func(k, v []byte) error {
				if v != nil {
					note("", k, v)
					return nil
				}
				return data.Bucket(k).ForEach(func(in, v []byte) error { note(string(k), in, v); return nil })
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// rots flips a bit of a value wherever it stands in a file, and of nothing else.
func rots(t *testing.T, file string, v kept) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	whole, n := append(bytes.Clone(v.key), v.stored...), 0
	for at := 0; ; n++ {
		i := bytes.Index(content[at:], whole)
		if i < 0 {
			break
		}
		at += i + len(whole)
		where := at - len(v.stored) + (len(v.stored)-1)/2
		if _, err := f.WriteAt([]byte{content[where] ^ 0x04}, int64(where)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil || n == 0 {
		t.Fatalf("%s has the value of %s %s at %d places, %v", file, v.view, v.bucket, n, err)
	}
}

// follower is what follows a journal into a file of its own.
type follower struct {
	*projection.Views
	log *bytes.Buffer
	end func()
}

func (r *rig) follow(t *testing.T, file string) *follower {
	t.Helper()
	f := &follower{log: &bytes.Buffer{}}
	views, err := projection.Open(t.Context(), file, r.app.(*appliance).store, slog.New(slog.NewTextHandler(f.log, nil)), r.views()...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); views.Run(ctx) }()
	f.Views, f.end = views, func() { cancel(); <-done; views.Close() }
	return f
}

// walk reads all that views have.
func (f *follower) walk(ctx context.Context, list []projection.Projection) (string, error) {
	var out strings.Builder
	for _, p := range list {
		if err := f.Current(ctx, p.Name); err != nil {
			return "", err
		}
		err := f.Read(ctx, p.Name, func(view *projection.Bucket, _ uint64) error {
			return view.ForEachBucket(func(name []byte) error {
				return view.Bucket(name).ForEach(func(k, v []byte) error {
					fmt.Fprintf(&out, "%s %s %x %x\n", p.Name, name, k, v)
					return nil
				})
			})
		})
		if err != nil {
			return "", err
		}
	}
	return out.String(), nil
}

// A bit that flips in any bucket of any view is noticed by who reads it, and the views are those that
// were followed again.
func TestABitThatFlipsInAView(t *testing.T) {
	r := lived(t)
	file := filepath.Join(t.TempDir(), "views.db")
	f := r.follow(t, file)
	want, err := f.walk(t.Context(), r.views())
	f.end()
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]int{}
	for _, v := range valuesOf(t, file) {
		place := v.view + " " + v.bucket
		if tried[v.view]++; v.bucket == "" || tried[place] > 0 {
			continue // that of no bucket is the revision, which who asks for suggestions reads
		}
		tried[place]++
		rots(t, file, v)
		f := r.follow(t, file)
		_, err := f.walk(t.Context(), r.views())
		if err == nil || !strings.Contains(err.Error(), projection.ErrDamaged.Error()) {
			t.Errorf("reading %s %x, where a bit flipped, gives %v, want ErrDamaged", place, v.key, err)
		}
		got, err := f.walk(t.Context(), r.views())
		for deadline := time.Now().Add(30 * time.Second); err != nil && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			got, err = f.walk(t.Context(), r.views())
		}
		f.end()
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); err != nil || diff != "" {
			t.Errorf("after a bit flipped in %s the views aren't those that were followed (%v):\n%s\nthe log: %s", place, err, diff, f.log)
		}
	}
	for _, part := range []string{"insights@1 cases", "insights@1 effects", "insights@1 words", "cases@1 rows", "cases@1 index", "cases@1 counts", "figures@1 rules", "figures@1 tools", "deeds@3 deeds", "deeds@3 kept"} {
		if tried[part] == 0 {
			t.Errorf("nothing stands in %s: no bit of it was flipped", part)
		}
	}
}

// A running server answers 503 when somebody meets the damage, and then what it answered before.
func TestABitThatFlipsInAViewWhileTheServerRuns(t *testing.T) {
	r := lived(t)
	a := r.app.(*appliance)
	var link struct{ Code string }
	r.do("POST", "/admin/signin", nil, &link)
	signed := httptest.NewRecorder()
	a.Handler().ServeHTTP(signed, httptest.NewRequest("GET", "/signin?code="+link.Code, nil))
	token, moment := r.as("viewer", "vic").token, regexp.MustCompile(`"as_of":"[^"]*",`)
	get := func(path string) (status int, after, body string) {
		q, w := httptest.NewRequest("GET", path, nil), httptest.NewRecorder()
		if strings.HasPrefix(path, "/api/") {
			q.Header.Set("Authorization", "Bearer "+token)
		}
		for _, c := range signed.Result().Cookies() {
			q.AddCookie(c)
		}
		a.Handler().ServeHTTP(w, q)
		return w.Code, w.Header().Get("Retry-After"), moment.ReplaceAllString(w.Body.String(), "")
	}
	file := filepath.Join(a.Data, "views.db")
	for _, test := range []struct{ view, bucket, path, says string }{
		{"insights@1", "cases", "/api/v1/insights?from=2020-01-01T00:00:00Z&to=2030-01-01T00:00:00Z", "made anew"},
		{"cases@1", "rows", "/cases?status=resolved", "being put together"},
		{"figures@1", "rules", "/policies", "being put together"},
		{"deeds@3", "", "/api/v1/suggestions", "made anew"},
	} {
		status, _, before := get(test.path)
		if status != 200 {
			t.Fatalf("%s: %d %s", test.path, status, before)
		}
		for _, v := range valuesOf(t, file) {
			if v.view == test.view && v.bucket == test.bucket {
				rots(t, file, v)
				break
			}
		}
		status, after, body := get(test.path)
		if status != 503 || !strings.Contains(body, test.says) || after == "" {
			t.Errorf("%s, whose view has a flipped bit: %d %s (Retry-After %q); want 503 that says %q and when to ask again", test.path, status, body, after, test.says)
		}
		for deadline := time.Now().Add(30 * time.Second); body != before && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if status, _, body = get(test.path); status != 200 && status != 503 {
				t.Fatalf("%s, while the views are made anew: %d %s", test.path, status, body)
			}
		}
		if diff := cmp.Diff(before, body); diff != "" {
			t.Errorf("%s doesn't answer as before:\n%s", test.path, diff)
		}
	}
}
