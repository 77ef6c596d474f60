package connecttest_test

import (
	"errors"
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
