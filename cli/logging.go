package cli

import (
	"io"
	"log/slog"

	"sluice/internal/loggers"
)

// NewLogger returns a logger that writes to w, with a registry of its own whose root has the given level: the REST API shows and sets the levels
// of that registry. level is "debug", "info", "warn" or "error", and anything else is info; format is "json", and anything else is text.
func NewLogger(w io.Writer, level, format string) *slog.Logger {
	l, ok := loggers.ParseLevel(level)
	if !ok {
		l = loggers.Info
	}
	options := &slog.HandlerOptions{
		Level:       loggers.All, // the registry decides
		ReplaceAttr: nameLevel,
	}
	var out slog.Handler = slog.NewTextHandler(w, options)
	if format == "json" {
		out = slog.NewJSONHandler(w, options)
	}
	return slog.New(loggers.New(l).Handler(out))
}

// nameLevel calls the levels what the admin API calls them: slog has no name for TRACE and FATAL.
func nameLevel(groups []string, a slog.Attr) slog.Attr {
	if l, ok := a.Value.Any().(slog.Level); ok && len(groups) == 0 && a.Key == slog.LevelKey {
		a.Value = slog.StringValue(loggers.Level(l).String())
	}
	return a
}
