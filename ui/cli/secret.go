package cli

import (
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func (p *Program) secretCommand() *cobra.Command {
	c := &cobra.Command{Use: "secret", Short: "Keep what bundles name as ${secret.NAME}, encrypted in the data folder"}
	c.AddCommand(p.secretSet(), p.secretList(), p.secretDelete())
	return c
}

func (p *Program) secretSet() *cobra.Command {
	c := &cobra.Command{Use: "set NAME", Short: "Set a secret to what standard input says", Args: cobra.ExactArgs(1)}
	t := p.beginFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		b, err := io.ReadAll(io.LimitReader(p.Stdin, 64<<10))
		if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
		value := strings.TrimRight(string(b), "\r\n")
		if value == "" {
			return usagef("secret set reads the value from standard input, and there was none")
		}
		return p.with(cmd.Context(), t, func(c *client) error {
			return c.call(cmd.Context(), "PUT", "/admin/secrets/"+url.PathEscape(args[0]), map[string]string{"value": value}, "", nil)
		})
	}
	return c
}

func (p *Program) secretList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List the names of secrets", Args: cobra.NoArgs}
	t := p.targetFlags(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			var list struct {
				Items []struct {
					Name string `json:"name"`
				} `json:"items"`
			}
			if err := c.call(cmd.Context(), "GET", "/admin/secrets", nil, "", &list); err != nil {
				return err
			}
			for _, s := range list.Items {
				fmt.Fprintln(p.Stdout, s.Name)
			}
			return nil
		})
	}
	return c
}

func (p *Program) secretDelete() *cobra.Command {
	c := &cobra.Command{Use: "delete NAME", Short: "Delete a secret", Args: cobra.ExactArgs(1)}
	t := p.targetFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			return c.call(cmd.Context(), "DELETE", "/admin/secrets/"+url.PathEscape(args[0]), nil, "", nil)
		})
	}
	return c
}
