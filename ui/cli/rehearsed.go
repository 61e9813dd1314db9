package cli

import (
	"context"
	"errors"
	"fmt"

	"resolute/agent/rehearsal"
)

// problemUnrehearsed is the type of the problem that a version didn't pass its rehearsals.
const problemUnrehearsed = "urn:resolute:problem:unrehearsed"

func unrehearsed(err error) bool {
	var refused *problem
	return errors.As(err, &refused) && refused.Type == problemUnrehearsed
}

// run is a run of rehearsals in a server.
type run struct {
	rehearsal.Report
	ID    string `json:"id"`
	State string `json:"state"`
	Error string `json:"error"`
}

// passes rehearses an archive in the server, and prints what it doesn't pass.
func (p *Program) passes(ctx context.Context, c *client, archive []byte) error {
	fmt.Fprintln(p.Stderr, "A version has to pass its rehearsals here before it becomes active; they are run now.")
	var r run
	if err := c.call(ctx, "POST", "/api/v1/rehearsals?wait=20s", archive, "application/gzip", &r); err != nil {
		return err
	}
	for r.State == "waiting" || r.State == "running" {
		if err := c.call(ctx, "GET", "/api/v1/rehearsals/"+r.ID+"?wait=20s", nil, "", &r); err != nil {
			return err
		}
	}
	switch {
	case r.State != "done":
		return fmt.Errorf("the rehearsals are %s: %s", r.State, r.Error)
	case r.Passed:
		return nil
	}
	if err := writeReport(p.Stdout, &r.Report); err != nil {
		return err
	}
	return errors.New("the bundle didn't pass its rehearsals, and was not activated")
}
