package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"resolute/agent/triage"
	"resolute/agent/triage/measure"
	"resolute/embed"
)

// tellAtMost is how many doubts about a file are told one by one.
const tellAtMost = 10

func (p *Program) evalTriageCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "triage FILE", Short: "How well texts find their procedure, and how sure that is", Args: cobra.ExactArgs(1),
		Long: "FILE has a JSON object a line: {\"text\": \"...\", \"label\": \"...\", \"split\": \"train\"|\"dev\"|\"test\"}, with the label\n" +
			"out-of-scope for a text that is for none of the others. It is learned from train; dev, if there is any,\n" +
			"says how sure to be; test is measured by. No server is needed, and nothing is kept."}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object: {accuracy, in_scope_accuracy, out_of_scope_recall, error_at_threshold, coverage, ece, train_seconds, ms_per_decision}")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		set, err := readTexts(args[0])
		if err != nil {
			return err
		}
		doubts := triage.Doubts(set.Train)
		for _, d := range doubts[:min(len(doubts), tellAtMost)] {
			fmt.Fprintf(p.Stderr, "%s: %s: %s\n", args[0], d.Source, d.Detail)
		}
		if more := len(doubts) - tellAtMost; more > 0 {
			fmt.Fprintf(p.Stderr, "%s: %d more like these\n", args[0], more)
		}
		f, classifier, err := measure.Run(cmd.Context(), set, embed.Builtin(), p.Now)
		if err != nil {
			return err
		}
		threshold, rate := classifier.Threshold()
		if threshold == 0 {
			fmt.Fprintf(p.Stderr, "%s: no score is known from which on at most %.0f %% go wrong: nothing is taken on at it; more train or dev texts would tell\n", args[0], 100*rate)
		}
		if asJSON {
			raw, err := json.Marshal(f)
			if err != nil {
				return err
			}
			return printJSON(p.Stdout, raw)
		}
		w := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintf(w, "accuracy\t%.3f\t\n", f.Accuracy)
		fmt.Fprintf(w, "in-scope accuracy\t%.3f\t\n", f.InScope)
		fmt.Fprintf(w, "out-of-scope recall\t%.3f\t\n", f.OutOfScopeRecall)
		if threshold == 0 {
			fmt.Fprintf(w, "error at threshold\tnone\tno threshold is known for %.2f\n", rate)
		} else {
			fmt.Fprintf(w, "error at threshold\t%.3f\tthreshold %.3f, stated %.2f\n", f.ErrorAtThreshold, threshold, rate)
		}
		fmt.Fprintf(w, "coverage\t%.3f\t\n", f.Coverage)
		fmt.Fprintf(w, "calibration error (ECE)\t%.3f\t\n", f.ECE)
		fmt.Fprintf(w, "trained in\t%.2f s\t%d texts\n", f.TrainSeconds, len(set.Train))
		fmt.Fprintf(w, "a decision\t%.2f ms\t\n", f.MsPerDecision)
		return w.Flush()
	}
	return c
}

func readTexts(file string) (*measure.Set, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	set, err := measure.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return set, nil
}
