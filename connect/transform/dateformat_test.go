package transform

import (
	"testing"
	"time"

	"sluice/internal/capturedtest"
)

// capturedDate is what java.text.SimpleDateFormat did with a pattern.
type capturedDate struct {
	Pattern string
	Illegal string // why the pattern is none

	Text *string // what it wrote for Time

	Read  *string // what it read as Time, or did not
	Error string

	Time int64
}

// capturedAt is when the dates were captured; years of two digits depend on it.
var capturedAt = time.Date(2026, 11, 23, 14, 32, 0, 0, time.UTC)

func TestDatesAreWrittenAndReadAsJavaDoes(t *testing.T) {
	for _, c := range capturedtest.Cases[capturedDate](t, "testdata/dates.jsonl", 1985) {
		c.check(t)
	}
}

func (c capturedDate) check(t *testing.T) {
	t.Helper()
	format, err := newDateFormat(c.Pattern)
	if err != nil || c.Illegal != "" {
		if err == nil || err.Error() != c.Illegal {
			t.Errorf("%q: got %v, want %q", c.Pattern, err, c.Illegal)
		}
		return
	}
	if c.Text != nil {
		if got := format.format(time.UnixMilli(c.Time)); got != *c.Text {
			t.Errorf("%q writes %d as %q, want %q", c.Pattern, c.Time, got, *c.Text)
		}
		return
	}
	format.century = capturedAt.AddDate(-80, 0, 0)
	got, err := format.parse(*c.Read)
	switch {
	case c.Error != "":
		if err == nil || err.Error() != c.Error {
			t.Errorf("%q reads %q as %v, %v, want %q", c.Pattern, *c.Read, got, err, c.Error)
		}
	case err != nil || got.UnixMilli() != c.Time:
		t.Errorf("%q reads %q as %v, %v, want %v", c.Pattern, *c.Read, got, err, time.UnixMilli(c.Time).UTC())
	}
}

func TestDatesOfWeeksAreNotRead(t *testing.T) {
	for _, pattern := range []string{"YYYY", "w", "W", "F", "u", "yyyy u"} {
		format, err := newDateFormat(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := format.parse("2024 1"); err == nil {
			t.Errorf("%s: got %v, want an error", pattern, got)
		}
	}
}

func FuzzDateFormat(f *testing.F) {
	f.Add("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2024-01-02T03:04:05.678+01:30")
	f.Add("EEE, d MMM yy hh:mm a z", "Tue, 2 Jan 24 03:04 PM GMT+1:00")
	f.Add("D G kk K 'x''y' Z", "366 BC 24 11 x'y -0800")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		format, err := newDateFormat(pattern)
		if err != nil {
			return
		}
		if got, err := format.parse(text); err == nil {
			format.format(got)
		}
	})
}
