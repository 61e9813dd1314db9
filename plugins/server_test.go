package plugins_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"resolute/plugins"
	"resolute/tools/protocol"
)

type payIn struct {
	Account string `json:"account" pattern:"^ACC-" x-resolute:"identity"`
	Cents   int    `json:"cents" minimum:"1" x-resolute:"money"`
}

type payOut struct {
	Balance int `json:"balance"`
}

// bank is a plugin whose tools all pay, each in its own way, and count it in the store's file.
type bank struct {
	*plugins.Server
	db      *bbolt.DB
	release chan struct{} // the slow tool waits for it
	entered chan struct{} // and says here that it waits
}

func openBank(t *testing.T, path string) *bank {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	store, err := plugins.NewBolt(db, "bank")
	if err != nil {
		t.Fatal(err)
	}
	b := &bank{
		Server: plugins.New("bank", plugins.Options{
			Store: store, Log: slog.New(slog.DiscardHandler), CallbackPause: time.Millisecond,
			Now: func() time.Time { return time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC) },
		}),
		db: db, release: make(chan struct{}), entered: make(chan struct{}, 8),
	}
	pay := func(ctx context.Context, in payIn) (payOut, error) {
		tx := plugins.Tx(ctx)
		bucket, err := tx.CreateBucketIfNotExists([]byte("balances"))
		if err != nil {
			return payOut{}, err
		}
		var balance int
		if v := bucket.Get([]byte(in.Account)); v != nil {
			if err := json.Unmarshal(v, &balance); err != nil {
				return payOut{}, err
			}
		}
		balance += in.Cents
		v, _ := json.Marshal(balance)
		if err := bucket.Put([]byte(in.Account), v); err != nil {
			return payOut{}, err
		}
		switch in.Account {
		case "ACC-REFUSED":
			return payOut{}, plugins.Refuse("closed_account", "the account is closed")
		case "ACC-BROKEN":
			return payOut{}, errors.New("the disk's secret is 1234")
		case "ACC-PANIC":
			panic("boom")
		case "ACC-BUSY":
			return payOut{}, plugins.Unavailable(1500*time.Millisecond, "later")
		}
		return payOut{Balance: balance}, nil
	}
	wait := func(ctx context.Context, _ payIn) error {
		b.entered <- struct{}{}
		select {
		case <-b.release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	plugins.Register(b.Server, plugins.Tool[payIn, payOut]{Name: "pay", Effect: protocol.Write, Atomic: true, Run: pay})
	plugins.Register(b.Server, plugins.Tool[payIn, payOut]{Name: "pay_slowly", Effect: protocol.Write, Atomic: true, Prepare: wait, Run: pay})
	plugins.Register(b.Server, plugins.Tool[payIn, payOut]{Name: "pay_later", Effect: protocol.Write, Atomic: true, Async: true, Prepare: wait, Run: pay})
	plugins.Register(b.Server, plugins.Tool[payIn, payOut]{Name: "wire", Effect: protocol.Irreversible, Run: func(_ context.Context, in payIn) (payOut, error) {
		if in.Account == "ACC-BROKEN" {
			return payOut{}, errors.New("the line broke")
		}
		return payOut{Balance: in.Cents}, nil
	}})
	plugins.Register(b.Server, plugins.Tool[struct{}, payOut]{Name: "total", Run: func(context.Context, struct{}) (payOut, error) {
		return payOut{Balance: b.balance(t, "ACC-1")}, nil
	}})
	return b
}

func (b *bank) balance(t *testing.T, account string) (balance int) {
	t.Helper()
	err := b.db.View(func(tx *bbolt.Tx) error {
		if bucket := tx.Bucket([]byte("balances")); bucket != nil {
			if v := bucket.Get([]byte(account)); v != nil {
				return json.Unmarshal(v, &balance)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return balance
}

func (b *bank) shut(t *testing.T) {
	t.Helper()
	b.Close()
	if err := b.db.Close(); err != nil {
		t.Fatal(err)
	}
}

// do sends a request to h and gives status and body; headers come in pairs.
func do(h http.Handler, method, path, body string, headers ...string) (*http.Response, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), w.Body.String()
}

func TestServerAnswersAsTheProtocolSays(t *testing.T) {
	t.Parallel()
	b := openBank(t, filepath.Join(t.TempDir(), "bank.db"))
	defer b.shut(t)
	h := b.Handler()
	const key = protocol.HeaderIdempotencyKey
	for _, c := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		has                      string
	}{
		{"manifest", "GET", "/manifest", "", nil, 200, `"operations":true`},
		{"read", "POST", "/tools/total", "{}", nil, 200, `{"balance":0}`},
		{"read with an argument too many", "POST", "/tools/total", `{"x":1}`, nil, 400, `additional properties 'x' not allowed`},
		{"unknown tool", "POST", "/tools/none", "{}", nil, 404, `no tool \"none\"`},
		{"unknown path", "GET", "/", "", nil, 404, "/manifest"},
		{"no JSON", "POST", "/tools/pay", `{"account"`, []string{key, "a"}, 400, "aren't JSON"},
		{"two documents", "POST", "/tools/pay", `{} {}`, []string{key, "a"}, 400, "aren't JSON"},
		{"wrong type", "POST", "/tools/pay", `{"account":"ACC-1","cents":"5"}`, []string{key, "a"}, 400, `"pointer":"/cents"`},
		{"wrong pattern", "POST", "/tools/pay", `{"account":"1","cents":5}`, []string{key, "a"}, 400, `"pointer":"/account"`},
		{"write without key", "POST", "/tools/pay", `{"account":"ACC-1","cents":5}`, nil, 400, "Idempotency-Key"},
		{"too long", "POST", "/tools/pay", `{"account":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 413, ""},
		{"never seen", "GET", "/operations/a", "", nil, 404, ""},
		{"write", "POST", "/tools/pay", `{"account":"ACC-1","cents":5}`, []string{key, "a"}, 200, `{"balance":5}`},
		{"the same again, written otherwise", "POST", "/tools/pay", `{"cents":5, "account":"ACC-1"}`, []string{key, "a"}, 200, `{"balance":5}`},
		{"same key, other arguments", "POST", "/tools/pay", `{"account":"ACC-1","cents":6}`, []string{key, "a"}, 422, protocol.CodeIdempotencyMismatch},
		{"same key, other tool", "POST", "/tools/wire", `{"account":"ACC-1","cents":5}`, []string{key, "a"}, 422, protocol.CodeIdempotencyMismatch},
		{"what became of it", "GET", "/operations/a", "", nil, 200, `{"status":"done","result":{"balance":5}}`},
		{"refused", "POST", "/tools/pay", `{"account":"ACC-REFUSED","cents":5}`, []string{key, "b"}, 422, `"code":"closed_account"`},
		{"refused again", "POST", "/tools/pay", `{"account":"ACC-REFUSED","cents":5}`, []string{key, "b"}, 422, `"code":"closed_account"`},
		{"what became of the refused", "GET", "/operations/b", "", nil, 200, `{"status":"failed","error":{`},
		{"busy", "POST", "/tools/pay", `{"account":"ACC-BUSY","cents":5}`, []string{key, "c"}, 503, "later"},
		{"busy leaves nothing", "GET", "/operations/c", "", nil, 404, ""},
		{"broken", "POST", "/tools/pay", `{"account":"ACC-BROKEN","cents":5}`, []string{key, "d"}, 500, "the tool failed"},
		{"an atomic tool that broke did nothing", "GET", "/operations/d", "", nil, 404, ""},
		{"panic", "POST", "/tools/pay", `{"account":"ACC-PANIC","cents":5}`, []string{key, "e"}, 500, "the tool failed"},
		{"panic did nothing", "GET", "/operations/e", "", nil, 404, ""},
		{"broken elsewhere", "POST", "/tools/wire", `{"account":"ACC-BROKEN","cents":5}`, []string{key, "f"}, 500, ""},
		{"nobody knows", "GET", "/operations/f", "", nil, 200, `{"status":"pending"}`},
		{"and it isn't tried again", "POST", "/tools/wire", `{"account":"ACC-BROKEN","cents":5}`, []string{key, "f"}, 409, ""},
		{"a key with a slash", "POST", "/tools/wire", `{"account":"ACC-1","cents":7}`, []string{key, "g/1"}, 200, ""},
		{"found by it", "GET", "/operations/g%2F1", "", nil, 200, `"balance":7`},
	} {
		res, body := do(h, c.method, c.path, c.body, c.headers...)
		if res.StatusCode != c.status || !strings.Contains(body, c.has) {
			t.Errorf("%s: the server answered %d %s, want %d with %q", c.name, res.StatusCode, body, c.status, c.has)
		}
		if res.StatusCode >= 400 && res.Header.Get("Content-Type") != protocol.ContentProblem {
			t.Errorf("%s: a %d is of type %q, want a problem", c.name, res.StatusCode, res.Header.Get("Content-Type"))
		}
		if strings.Contains(body, "1234") {
			t.Errorf("%s: the answer gives an inner error away: %s", c.name, body)
		}
	}
	if n := b.balance(t, "ACC-1"); n != 5 {
		t.Errorf("one key was sent four times: the balance is %d, want 5", n)
	}
	for _, undone := range []string{"ACC-REFUSED", "ACC-BROKEN", "ACC-PANIC", "ACC-BUSY"} {
		if n := b.balance(t, undone); n != 0 {
			t.Errorf("the call on %s failed, and its change of %d stands; want none", undone, n)
		}
	}
}

func TestManifestDescribesEachTool(t *testing.T) {
	t.Parallel()
	b := openBank(t, filepath.Join(t.TempDir(), "bank.db"))
	defer b.shut(t)
	m := b.Manifest()
	if err := m.Validate(); err != nil {
		t.Error(err)
	}
	effects := map[string]protocol.Effect{}
	for _, tool := range m.Tools {
		effects[tool.Name] = tool.Effect
	}
	if len(effects) != 5 || effects["total"] != protocol.Read || effects["wire"] != protocol.Irreversible {
		t.Errorf("the manifest's tools are %v, want the five that were registered with their effects", effects)
	}
}

func TestTokenIsAsked(t *testing.T) {
	t.Parallel()
	h := plugins.New("p", plugins.Options{Token: "secret"}).Handler()
	for header, status := range map[string]int{"": 401, "Bearer wrong": 401, "Bearer secret": 200} {
		if res, _ := do(h, "GET", "/manifest", "", "Authorization", header); res.StatusCode != status {
			t.Errorf("Authorization %q: got %d, want %d", header, res.StatusCode, status)
		}
	}
}

func TestSameKeyInFlightIsAConflict(t *testing.T) {
	t.Parallel()
	b := openBank(t, filepath.Join(t.TempDir(), "bank.db"))
	defer b.shut(t)
	h := b.Handler()
	const args = `{"account":"ACC-1","cents":5}`
	first := make(chan int)
	go func() {
		res, _ := do(h, "POST", "/tools/pay_slowly", args, protocol.HeaderIdempotencyKey, "k")
		first <- res.StatusCode
	}()
	<-b.entered
	if res, body := do(h, "POST", "/tools/pay_slowly", args, protocol.HeaderIdempotencyKey, "k"); res.StatusCode != 409 {
		t.Errorf("the second call while the first runs: %d %s, want 409", res.StatusCode, body)
	}
	if _, body := do(h, "GET", "/operations/k", ""); !strings.Contains(body, "pending") {
		t.Errorf("the operation while it runs: %s, want pending", body)
	}
	close(b.release)
	if status := <-first; status != 200 || b.balance(t, "ACC-1") != 5 {
		t.Errorf("the first call: %d and balance %d, want 200 and 5", status, b.balance(t, "ACC-1"))
	}
}

func TestIdempotencySurvivesARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bank.db")
	for run := range 2 {
		b := openBank(t, path)
		res, body := do(b.Handler(), "POST", "/tools/pay", `{"account":"ACC-1","cents":5}`, protocol.HeaderIdempotencyKey, "k")
		if res.StatusCode != 200 || strings.TrimSpace(body) != `{"balance":5}` || b.balance(t, "ACC-1") != 5 {
			t.Errorf("run %d: %d %s, balance %d, want the first run's answer and one effect", run, res.StatusCode, body, b.balance(t, "ACC-1"))
		}
		b.shut(t)
	}
}

func TestAsyncToolCallsBackUntilItIsHeard(t *testing.T) {
	t.Parallel()
	b := openBank(t, filepath.Join(t.TempDir(), "bank.db"))
	defer b.shut(t)
	var posts atomic.Int32
	heard := make(chan []byte, 1)
	caller := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if posts.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body, _ := io.ReadAll(r.Body)
		heard <- body
	}))
	defer caller.Close()
	h := b.Handler()
	headers := []string{protocol.HeaderIdempotencyKey, "k", protocol.HeaderCallback, caller.URL}
	for range 2 {
		res, body := do(h, "POST", "/tools/pay_later", `{"account":"ACC-1","cents":5}`, headers...)
		if res.StatusCode != 202 || !strings.Contains(body, `"operation":"k"`) {
			t.Fatalf("an asynchronous call: %d %s, want 202 with its operation", res.StatusCode, body)
		}
	}
	<-b.entered
	if _, body := do(h, "GET", "/operations/k", ""); !strings.Contains(body, "pending") {
		t.Errorf("before the work is done the operation is %s, want pending", body)
	}
	close(b.release)
	var cb protocol.CallbackBody
	if err := json.Unmarshal(<-heard, &cb); err != nil {
		t.Fatal(err)
	}
	if cb.IdempotencyKey != "k" || !bytes.Contains(cb.Result, []byte(`"balance":5`)) || cb.Error != nil {
		t.Errorf("the callback says %+v, want the result under key k", cb)
	}
	if res, body := do(h, "POST", "/tools/pay_later", `{"account":"ACC-1","cents":5}`, headers...); res.StatusCode != 200 {
		t.Errorf("the same call after it was done: %d %s, want 200 with the stored result", res.StatusCode, body)
	}
	if n := b.balance(t, "ACC-1"); n != 5 {
		t.Errorf("three calls with one key: the balance is %d, want 5", n)
	}
}

func TestAsyncWorkGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bank.db")
	heard := make(chan protocol.CallbackBody, 1)
	caller := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var cb protocol.CallbackBody
		if err := json.NewDecoder(r.Body).Decode(&cb); err == nil {
			heard <- cb
		}
	}))
	defer caller.Close()

	b := openBank(t, path)
	do(b.Handler(), "POST", "/tools/pay_later", `{"account":"ACC-REFUSED","cents":5}`,
		protocol.HeaderIdempotencyKey, "k", protocol.HeaderCallback, caller.URL)
	<-b.entered
	b.shut(t)

	b = openBank(t, path)
	defer b.shut(t)
	close(b.release)
	if err := b.Resume(); err != nil {
		t.Fatal(err)
	}
	if cb := <-heard; cb.IdempotencyKey != "k" || cb.Error == nil || cb.Error.Code != "closed_account" {
		t.Errorf("the work that the restart cut off ended as %+v, want the refusal closed_account", cb)
	}
}

func TestRegisterPanicsOnWhatIsNoTool(t *testing.T) {
	t.Parallel()
	run := func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }
	for name, tool := range map[string]plugins.Tool[struct{}, struct{}]{
		"no name":             {Run: run},
		"no function":         {Name: "t"},
		"unknown effect":      {Name: "t", Run: run, Effect: "explosion"},
		"atomic, in memory":   {Name: "t", Run: run, Effect: protocol.Write, Atomic: true},
		"a name that's taken": {Name: "taken", Run: run},
	} {
		s := plugins.New("p", plugins.Options{})
		plugins.Register(s, plugins.Tool[struct{}, struct{}]{Name: "taken", Run: run})
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: Register accepted it, want a panic", name)
				}
			}()
			plugins.Register(s, tool)
		}()
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- plugins.New("p", plugins.Options{}).Serve(ctx, ln) }()
	res, err := http.Get("http://" + ln.Addr().String() + "/manifest")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("the manifest over TCP: %s, want 200", res.Status)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Serve ended with %v after its context did, want nil", err)
	}
}
