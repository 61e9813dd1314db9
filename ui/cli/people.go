package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func (p *Program) peopleCommand() *cobra.Command {
	c := &cobra.Command{Use: "people", Short: "List and invite who may sign in, and let in who is locked out"}
	c.AddCommand(p.peopleList(), p.peopleInvite(), p.peopleLink())
	return c
}

// person is what commands read of an account.
type person struct {
	ID, Name, Role string
	Disabled       bool
	HasPassword    bool   `json:"has_password"`
	Identity       string `json:"identity"`
	Link           string `json:"link"`
}

func (a person) signsIn() string {
	switch {
	case a.Disabled:
		return "kept out"
	case a.HasPassword:
		return "by password"
	case a.Identity != "":
		return "by identity provider"
	}
	return "by link only"
}

func (p *Program) peopleList() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "list", Short: "List who may sign in", Args: cobra.NoArgs}
	t := p.targetFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "as the API says it")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			raw, list, err := allPeople(cmd.Context(), c)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Stdout, raw)
			}
			w := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "NAME\tROLE\tSIGNS IN")
			for _, a := range list {
				fmt.Fprintf(w, "%s\t%s\t%s\n", a.Name, a.Role, a.signsIn())
			}
			return w.Flush()
		})
	}
	return c
}

func allPeople(ctx context.Context, c *client) (raw json.RawMessage, list []person, err error) {
	if err := c.call(ctx, "GET", "/api/v1/people", nil, "", &raw); err != nil {
		return nil, nil, err
	}
	var page struct{ Items []person }
	err = json.Unmarshal(raw, &page)
	return raw, page.Items, err
}

func (p *Program) peopleInvite() *cobra.Command {
	var role string
	c := &cobra.Command{Use: "invite NAME --role ROLE", Short: "Make an account, and print the link by which its holder chooses a password", Args: cobra.ExactArgs(1)}
	t := p.beginFlags(c)
	c.Flags().StringVar(&role, "role", "", "viewer, operator, approver or admin")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if role == "" {
			return usagef("people invite needs --role: viewer, operator, approver or admin")
		}
		return p.with(cmd.Context(), t, func(c *client) error {
			var made person
			if err := c.call(cmd.Context(), "POST", "/api/v1/people", map[string]any{"name": args[0], "role": role}, "", &made); err != nil {
				return err
			}
			return p.printLink(t, made.Link)
		})
	}
	return c
}

func (p *Program) peopleLink() *cobra.Command {
	c := &cobra.Command{Use: "link NAME", Short: "Print a link by which somebody chooses another password; it works once, for a day", Args: cobra.ExactArgs(1)}
	t := p.targetFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			_, list, err := allPeople(cmd.Context(), c)
			if err != nil {
				return err
			}
			for _, a := range list {
				if !strings.EqualFold(a.Name, args[0]) {
					continue
				}
				if err := c.call(cmd.Context(), "POST", "/api/v1/people/"+url.PathEscape(a.ID)+"/link", nil, "", &a); err != nil {
					return err
				}
				return p.printLink(t, a.Link)
			}
			return fmt.Errorf("nobody here is called %s; resolute people list names everybody", args[0])
		})
	}
	return c
}

// printLink prints a link. Where no server runs, it is where the next one will listen, as far as the
// settings say.
func (p *Program) printLink(t *target, link string) error {
	if strings.HasPrefix(link, "/") {
		s, err := readSettings(t.data)
		if err != nil {
			return err
		}
		s = merged(settings{PublicURL: p.setting("PUBLIC_URL", ""), Addr: p.setting("ADDR", "")}, s)
		base := s.PublicURL
		if base == "" {
			base = "http://" + s.Addr
			if host, port, err := net.SplitHostPort(s.Addr); err == nil && (host == "" || net.ParseIP(host).IsUnspecified()) {
				base = "http://" + net.JoinHostPort("127.0.0.1", port)
			}
		}
		link = strings.TrimRight(base, "/") + link
	}
	_, err := fmt.Fprintln(p.Stdout, link)
	return err
}
