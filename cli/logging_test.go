package cli

import (
	"bytes"
	"strings"
	"testing"

	"sluice/internal/loggers"
)

// --log-level is the root's first level; others may be set later.
func TestNewLogger(t *testing.T) {
	for format, line := range map[string]string{
		"text": "level=TRACE msg=yes logger=a.b\n",
		"json": `"level":"TRACE","msg":"yes","logger":"a.b"}` + "\n",
	} {
		var out bytes.Buffer
		log, registry := loggers.Adopt(NewLogger(&out, "warn", format))
		if s, _ := registry.Level("root"); s.Level != loggers.Warn {
			t.Errorf("%s: the root's level is %s", format, s.Level)
		}
		log = log.With(loggers.Key, "a.b")
		log.Info("no")
		registry.SetLevel("a", loggers.Trace)
		log.Log(t.Context(), loggers.Trace.Level(), "yes")
		if got := out.String(); !strings.HasSuffix(got, line) || strings.Count(got, "\n") != 1 {
			t.Errorf("%s: got %s", format, got)
		}
	}
}
