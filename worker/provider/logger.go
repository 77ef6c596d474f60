package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
)

// Logger returns a logger whose messages and values are redacted. Groups' and attributes' names are not. For no secrets it is l itself.
func (s *Secrets) Logger(l *slog.Logger) *slog.Logger {
	if s == nil || l == nil {
		return l
	}
	return slog.New(redactingHandler{l.Handler(), s})
}

type redactingHandler struct {
	next    slog.Handler
	secrets *Secrets
}

func (h redactingHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h redactingHandler) Handle(ctx context.Context, r slog.Record) error {
	redacted := slog.NewRecord(r.Time, r.Level, h.secrets.Redact(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		redacted.AddAttrs(h.redact(a))
		return true
	})
	return h.next.Handle(ctx, redacted)
}

func (h redactingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	redacted := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		redacted[i] = h.redact(a)
	}
	return redactingHandler{h.next.WithAttrs(redacted), h.secrets}
}

func (h redactingHandler) WithGroup(name string) slog.Handler {
	return redactingHandler{h.next.WithGroup(name), h.secrets}
}

// redact leaves a value as it is unless one of the ways in which handlers write it would show a secret.
func (h redactingHandler) redact(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, h.secrets.Redact(v.String()))
	case slog.KindGroup:
		members := make([]slog.Attr, len(v.Group()))
		for i, m := range v.Group() {
			members[i] = h.redact(m)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(members...)}
	case slog.KindAny:
		text := fmt.Sprintf("%+v", v.Any())
		asJSON, _ := json.Marshal(v.Any()) // what cannot be written cannot show anything
		if redacted := h.secrets.Redact(text); redacted != text || h.secrets.Redact(string(asJSON)) != string(asJSON) {
			return slog.String(a.Key, redacted)
		}
	}
	return slog.Attr{Key: a.Key, Value: v}
}
