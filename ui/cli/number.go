package cli

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// number is a flag that is a number from 1 on, or isn't given.
type number struct {
	name  string
	given *string
	into  *int
}

// numberFlag adds a flag whose default is the environment's setting of that name.
func (p *Program) numberFlag(c *cobra.Command, name, usage string, into *int) number {
	setting := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	return number{name: name, into: into, given: c.Flags().String(name, p.setting(setting, ""), usage)}
}

// read reads what was given.
func (n number) read() error {
	if *n.given == "" {
		return nil
	}
	v, err := strconv.Atoi(*n.given)
	if err != nil || v < 1 {
		return usagef("--%s %s: give a number from 1 on", n.name, *n.given)
	}
	*n.into = v
	return nil
}
