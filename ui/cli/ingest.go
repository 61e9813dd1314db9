package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"resolute/kb/read"
)

// Sizes of what is sent at a time.
const (
	ingestFiles = 500
	ingestBytes = 8 << 20
	ingestMax   = 60 << 20 // of one file: the API takes 64 MiB
)

func (p *Program) ingestCommand() *cobra.Command {
	c := &cobra.Command{Use: "ingest PATH...", Short: "Import documents into the knowledge: files, folders, zips", Args: cobra.MinimumNArgs(1),
		Long: "Import Markdown, HTML, PDF, plain text, CSV of questions and answers, mail (.eml, .mbox),\n" +
			"JSON Lines and zips. A document is known by its path below the folder given: importing it\n" +
			"again replaces it and touches only what changed. Front matter says more about a document\n" +
			"(title, product, locale, audience, valid_from, valid_until, version, source); the flags say\n" +
			"the same of all of them, and win, except that what is internal in either is internal."}
	t := p.beginFlags(c)
	about := map[string]*string{}
	for name, usage := range map[string]string{
		"product": "what they are about", "locale": "their language, like en", "audience": "internal or customer",
		"valid-from": "from when they count, like 2026-03-01", "valid-until": "until when they count", "version": "their version", "source": "where they come from",
	} {
		about[name] = c.Flags().String(name, "", usage)
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return p.with(cmd.Context(), t, func(c *client) error {
			in := ingest{client: c, stderr: p.Stderr, fields: map[string]string{}}
			for name, value := range about {
				if *value != "" {
					in.fields[strings.ReplaceAll(name, "-", "_")] = *value
				}
			}
			if err := in.plan(args); err != nil {
				return err
			}
			err := in.run(cmd.Context())
			c.warn(cmd.Context(), p.Stderr)
			fmt.Fprintf(p.Stdout, "%d documents imported, %d of them new or changed, %d failed\n", in.stored, in.changed, in.failed)
			if err == nil && in.failed > 0 {
				err = errSilent
			}
			return err
		})
	}
	return c
}

// file is a file to send.
type file struct {
	path, source string
	size         int64
	named        bool // by the user, not found in a folder
}

// ingest sends files in batches.
type ingest struct {
	client *client
	stderr io.Writer
	fields map[string]string
	files  []file
	bar    *progressbar.ProgressBar

	stored, changed, failed int
}

// plan finds the files that the paths name, each with its path below the folder given.
func (in *ingest) plan(paths []string) error {
	for _, path := range paths {
		err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case name != path && strings.HasPrefix(d.Name(), "."):
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			case !d.Type().IsRegular():
				return nil
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			source, err := filepath.Rel(path, name)
			if err != nil || source == "." {
				source = filepath.Base(name)
			}
			in.files = append(in.files, file{name, filepath.ToSlash(source), info.Size(), name == path})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (in *ingest) run(ctx context.Context) error {
	total := int64(0)
	for _, f := range in.files {
		total += f.size
	}
	if out, ok := in.stderr.(*os.File); ok && isatty.IsTerminal(out.Fd()) {
		in.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(out), progressbar.OptionShowBytes(true),
			progressbar.OptionSetDescription("importing"), progressbar.OptionClearOnFinish())
	}
	var batch []file
	size := int64(0)
	for _, f := range in.files {
		if len(batch) > 0 && (len(batch) == ingestFiles || size+f.size > ingestBytes) {
			if err := in.send(ctx, batch); err != nil {
				return err
			}
			batch, size = nil, 0
		}
		batch, size = append(batch, f), size+f.size
	}
	return in.send(ctx, batch)
}

// say reports a file that was left out.
func (in *ingest) say(name, what string) {
	if in.bar != nil {
		_ = in.bar.Clear() // it is drawn again with the next step
	}
	fmt.Fprintf(in.stderr, "%s: %s\n", name, what)
}

func (in *ingest) send(ctx context.Context, batch []file) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range in.fields {
		if err := form.WriteField(name, value); err != nil {
			return err
		}
	}
	sent := 0
	size := int64(0)
	for _, f := range batch {
		size += f.size
		content, skip, err := in.content(f)
		if err != nil {
			in.failed++
			in.say(f.path, err.Error())
			continue
		}
		if skip != "" {
			in.say(f.path, skip)
			continue
		}
		part, err := form.CreatePart(textproto.MIMEHeader{"Content-Type": {"application/octet-stream"},
			"Content-Disposition": {multipart.FileContentDisposition("file", f.source)}})
		if err == nil {
			_, err = part.Write(content)
		}
		if err != nil {
			return err
		}
		sent++
	}
	if err := form.Close(); err != nil || sent == 0 {
		return err
	}
	var out struct {
		Documents []struct{ State string }
		Failed    []struct{ Pointer, Detail string }
	}
	err := in.client.call(ctx, "POST", "/api/v1/knowledge", body.Bytes(), form.FormDataContentType(), &out)
	var refused *problem
	switch {
	case errors.As(err, &refused) && len(refused.Errors) > 0: // none of them could be read
		for _, e := range refused.Errors {
			out.Failed = append(out.Failed, struct{ Pointer, Detail string }{e.Pointer, e.Detail})
		}
	case err != nil:
		return err
	}
	in.failed += len(out.Failed)
	in.stored += len(out.Documents)
	for _, d := range out.Documents {
		if d.State != "unchanged" {
			in.changed++
		}
	}
	for _, f := range out.Failed {
		in.say(f.Pointer, f.Detail)
	}
	if in.bar != nil {
		return in.bar.Add64(size)
	}
	return nil
}

// content reads a file, or tells why it is passed over: what stands in a folder beside documents, as
// pictures do, is no failure.
func (in *ingest) content(f file) (content []byte, skip string, err error) {
	if _, err := read.FormatOf(read.File{Path: f.source}); err != nil {
		if f.named {
			return nil, "", err
		}
		return nil, "passed over, " + err.Error(), nil
	}
	if f.size > ingestMax {
		return nil, "", fmt.Errorf("it has more than %d MiB; divide it", ingestMax>>20)
	}
	content, err = os.ReadFile(f.path)
	return content, "", err
}
