package dynamodb

import (
	"log/slog"
	"time"
)

// quiet is how long nothing may fail before trouble is said to be over.
const quiet = 10 * time.Second

// trouble turns the failures of calls into one log line at the start and one at the end. Throttling and outages are two troubles. It is
// used under the engine's lock; the lines it returns are logged outside of it.
type trouble struct {
	what  string // for the log
	since time.Time
	last  time.Time // last failure
	calls int
	ok    bool // a call got through after the last failure
}

// failed takes in a failed call and returns the line for the first one.
func (t *trouble) failed(now time.Time, err error) *logLine {
	t.calls++
	t.last, t.ok = now, false
	if !t.since.IsZero() {
		return nil
	}
	t.since = now
	return &logLine{level: slog.LevelWarn, message: t.what + ", retrying until it works", args: []any{"err", err}}
}

// passed takes in a call that got through.
func (t *trouble) passed() { t.ok = true }

// ends returns when the trouble may be over, zero if there is none or nothing got through yet.
func (t *trouble) ends() time.Time {
	if t.since.IsZero() || !t.ok {
		return time.Time{}
	}
	return t.last.Add(quiet)
}

// over returns the line for the end if nothing failed for long enough.
func (t *trouble) over(now time.Time) *logLine {
	end := t.ends()
	if end.IsZero() || now.Before(end) {
		return nil
	}
	line := &logLine{level: slog.LevelInfo, message: t.what + ": over", args: []any{"lasted", t.last.Sub(t.since).Round(time.Millisecond), "failed_calls", t.calls}}
	*t = trouble{what: t.what}
	return line
}

// logLine is a line to be logged once the lock is free.
type logLine struct {
	level   slog.Level
	message string
	args    []any
}
