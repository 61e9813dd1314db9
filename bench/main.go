// Command bench measures resolute beside its peers, on the same disk and in one run, and prints
// medians and ratios as a table, as JSON and as an SVG. README.md says what is measured and how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"resolute/bench/load"
	"resolute/bench/report"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == childCommand {
		os.Exit(childMain(os.Stdin, os.Stdout, os.Stderr))
	}
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(400) // clients and plugins share the processors with what is measured, and get what it gets
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// benches are what can be measured, in the order of the table.
func benches() []string {
	return []string{"intake", "cases", "calls", "restart", "idle", report.Curve}
}

// options are the command line.
type options struct {
	only, systems []string
	runs          int
	json, svg     string
	folder        string
	profile       string
	extent
}

// extent is how much is measured.
type extent struct {
	window load.Window   // of a rate
	stored int           // cases at a restart
	rest   time.Duration // before the memory of an idle server is read
	sizes  []int         // stored cases along the curve, ascending
}

func full() extent {
	return extent{load.Window{Warm: 3 * time.Second, Measure: 10 * time.Second}, 100_000, 3 * time.Second, []int{100, 1000, 10_000, 100_000, 1_000_000}}
}

func quick() extent {
	return extent{load.Window{Warm: 500 * time.Millisecond, Measure: time.Second}, 5000, time.Second, []int{100, 1000, 10_000}}
}

func parse(args []string, stderr io.Writer) (o options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	only := f.String("only", "", "comma-separated `benches`: "+strings.Join(benches(), ", ")+" (default all)")
	systems := f.String("systems", "", "comma-separated `systems`, such as resolute,bare (default all)")
	hasty := f.Bool("quick", false, "one short run of each, and small stores: to see that it works, not to quote")
	f.IntVar(&o.runs, "runs", 0, "how many runs the medians are of (default 3, with -quick 1)")
	f.StringVar(&o.json, "json", "", "write the rows to this `file`")
	f.StringVar(&o.svg, "svg", "bench.svg", "write the picture to this `file`")
	f.StringVar(&o.folder, "dir", os.TempDir(), "`folder` for all data, on the disk that is to be measured")
	f.StringVar(&o.profile, "profile", "", "write processor profiles of resolute to this `folder`")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag; see -help", f.Arg(0))
	}
	o.only, o.systems = list(*only), list(*systems)
	for _, name := range o.only {
		if !slices.Contains(benches(), name) {
			return o, fmt.Errorf("-only %s: the benches are %s", name, strings.Join(benches(), ", "))
		}
	}
	if len(o.only) == 0 {
		o.only = benches()
	}
	runs := 3
	if o.extent = full(); *hasty {
		o.extent, runs = quick(), 1
	}
	if o.runs <= 0 {
		o.runs = runs
	}
	return o, nil
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// wants reports whether a system is to be measured.
func (o options) wants(system string) bool {
	return len(o.systems) == 0 || slices.Contains(o.systems, system)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = measure(ctx, o, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

// measure runs what was asked for, and writes what there is even where something failed.
func measure(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	l, err := newLab(o, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	all := map[string]func(context.Context) error{"intake": l.intake, "cases": l.cases, "calls": l.calls, "restart": l.restart, "idle": l.idle, report.Curve: l.curve}
	var failed []error
	for _, name := range benches() {
		if !slices.Contains(o.only, name) || ctx.Err() != nil {
			continue
		}
		if err := all[name](ctx); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
		}
	}
	failed = append(failed, ctx.Err(), write(report.Rows(l.figures.list()), o, stdout))
	return errors.Join(failed...)
}

// write gives the rows in all forms.
func write(rows []report.Row, o options, stdout io.Writer) error {
	err := report.WriteText(stdout, rows)
	if o.json != "" {
		err = errors.Join(err, file(o.json, func(w io.Writer) error { return report.WriteJSON(w, rows) }))
	}
	if o.svg != "" {
		err = errors.Join(err, file(o.svg, func(w io.Writer) error { return report.WriteSVG(w, rows) }))
	}
	return err
}

func file(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
