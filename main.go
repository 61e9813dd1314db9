// Command resolute is an autonomous support agent that owns the outcome of a case.
package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"time"

	"resolute/agent/bundle"
	"resolute/plugins/demo"
	"resolute/ui/cli"
)

func main() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(400) // cases leave much short-lived garbage and little else; docs/measurements.md has what it buys
	}
	os.Exit(run(context.Background(), os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program, for main and for tests.
func run(ctx context.Context, args []string, env func(string) (string, bool), stdin io.Reader, stdout, stderr io.Writer) int {
	starter, err := bundle.Starter()
	if err == nil {
		var story []demo.Step
		var files fs.FS
		if story, err = demo.Story(); err == nil {
			files, err = demo.Bundle()
		}
		if err == nil {
			p := &cli.Program{Assemble: assemble, Check: check, Rehearse: rehearse, EvalModel: evalModel, Schema: bundle.Schema, Pack: bundle.Pack, Starter: starter, Env: env,
				Demo:  cli.Demo{Open: openDemo, Bundle: files, EnvURL: demo.EnvURL, Story: story, MonitorTitle: demo.MonitorTitle},
				Stdin: stdin, Stdout: stdout, Stderr: stderr, Now: time.Now, Version: version()}
			return p.Main(ctx, args)
		}
	}
	fmt.Fprintln(stderr, "resolute:", err)
	return 1
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development"
}

func openDemo(path string) (cli.Company, error) { return demo.Open(path, demo.Options{}) }

// check is `resolute check`.
func check(ctx context.Context, files fs.FS, name string, env func(string) (string, bool), out io.Writer) (bool, error) {
	_, problems := bundle.Load(ctx, files, name, bundle.Options{Fetch: fetch, Lookup: func(kind, name string) (string, bool) {
		if kind == "env" {
			return env(name)
		}
		return "", false
	}})
	for _, p := range problems {
		if _, err := fmt.Fprintln(out, p); err != nil {
			return false, err
		}
	}
	return !problems.Failed(), nil
}
