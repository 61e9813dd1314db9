package peer

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Postgres is a cluster of its own, in a folder of its own, reached by a socket in that folder.
type Postgres struct {
	*Process
	folder string
}

// PostgresNote says how it is set up.
const PostgresNote = "Debian's PostgreSQL by a Unix socket, fsync=on, synchronous_commit=on, shared_buffers=512MB, max_wal_size=4GB"

// StartPostgres makes a cluster and starts it, installing Debian's package where it is missing. The
// folder must be one that other users may pass through; PostgreSQL refuses to run as root.
func StartPostgres(ctx context.Context, folder string) (*Postgres, error) {
	bin, err := postgresPrograms(ctx)
	if err != nil {
		return nil, err
	}
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	if as != nil {
		if err := os.Chown(folder, int(as.Uid), int(as.Gid)); err != nil {
			return nil, err
		}
	}
	command := func(name string, args ...string) *exec.Cmd {
		c := exec.CommandContext(ctx, filepath.Join(bin, name), args...)
		c.Dir = folder
		c.Env = append(os.Environ(), "HOME="+folder, "LC_ALL=C")
		c.SysProcAttr = &syscall.SysProcAttr{Credential: as}
		return c
	}
	data := filepath.Join(folder, "data")
	if out, err := command("initdb", "-D", data, "-U", "bench", "-A", "trust", "--no-sync").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	c := command("postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=on", "-c", "synchronous_commit=on",
		"-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB", "-c", "max_connections=300")
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGINT) }
	p, err := Start(c)
	if err != nil {
		return nil, err
	}
	pg := &Postgres{Process: p, folder: folder}
	ready := func() error {
		conn, err := net.Dial("unix", filepath.Join(folder, ".s.PGSQL.5432"))
		if err != nil {
			return err
		}
		if err := conn.Close(); err != nil {
			return err
		}
		return exec.CommandContext(ctx, filepath.Join(bin, "pg_isready"), "-q", "-h", folder).Run()
	}
	if err := Wait(ctx, p, 30*time.Second, 20*time.Millisecond, ready); err != nil {
		return nil, fmt.Errorf("%w (stopped: %v)", err, pg.Stop())
	}
	return pg, nil
}

// DSN gives how to connect.
func (p *Postgres) DSN() string {
	return "host=" + p.folder + " user=bench dbname=postgres sslmode=disable"
}

// Stop ends the server without waiting for its clients.
func (p *Postgres) Stop() error { return p.Process.Stop(syscall.SIGINT) }

// postgresPrograms finds the newest server there is.
func postgresPrograms(ctx context.Context) (string, error) {
	if bin := newestPostgres(); bin != "" {
		return bin, nil
	}
	fmt.Fprintln(os.Stderr, "installing PostgreSQL")
	install := "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql"
	if out, err := exec.CommandContext(ctx, "sh", "-c", install).CombinedOutput(); err != nil {
		return "", fmt.Errorf("install PostgreSQL: %w\n%s", err, out)
	}
	if bin := newestPostgres(); bin != "" {
		return bin, nil
	}
	return "", fmt.Errorf("apt-get installed no PostgreSQL server in /usr/lib/postgresql; install one")
}

func newestPostgres() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // the pattern is well formed
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4]) // what is no number comes first
		return n
	}
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }))
}

// unprivileged gives the user that PostgreSQL runs as: postgres where this is root, else nil for
// this one.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL doesn't run as root: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}
