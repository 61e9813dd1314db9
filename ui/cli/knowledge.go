package cli

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func (p *Program) ingestCommand() *cobra.Command {
	c := &cobra.Command{Use: "ingest PATH...", Short: "Import documents into the knowledge", Args: cobra.MinimumNArgs(1)}
	t := p.targetFlags(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			done, failed := 0, 0
			for _, path := range args {
				err := eachDocument(path, func(file, source string) error {
					b, err := os.ReadFile(file)
					if err == nil {
						in := map[string]any{"documents": []any{map[string]string{"source": source, "text": string(b)}}}
						err = c.call(cmd.Context(), "POST", "/api/v1/knowledge", in, "", nil)
					}
					if err != nil {
						failed++
						fmt.Fprintf(p.Stderr, "%s: %v\n", file, err)
						return nil
					}
					done++
					return nil
				})
				if err != nil {
					return err
				}
			}
			fmt.Fprintf(p.Stdout, "%d imported, %d failed\n", done, failed)
			if failed > 0 {
				return errSilent
			}
			return nil
		})
	}
	return c
}

// eachDocument gives the files that a path names, each with its path below the folder given.
func eachDocument(path string, f func(file, source string) error) error {
	return filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); file != path && strings.HasPrefix(name, ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || !d.Type().IsRegular() {
			return nil
		}
		source, err := filepath.Rel(path, file)
		if err != nil || source == "." {
			source = filepath.Base(file)
		}
		return f(file, filepath.ToSlash(source))
	})
}

func (p *Program) searchCommand() *cobra.Command {
	var k int
	var mode string
	var asJSON bool
	c := &cobra.Command{Use: "search QUERY", Short: "Search the knowledge as cases do", Args: cobra.MinimumNArgs(1)}
	t := p.targetFlags(c)
	c.Flags().IntVarP(&k, "k", "k", 10, "how many passages")
	c.Flags().StringVar(&mode, "mode", "hybrid", "hybrid, keyword or vector")
	c.Flags().BoolVar(&asJSON, "json", false, "as the API says it")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		q := url.Values{"q": {strings.Join(args, " ")}, "k": {fmt.Sprint(k)}, "mode": {mode}}
		return p.with(cmd.Context(), t, func(c *client) error {
			var raw json.RawMessage
			if err := c.call(cmd.Context(), "GET", "/api/v1/knowledge/search?"+q.Encode(), nil, "", &raw); err != nil {
				return err
			}
			if asJSON {
				return printJSON(p.Stdout, raw)
			}
			var out struct {
				Hits []struct {
					Title, Text, Source string
					Score               float64
				}
			}
			if err := json.Unmarshal(raw, &out); err != nil {
				return err
			}
			if len(out.Hits) == 0 {
				_, err := fmt.Fprintln(p.Stdout, "nothing found")
				return err
			}
			for i, h := range out.Hits {
				fmt.Fprintf(p.Stdout, "%d. %s  (%s, %.3f)\n   %s\n", i+1, h.Title, h.Source, h.Score, strings.ReplaceAll(strings.TrimSpace(h.Text), "\n", "\n   "))
			}
			return nil
		})
	}
	return c
}
