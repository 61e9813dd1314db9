package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// commandLine runs one command line.
func commandLine(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, func(string) (string, bool) { return "", false }, strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

// shortDir is a folder whose socket's path is short enough.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// Who may read the data folder invites people and lets in who is locked out, whether a server runs or not.
func TestPeopleByTheCommandLine(t *testing.T) {
	dir := shortDir(t)
	link := regexp.MustCompile(`^http://127\.0\.0\.1:8080/join\?code=[A-Za-z0-9_-]{43}\n$`)
	code, invited, errs := commandLine(t, "people", "invite", "Kim", "--role", "operator", "--data", dir)
	if code != 0 || !link.MatchString(invited) {
		t.Fatalf("invite: %d %q %s, want the link alone", code, invited, errs)
	}
	if code, out, _ := commandLine(t, "people", "link", "KIM", "--data", dir); code != 0 || !link.MatchString(out) || out == invited {
		t.Errorf("link: %d %q, want another link", code, out)
	}
	if code, out, _ := commandLine(t, "people", "list", "--data", dir); code != 0 || !strings.Contains(out, "Kim") || !strings.Contains(out, "operator") || !strings.Contains(out, "by link only") {
		t.Errorf("list: %d %q, want Kim, an operator by link only", code, out)
	}
	if code, _, errs := commandLine(t, "people", "link", "nobody", "--data", dir); code != 1 || !strings.Contains(errs, "nobody here is called nobody") {
		t.Errorf("a link for nobody: %d %q", code, errs)
	}
	if code, _, _ := commandLine(t, "people", "invite", "Ann", "--data", dir); code != 2 {
		t.Errorf("an invitation without a role: %d, want 2", code)
	}
	if err := os.WriteFile(filepath.Join(dir, "server.yaml"), []byte("public_url: https://help.example\noidc: {issuer: 'https://id.example', client_id: x, client_secret: hush, role: viewer}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := commandLine(t, "serve", "--data", dir, "--addr", "127.0.0.1:0"); code != 1 || !strings.Contains(errs, "server.yaml") || !strings.Contains(errs, "client_secret is written out") {
		t.Errorf("a secret in server.yaml: %d %q, want that it should be named", code, errs)
	}
	for _, everybody := range []string{"0.0.0.0/0", "::/0", "proxy.example"} {
		if err := os.WriteFile(filepath.Join(dir, "server.yaml"), []byte("proxies: [10.0.0.7, '"+everybody+"']\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := commandLine(t, "serve", "--data", dir, "--addr", "127.0.0.1:0"); code != 2 || !strings.Contains(errs, everybody) {
			t.Errorf("%s as a proxy: %d %q, want it refused by name", everybody, code, errs)
		}
	}
}

// The terminal shows a link until an admin can sign in without one, and none any more afterwards.
func TestServeShowsALinkUntilThereIsAnAdmin(t *testing.T) {
	dir := shortDir(t)
	serve := func(use func(link string)) string {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		r, w := io.Pipe()
		ended := make(chan int, 1)
		go func() {
			ended <- run(ctx, []string{"serve", "--data", dir, "--addr", "127.0.0.1:0"}, func(string) (string, bool) { return "", false }, strings.NewReader(""), w, io.Discard)
			_ = w.Close() // gives nothing but nil
		}()
		all := make(chan string, 1)
		said := make(chan string, 1)
		go func() {
			var text strings.Builder
			b := make([]byte, 4096)
			for {
				n, err := r.Read(b)
				text.Write(b[:n])
				if strings.HasSuffix(text.String(), "\n") {
					select {
					case said <- text.String():
					default:
					}
				}
				if err != nil {
					all <- text.String()
					return
				}
			}
		}()
		for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			if _, err := os.Stat(filepath.Join(dir, "admin.sock")); err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the server doesn't start")
			}
		}
		if use != nil {
			use(<-said)
		}
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("serve ended with %d", code)
		}
		return <-all
	}
	for range 2 { // a link that nobody used is followed by another
		serve(func(said string) {
			if !strings.Contains(said, "/signin?code=") {
				t.Errorf("without an admin the terminal shows %q, want a link", said)
			}
		})
	}
	serve(func(said string) {
		jar, _ := cookiejar.New(nil) // never fails
		c := &http.Client{Jar: jar}
		link := regexp.MustCompile(`http://\S+`).FindString(said)
		res, err := c.Get(link)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		base, _, _ := strings.Cut(link, "/signin")
		res, err = c.PostForm(base+"/welcome", url.Values{"name": {"Robin"}, "password": {"correct horse battery"}})
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Fatalf("choosing a password: %d", res.StatusCode)
		}
	})
	if said := serve(nil); strings.Contains(said, "code=") {
		t.Errorf("with an admin who has a password the terminal shows %q, want no link: logs are read by many", said)
	}
}
