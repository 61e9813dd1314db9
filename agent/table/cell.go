package table

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// read reads a cell of a type that is declared or inferred.
func read(t Type, text string) (any, error) {
	if t == String {
		return text, nil
	}
	if text == "" {
		return nil, fmt.Errorf("the cell is empty; where it may be, the column's type is %s?", t)
	}
	if strings.TrimSpace(text) != text {
		return nil, fmt.Errorf("%q has space around it", text)
	}
	switch t {
	case Int:
		n, err := strconv.ParseInt(text, 10, 64)
		if errors.Is(err, strconv.ErrRange) {
			return nil, fmt.Errorf("%s doesn't fit 64 bits", text)
		}
		if err != nil || strings.HasPrefix(text, "+") {
			return nil, fmt.Errorf("%q is no whole number", text)
		}
		return n, nil
	case Number:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || strings.ContainsAny(text, "xX_+pP") && !strings.ContainsAny(text, "eE") {
			return nil, fmt.Errorf("%q is no number", text)
		}
		return f, nil
	case Bool:
		switch text {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, fmt.Errorf("%q is neither true nor false", text)
	case Timestamp:
		for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
			if at, err := time.Parse(layout, text); err == nil {
				return at.UTC(), nil
			}
		}
		return nil, fmt.Errorf("%q is no time; write it like 2026-03-01 or 2026-03-01T10:00:00Z", text)
	}
	return nil, fmt.Errorf("%q is of no known type", text)
}

// guess reads a cell of a column that declares no type: what might be a name isn't a number.
func guess(t Type, text string) (any, error) {
	digits := strings.TrimPrefix(text, "-")
	if len(digits) > 1 && digits[0] == '0' && digits[1] != '.' {
		return nil, errors.New("it has leading zeros")
	}
	if t == Number && strings.Trim(digits, "0123456789.") != "" {
		return nil, errors.New("it isn't digits with a point")
	}
	return read(t, text)
}
