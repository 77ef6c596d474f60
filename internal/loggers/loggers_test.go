package loggers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"testing/synctest"
	"time"

	"sluice/internal/loggers"
)

func TestParseLevel(t *testing.T) {
	for _, name := range []string{"OFF", "FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE", "ALL"} {
		for _, text := range []string{name, strings.ToLower(name)} {
			if l, ok := loggers.ParseLevel(text); !ok || l.String() != name {
				t.Errorf("%s: got %v, %t", text, l, ok)
			}
		}
	}
	for _, text := range []string{"", "loud", "INFO ", "0", "WARNING"} {
		if l, ok := loggers.ParseLevel(text); ok {
			t.Errorf("%q: got %v, want none", text, l)
		}
	}
}

// explicit are the loggers with a level of their own, as name=LEVEL.
func explicit(r *loggers.Registry) []string {
	var list []string
	for name, s := range r.Levels() {
		list = append(list, name+"="+s.Level.String())
	}
	slices.Sort(list)
	return list
}

func TestSetLevel(t *testing.T) {
	type set struct {
		name  string
		level loggers.Level
		want  []string // affected
	}
	for _, c := range []struct {
		name   string
		exist  []string
		sets   []set
		want   []string // explicit
		levels map[string]string
	}{
		{"nothing is set", []string{"a.b"}, nil, []string{"root=INFO"}, map[string]string{"a.b": "INFO", "root": "INFO", "ROOT": "INFO", "a": ""}},
		{"an unknown logger is made", nil, []set{{"a", loggers.Debug, []string{"a"}}}, []string{"a=DEBUG", "root=INFO"}, map[string]string{"a": "DEBUG", "a.b": ""}},
		{"the level that it has anyway makes a logger, and no more", nil, []set{{"a", loggers.Info, []string{"a"}}}, []string{"root=INFO"}, map[string]string{"a": "INFO"}},
		{"loggers below follow, each with a level of its own", []string{"a.b", "a.b.c", "x"}, []set{{"a", loggers.Warn, []string{"a", "a.b", "a.b.c"}}},
			[]string{"a.b.c=WARN", "a.b=WARN", "a=WARN", "root=INFO"}, map[string]string{"x": "INFO"}},
		{"below is what begins with the name, dot or not", []string{"ab", "a.b", "b.a"}, []set{{"a", loggers.Warn, []string{"a", "a.b", "ab"}}},
			[]string{"a.b=WARN", "a=WARN", "ab=WARN", "root=INFO"}, map[string]string{"b.a": "INFO"}},
		{"the root takes all along", []string{"a.b", "x", "zz"}, []set{{"x", loggers.Error, []string{"x"}}, {"Root", loggers.Trace, []string{"a.b", "root", "x", "zz"}}},
			[]string{"a.b=TRACE", "root=TRACE", "x=TRACE", "zz=TRACE"}, nil},
		{"the nearest ancestor counts", []string{"a.b.c.d", "a.bc"}, []set{{"a.b.c.d", loggers.Error, []string{"a.b.c.d"}}, {"a.b", loggers.Off, []string{"a.b", "a.b.c.d", "a.bc"}}, {"a.b.c", loggers.All, []string{"a.b.c", "a.b.c.d"}}},
			[]string{"a.b.c.d=ALL", "a.b.c=ALL", "a.b=OFF", "a.bc=OFF", "root=INFO"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := loggers.New(loggers.Info)
			r.Add(c.exist...)
			for _, s := range c.sets {
				if got := r.SetLevel(s.name, s.level); !slices.Equal(got, s.want) {
					t.Errorf("set %s to %s: got %q, want %q", s.name, s.level, got, s.want)
				}
			}
			if got := explicit(r); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			for name, want := range c.levels {
				s, ok := r.Level(name)
				if ok != (want != "") || ok && s.Level.String() != want {
					t.Errorf("level of %s: got %v, %t, want %q", name, s.Level, ok, want)
				}
			}
		})
	}
}

func TestModified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := loggers.New(loggers.Info)
		r.Add("a.b")
		r.SetLevel("root", loggers.Info) // as it is: no change
		if s, _ := r.Level("root"); !s.Modified.IsZero() {
			t.Errorf("a level that did not change was modified at %v", s.Modified)
		}
		first := time.Now()
		r.SetLevel("a", loggers.Debug)
		time.Sleep(time.Second)
		r.SetLevel("a.b", loggers.Warn)
		r.SetLevel("a", loggers.Debug) // changes a.b back, and not a
		for name, want := range map[string]time.Time{"a": first, "a.b": first.Add(time.Second)} {
			if s, _ := r.Level(name); !s.Modified.Equal(want) {
				t.Errorf("%s: got %v, want %v", name, s.Modified, want)
			}
		}
	})
}

// A logger made later is under what was set before.
func TestLaterLoggers(t *testing.T) {
	var out bytes.Buffer
	r := loggers.New(loggers.Warn)
	log := slog.New(r.Handler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: loggers.All})))
	r.SetLevel("org.apache.kafka", loggers.Trace)
	log.Info("unnamed")
	log.With(loggers.Key, "org.apache.kafkaesque").Info("not below")
	log.With(loggers.Key, "org.apache.kafka.connect.Worker").Log(t.Context(), slog.LevelDebug-4, "below")
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "msg=below logger=org.apache.kafka.connect.Worker\n") {
		t.Errorf("got %s", got)
	}
	if _, ok := r.Level("org.apache.kafkaesque"); !ok {
		t.Error("a logger does not exist although it was used")
	}
}

func TestChangeIsSeenByLoggersInUse(t *testing.T) {
	var out bytes.Buffer
	r := loggers.New(loggers.Info)
	log := slog.New(r.Handler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: loggers.All})))
	deep := log.With("worker_id", "w").With(loggers.Key, "a.b").With("task", 0).WithGroup("g").With("k", "v")
	for _, c := range []struct {
		name   string
		level  loggers.Level
		at     slog.Level
		logged bool
	}{
		{"x", loggers.Debug, slog.LevelDebug, false},
		{"a", loggers.Debug, slog.LevelDebug, true},
		{"a", loggers.Off, slog.LevelError + 4, false},
		{"root", loggers.Debug, slog.LevelDebug, true},
		{"a.b", loggers.Fatal, slog.LevelError, false},
		{"a.b", loggers.Fatal, slog.LevelError + 4, true},
		{"a.b", loggers.All, slog.Level(-1000), true},
	} {
		r.SetLevel(c.name, c.level)
		out.Reset()
		deep.Log(t.Context(), c.at, "m")
		if got := out.Len() > 0; got != c.logged {
			t.Errorf("%s=%s, a record of level %s: logged %t, want %t", c.name, c.level, c.at, got, c.logged)
		}
	}
}

func TestAttributes(t *testing.T) {
	for _, c := range []struct {
		name string
		with func(*slog.Logger) *slog.Logger
		want string // the line after msg=m
	}{
		{"no name", func(l *slog.Logger) *slog.Logger { return l.With("a", 1) }, "a=1"},
		{"the name comes first", func(l *slog.Logger) *slog.Logger { return l.With("a", 1).With("logger", "n") }, "logger=n a=1"},
		{"among others", func(l *slog.Logger) *slog.Logger { return l.With("a", 1, "logger", "n", "b", 2) }, "logger=n a=1 b=2"},
		{"the last name counts, alone", func(l *slog.Logger) *slog.Logger {
			return l.With("logger", "x", "a", 1).With("logger", "y", "logger", "n")
		}, "logger=n a=1"},
		{"groups stay", func(l *slog.Logger) *slog.Logger {
			return l.With("logger", "n").WithGroup("g").With("a", 1).WithGroup("h").With("b", 2)
		}, "logger=n g.a=1 g.h.b=2"},
		{"in a group it is an attribute", func(l *slog.Logger) *slog.Logger { return l.With("logger", "n").WithGroup("g").With("logger", "x") }, "logger=n g.logger=x"},
		{"a group without a name is none", func(l *slog.Logger) *slog.Logger { return l.WithGroup("").With("logger", "n") }, "logger=n"},
		{"a number is no name", func(l *slog.Logger) *slog.Logger { return l.With("logger", 7) }, "logger=7"},
		{"back to the root", func(l *slog.Logger) *slog.Logger { return l.With("logger", "n").With("logger", "ROOT", "a", 1) }, "a=1"},
		{"siblings do not meet", func(l *slog.Logger) *slog.Logger {
			l = l.With("a", 1).With("b", 2).With("c", 3)
			one, _ := l.With("d", 4).With("logger", "n"), l.With("e", 5).With("logger", "o")
			return one
		}, "logger=n a=1 b=2 c=3 d=4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(loggers.New(loggers.Info).Handler(slog.NewTextHandler(&out, nil)))
			c.with(log).Info("m")
			if _, got, _ := strings.Cut(strings.TrimSpace(out.String()), "msg=m "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// The handler keeps all rules that the standard library knows for handlers.
func TestHandlerRules(t *testing.T) {
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return loggers.New(loggers.All).Handler(slog.NewJSONHandler(&out, nil))
	}, func(t *testing.T) map[string]any {
		var m map[string]any
		if err := json.Unmarshal(out.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		return m
	})
}

func TestAdopt(t *testing.T) {
	for _, c := range []struct {
		own  slog.Level
		want loggers.Level
	}{{slog.LevelDebug - 10, loggers.Trace}, {slog.LevelDebug, loggers.Debug}, {slog.LevelInfo, loggers.Info}, {slog.LevelInfo + 1, loggers.Warn}, {slog.LevelError + 1, loggers.Fatal}, {slog.LevelError + 5, loggers.Off}} {
		log, r := loggers.Adopt(slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: c.own})))
		if s, _ := r.Level("root"); s.Level != c.want {
			t.Errorf("a handler that begins at %s: got %s, want %s", c.own, s.Level, c.want)
		}
		if again, same := loggers.Adopt(log.With("a", 1)); same != r || again.Handler() == log.Handler() {
			t.Error("a logger that has a registry got another one, or lost what was added to it")
		}
	}
	_, r := loggers.Adopt(slog.New(slog.DiscardHandler))
	if s, _ := r.Level("root"); s.Level != loggers.Off {
		t.Errorf("silence: got %s", s.Level)
	}
}

func TestConcurrentUse(t *testing.T) {
	r := loggers.New(loggers.Info)
	log := slog.New(r.Handler(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: loggers.All})))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 200 {
				name := fmt.Sprintf("a.b%d.c%d", i, j%10)
				log.With("i", i).With(loggers.Key, name).Debug("m", "j", j)
				r.SetLevel([]string{"root", "a", name}[j%3], []loggers.Level{loggers.Debug, loggers.Warn}[j%2])
				r.Levels()
				r.Level(name)
			}
		})
	}
	wg.Wait()
	r.SetLevel("root", loggers.Error)
	for name, s := range maps.All(r.Levels()) {
		if s.Level != loggers.Error {
			t.Errorf("%s: got %s", name, s.Level)
		}
	}
}

// What one logger is given must not cost more with every other that anybody has made before.
func BenchmarkSetLevelBesideOthers(b *testing.B) {
	r := loggers.New(loggers.Info)
	for i := range 2000 {
		r.Add(fmt.Sprint("x", i, strings.Repeat(".a", 1000)))
	}
	for b.Loop() {
		r.SetLevel("y", loggers.Debug)
	}
}

func BenchmarkDisabled(b *testing.B) {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	r := loggers.New(loggers.Info)
	for _, c := range []struct {
		name string
		log  *slog.Logger
	}{
		{"slog", slog.New(slog.NewTextHandler(io.Discard, options))},
		{"loggers", slog.New(r.Handler(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: loggers.All}))).With(loggers.Key, "a.b.c.d")},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c.log.Enabled(context.Background(), slog.LevelDebug) {
					b.Fatal("enabled")
				}
			}
		})
	}
}

// Names come from clients, so those that no code uses are not kept for ever; what decides about code's own loggers is.
func TestLoggersThatNobodyUsesAreForgotten(t *testing.T) {
	var out bytes.Buffer
	r := loggers.New(loggers.Warn)
	r.Add("known")
	r.SetLevel("early", loggers.Debug)
	r.SetLevel("org.apache", loggers.Debug)
	r.SetLevel("known", loggers.Debug)
	r.SetLevel("late.x", loggers.Debug)
	log := slog.New(r.Handler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: loggers.All})))
	log = log.With(loggers.Key, "org.apache.kafka.Worker")
	for i := range 5000 {
		r.SetLevel(fmt.Sprintf("made.up.%d", i), loggers.Error)
		if i == 3000 {
			r.SetLevel("early", loggers.Debug) // forgotten before, and made anew
		}
		if i == 3500 {
			r.SetLevel("early", loggers.Debug) // it is there
		}
	}
	if n := len(r.Levels()); n > 1010 {
		t.Errorf("%d loggers are kept", n)
	}
	for name, want := range map[string]bool{
		"known": true, "org.apache": true, "org.apache.kafka.Worker": true, "made.up.4999": true, "made.up.4100": true,
		"made.up.0": false, "made.up.3500": false, "late.x": false, "early": false,
	} {
		if _, ok := r.Level(name); ok != want {
			t.Errorf("%s: known %t, want %t", name, ok, want)
		}
	}
	log.Debug("m")
	if !strings.Contains(out.String(), "msg=m logger=org.apache.kafka.Worker") {
		t.Errorf("got %q; the level of org.apache is lost", out.String())
	}
	if s, _ := r.Level("org.apache.kafka.Connect"); s.Level != 0 {
		t.Error("a logger exists that nobody made")
	}
	r.Add("org.apache.kafka.Connect")
	if s, _ := r.Level("org.apache.kafka.Connect"); s.Level != loggers.Debug {
		t.Errorf("a later logger has level %s, want that of org.apache", s.Level)
	}
}
