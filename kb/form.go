package kb

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strings"
)

// ErrForm is wrapped when a form can't be imported.
var ErrForm = errors.New("not a form that can be imported")

// FormSources reads files of a multipart form, each named by its whole path. Fields before them are
// metadata by the names of front matter, and hold for the files behind them. It wraps ErrForm, or the
// error of whoever limits the body.
func FormSources(form *multipart.Reader) ([]Source, error) {
	var list []Source
	var m Metadata
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrForm, err)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrForm, err)
		}
		// FileName leaves the folders out, which tell documents apart.
		_, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		if name, isFile := parameters["filename"]; err == nil && isFile {
			if name != "" { // a browser sends an empty one where no file was chosen
				list = append(list, Source{Path: strings.TrimLeft(name, "/"), Content: content, Metadata: m})
			}
			continue
		}
		known, err := m.Set(part.FormName(), string(content))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrForm, err)
		}
		if !known {
			return nil, fmt.Errorf("%w: the field %q means nothing here; files have a name, and fields are product, locale, audience, valid_from, valid_until, version and source", ErrForm, part.FormName())
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: there is no file in it", ErrForm)
	}
	return list, nil
}
