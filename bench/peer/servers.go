package peer

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Server is a peer that listens.
type Server struct {
	*Process
	Addr string // host:port
}

// Stop interrupts the server.
func (s *Server) Stop() error { return s.Process.Stop(os.Interrupt) }

// TemporalNote says how the dev server is set up.
const TemporalNote = "temporal server start-dev " + TemporalVersion + ", SQLite in a file, sdk v1.50.0"

// AsItComes and WriteAhead are pragmas of the dev server's database. Both sync each commit; the
// rollback journal that it comes with does so several times.
func AsItComes() []string { return nil }

// WriteAhead syncs each commit once.
func WriteAhead() []string { return []string{"journal_mode=WAL", "synchronous=FULL"} }

// StartTemporal starts the dev server with its database in a file.
func StartTemporal(ctx context.Context, program, folder string, pragmas []string) (*Server, error) {
	addr, err := FreePort()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	args := []string{"server", "start-dev", "--ip", "127.0.0.1", "--port", port, "--headless", "--log-level", "error",
		"--db-filename", filepath.Join(folder, "temporal.db")}
	for _, p := range pragmas {
		args = append(args, "--sqlite-pragma", p)
	}
	c := exec.CommandContext(ctx, program, args...)
	c.Env = append(os.Environ(), "HOME="+folder, "GOGC=400")
	p, err := Start(c)
	if err != nil {
		return nil, err
	}
	dial := func() error {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	return ready(ctx, &Server{Process: p, Addr: addr}, 60*time.Second, 50*time.Millisecond, dial)
}

// PocketBaseNote says how PocketBase is set up for intake.
const PocketBaseNote = "PocketBase " + PocketBaseVersion + ", examples/base; a hook sets SQLite to synchronous=FULL (its default syncs no commit); a record of four fields, anybody may create it, no unique index"

// hook makes the collection, sets what a commit is worth, and tells it.
const hook = `
onBootstrap((e) => {
  e.next()
  $app.nonconcurrentDB().newQuery("PRAGMA synchronous=FULL").execute()
})
routerAdd("GET", "/bench/synchronous", (e) => {
  const row = new DynamicModel({ "synchronous": 0 })
  $app.nonconcurrentDB().newQuery("PRAGMA synchronous").one(row)
  return e.json(200, row)
})
`

const migration = `
migrate((app) => {
  app.save(new Collection({ type: "base", name: "signals", createRule: "", fields: [
    { type: "text", name: "source" }, { type: "text", name: "event_id" }, { type: "text", name: "type" }, { type: "json", name: "data" },
  ] }))
}, (app) => {})
`

// StartPocketBase starts PocketBase as it comes, on a free port.
func StartPocketBase(ctx context.Context, program, folder string) (*Server, error) {
	return startPocketBase(ctx, program, folder, time.Millisecond)
}

// StartPocketBaseIntake starts PocketBase with a collection "signals" and a sync for each commit.
func StartPocketBaseIntake(ctx context.Context, program, folder string) (*Server, error) {
	for file, text := range map[string]string{"pb_hooks/bench.pb.js": hook, "pb_migrations/1_signals.js": migration} {
		path := filepath.Join(folder, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	s, err := startPocketBase(ctx, program, folder, 20*time.Millisecond, "GOGC=400")
	if err != nil {
		return nil, err
	}
	var got struct{ Synchronous int }
	if err := getJSON("http://"+s.Addr+"/bench/synchronous", &got); err != nil || got.Synchronous != 2 {
		return nil, fmt.Errorf("PocketBase has synchronous=%d and not 2 (FULL), %v; stopped: %v", got.Synchronous, err, s.Stop())
	}
	return s, nil
}

func startPocketBase(ctx context.Context, program, folder string, every time.Duration, env ...string) (*Server, error) {
	addr, err := FreePort()
	if err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, program, "serve", "--dev=false", "--http", addr, "--dir", filepath.Join(folder, "pb_data"),
		"--hooksDir", filepath.Join(folder, "pb_hooks"), "--migrationsDir", filepath.Join(folder, "pb_migrations"))
	c.Dir = folder
	c.Env = append(os.Environ(), env...)
	p, err := Start(c)
	if err != nil {
		return nil, err
	}
	return ready(ctx, &Server{Process: p, Addr: addr}, 30*time.Second, every, func() error { return Answers("http://" + addr + "/api/health") })
}

// ready waits for a server, and stops one that never is.
func ready(ctx context.Context, s *Server, within, every time.Duration, try func() error) (*Server, error) {
	if err := Wait(ctx, s.Process, within, every, try); err != nil {
		return nil, fmt.Errorf("%w (stopped: %v)", err, s.Stop())
	}
	return s, nil
}

// Answers reports whether a URL answers with 200.
func Answers(url string) error {
	res, err := http.Get(url)
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, res.Status)
	}
	return nil
}
