package read

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/mail"
	"strings"
)

// mbox reads an archive of mail (RFC 4155, with the escapes of mboxrd). A mail's path is the archive's
// and its Message-ID, so that an archive that grew keeps the mails that it had.
func (r reader) mbox(f File, yield sink) bool {
	var message bytes.Buffer
	began, blank := false, true
	given := map[string]int{}
	flush := func() bool {
		if !began {
			return true
		}
		raw := bytes.Clone(message.Bytes())
		message.Reset()
		key := messageKey(raw)
		if given[key]++; given[key] > 1 {
			key = fmt.Sprintf("%s-%d", key, given[key])
		}
		return r.one(Document{Path: f.Path + "/" + key, Raw: raw}, yield, func(d *Document) error { return mailDocument(d, raw) })
	}
	for line := range bytes.Lines(f.Content) {
		if blank && bytes.HasPrefix(line, []byte("From ")) {
			if !flush() {
				return false
			}
			began, blank = true, false
			continue
		}
		blank = len(bytes.TrimRight(line, "\r\n")) == 0
		if unescaped := bytes.TrimLeft(line, ">"); len(unescaped) < len(line) && bytes.HasPrefix(unescaped, []byte("From ")) {
			line = line[1:]
		}
		message.Write(line)
	}
	if !began {
		return yield(Document{}, &Failure{f.Path, fmt.Errorf("%w: it is no mbox, no line in it begins with From", ErrContent)})
	}
	return flush()
}

// messageKey names a mail by its Message-ID, else by what it holds.
func messageKey(raw []byte) string {
	if m, err := mail.ReadMessage(bufio.NewReader(bytes.NewReader(raw))); err == nil {
		if id := strings.Trim(strings.TrimSpace(m.Header.Get("Message-ID")), "<>"); id != "" && len(id) < 300 {
			return strings.ReplaceAll(id, "/", "-")
		}
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:6])
}
