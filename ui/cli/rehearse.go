package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"resolute/agent/rehearsal"
)

func (p *Program) rehearseCommand() *cobra.Command {
	var o rehearsal.Options
	var asJSON, all bool
	var junit string
	var cases []string
	c := &cobra.Command{Use: "rehearse BUNDLE", Short: "Try a bundle against its scenarios before it is trusted", Args: cobra.ExactArgs(1),
		Long: "rehearse plays the scenarios in the bundle's rehearsals folder with the engine that runs live cases,\n" +
			"against the answers that they script: nothing real is called, unless a scenario says plugin: live.\n" +
			"With --faults each is played again with every kind of fault at every call; what they expect may not\n" +
			"come about then, but nothing is done twice, nothing else is done, and a person gets what is left.\n" +
			"The same seed gives the same output. Exit code 1 if anything isn't met, or nothing was played.\n" +
			"With --case or --all recorded cases are replayed in place of the scenarios, out of the data folder: their\n" +
			"signals and what people decided come as they did, calls get the answers that they got, and BUNDLE, a\n" +
			"folder or a stored version, decides anew. What it decides otherwise is named with its entry of the\n" +
			"journal. Exit code 1 if anything is."}
	t := p.targetFlags(c)
	c.Flags().StringArrayVar(&cases, "case", nil, "replay the recorded case of this `id`; may be given again")
	c.Flags().BoolVar(&all, "all", false, "replay all recorded cases")
	c.Flags().BoolVar(&o.Faults, "faults", false, "play each scenario again with every kind of fault at every call")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "`number` that ids, times and mixed faults are drawn from")
	c.Flags().StringVar(&o.Model, "model", "", "`NAME` of a model at OLLAMA_HOST, for what the bundle uses one for; what comes of it depends on more than the seed then")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object: {items: [{rehearsal, passed, failures}]}")
	c.Flags().StringVar(&junit, "junit", "", "write the results as JUnit XML to this `file` too")
	c.PreRunE = func(cmd *cobra.Command, _ []string) error {
		o.Model = strings.TrimPrefix(o.Model, "ollama/")
		if o.Model != "" && len(cases) > 0 || o.Model != "" && all {
			return usagef("recorded cases get what a model answered then: leave out --model")
		}
		if o.Cases = cases; all {
			o.Cases = []string{rehearsal.All}
		}
		if all && len(cases) > 0 {
			return usagef("--all replays every case; leave out --case")
		}
		if o.Faults && len(o.Cases) > 0 {
			return usagef("recorded cases get the answers that they got: leave out --faults")
		}
		if cmd.Flags().Changed("url") && len(o.Cases) == 0 {
			return usagef("scenarios are played here, and not by the server at --url: leave it out, or name recorded cases with --case or --all")
		}
		return nil
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		report, err := p.rehearsed(cmd.Context(), t, args[0], o)
		if err != nil {
			return err
		}
		if junit != "" {
			if err := writeFile(junit, func(w io.Writer) error { return writeJUnit(w, &report) }); err != nil {
				return err
			}
		}
		if err := p.show(&report, asJSON); err != nil {
			return err
		}
		if !report.Passed || len(report.Items) == 0 && report.Replays == nil {
			return errSilent
		}
		return nil
	}
	return c
}

// rehearsed plays a folder's scenarios, or has recorded cases replayed by it.
func (p *Program) rehearsed(ctx context.Context, t *target, name string, o rehearsal.Options) (report rehearsal.Report, err error) {
	if len(o.Cases) > 0 {
		err = p.with(ctx, t, func(c *client) error {
			report, err = p.replay(ctx, c, name, o)
			return err
		})
		return report, err
	}
	files, err := folder(name)
	if err != nil {
		return report, err
	}
	return p.Rehearse(ctx, files, name, p.Env, o)
}

func (p *Program) show(r *rehearsal.Report, asJSON bool) error {
	switch {
	case asJSON:
	case r.Replays != nil:
		return writeReplays(p.Stdout, r)
	default:
		return writeReport(p.Stdout, r)
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return printJSON(p.Stdout, raw)
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		_ = f.Close() // what went wrong before counts
		return err
	}
	return f.Close()
}

// writeReport writes a line for each rehearsal, and what happened in those that failed.
func writeReport(to io.Writer, r *rehearsal.Report) error {
	if len(r.Items)+len(r.LeftOut) == 0 {
		_, err := fmt.Fprintln(to, "the bundle has no rehearsals; write some into its folder rehearsals")
		return err
	}
	w, passed := bufio.NewWriter(to), 0
	for i := range r.Items {
		it := &r.Items[i]
		mark := "✗"
		if it.Passed {
			mark = "✓"
			passed++
		}
		fmt.Fprintf(w, "%s %s: %s after %s\n", mark, plain(it.Rehearsal), standing(it), time.Duration(it.Took).Round(time.Millisecond))
		if f := it.Faults; f != nil {
			fmt.Fprintf(w, "  %d runs with faults: %d as expected, %d left to a person, %d otherwise after a no, %d broke a promise\n", f.Runs, f.AsExpected, f.ByPeople, f.Otherwise, f.Broken)
		}
		for _, what := range it.Failures {
			fmt.Fprintln(w, " ", plain(what))
		}
		if !it.Passed {
			for _, line := range it.Story {
				fmt.Fprintln(w, "   ", plain(line))
			}
		}
	}
	if len(r.LeftOut) > 0 {
		fmt.Fprintf(w, "left out, since they call live plugins: %s\n", plain(strings.Join(r.LeftOut, ", ")))
	}
	fmt.Fprintf(w, "%d of %d rehearsals passed\n", passed, len(r.Items))
	return w.Flush()
}

func standing(it *rehearsal.Item) string {
	if it.Stop != "" {
		return fmt.Sprintf("%s (%s)", it.Status, it.Stop)
	}
	return string(it.Status)
}
