package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"resolute/agent/model/ollama"
)

func (p *Program) modelCommand() *cobra.Command {
	c := &cobra.Command{Use: "model", Short: "See how the model stands, or have its server fetch one", Args: cobra.NoArgs,
		Long: "The model is one of an Ollama server, at OLLAMA_HOST or 127.0.0.1:11434, and is named by\n" +
			"serve --model ollama/NAME or by model.name in resolute.yaml. Procedures need none."}
	c.AddCommand(p.modelStatusCommand(), p.modelPullCommand())
	return c
}

func (p *Program) modelStatusCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "status", Short: "Say how the model and its server stand", Args: cobra.NoArgs}
	t := p.targetFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "the answer of the API")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			var raw json.RawMessage
			if err := c.call(cmd.Context(), "GET", "/api/v1/model", nil, "", &raw); err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Stdout, raw)
			}
			var s ollama.Status
			if err := json.Unmarshal(raw, &s); err != nil {
				return err
			}
			_, err := fmt.Fprint(p.Stdout, modelLines(s))
			return err
		})
	}
	return c
}

// modelLines say how the model stands.
func modelLines(s ollama.Status) string {
	var b strings.Builder
	name := s.Model
	if name == "" {
		name = "no model"
	}
	fmt.Fprintf(&b, "%s: %s: %s\n", plain(name), s.State, plain(s.Detail))
	fmt.Fprintf(&b, "server: %s", plain(s.Address))
	if s.Version != "" {
		fmt.Fprintf(&b, ", Ollama %s", plain(s.Version))
	}
	b.WriteByte('\n')
	if s.Most > 0 {
		fmt.Fprintf(&b, "context: %d of its %d tokens are used\n", s.Window, s.Most)
	}
	if len(s.Models) > 0 {
		fmt.Fprintf(&b, "it has: %s\n", plain(strings.Join(s.Models, ", ")))
	}
	if l := s.Last; l != nil && l.Code != "" {
		fmt.Fprintf(&b, "the last question, at %s, got no answer: %s\n", l.At.UTC().Format("2006-01-02 15:04:05"), plain(l.Detail))
	}
	return b.String()
}

func (p *Program) modelPullCommand() *cobra.Command {
	c := &cobra.Command{Use: "pull NAME", Short: "Have the server fetch a model, and wait for it", Args: cobra.ExactArgs(1),
		Long: "The server fetches it, not this command: ended early, the fetching goes on where resolute serves the\n" +
			"data folder, and else stops; pulled again, it goes on where it stopped."}
	t := p.beginFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), t, func(c *client) error { return p.pull(cmd.Context(), c, args[0]) })
	}
	return c
}

// pullLook is how often it is looked how far a pull is.
const pullLook = 250 * time.Millisecond

// pull has a model fetched, and shows how far that is.
func (p *Program) pull(ctx context.Context, c *client, name string) error {
	name = strings.TrimPrefix(name, "ollama/")
	var is ollama.Pull
	if err := c.call(ctx, "POST", "/api/v1/model/pull", map[string]string{"model": name}, "", &is); err != nil {
		return err
	}
	var bar *progressbar.ProgressBar
	if out, ok := p.Stderr.(*os.File); ok && isatty.IsTerminal(out.Fd()) {
		bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(out), progressbar.OptionShowBytes(true), progressbar.OptionSetDescription("pulling "+plain(name)), progressbar.OptionClearOnFinish())
	}
	look := time.NewTicker(pullLook)
	defer look.Stop()
	for is.EndedAt.IsZero() {
		if bar != nil && is.Total > 0 {
			bar.ChangeMax64(is.Total)
			_ = bar.Set64(is.Completed) // a bar that can't be drawn stops nothing
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
		var s ollama.Status
		if err := c.call(ctx, "GET", "/api/v1/model", nil, "", &s); err != nil {
			return err
		}
		if s.Pull == nil || s.Pull.Model != is.Model {
			return fmt.Errorf("the server ended meanwhile; pull %s again, and it goes on where it stopped", name)
		}
		is = *s.Pull
	}
	if bar != nil {
		_ = bar.Finish() // it only clears the line
	}
	if is.Error != "" {
		return errors.New(is.Error)
	}
	_, err := fmt.Fprintf(p.Stdout, "%s is there\n", plain(name))
	return err
}
