package api

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// parameter is one that a query may have.
type parameter struct {
	name   string
	schema schema
	wrong  func(value string) string // what is wrong with a value, "" for nothing; nil if nothing can be
}

// words is a parameter that is any text.
func words(name, about string) parameter { return parameter{name: name, schema: text(about)} }

// choice is a parameter that is one of the values.
func choice[T ~string](name, about string, values ...T) parameter {
	return parameter{name: name, schema: oneOf(about, values...), wrong: func(value string) string {
		if slices.Contains(values, T(value)) {
			return ""
		}
		list := make([]string, len(values))
		for i, v := range values {
			list[i] = string(v)
		}
		return fmt.Sprintf("%.60q is none of %s", value, strings.Join(list, ", "))
	}}
}

// count is a parameter that is a whole number from 1 on; more than most counts as most.
func count(name, about string, otherwise, most int) parameter {
	s := integer(fmt.Sprintf("%s; more than %d counts as %d", about, most, most))
	s["minimum"], s["default"] = 1, otherwise
	return parameter{name: name, schema: s, wrong: func(value string) string {
		if n, err := strconv.Atoi(value); err != nil || n < 1 {
			return fmt.Sprintf("%.60q is no whole number from 1 on", value)
		}
		return ""
	}}
}

// fraction is a parameter that is a number from 0 to 1.
func fraction(name, about string) parameter {
	s := number(about)
	s["minimum"], s["maximum"] = 0, 1
	return parameter{name: name, schema: s, wrong: func(value string) string {
		if n, err := strconv.ParseFloat(value, 64); err != nil || !(n >= 0 && n <= 1) {
			return fmt.Sprintf("%.60q is no number from 0 to 1", value)
		}
		return ""
	}}
}

// instant is a parameter that is a time.
func instant(name, about string) parameter {
	return parameter{name: name, schema: moment(about), wrong: func(value string) string {
		if _, err := time.Parse(time.RFC3339, value); err != nil {
			return fmt.Sprintf("%.60q is no time like 2026-03-01T10:00:00Z (RFC 3339)", value)
		}
		return ""
	}}
}

// cursor is where a page begins, as the list itself said it.
func cursor(given func(value string) bool) parameter {
	return parameter{name: "cursor", schema: text("next_cursor of the page before"), wrong: func(value string) string {
		if given(value) {
			return ""
		}
		return fmt.Sprintf("%.60q is none that this list gave as next_cursor", value)
	}}
}

// Cursors of lists.
func isID(value string) bool     { return len(value) == 36 && uuid.Validate(value) == nil }
func isNumber(value string) bool { _, err := strconv.ParseUint(value, 10, 64); return err == nil }
func isPlace(value string) bool {
	at, id, ok := strings.Cut(value, "-")
	return ok && isHex(at, 16) && isID(id)
}
func isAudit(value string) bool { return isHex(value, 32) }
func isAny(string) bool         { return true }

func isHex(value string, digits int) bool {
	return len(value) == digits && strings.Trim(value, "0123456789abcdef") == ""
}

// paged are the parameters of a list.
func paged(given func(string) bool, more ...parameter) []parameter {
	return append(more, count("limit", "how many at most", 50, 200), cursor(given))
}

// checkQuery reports all that is wrong with a query, as far as it has parameters that are known. An
// empty one counts as absent.
func checkQuery(q url.Values, known []parameter) error {
	var wrong []problemPart
	for _, p := range known {
		switch values := q[p.name]; {
		case len(values) > 1:
			wrong = append(wrong, problemPart{Parameter: p.name, Detail: "it is there " + strconv.Itoa(len(values)) + " times; give it once"})
		case len(values) == 1 && values[0] != "" && p.wrong != nil:
			if say := p.wrong(values[0]); say != "" {
				wrong = append(wrong, problemPart{Parameter: p.name, Detail: say})
			}
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return invalid("the query can't be answered: "+wrong[0].Parameter+": "+wrong[0].Detail, wrong...)
}

// page reads limit and cursor.
func (r *request) page() (limit int, cursor string) {
	return r.count("limit", 50, 200), r.Query("cursor")
}

// position reads a cursor that is a number.
func (r *request) position() uint64 {
	n, _ := strconv.ParseUint(r.Query("cursor"), 10, 64) // what isn't one was refused, or is absent
	return n
}

func (r *request) count(name string, otherwise, most int) int {
	n, err := strconv.Atoi(r.Query(name)) // what isn't one was refused, or is absent
	if err != nil {
		return otherwise
	}
	return min(n, most)
}

// time reads a time, zero where it is absent.
func (r *request) time(name string) time.Time {
	t, _ := time.Parse(time.RFC3339, r.Query(name)) // what isn't one was refused, or is absent
	return t
}
