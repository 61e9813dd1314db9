package identity_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"resolute/agent/identity"
	"resolute/agent/people"
)

// issuer is an identity provider on loopback that says what a test wants it to.
type issuer struct {
	t      *testing.T
	server *httptest.Server
	key    *rsa.PrivateKey
	now    time.Time
	// claims changes what is said of ann; sign, what it is signed with.
	claims func(map[string]any)
	sign   func(header, claims map[string]any) string
	codes  map[string]url.Values // the question that each code answers
}

var b64 = base64.RawURLEncoding.EncodeToString

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{t: t, key: key, now: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), claims: func(map[string]any) {}, codes: map[string]url.Values{}}
	i.sign = func(header, claims map[string]any) string { return signed(t, i.key, header, claims) }
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		u := i.server.URL
		say(w, map[string]any{"issuer": u, "authorization_endpoint": u + "/authorize", "token_endpoint": u + "/token", "jwks_uri": u + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		pub := i.key.PublicKey
		say(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig", "n": b64(pub.N.Bytes()), "e": b64(big.NewInt(int64(pub.E)).Bytes())}}})
	})
	mux.HandleFunc("POST /token", i.token)
	i.server = httptest.NewServer(mux)
	t.Cleanup(i.server.Close)
	return i
}

func signed(t *testing.T, key *rsa.PrivateKey, header, claims map[string]any) string {
	t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b64(b)
	}
	text := part(header) + "." + part(claims)
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(sig)
}

// token checks what a client shows for a code, as RFC 7636 wants it, and says who it is.
func (i *issuer) token(w http.ResponseWriter, r *http.Request) {
	asked, ok := i.codes[r.FormValue("code")]
	delete(i.codes, r.FormValue("code"))
	id, secret, _ := r.BasicAuth()
	if id == "" {
		id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
	}
	proof := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || id != "resolute" || secret != "hush" || asked.Get("code_challenge") != b64(proof[:]) || asked.Get("code_challenge_method") != "S256" || r.FormValue("redirect_uri") != asked.Get("redirect_uri") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	claims := map[string]any{"iss": i.server.URL, "sub": "ann-1", "aud": "resolute", "exp": i.now.Add(time.Minute).Unix(), "iat": i.now.Unix(), "nonce": asked.Get("nonce"),
		"email": "ann@example.com", "email_verified": true, "groups": []string{"staff", "leads"}}
	i.claims(claims)
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": i.sign(map[string]any{"alg": "RS256", "kid": "1"}, claims)}); err != nil {
		i.t.Error(err)
	}
}

// authorize answers as the page does on which somebody agrees.
func (i *issuer) authorize(address string) url.Values {
	i.t.Helper()
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, i.server.URL+"/authorize?") {
		i.t.Fatalf("the browser is sent to %s, want the provider (%v)", address, err)
	}
	q := u.Query()
	if q.Get("response_type") != "code" || q.Get("code_challenge") == "" || q.Get("nonce") == "" || q.Get("state") == "" || !strings.Contains(q.Get("scope"), "openid") {
		i.t.Fatalf("the question is %v, want a code with PKCE, nonce and state", q)
	}
	code := "code-" + q.Get("state")
	i.codes[code] = q
	return url.Values{"code": {code}, "state": {q.Get("state")}}
}

func (i *issuer) config() identity.Config {
	return identity.Config{Issuer: i.server.URL, ClientID: "resolute", ClientSecret: "${secret.oidc}", Roles: map[string]people.Role{"staff": people.Viewer, "leads": people.Approver}, Domains: []string{"example.com"}}
}

func (i *issuer) provider(c identity.Config) *identity.Provider {
	i.t.Helper()
	p, err := identity.New(c, identity.Deps{Secret: func(name string) (string, bool) { return "hush", name == "oidc" }, Redirect: "https://help.example/signin/callback", Client: i.server.Client(), Now: func() time.Time { return i.now }})
	if err != nil {
		i.t.Fatal(err)
	}
	return p
}

// signIn goes the whole way.
func (i *issuer) signIn(p *identity.Provider) (people.Identity, string, error) {
	i.t.Helper()
	address, state, err := p.Begin(i.t.Context(), "/cases")
	if err != nil {
		i.t.Fatal(err)
	}
	return p.Finish(i.t.Context(), i.authorize(address), state)
}

func TestProviderVouches(t *testing.T) {
	i := newIssuer(t)
	who, next, err := i.signIn(i.provider(i.config()))
	want := people.Identity{Issuer: i.server.URL, Subject: "ann-1", Name: "ann@example.com", Role: people.Approver}
	if err != nil || who != want || next != "/cases" {
		t.Errorf("the provider's word gives %+v to %q, %v, want %+v", who, next, err, want)
	}
}

// Each way in which the provider's word, or what is made of it, isn't as it should be lets nobody in.
func TestWordsThatDontCount(t *testing.T) {
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	set := func(claim string, v any) func(*issuer) {
		return func(i *issuer) {
			i.claims = func(c map[string]any) {
				if c[claim] = v; v == nil {
					delete(c, claim)
				}
			}
		}
	}
	for what, change := range map[string]func(*issuer){
		"signed by somebody else": func(i *issuer) {
			i.sign = func(h, c map[string]any) string { return signed(t, stranger, h, c) }
		},
		"not signed": func(i *issuer) {
			i.sign = func(_, c map[string]any) string {
				token := signed(t, i.key, map[string]any{"alg": "none"}, c)
				return token[:strings.LastIndexByte(token, '.')+1]
			}
		},
		"signed with the public key as a password": func(i *issuer) {
			i.sign = func(_, c map[string]any) string {
				return signed(t, i.key, map[string]any{"alg": "HS256", "kid": "1"}, c)
			}
		},
		"changed after it was signed": func(i *issuer) {
			i.sign = func(h, c map[string]any) string {
				parts := strings.Split(signed(t, i.key, h, c), ".")
				c["email"] = "boss@example.com"
				other := strings.Split(signed(t, i.key, h, c), ".")
				return parts[0] + "." + other[1] + "." + parts[2]
			}
		},
		"no word at all":              func(i *issuer) { i.sign = func(map[string]any, map[string]any) string { return "" } },
		"for another sign-in":         set("nonce", "another"),
		"for none":                    set("nonce", nil),
		"for another client":          set("aud", "somebody-else"),
		"by another issuer":           set("iss", "https://evil.example"),
		"over":                        set("exp", time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).Unix()),
		"without an end":              set("exp", nil),
		"an email nobody verified":    set("email_verified", false),
		"an email of unknown origin":  set("email_verified", nil),
		"no email":                    set("email", ""),
		"an email of another domain":  set("email", "ann@evil.example"),
		"a domain that ends like one": set("email", "ann@notexample.com"),
		"the domain as a name":        set("email", "example.com@evil.example"),
		"nothing that gives a role":   set("groups", []string{"guests"}),
		"no claim that gives a role":  set("groups", nil),
	} {
		i := newIssuer(t)
		change(i)
		if who, _, err := i.signIn(i.provider(i.config())); !errors.Is(err, identity.ErrNotVouched) {
			t.Errorf("%s: %+v, %v, want ErrNotVouched", what, who, err)
		}
	}
}

// Whoever comes back with what wasn't given to this browser, for this sign-in, once, isn't let in.
func TestAnswersThatDontCount(t *testing.T) {
	i := newIssuer(t)
	p := i.provider(i.config())
	for what, change := range map[string]func(answer url.Values, state string) (url.Values, string){
		"another browser":    func(a url.Values, _ string) (url.Values, string) { return a, "" },
		"no state":           func(a url.Values, s string) (url.Values, string) { a.Del("state"); return a, s },
		"a state of nobody":  func(a url.Values, _ string) (url.Values, string) { a.Set("state", "x"); return a, "x" },
		"a refusal":          func(a url.Values, s string) (url.Values, string) { a.Set("error", "access_denied"); return a, s },
		"a code of nobody":   func(a url.Values, s string) (url.Values, string) { a.Set("code", "x"); return a, s },
		"another provider":   func(a url.Values, s string) (url.Values, string) { a.Set("iss", "https://evil.example"); return a, s },
		"after ten minutes":  func(a url.Values, s string) (url.Values, string) { i.now = i.now.Add(10 * time.Minute); return a, s },
		"somebody's code":    nil,
		"a second time":      nil,
		"of another sign-in": nil,
	} {
		address, state, err := p.Begin(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		answer := i.authorize(address)
		switch what {
		case "somebody's code": // injected into a sign-in that has another verifier
			other, _, err := p.Begin(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			answer.Set("code", i.authorize(other).Get("code"))
		case "a second time":
			if _, _, err := p.Finish(t.Context(), answer, state); err != nil {
				t.Fatal(err)
			}
		case "of another sign-in":
			other, _, err := p.Begin(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			answer = i.authorize(other)
		default:
			answer, state = change(answer, state)
		}
		if who, _, err := p.Finish(t.Context(), answer, state); !errors.Is(err, identity.ErrNotVouched) {
			t.Errorf("%s: %+v, %v, want ErrNotVouched", what, who, err)
		}
	}
}

func TestProviderThatIsDown(t *testing.T) {
	i := newIssuer(t)
	p := i.provider(i.config())
	i.server.Close()
	if _, _, err := p.Begin(t.Context(), ""); !errors.Is(err, identity.ErrUnreachable) {
		t.Errorf("a provider that is down: %v, want ErrUnreachable", err)
	}
	c := i.config()
	c.ClientSecret = "${secret.absent}"
	i = newIssuer(t)
	c.Issuer = i.server.URL
	if _, _, err := i.provider(c).Begin(t.Context(), ""); !errors.Is(err, identity.ErrConfig) || !strings.Contains(err.Error(), "resolute secret set absent") {
		t.Errorf("without its secret: %v, want that it isn't set", err)
	}
}

// So many sign-ins are under way at once that the memory is bounded, and the newest ones count.
func TestPendingIsBounded(t *testing.T) {
	i := newIssuer(t)
	p := i.provider(i.config())
	first, state, err := p.Begin(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	answer := i.authorize(first)
	for range 1000 {
		i.now = i.now.Add(time.Millisecond)
		if _, _, err := p.Begin(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := p.Finish(t.Context(), answer, state); !errors.Is(err, identity.ErrNotVouched) {
		t.Errorf("the oldest of 1001 says %v, want it forgotten", err)
	}
	if _, _, err := i.signIn(p); err != nil {
		t.Errorf("the newest: %v", err)
	}
}

func TestConfig(t *testing.T) {
	good := identity.Config{Issuer: "https://id.example.com", ClientID: "resolute", ClientSecret: "${secret.oidc}", Role: people.Viewer}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*identity.Config){
		"no address":              func(c *identity.Config) { c.Issuer = "id.example.com" },
		"plain http elsewhere":    func(c *identity.Config) { c.Issuer = "http://id.example.com" },
		"no client":               func(c *identity.Config) { c.ClientID = "" },
		"a secret written out":    func(c *identity.Config) { c.ClientSecret = "hush" },
		"no role for anybody":     func(c *identity.Config) { c.Role = "" },
		"a program's role":        func(c *identity.Config) { c.Role = people.Ingest },
		"a role that isn't one":   func(c *identity.Config) { c.Roles = map[string]people.Role{"x": "root"} },
		"everybody an admin":      func(c *identity.Config) { c.Role = people.Admin },
		"a domain that isn't one": func(c *identity.Config) { c.Domains = []string{"@example.com"} },
	} {
		c := good
		change(&c)
		if err := c.Check(); !errors.Is(err, identity.ErrConfig) {
			t.Errorf("%s: %v, want ErrConfig", what, err)
		}
	}
}

// A provider that answers nobody keeps nobody waiting but who asked it.
func TestProviderThatHangs(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	hung := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-release
	}))
	defer hung.Close()
	p, err := identity.New(identity.Config{Issuer: hung.URL, ClientID: "resolute", Role: people.Viewer}, identity.Deps{Client: hung.Client(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	began := make(chan error, 1)
	go func() {
		_, _, err := p.Begin(t.Context(), "")
		began <- err
	}()
	<-asked
	answered := make(chan error, 1)
	go func() {
		_, _, err := p.Finish(t.Context(), url.Values{"state": {"x"}}, "x")
		answered <- err
	}()
	select {
	case err := <-answered:
		if !errors.Is(err, identity.ErrNotVouched) {
			t.Errorf("an answer to no question: %v, want ErrNotVouched", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("an answer to no question waits for a provider that hangs")
	}
	close(release)
	if err := <-began; !errors.Is(err, identity.ErrUnreachable) {
		t.Errorf("a provider that says nothing: %v, want ErrUnreachable", err)
	}
}
