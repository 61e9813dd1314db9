package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func (p *Program) initCommand() *cobra.Command {
	return &cobra.Command{Use: "init DIR", Short: "Write a small commented bundle that runs as it is", Args: cobra.ExactArgs(1), RunE: func(_ *cobra.Command, args []string) error {
		dir := args[0]
		if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
			return fmt.Errorf("%s is not empty; name a new folder", dir)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.CopyFS(dir, p.Starter); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.Stdout, "%s holds a bundle. Next:\n  resolute demo                # in another terminal: the demo company answers its calls\n  resolute check %s\n  resolute serve --data %s --bundle %s --addr 127.0.0.1:8090\n", dir, dir, filepath.Join(filepath.Dir(dir), "data"), dir)
		return err
	}}
}

func (p *Program) checkCommand() *cobra.Command {
	var schema string
	c := &cobra.Command{Use: "check BUNDLE", Short: "Validate a bundle: every error as file:line:col: message", Args: func(cmd *cobra.Command, args []string) error {
		if schema != "" {
			return cobra.NoArgs(cmd, args)
		}
		return cobra.ExactArgs(1)(cmd, args)
	}}
	c.Flags().StringVar(&schema, "schema", "", "print the JSON Schema of a `KIND` of file instead, for editors")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if schema != "" {
			text, err := p.Schema(schema)
			if err != nil {
				return err
			}
			_, err = p.Stdout.Write(text)
			return err
		}
		files, err := folder(args[0])
		if err != nil {
			return err
		}
		ok, err := p.Check(cmd.Context(), files, args[0], p.Env, p.Stdout)
		if err == nil && !ok {
			err = errSilent
		}
		return err
	}
	return c
}

func (p *Program) applyCommand() *cobra.Command {
	c := &cobra.Command{Use: "apply BUNDLE", Short: "Store a bundle as a new version and activate it", Args: cobra.ExactArgs(1)}
	t := p.beginFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		files, err := folder(args[0])
		if err != nil {
			return err
		}
		archive, err := p.Pack(files)
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		return p.with(cmd.Context(), t, func(c *client) error {
			version, err := p.apply(cmd.Context(), c, archive, args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.Stdout, "active:", version)
			return err
		})
	}
	return c
}

// apply activates an archive. Where a version has to pass its rehearsals first, it is rehearsed.
func (p *Program) apply(ctx context.Context, c *client, archive []byte, dir string) (version string, err error) {
	var out struct {
		Version string `json:"version"`
	}
	err = c.call(ctx, "POST", "/api/v1/bundles", archive, "application/gzip", &out)
	if unrehearsed(err) {
		if err := p.passes(ctx, c, archive); err != nil {
			return "", located(err, dir)
		}
		err = c.call(ctx, "POST", "/api/v1/bundles", archive, "application/gzip", &out)
	}
	return out.Version, located(err, dir)
}

// located puts the folder that the user named before the files that a problem names.
func located(err error, dir string) error {
	var refused *problem
	if !errors.As(err, &refused) || unrehearsed(err) {
		return err
	}
	for i := range refused.Errors {
		if at := &refused.Errors[i].Pointer; *at != "" && (*at)[0] != '/' {
			*at = filepath.Join(dir, *at)
		}
	}
	return refused
}
