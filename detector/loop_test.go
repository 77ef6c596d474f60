package detector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/internal/fraud"
	"sluice/internal/kafka"
)

// The loop on fake clients and virtual time. What it does with real ones is in
// kafka_test.go.

const flag1 = `{"account_id": 1, "flag_date": "2023-08-14 12:00:00"}`

func transaction(account int, id string) string {
	return fmt.Sprintf(`{"account_id": %d, "transaction_id": %q, "transaction_date": "2023-08-14 12:00:01"}`, account, id)
}

func flagged(id string) string {
	tr, _, err := fraud.DecodeTransaction([]byte(transaction(1, id)))
	if err != nil {
		panic(err)
	}
	return string(tr.AppendValue(nil))
}

// runUntilIdle runs the detector until nothing moves any more, then stops it.
func (f *fixture) runUntilIdle(t testing.TB) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- f.Run(ctx) }()
	time.Sleep(time.Hour) // virtual
	cancel()
	return <-result
}

func TestRunJoinsBothTopicsAndStopsCleanly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.producer.latency = time.Second
		f.transactions.append(transaction(1, "a"), transaction(2, "b"), "null")
		f.flags.append(flag1)
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- f.Run(ctx) }()
		<-f.Ready()
		synctest.Wait()
		f.transactions.append(transaction(1, "c"), "  ")
		synctest.Wait()
		cancel() // the output for c is still on its way
		if err := <-result; err != nil {
			t.Fatal(err)
		}
		if got, want := f.producer.values(), []string{flagged("a"), flagged("c")}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		s := f.Stats()
		if s.Flags != 1 || s.Transactions != 3 || s.Skipped != 2 || s.Matches != 2 || s.Acknowledged != 2 || s.State.Transactions != 3 || s.State.Flags != 1 {
			t.Errorf("stats %+v", s)
		}
		want := []PartitionStats{{"flags", 0, 1, 1}, {"transactions", 0, 5, 3}} // the end was asked for at the start only
		if !slices.Equal(s.Partitions, want) || s.Lag() != 0 {
			t.Errorf("partitions %+v, lag %d, want %+v", s.Partitions, s.Lag(), want)
		}
		if !f.flags.closed || !f.transactions.closed || !f.producer.closed || !f.admin.closed {
			t.Error("a client was left open")
		}
		if len(f.admin.created) != 0 {
			t.Errorf("created %+v although the output topic exists", f.admin.created)
		}
	})
}

func TestOutputTopicIsCreatedIfMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.admin.exists = false
		if err := f.runUntilIdle(t); err != nil {
			t.Fatal(err)
		}
		if len(f.admin.created) != 1 || f.admin.created[0].Name != "flagged" || f.admin.created[0].Partitions != 3 {
			t.Errorf("created %+v", f.admin.created)
		}
	})
}

func TestMissingSourceTopicIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		missing := &kafka.UnknownTopicError{Topic: "transactions"}
		f.transactions.starts = []error{missing, missing, missing, nil}
		f.transactions.append(transaction(1, "a"))
		f.flags.append(flag1)
		if err := f.runUntilIdle(t); err != nil {
			t.Fatal(err)
		}
		if got, want := f.producer.values(), []string{flagged("a")}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if n := strings.Count(f.log.String(), "waiting"); n != 1 {
			t.Errorf("%d log lines about the wait, want 1:\n%s", n, f.log.String())
		}
	})
}

func TestMissingSourceTopicEndsTheStartInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.transactions.starts = []error{&kafka.UnknownTopicError{Topic: "transactions"}}
		start := time.Now()
		err := f.Run(t.Context())
		var unknown *kafka.UnknownTopicError
		if !errors.As(err, &unknown) || !strings.Contains(err.Error(), `source topic "transactions"`) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != defaultTopicTimeout {
			t.Errorf("gave up after %v, want %v", took, defaultTopicTimeout)
		}
		if !f.flags.closed || !f.producer.closed {
			t.Error("a client was left open")
		}
	})
}

func TestStopWhileWaitingIsClean(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.transactions.starts = []error{&kafka.UnknownTopicError{Topic: "transactions"}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := f.Run(ctx); err != nil {
			t.Error(err)
		}
	})
}

func TestPoisonRecordStopsTheDetector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.producer.latency = time.Second
		f.flags.append(flag1)
		f.transactions.append(transaction(1, "a"))
		go func() {
			<-f.Ready()
			time.Sleep(time.Minute)
			f.transactions.append(transaction(1, "b"), `{"account_id": 7, "transaction_amount": "abc"}`, transaction(1, "c"))
		}()
		err := f.Run(t.Context())
		var poison *PoisonError
		if !errors.As(err, &poison) {
			t.Fatalf("got %v", err)
		}
		want := `topic transactions, partition 0, offset 2: field transaction_amount: the string "abc" is not a decimal number: unexpected character`
		if err.Error() != want {
			t.Errorf("got  %s\nwant %s", err, want)
		}
		var field *fraud.Error
		if !errors.As(err, &field) || field.Field != "transaction_amount" {
			t.Errorf("the cause is %v", field)
		}
		if got, want := f.producer.values(), []string{flagged("a"), flagged("b")}; !slices.Equal(got, want) {
			t.Errorf("delivered %q, want %q", got, want)
		}
		s := f.Stats()
		if i := slices.IndexFunc(s.Partitions, func(p PartitionStats) bool { return p.Topic == "transactions" }); s.Partitions[i].Position > 2 {
			t.Errorf("position %d is behind the poison record", s.Partitions[i].Position)
		}
	})
}

func TestDeliveryIsRetriedUntilItSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.producer.answer = func(attempt int) error {
			if attempt <= 20 {
				return fmt.Errorf("produce: %w", io.EOF)
			}
			return nil
		}
		f.flags.append(flag1)
		var want []string
		for _, id := range []string{"a", "b", "c"} {
			f.transactions.append(transaction(1, id))
			want = append(want, flagged(id))
		}
		if err := f.runUntilIdle(t); err != nil {
			t.Fatal(err)
		}
		if got := f.producer.values(); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		log := f.log.String()
		if strings.Count(log, "cannot be delivered") != 1 || strings.Count(log, "delivery of flagged transactions goes on") != 1 {
			t.Errorf("want one line for the start of the outage and one for its end:\n%s", log)
		}
	})
}

func TestRefusedDeliveryEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		refused := errors.New("message too large")
		f.producer.answer = func(int) error { return refused }
		f.flags.append(flag1)
		f.transactions.append(transaction(1, "a"))
		err := f.Run(t.Context())
		if !errors.Is(err, refused) || strings.Count(err.Error(), refused.Error()) != 1 || !strings.Contains(err.Error(), `"flagged"`) {
			t.Errorf("got %v", err)
		}
	})
}

func TestStopIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.producer.latency = 24 * time.Hour
		f.flags.append(flag1)
		f.transactions.append(transaction(1, "a"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		err := f.Run(ctx)
		if err == nil || !strings.Contains(err.Error(), "1 flagged transactions are not acknowledged") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != time.Minute+defaultStopTimeout {
			t.Errorf("stopped after %v", took)
		}
		f.producer.open.Wait() // its goroutines must be gone before the bubble is
	})
}

func TestReaderFailureNamesTheTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		lost := errors.New("offset out of range")
		f.Detector.sources[0].reader = failingReader{f.flags, lost}
		err := f.Run(t.Context())
		if !errors.Is(err, lost) || !strings.Contains(err.Error(), `read topic "flags"`) {
			t.Errorf("got %v", err)
		}
	})
}

type failingReader struct {
	*fakeReader
	err error
}

func (r failingReader) Poll(context.Context, time.Duration) ([]kafka.Message, error) {
	return nil, r.err
}

func TestStatsAreACopy(t *testing.T) {
	var d Detector
	d.counters.moved(map[kafka.TopicPartition]int64{{Topic: "t", Partition: 1}: 5, {Topic: "t"}: 3}, JoinSize{})
	s := d.Stats()
	if want := []PartitionStats{{"t", 0, 3, -1}, {"t", 1, 5, -1}}; !slices.Equal(s.Partitions, want) || s.Lag() != 0 {
		t.Errorf("got %+v, lag %d", s.Partitions, s.Lag())
	}
	ends := map[kafka.TopicPartition]int64{{Topic: "t"}: 10, {Topic: "t", Partition: 1}: 6}
	d.counters.ended(maps.Clone(ends))
	if s := d.Stats(); s.Lag() != 8 {
		t.Errorf("lag %d, want 8", s.Lag())
	}
	if s.Lag() != 0 {
		t.Error("an old snapshot changed")
	}
}
