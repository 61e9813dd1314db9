package cli

import (
	"encoding/json"
	"fmt"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

func (p *Program) tokenCommand() *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "Create, list and revoke tokens for the API"}
	c.AddCommand(p.tokenCreate(), p.tokenList(), p.tokenRevoke())
	return c
}

func (p *Program) tokenCreate() *cobra.Command {
	var role, name string
	var untrusted bool
	var expires time.Duration
	c := &cobra.Command{Use: "create --role ROLE", Short: "Create a token and print it, alone, this once", Args: cobra.NoArgs}
	t := p.beginFlags(c)
	c.Flags().StringVar(&role, "role", "", "ingest, viewer, operator, approver or admin")
	c.Flags().StringVar(&name, "name", "", "who or what it is for")
	c.Flags().BoolVar(&untrusted, "untrusted", false, "what its signals say about the customer vouches for nothing")
	c.Flags().DurationVar(&expires, "expires", 0, "how long it is valid, like 720h; 0 for ever")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if role == "" {
			return usagef("token create needs --role: ingest, viewer, operator, approver or admin")
		}
		in := map[string]any{"role": role, "name": name, "untrusted": untrusted}
		if expires > 0 {
			in["expires_at"] = p.Now().Add(expires).UTC()
		}
		return p.with(cmd.Context(), t, func(c *client) error {
			var out struct {
				Token string `json:"token"`
			}
			if err := c.call(cmd.Context(), "POST", "/api/v1/tokens", in, "", &out); err != nil {
				return err
			}
			_, err := fmt.Fprintln(p.Stdout, out.Token)
			return err
		})
	}
	return c
}

func (p *Program) tokenList() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "list", Short: "List tokens", Args: cobra.NoArgs}
	t := p.targetFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "as the API says it")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			var raw json.RawMessage
			if err := c.call(cmd.Context(), "GET", "/api/v1/tokens", nil, "", &raw); err != nil || asJSON {
				if err == nil {
					err = printJSON(p.Stdout, raw)
				}
				return err
			}
			var list struct {
				Items []struct {
					ID, Name, Role string
					Untrusted      bool
					ExpiresAt      *time.Time `json:"expires_at"`
				}
			}
			if err := json.Unmarshal(raw, &list); err != nil {
				return err
			}
			w := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tNAME\tROLE\tEXPIRES")
			for _, k := range list.Items {
				expires := "never"
				if k.ExpiresAt != nil && !k.ExpiresAt.IsZero() {
					expires = k.ExpiresAt.Format(time.RFC3339)
				}
				if k.Untrusted {
					k.Role += ", untrusted"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", k.ID, k.Name, k.Role, expires)
			}
			return w.Flush()
		})
	}
	return c
}

func (p *Program) tokenRevoke() *cobra.Command {
	c := &cobra.Command{Use: "revoke ID", Short: "Revoke a token, at once", Args: cobra.ExactArgs(1)}
	t := p.targetFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			return c.call(cmd.Context(), "DELETE", "/api/v1/tokens/"+url.PathEscape(args[0]), nil, "", nil)
		})
	}
	return c
}
