package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"resolute/agent/model/measure"
)

// ModelTrial is what `resolute eval model` plays.
type ModelTrial struct {
	Files   fs.FS  // of a bundle; nil for the set that is shipped
	Name    string // of its folder, as the user gave it
	Model   string // as Ollama has it
	Threads int    // that the model runs on, 0 for what its server chooses
	Env     func(string) (string, bool)
	Options measure.Options
}

func (p *Program) evalModelCommand() *cobra.Command {
	var asJSON bool
	var named string
	var trial ModelTrial
	c := &cobra.Command{Use: "model [FOLDER]", Short: "What a model makes of scenarios, and what that takes", Args: cobra.MaximumNArgs(1),
		Long: "Plays scenarios with the model of an Ollama server (OLLAMA_HOST, or this machine), against the answers that\n" +
			"they script: nothing real is called. FOLDER is a bundle, or a folder of rehearsals in one; without it, the\n" +
			"set that comes with resolute is played. Beside the model stand an agent that does nothing, and what the\n" +
			"procedures come to alone. A wrong effect is a write that was sent and that a scenario's expect.calls\n" +
			"doesn't name, or not with these arguments. Exit code 1 if the model had any."}
	c.Flags().StringVar(&named, "model", p.setting("MODEL", ""), "the model, as Ollama has it: `NAME` or ollama/NAME")
	threads := p.numberFlag(c, "model-threads", "`threads` that the model runs on (default: what its server chooses)", &trial.Threads)
	c.Flags().IntVar(&trial.Options.Runs, "runs", 1, "how often each scenario is played with the model; pass^k says how often all of `k` pass")
	c.Flags().Uint64Var(&trial.Options.Seed, "seed", 1, "`number` that ids, times and customers' words are drawn from")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object: {set, model, runs, agents: [{agent, as_expected, resolved, escalated, wrong_effects, ...}], items}")
	c.PreRunE = func(*cobra.Command, []string) error {
		switch trial.Model = strings.TrimPrefix(named, "ollama/"); {
		case trial.Model == "":
			return usagef("which model? name it with --model, as ollama list has it")
		case trial.Options.Runs < 1:
			return usagef("--runs is how often each scenario is played, from 1")
		}
		return threads.read()
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			if err := trial.in(args[0]); err != nil {
				return err
			}
		}
		trial.Env, trial.Options.Before = p.Env, tenths(p.Stderr)
		r, err := p.EvalModel(cmd.Context(), trial)
		if err != nil {
			return err
		}
		if asJSON {
			raw, err := json.Marshal(r)
			if err != nil {
				return err
			}
			err = printJSON(p.Stdout, raw)
			if err != nil {
				return err
			}
		} else if err := writeMeasured(p.Stdout, &r); err != nil {
			return err
		}
		if r.Agents[0].WrongEffects > 0 {
			return errSilent
		}
		return nil
	}
	return c
}

// in takes the bundle that a folder is, or that it is in.
func (t *ModelTrial) in(name string) error {
	at := filepath.Clean(name)
	for root := at; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "resolute.yaml")); err == nil {
			files, err := folder(root)
			if err != nil {
				return err
			}
			t.Files, t.Name = files, root
			if root != at {
				t.Options.Folder = filepath.ToSlash(at)
			}
			return nil
		}
		if parent := filepath.Dir(root); parent == root || root == "." || root == ".." {
			break
		}
	}
	if missing(at) {
		return fmt.Errorf("there is no folder %s", name)
	}
	return fmt.Errorf("%s is no bundle and in none: there is no resolute.yaml in it or above it; rehearsals are played by the procedures and policies of their bundle", name)
}

// tenths tells how far attempts are, ten times.
func tenths(to io.Writer) func(done, total int) {
	told := 0
	return func(done, total int) {
		if now := done * 10 / total; now > told {
			told = now
			_, _ = fmt.Fprintf(to, "%d of %d attempts\n", done, total) // to tell is all it is for
		}
	}
}

// writeMeasured writes a line for each agent, and one for each scenario that the model did not always
// end as expected.
func writeMeasured(to io.Writer, r *measure.Report) error {
	if r.Scenarios == 0 {
		_, err := fmt.Fprintln(to, "there are no scenarios to play that need no live plugin; write some into the folder rehearsals of the bundle")
		return err
	}
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, "%s: %d scenarios, each played %d times with %s\n\n", plain(r.Set), r.Scenarios, r.Runs, plain(r.Model))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "\tas expected\tresolved\tescalated\tother\twrong effects\tcalls\tanswers\tunusable\ttokens in\ttokens out\tmodel time\tECE\t")
	for k := range r.Agents[0].Pass {
		fmt.Fprintf(table, "pass^%d\t", k+1)
	}
	fmt.Fprintln(table)
	for i := range r.Agents {
		figuresLine(table, &r.Agents[i])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nAs expected, resolved, escalated, other and wrong effects are counted over all attempts; calls of tools, answers of the model, tokens and time are a case's mean.")
	if r.Unavailable != "" {
		fmt.Fprintln(w, "Not every question to the model was answered:", plain(r.Unavailable))
	}
	fmt.Fprintln(w)
	for i := range r.Items {
		itemLine(w, &r.Items[i])
	}
	return w.Flush()
}

func figuresLine(w io.Writer, f *measure.Figures) {
	ece := "-"
	if f.Sureness != nil {
		ece = fmt.Sprintf("%.3f of %d", f.Sureness.ECE, f.Sureness.Of)
	}
	fmt.Fprintf(w, "%s\t%d of %d\t%d\t%d\t%d\t%d\t%.1f\t%.1f\t%.1f\t%.0f\t%.0f\t%.1f s\t%s\t", f.Agent, f.AsExpected, f.Attempts, f.Resolved, f.Escalated, f.Other, f.WrongEffects,
		f.Calls, f.Answers, f.Unusable, f.PromptTokens, f.Tokens, f.ModelSeconds, ece)
	for _, p := range f.Pass {
		fmt.Fprintf(w, "%.3f\t", p)
	}
	fmt.Fprintln(w)
}

// itemLine writes how a scenario ended with the model, and who else ends it as expected.
func itemLine(w io.Writer, it *measure.Item) {
	o := it.Agents[measure.ByModel]
	mark := "✗"
	if o.Passed == len(o.Attempts) {
		mark = "✓"
	}
	fmt.Fprintf(w, "%s %d of %d  %s: %s expected", mark, o.Passed, len(o.Attempts), plain(it.Scenario), it.Expects)
	ended := map[string]bool{}
	for _, a := range o.Attempts {
		end := string(a.Status)
		if a.Stop != "" {
			end += " (" + string(a.Stop) + ")"
		}
		if !a.Passed && !ended[end] {
			ended[end] = true
			fmt.Fprintf(w, "; %s", end)
		}
		for _, what := range a.WrongEffects {
			fmt.Fprintf(w, "; WRONG: %s", plain(what))
		}
	}
	for _, other := range []string{measure.ByProcedure, measure.Nothing} {
		if it.Agents[other].Passed > 0 {
			fmt.Fprintf(w, "; also by %s", map[string]string{measure.ByProcedure: "the procedures alone", measure.Nothing: "doing nothing"}[other])
		}
	}
	fmt.Fprintln(w)
}
