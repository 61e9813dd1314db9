package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"resolute/kb"
	"resolute/kb/measure"
)

func (p *Program) evalCommand() *cobra.Command {
	c := &cobra.Command{Use: "eval", Short: "Measure on your own data", RunE: func(cmd *cobra.Command, _ []string) error {
		return usagef("eval what? retrieval, triage and model are there: resolute eval triage FILE")
	}}
	c.AddCommand(p.evalRetrievalCommand(), p.evalTriageCommand(), p.evalModelCommand())
	return c
}

// modes are those that a retrieval is measured in.
var modes = [...]kb.Mode{kb.Keyword, kb.Vector, kb.Hybrid}

func (p *Program) evalRetrievalCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "retrieval FILE", Short: "How well search finds the documents that answer questions", Args: cobra.ExactArgs(1),
		Long: "FILE has a JSON object a line: {\"query\": \"...\", \"relevant\": [\"DOCUMENT\", ...]}, each document by its\n" +
			"id, or by its path below the folder given to ingest. Measured by document, without a floor."}
	t := p.targetFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object: {mode: {recall@5, recall@10, recall@50, mrr@10, ndcg@10}}")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		questions, err := readQuestions(args[0])
		if err != nil {
			return err
		}
		return p.with(cmd.Context(), t, func(c *client) error {
			figures := map[kb.Mode]measure.Figures{}
			found := map[string]bool{}
			for _, mode := range modes {
				if figures[mode], err = retrieval(cmd.Context(), c, mode, questions, found); err != nil {
					return err
				}
			}
			p.warnUnfound(questions, found)
			if asJSON {
				raw, err := json.Marshal(figures)
				if err != nil {
					return err
				}
				return printJSON(p.Stdout, raw)
			}
			w := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
			fmt.Fprintln(w, "\trecall@5\trecall@10\trecall@50\tmrr@10\tndcg@10\t")
			for _, mode := range modes {
				f := figures[mode]
				fmt.Fprintf(w, "%s\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t\n", mode, f.Recall5, f.Recall10, f.Recall50, f.MRR10, f.NDCG10)
			}
			return w.Flush()
		})
	}
	return c
}

func readQuestions(file string) ([]measure.Question, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	questions, err := measure.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return questions, nil
}

// retrieval measures one mode, and notes in found which relevant documents any answer had.
func retrieval(ctx context.Context, c *client, mode kb.Mode, questions []measure.Question, found map[string]bool) (measure.Figures, error) {
	var sum measure.Sum
	for _, question := range questions {
		q := url.Values{"q": {question.Query}, "k": {fmt.Sprint(measure.Depth)}, "mode": {string(mode)}, "each": {string(kb.Documents)}, "floor": {"0"}}
		var out struct {
			Hits []struct {
				DocumentID string `json:"document_id"`
				Source     string `json:"source"`
			}
		}
		if err := c.call(ctx, "GET", "/api/v1/knowledge/search?"+q.Encode(), nil, "", &out); err != nil {
			return measure.Figures{}, err
		}
		ranking, sources := make([]string, len(out.Hits)), map[string]string{}
		for i, h := range out.Hits {
			ranking[i], sources[h.DocumentID] = h.DocumentID, h.Source
		}
		relevant := make([]string, len(question.Relevant))
		for i, name := range question.Relevant {
			relevant[i] = sameName(name)
		}
		which := measure.Which(relevant, func(document string) []string {
			return []string{sameName(document), sameName(sources[document])}
		})
		sum.Add(ranking, len(relevant), func(document string) int {
			i := which(document)
			if i >= 0 {
				found[question.Relevant[i]] = true
			}
			return i
		})
	}
	return sum.Figures(), nil
}

// sameName makes the names alike that a document may be called by: an id as it was given, or a path
// with or without a leading dot.
func sameName(name string) string {
	if name == "" {
		return ""
	}
	return kb.DocumentID(strings.TrimPrefix(path.Clean(name), "/"))
}

// warnUnfound says which relevant documents no search found: they may not be in the knowledge at all.
func (p *Program) warnUnfound(questions []measure.Question, found map[string]bool) {
	var missing []string
	named := map[string]bool{}
	for _, q := range questions {
		for _, name := range q.Relevant {
			if !found[name] && !named[name] {
				named[name] = true
				missing = append(missing, name)
			}
		}
	}
	if n := len(missing); n > 0 {
		fmt.Fprintf(p.Stderr, "%d relevant documents were never found; is the knowledge imported, and are they named as there? The first: %s\n", n, strings.Join(missing[:min(n, 3)], ", "))
	}
}
