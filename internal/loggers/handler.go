package loggers

import (
	"context"
	"log/slog"
	"slices"
)

// Key is the attribute that holds a logger's name. It is shown with each record; for the root there is none.
const Key = "logger"

// handler logs what the level of its logger lets through. The name may change with every WithAttrs, and the output handler must show the
// last one only: what else was added to it is remembered, to be added anew.
type handler struct {
	registry *Registry
	logger   *node
	out      slog.Handler // as it was given
	added    []addition   // to out, in order; never changed in place
	grouped  bool         // a group is open, so what is added now stands in it
	next     slog.Handler // out with the logger's name and all additions
}

// addition is what one call of WithAttrs or WithGroup adds.
type addition struct {
	group string // "": attributes
	attrs []slog.Attr
}

func (a addition) to(h slog.Handler) slog.Handler {
	if a.group != "" {
		return h.WithGroup(a.group)
	}
	return h.WithAttrs(a.attrs)
}

// Handler returns a handler that passes on to out what the registry's levels let through, and that out logs by itself; out should log
// everything for the levels to have their full range.
func (r *Registry) Handler(out slog.Handler) slog.Handler {
	return &handler{registry: r, logger: r.root, out: out, next: out}
}

// Adopt returns the registry that decides what a logger logs. A logger without one gets one, whose root has the level that its handler
// begins at: more than that it does not log, whatever levels are set.
func Adopt(l *slog.Logger) (*slog.Logger, *Registry) {
	if h, ok := l.Handler().(*handler); ok {
		return l, h.registry
	}
	r := New(levelOf(l.Handler()))
	return slog.New(r.Handler(l.Handler())), r
}

// Enabled implements [slog.Handler].
func (h *handler) Enabled(ctx context.Context, l slog.Level) bool {
	return int64(l) >= h.logger.effective.Load() && h.next.Enabled(ctx, l)
}

// Handle implements [slog.Handler].
func (h *handler) Handle(ctx context.Context, r slog.Record) error { return h.next.Handle(ctx, r) }

// WithGroup implements [slog.Handler].
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := h.with(addition{group: name})
	c.grouped = true
	return c
}

// WithAttrs implements [slog.Handler]. An attribute [Key] outside of any group, if it is a text, names the logger.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	name, named := "", false
	if !h.grouped {
		name, named = nameIn(attrs)
	}
	if !named {
		if len(attrs) == 0 {
			return h
		}
		return h.with(addition{attrs: attrs})
	}
	c := *h
	c.logger = h.registry.named(name)
	if others := slices.DeleteFunc(slices.Clone(attrs), isName); len(others) > 0 {
		c.added = append(slices.Clip(h.added), addition{attrs: others})
	}
	c.next = c.out
	if c.logger != c.registry.root {
		c.next = c.next.WithAttrs([]slog.Attr{slog.String(Key, c.logger.name)})
	}
	for _, a := range c.added {
		c.next = a.to(c.next)
	}
	return &c
}

func (h *handler) with(a addition) *handler {
	c := *h
	c.added = append(slices.Clip(h.added), a)
	c.next = a.to(h.next)
	return &c
}

func isName(a slog.Attr) bool { return a.Key == Key && a.Value.Kind() == slog.KindString }

// nameIn returns the last logger's name among attributes.
func nameIn(attrs []slog.Attr) (name string, ok bool) {
	for _, a := range attrs {
		if isName(a) {
			name, ok = a.Value.String(), true
		}
	}
	return name, ok
}

func (r *Registry) named(name string) *node {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.logger(name)
	n.used = true
	return n
}
