package kb

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"resolute/kb/read"
)

// Filter says which documents may be found. Its zero value lets all be found that count now.
type Filter struct {
	Product  string        // those about it, and those about no product
	Locale   string        // those in its language, and those that name none
	Audience read.Audience // Customer: only what a customer may be shown
	At       time.Time     // when they count; now if zero
}

// lets reports whether a document of this metadata may be found.
func (f Filter) lets(m Metadata) bool {
	switch {
	case f.Product != "" && m.Product != "" && !strings.EqualFold(f.Product, m.Product):
		return false
	case f.Locale != "" && m.Locale != "" && !strings.EqualFold(language(f.Locale), language(m.Locale)):
		return false
	case f.Audience == Customer && m.Audience == Internal:
		return false
	case !m.ValidFrom.IsZero() && f.At.Before(m.ValidFrom):
		return false
	case !m.ValidUntil.IsZero() && !f.At.Before(m.ValidUntil):
		return false
	}
	return true
}

func language(locale string) string {
	base, _, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	return base
}

// class names all documents that a filter can't tell apart. It is a word of the index.
func (d Document) class() string {
	m := d.Metadata
	if m.Product == "" && m.Locale == "" && m.Audience != Internal && m.ValidFrom.IsZero() && m.ValidUntil.IsZero() {
		return plainClass
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %t %d %d", strings.ToLower(m.Product), strings.ToLower(language(m.Locale)),
		m.Audience == Internal, m.ValidFrom.UnixNano(), m.ValidUntil.UnixNano()))
	return hex.EncodeToString(sum[:6])
}

// plainClass is the class of documents that every filter lets be found.
const plainClass = "plain"

// classes are those that documents in the indexes may have. One stays known when the last document of
// it is gone: that costs a comparison, and no answer.
type classes struct {
	mu    sync.RWMutex
	known map[string]Metadata
}

func (c *classes) add(class string, m Metadata) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]Metadata{}
	}
	c.known[class] = m
}

// hidden are the classes that a filter doesn't let be found.
func (c *classes) hidden(f Filter) map[string]bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	hidden := map[string]bool{}
	for class, m := range c.known {
		if !f.lets(m) {
			hidden[class] = true
		}
	}
	return hidden
}
