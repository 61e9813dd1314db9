package read

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
)

// maxNesting is how deep brackets of a PDF may stand within each other: its parser follows them by
// recursion, and a stack that is used up can't be recovered from.
const maxNesting = 500

// inflatable reports a PDF whose compressed streams hold more than most bytes together, or whose objects are nested
// so deep that a parser would fall over them.
func inflatable(content []byte, most int64) error {
	if nested(content) {
		return fmt.Errorf("%w: its objects are nested more than %d deep", ErrContent, maxNesting)
	}
	total := int64(0)
	for rest := content; ; {
		_, after, found := bytes.Cut(rest, []byte("stream"))
		if !found {
			return nil
		}
		rest = after
		data := bytes.TrimLeft(after[:min(2, len(after))], "\r\n")
		data = after[min(2, len(after))-len(data):]
		z, err := zlib.NewReader(bytes.NewReader(data))
		if err != nil {
			continue
		}
		var head bytes.Buffer
		n, err := io.Copy(&head, io.LimitReader(z, 1<<20))
		if err == nil && nested(head.Bytes()) {
			return fmt.Errorf("%w: its objects are nested more than %d deep", ErrContent, maxNesting)
		}
		more, err := io.Copy(io.Discard, io.LimitReader(z, most-total+1))
		if total += n + more; total > most {
			return fmt.Errorf("%w: its streams hold more than %d MiB when unpacked", ErrContent, most>>20)
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			continue // damaged, or not what it looked like: the parser will tell
		}
	}
}

// nested reports whether arrays and dictionaries open deeper than maxNesting. In binary data opening
// and closing signs are equally likely, and soon cancel out.
func nested(data []byte) bool {
	depth := 0
	for i, c := range data {
		switch c {
		case '[':
			depth++
		case ']':
			depth = max(0, depth-1)
		case '<':
			if i+1 < len(data) && data[i+1] == '<' {
				depth++
			}
		case '>':
			if i+1 < len(data) && data[i+1] == '>' {
				depth = max(0, depth-1)
			}
		}
		if depth > maxNesting {
			return true
		}
	}
	return false
}
