package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"

	"resolute/bench/cases"
	"resolute/bench/load"
	"resolute/bench/peer"
)

// Every system that runs in Go code of the bench gets a process of its own, so that none inherits
// another's heap. The parent writes one job to its standard input; the child says lines of JSON, and
// ends when its standard input does.
const childCommand = "child"

// job is what a child does.
type job struct {
	Role    string      `json:"role"`
	Folder  string      `json:"folder"`
	Addr    string      `json:"addr"`
	Window  load.Window `json:"window"`
	Sizes   []int       `json:"sizes"`
	Waiting int         `json:"waiting"`
	Working int         `json:"working"`
	Runs    int         `json:"runs"`
	Profile string      `json:"profile"` // file, "" for none
}

// said is what a child says.
type said struct {
	Addr   string  `json:"addr,omitempty"` // it listens there
	Bearer string  `json:"bearer,omitempty"`
	Value  float64 `json:"value,omitempty"`
	Unit   string  `json:"unit,omitempty"`
	Error  string  `json:"error,omitempty"`
	Done   bool    `json:"done,omitempty"`
}

// role carries a job out and says what it has to say.
type role func(ctx context.Context, j job, say func(said)) error

func roles() map[string]role {
	all := map[string]role{"intake-resolute": serveIntake, "intake-bare": serveBare, "calls-alone": callAlone, "fill": fill, "curve": measureCurve}
	for name, run := range cases.Systems() {
		all["cases-"+name] = func(ctx context.Context, j job, say func(said)) error {
			v, err := run(ctx, cases.Setup{Folder: j.Folder, Addr: j.Addr, Window: j.Window})
			say(said{Value: v})
			return err
		}
	}
	return all
}

func childMain(stdin io.Reader, stdout, stderr io.Writer) int {
	lines := bufio.NewReader(stdin)
	first, err := lines.ReadBytes('\n')
	var j job
	if err == nil {
		err = json.Unmarshal(first, &j)
	}
	if err != nil {
		fmt.Fprintln(stderr, "a child of the bench is started by the bench:", err)
		return 2
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, lines) // until the parent closes it, or is gone
		cancel()
	}()
	out := json.NewEncoder(stdout)
	say := func(s said) { _ = out.Encode(s) } // if nobody reads, standard input ends too
	if err := j.do(ctx, say); err != nil && ctx.Err() == nil {
		say(said{Error: err.Error()})
		return 1
	}
	say(said{Done: true})
	return 0
}

func (j job) do(ctx context.Context, say func(said)) (err error) {
	do, ok := roles()[j.Role]
	if !ok {
		return fmt.Errorf("there is no role %s", j.Role)
	}
	if j.Profile != "" {
		f, err := os.Create(j.Profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return errors.Join(err, f.Close())
		}
		defer func() {
			pprof.StopCPUProfile()
			_ = f.Close() // a profile that is cut short shows when it is read
		}()
	}
	return do(ctx, j, say)
}

// child is one at work.
type child struct {
	*peer.Process
	in   io.WriteCloser
	said *json.Decoder
}

// start starts a child. GOGC is what resolute's program sets for itself.
func (l *lab) start(ctx context.Context, j job) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if l.profile != "" {
		if j.Profile, err = filepath.Abs(filepath.Join(l.profile, j.Role+".pprof")); err != nil {
			return nil, err
		}
	}
	c := exec.CommandContext(ctx, self, childCommand)
	c.Env = append(os.Environ(), "GOGC=400")
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	c.Stdout = w
	p, err := peer.Start(c)
	if err != nil {
		return nil, err
	}
	go func() {
		<-p.Ended()
		_ = w.Close() // never fails
	}()
	k := &child{Process: p, in: in, said: json.NewDecoder(r)}
	if err := json.NewEncoder(in).Encode(j); err != nil {
		return nil, errors.Join(err, k.stop())
	}
	return k, nil
}

// next gives the next thing that the child says.
func (c *child) next() (said, error) {
	var s said
	if err := c.said.Decode(&s); err != nil {
		return s, fmt.Errorf("the process that measures ended: %w: %s", err, c.Said())
	}
	if s.Error != "" {
		return s, errors.New(s.Error)
	}
	return s, nil
}

// stop ends the child and waits for it.
func (c *child) stop() error {
	_ = c.in.Close() // it may have ended
	go func() {      // what it still says must not hold it up
		for {
			if _, err := c.next(); err != nil {
				return
			}
		}
	}()
	return c.Leave()
}

// value runs a child that says one value.
func (l *lab) value(ctx context.Context, j job) (float64, error) {
	c, err := l.start(ctx, j)
	if err != nil {
		return 0, err
	}
	s, err := c.next()
	if err == nil {
		var end said
		if end, err = c.next(); err == nil && !end.Done {
			err = errors.New("the process that measures said more than one value")
		}
	}
	if err != nil {
		return 0, errors.Join(err, c.stop())
	}
	return s.Value, c.stop()
}
