package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

func (p *Program) casesCommand() *cobra.Command {
	c := &cobra.Command{Use: "cases", Short: "List cases, show one, read its journal, decide", Args: cobra.NoArgs}
	list := p.casesList()
	list.Flags().VisitAll(c.Flags().AddFlag)
	c.RunE = list.RunE
	c.AddCommand(list, p.casesGet("show", "Show a case", ""), p.casesGet("journal", "Show what a case did and why, entry by entry", "/journal?limit=200"), p.casesDecide())
	return c
}

func (p *Program) casesList() *cobra.Command {
	var asJSON bool
	var status string
	c := &cobra.Command{Use: "list", Short: "List cases, newest first", Args: cobra.NoArgs}
	t := p.targetFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "as the API says it")
	c.Flags().StringVar(&status, "status", "", "only those that are working, waiting, approval, escalated, resolved or closed")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			var raw json.RawMessage
			if err := c.call(cmd.Context(), "GET", "/api/v1/cases?limit=200&status="+url.QueryEscape(status), nil, "", &raw); err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Stdout, raw)
			}
			return tabulate(p.Stdout, raw)
		})
	}
	return c
}

func tabulate(out io.Writer, raw json.RawMessage) error {
	var list struct {
		Items []struct {
			ID, Status, Procedure, Subject string
			UpdatedAt                      time.Time `json:"updated_at"`
			Stop                           *struct{ Code string }
		}
		NextCursor string `json:"next_cursor"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tSTATUS\tWHY\tPROCEDURE\tABOUT")
	for _, c := range list.Items {
		why := ""
		if c.Stop != nil {
			why = c.Stop.Code
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", c.ID, c.Status, why, c.Procedure, c.Subject)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if list.NextCursor != "" {
		_, err := fmt.Fprintln(out, "and older ones; --json and the API's cursor show them")
		return err
	}
	return nil
}

func (p *Program) casesGet(verb, short, path string) *cobra.Command {
	c := &cobra.Command{Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1)}
	t := p.targetFlags(c)
	c.Flags().Bool("json", true, "as the API says it")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			var raw json.RawMessage
			if err := c.call(cmd.Context(), "GET", "/api/v1/cases/"+url.PathEscape(args[0])+path, nil, "", &raw); err != nil {
				return err
			}
			return printJSON(p.Stdout, raw)
		})
	}
	return c
}

func (p *Program) casesDecide() *cobra.Command {
	var in struct {
		Decision   string          `json:"decision"`
		Hash       string          `json:"hash,omitempty"`
		Hypothesis string          `json:"hypothesis,omitempty"`
		Procedure  string          `json:"procedure,omitempty"`
		Note       string          `json:"note,omitempty"`
		Bundle     string          `json:"bundle,omitempty"`
		Args       json.RawMessage `json:"args,omitempty"`
		Action     json.RawMessage `json:"action,omitempty"`
	}
	var args, action string
	c := &cobra.Command{Use: "decide ID DECISION", Short: "Approve, reject, edit, override, retry, takeover, handback, close or reopen", Args: cobra.ExactArgs(2)}
	t := p.targetFlags(c)
	c.Flags().StringVar(&in.Hash, "hash", "", "of the approval that was looked at; approve needs it")
	c.Flags().StringVar(&in.Hypothesis, "hypothesis", "", "for override")
	c.Flags().StringVar(&in.Procedure, "procedure", "", `for override: that is to handle the case; for close: that it was for, or "none"`)
	c.Flags().StringVar(&args, "args", "", "for edit: the arguments as a JSON object")
	c.Flags().StringVar(&action, "action", "", `for override: {"tool": "PLUGIN.TOOL", "args": {...}}`)
	c.Flags().StringVar(&in.Note, "note", "", "why")
	c.Flags().StringVar(&in.Bundle, "bundle", "", `for retry: "active" moves the case to the active version`)
	c.Flags().Bool("json", true, "print the case as the API says it")
	c.RunE = func(cmd *cobra.Command, words []string) error {
		in.Decision = words[1]
		for text, to := range map[*string]*json.RawMessage{&args: &in.Args, &action: &in.Action} {
			if *text == "" {
				continue
			}
			if !json.Valid([]byte(*text)) {
				return usageError{errors.New("--args and --action take JSON")}
			}
			*to = json.RawMessage(*text)
		}
		return p.with(cmd.Context(), t, func(c *client) error {
			var raw json.RawMessage
			if err := c.call(cmd.Context(), "POST", "/api/v1/cases/"+url.PathEscape(words[0])+"/decisions", in, "", &raw); err != nil {
				return err
			}
			return printJSON(p.Stdout, raw)
		})
	}
	return c
}
