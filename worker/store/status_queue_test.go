package store

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// flakyLog refuses writes, as an unreachable broker does, while down is set.
type flakyLog struct {
	memoryReader
	down  atomic.Bool
	tries atomic.Int32
}

func (l *flakyLog) Send(ctx context.Context, key string, value []byte) error {
	l.tries.Add(1)
	if l.down.Load() {
		return io.ErrUnexpectedEOF
	}
	return l.memoryReader.Send(ctx, key, value)
}

func TestStatusesSurviveAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log MemoryLog
		flaky := &flakyLog{}
		s := newStatusStore(func(onRecord func(Record)) (keyedLog, error) {
			flaky.memoryReader = memoryReader{log: &log, onRecord: onRecord}
			return flaky, nil
		}, nil)
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		flaky.down.Store(true)
		for _, state := range []State{Unassigned, Restarting, Running} {
			s.PutConnector("x", Status{State: state, WorkerID: "a"})
		}
		s.PutConnectorSafe("y", Status{State: Failed, WorkerID: "a"})
		time.Sleep(10 * time.Second) // virtual
		synctest.Wait()
		if n := flaky.tries.Load(); n < 8 || n > 20 {
			t.Errorf("%d tries in 10 s", n)
		}
		flaky.down.Store(false)
		if err := s.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range log.Records() {
			got = append(got, r.Key+" "+string(r.Value[10:17]))
		}
		// What was superseded meanwhile is not written: nobody saw it in time.
		if want := []string{"status-connector-x RUNNING", `status-connector-y FAILED"`}; !slices.Equal(got, want) {
			t.Errorf("written:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestClosingGivesUpAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log MemoryLog
		flaky := &flakyLog{}
		flaky.down.Store(true)
		s := newStatusStore(func(onRecord func(Record)) (keyedLog, error) {
			flaky.memoryReader = memoryReader{log: &log, onRecord: onRecord}
			return flaky, nil
		}, nil)
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.PutConnector("x", Status{State: Running, WorkerID: "a"})
		s.PutConnector("y", Status{State: Running, WorkerID: "a"})
		begin := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		err := s.Close(ctx)
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("closing took %s", took)
		}
		if err == nil || !strings.Contains(err.Error(), "2 statuses were not written") {
			t.Errorf("error %v", err)
		}
	})
}

func TestLongTracesAreCut(t *testing.T) {
	for _, tc := range []struct{ name, trace, want string }{
		{"the longest", strings.Repeat("x", 64<<10), strings.Repeat("x", 64<<10)},
		{"one byte more", strings.Repeat("x", 64<<10+1), strings.Repeat("x", 64<<10) + "\n... (cut: the trace has 65537 bytes)"},
		{"in the middle of a rune", "x" + strings.Repeat("é", 1<<20), "x" + strings.Repeat("é", 32<<10-1) + "\n... (cut: the trace has 2097153 bytes)"},
		{"not a text at all", strings.Repeat("\x80", 64<<10+5), strings.Repeat("\x80", 64<<10-4) + "\n... (cut: the trace has 65541 bytes)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := (Status{State: Failed, Trace: tc.trace}).bounded().Trace; got != tc.want {
				t.Errorf("%d bytes ending in %q, want %d", len(got), got[max(0, len(got)-50):], len(tc.want))
			}
		})
	}
}
