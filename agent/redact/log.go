package redact

import (
	"context"
	"fmt"
	"log/slog"
)

// Handler takes out of what is logged what identifies people, messages and values alike, and hands it on.
type Handler struct {
	next slog.Handler
	by   func() Redactor // as it is when something is logged
}

// NewHandler redacts by what by gives at each record.
func NewHandler(next slog.Handler, by func() Redactor) *Handler { return &Handler{next, by} }

// Enabled reports whether what is behind it takes a level.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle hands a redacted record on.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	by := h.by()
	out := slog.NewRecord(r.Time, r.Level, by.Text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(by.attr(a))
		return true
	})
	return h.next.Handle(ctx, out)
}

// WithAttrs redacts attributes by what is to be taken out now.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	by := h.by()
	list := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		list[i] = by.attr(a)
	}
	return &Handler{h.next.WithAttrs(list), h.by}
}

// WithGroup opens a group.
func (h *Handler) WithGroup(name string) slog.Handler { return &Handler{h.next.WithGroup(name), h.by} }

func (r Redactor) attr(a slog.Attr) slog.Attr {
	if r == (Redactor{}) {
		return a
	}
	a.Value = a.Value.Resolve()
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(r.Text(a.Value.String()))
	case slog.KindInt64, slog.KindUint64:
		if v, changed := r.figure(nil, a.Value.String()); changed {
			a.Value = slog.AnyValue(v)
		}
	case slog.KindGroup:
		group := a.Value.Group()
		list := make([]slog.Attr, len(group))
		for i, g := range group {
			list[i] = r.attr(g)
		}
		a.Value = slog.GroupValue(list...)
	case slog.KindAny:
		switch v := a.Value.Any().(type) {
		case map[string]any, []any:
			a.Value = slog.AnyValue(r.Value(v))
		default:
			if said := fmt.Sprint(v); r.Text(said) != said {
				a.Value = slog.StringValue(r.Text(said)) // errors, and what else prints itself
			}
		}
	}
	return a
}
