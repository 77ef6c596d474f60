package connecttest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/connecttest"
)

func TestTaskContextRemembersWhatWasAskedFor(t *testing.T) {
	tc := connecttest.NewTaskContext(t)
	var _ connect.SinkTaskContext = tc
	tp := connect.TopicPartition{Topic: connecttest.Topic}
	reason := errors.New("no key")
	records := connecttest.Records(5, "a", "b")

	tc.Pause(tp, connect.TopicPartition{Topic: "x"})
	tc.Resume(connect.TopicPartition{Topic: "x"})
	tc.Rewind(map[connect.TopicPartition]int64{tp: 3})
	tc.Timeout(time.Second)
	tc.RequestCommit()
	tc.Wake()
	tc.Wake()
	if err := <-tc.Report(&records[1], reason); !errors.Is(err, reason) {
		t.Errorf("got %v, want %v", err, reason)
	}
	tc.Tolerate = true
	done := tc.Report(&records[0], reason)
	if err, open := <-done; err != nil || !open {
		t.Errorf("got %v, %v, want nil", err, open)
	}
	if _, open := <-done; open {
		t.Error("the result has a second value")
	}

	got := tc.Calls()
	if !got.Paused[tp] || len(got.Paused) != 1 || got.Rewound[tp] != 3 || got.Timeout != time.Second || got.CommitsWanted != 1 || got.Wakes != 2 {
		t.Errorf("got %+v", got)
	}
	if len(got.Reported) != 2 || got.Reported[0].Record.Offset != 6 || got.Reported[1].Record.Offset != 5 || !errors.Is(got.Reported[0].Reason, reason) {
		t.Errorf("got reports %+v", got.Reported)
	}
}

func TestTaskContextKeepsTheLog(t *testing.T) {
	tc := connecttest.NewTaskContext(t)
	tc.Logger().Debug("look", "at", "this")
	if got := tc.Log(); !strings.Contains(got, "level=DEBUG msg=look at=this\n") {
		t.Errorf("got %q", got)
	}
}

func TestTaskContextKeepsMetrics(t *testing.T) {
	tc := connecttest.NewTaskContext(t)
	tc.Metrics().Counter("store_calls_total", "Calls.").Add(3)
	if got := tc.Metrics().Read(); len(got) != 1 || got[0].Name != "store_calls_total" || got[0].Samples[0].Value != 3 {
		t.Errorf("got %+v", got)
	}
}

// Given a task that works in the background, when a test awaits its wake, then it goes on once that has come.
func TestTaskContextAwaits(t *testing.T) {
	tc := connecttest.NewTaskContext(t)
	go func() {
		tc.RequestCommit()
		tc.Wake()
	}()
	if got := tc.Await(t, "a wake", func(c connecttest.Calls) bool { return c.Wakes > 0 }); got.CommitsWanted != 1 {
		t.Errorf("got %+v", got)
	}
}

// An answer can come late, as that of a dead letter queue does.
func TestTaskContextAnswersAsItIsTold(t *testing.T) {
	tc := connecttest.NewTaskContext(t)
	later := make(chan error, 1)
	tc.Answer = func(r connecttest.Reported) <-chan error {
		if r.Record.Offset != 7 {
			t.Errorf("got %+v", r)
		}
		return later
	}
	answer := tc.Report(&connecttest.Records(7, "a")[0], errors.New("no key"))
	select {
	case err := <-answer:
		t.Errorf("got %v before the answer", err)
	default:
	}
	later <- nil
	if err := <-answer; err != nil || tc.Calls().Refused != 0 {
		t.Errorf("got %v, %+v", err, tc.Calls())
	}
}

// What a worker does between the calls: a batch that is refused is offered again, a commit moves the offset of the next assignment.
func TestTaskKeepsOffsets(t *testing.T) {
	sink := (&world{}).sink()
	w := connecttest.StartTask(t, sink.New(t), sink.Props(t))
	w.Assign(0)
	w.Deliver(connecttest.Records(0, 1, 2, 3))
	w.Settle()
	if got := w.Revoke(0); got[connecttest.Partition(0)] != 3 || w.Committed(0) != 3 {
		t.Errorf("got %v, committed %d, want 3", got, w.Committed(0))
	}
	w.Assign(0)
	if got := w.Stop(); got[connecttest.Partition(0)] != 3 {
		t.Errorf("got %v after the partition came back, want 3", got)
	}
}
