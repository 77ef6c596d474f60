package producer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/internal/fraud"
	"sluice/internal/kafka"
)

// The loop on fake clients and virtual time. What it does with real ones is in
// kafka_test.go.

// sentRecord is a record and when it was handed over.
type sentRecord struct {
	kafka.OutRecord
	at time.Duration // since the start
}

type fakeSender struct {
	latency time.Duration
	answer  error
	start   time.Time

	mu      sync.Mutex
	records []sentRecord
	open    sync.WaitGroup
	closed  bool
}

func (s *fakeSender) Start(context.Context) error { s.start = time.Now(); return nil }

func (s *fakeSender) SendAsync(ctx context.Context, rec kafka.OutRecord, done func(int32, int64, error)) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	s.mu.Lock()
	s.records = append(s.records, sentRecord{rec, time.Since(s.start)})
	s.mu.Unlock()
	s.open.Go(func() { time.Sleep(s.latency); done(0, 0, s.answer) }) // virtual
	return nil
}

func (s *fakeSender) Flush(ctx context.Context) error {
	flushed := make(chan struct{})
	go func() { s.open.Wait(); close(flushed) }()
	select {
	case <-flushed:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("flush: %w", ctx.Err())
	}
}

func (s *fakeSender) Close(context.Context) error { s.closed = true; return nil }

// times returns when records were sent, without repetitions.
func (s *fakeSender) times() []time.Duration {
	var times []time.Duration
	for _, r := range s.records {
		times = append(times, r.at)
	}
	return slices.Compact(times)
}

type fakeAdmin struct {
	exists  bool
	created []kafka.TopicSpec
	closed  bool
}

func (a *fakeAdmin) PartitionCount(_ context.Context, topic string) (int32, error) {
	if a.exists {
		return 1, nil
	}
	return 0, &kafka.UnknownTopicError{Topic: topic}
}

func (a *fakeAdmin) CreateTopic(_ context.Context, spec kafka.TopicSpec) (bool, error) {
	a.created = append(a.created, spec)
	return true, nil
}

func (a *fakeAdmin) Close() error { a.closed = true; return nil }

type fixture struct {
	*Producer
	sender *fakeSender
	admin  *fakeAdmin
}

func newFixture(t testing.TB, change func(*Config)) *fixture {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Data = Transactions
	cfg.Seed = 1
	change(&cfg)
	cfg, err := cfg.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{sender: &fakeSender{latency: time.Millisecond}, admin: &fakeAdmin{exists: true}}
	f.Producer = assemble(cfg, f.sender, f.admin)
	return f
}

func TestMaxRunSendsOneBatchLess(t *testing.T) {
	for _, c := range []struct{ maxRun, want int }{{1, 0}, {2, 5}, {4, 15}} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(t, func(c2 *Config) { c2.MaxRun = c.maxRun })
			if err := f.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := len(f.sender.records); got != c.want {
				t.Errorf("MAX_RUN=%d sent %d records, want %d", c.maxRun, got, c.want)
			}
		})
	}
}

func TestMaxRunOfZeroAndLessHasNoEnd(t *testing.T) {
	for _, maxRun := range []int{0, -1, -5} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(t, func(c *Config) { c.MaxRun = maxRun })
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			if err := f.Run(ctx); err != nil {
				t.Fatal(err)
			}
			if batches := len(f.sender.records) / 5; batches < 3600/6 || batches > 3600/2 {
				t.Errorf("MAX_RUN=%d sent %d batches in an hour", maxRun, batches)
			}
		})
	}
}

func TestOriginalPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(c *Config) { c.MaxRun = 200 })
		if err := f.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		times := f.sender.times()
		if len(times) != 199 {
			t.Fatalf("%d batches", len(times))
		}
		pauses := map[time.Duration]int{}
		for i := range times[1:] {
			pauses[times[i+1]-times[i]-f.sender.latency]++ // a batch is awaited before its pause
		}
		for _, s := range []time.Duration{2, 3, 4, 5} {
			if pauses[s*time.Second] < 20 {
				t.Errorf("only %d pauses of %d s: %v", pauses[s*time.Second], s, pauses)
			}
			delete(pauses, s*time.Second)
		}
		if len(pauses) != 0 {
			t.Errorf("other pauses: %v", pauses)
		}
	})
}

func TestRateKeepsToATimetable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(c *Config) { c.Rate, c.Batch, c.Count = 100, 10, 35 })
		if err := f.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, want := f.sender.times(), []time.Duration{0, 100e6, 200e6, 300e6}; !slices.Equal(got, want) {
			t.Errorf("batches at %v, want %v", got, want)
		}
		if got := len(f.sender.records); got != 35 {
			t.Errorf("%d records, want 35", got)
		}
	})
}

// A timer for each batch of five would cost more than the batches do: they go a millisecond early at the most, and never late.
func TestHighRateIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate = 100_000
		f := newFixture(t, func(c *Config) { c.Rate, c.Count = rate, rate })
		if err := f.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, r := range f.sender.records {
			due := time.Duration(i/5*5) * time.Second / rate
			if early := due - r.at; early < 0 || early > time.Millisecond {
				t.Fatalf("record %d was sent %v early", i, early)
			}
		}
		if n := len(f.sender.times()); n > 1001 {
			t.Errorf("waited %d times", n)
		}
	})
}

// events are flags and transactions, one each ten seconds.
func events(n int) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for i := range n {
			e := Event{At: time.Duration(i) * 10 * time.Second}
			if date := stoppedClock().Add(e.At); i%3 == 0 {
				e.Flag = &Flag{AccountID: int64(i), Date: date}
			} else {
				e.Transaction = &Transaction{AccountID: int64(i), TransactionID: TransactionID(uint64(i)), Date: date}
			}
			if !yield(e) {
				return
			}
		}
	}
}

func TestEventsAreSentAtTheirTimes(t *testing.T) {
	for _, c := range []struct {
		rate float64
		want []time.Duration
	}{
		{0, []time.Duration{0, 10e9, 20e9, 30e9, 40e9, 50e9, 60e9}},
		{2, []time.Duration{0, 0.5e9, 1e9, 1.5e9, 2e9, 2.5e9, 3e9}},
		{-1, []time.Duration{0}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var flags, transactions int
			f := newFixture(t, func(cfg *Config) {
				cfg.Events, cfg.Rate = events(7), c.rate
				cfg.OnFlag = func(fraud.FlaggedAccount) { flags++ }
				cfg.OnTransaction = func(fraud.Transaction) { transactions++ }
			})
			f.admin.exists = false
			if err := f.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := f.sender.times(); !slices.Equal(got, c.want) {
				t.Errorf("rate %v: sent at %v, want %v", c.rate, got, c.want)
			}
			for i, r := range f.sender.records {
				want := "transactions"
				if i%3 == 0 {
					want = "flagged-accounts"
				}
				if r.Topic != want {
					t.Errorf("record %d went to %s", i, r.Topic)
				}
			}
			if len(f.sender.records) != 7 || flags != 3 || transactions != 4 || len(f.admin.created) != 2 {
				t.Errorf("%d records, told of %d flags and %d transactions, made %v", len(f.sender.records), flags, transactions, f.admin.created)
			}
		})
	}
}

func TestStopEndsEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(c *Config) { c.Events = events(1000) })
		ctx, cancel := context.WithTimeout(t.Context(), 95*time.Second)
		defer cancel()
		if err := f.Run(ctx); err != nil || len(f.sender.records) != 10 {
			t.Errorf("%d records, %v", len(f.sender.records), err)
		}
	})
}

func TestNoRateLimitMeansNoWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rows []fraud.Transaction
		f := newFixture(t, func(c *Config) {
			c.Rate, c.Count = -1, 1003
			c.OnTransaction = func(tr fraud.Transaction) { rows = append(rows, tr) }
		})
		if err := f.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, want := f.sender.times(), []time.Duration{0}; !slices.Equal(got, want) {
			t.Errorf("sent at %v", got)
		}
		if s := f.Stats(); s.Sent != 1003 || s.Acknowledged != 1003 || len(rows) != 1003 {
			t.Errorf("%+v, %d rows", s, len(rows))
		}
		for i, r := range f.sender.records {
			if row, ok, err := fraud.DecodeTransaction(r.Value); err != nil || !ok || row != rows[i] {
				t.Fatalf("record %d is %+v, %v; OnTransaction was told %+v", i, row, err, rows[i])
			}
			if r.Topic != "transactions" || r.Partition != -1 || r.Headers != nil {
				t.Fatalf("record %d: %+v", i, r.OutRecord)
			}
		}
	})
}

// The pauses must not change what is sent: the same seed, the same records.
func TestRecordsDoNotDependOnThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var keys [2][]string
		for i, rate := range []float64{0, -1} {
			f := newFixture(t, func(c *Config) { c.Rate, c.Count, c.Seed = rate, 50, 42 })
			if err := f.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, r := range f.sender.records {
				keys[i] = append(keys[i], string(r.Key))
			}
		}
		if !slices.Equal(keys[0], keys[1]) {
			t.Errorf("got %q and %q", keys[0], keys[1])
		}
	})
}

func TestAccountsAreFlaggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told int
		f := newFixture(t, func(c *Config) {
			c.Data, c.Partitions, c.Clock = Accounts, 2, stoppedClock
			c.OnFlag = func(fraud.FlaggedAccount) { told++ }
		})
		f.admin.exists = false
		if err := f.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		var values []string
		for _, r := range f.sender.records {
			values = append(values, r.Topic+" "+string(r.Key)+" "+string(r.Value))
		}
		var want []string
		for n := 1000000001; n < 1000000010; n += 2 {
			want = append(want, fmt.Sprintf(`flagged-accounts {"account_id": %d} {"account_id": %d, "flag_date": "2023-08-14 12:00:01.500000"}`, n, n))
		}
		if !slices.Equal(values, want) || told != len(want) {
			t.Errorf("got %q, want %q", values, want)
		}
		if len(f.admin.created) != 1 || f.admin.created[0].Name != "flagged-accounts" || f.admin.created[0].Partitions != 2 {
			t.Errorf("created %+v", f.admin.created)
		}
		if !f.sender.closed || !f.admin.closed {
			t.Error("a client was left open")
		}
	})
}

func TestFailedDeliveryEndsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(c *Config) { c.Rate = 10 })
		f.sender.answer = errors.New("message too large")
		err := f.Run(t.Context())
		if !errors.Is(err, f.sender.answer) || !strings.Contains(err.Error(), `"transactions"`) || errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestStopDeliversWhatIsOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(c *Config) { c.Rate = 10 })
		f.sender.latency = 3 * time.Second
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := f.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if s := f.Stats(); s.Sent != s.Acknowledged || s.Sent < 590 {
			t.Errorf("%+v", s)
		}
	})
}

func TestStopIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(c *Config) { c.Rate, c.Count = 10, 5 })
		f.sender.latency = 24 * time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := f.Run(ctx); err == nil || !strings.Contains(err.Error(), "5 of 5 records are not acknowledged") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != time.Minute+defaultStopTimeout {
			t.Errorf("stopped after %v", took)
		}
		f.sender.open.Wait() // its goroutines must be gone before the bubble is
	})
}

func TestSeedIsDrawnIfThereIsNone(t *testing.T) {
	seeds := map[uint64]bool{}
	for range 3 {
		seeds[newFixture(t, func(c *Config) { c.Seed = 0 }).Seed()] = true
	}
	if len(seeds) != 3 || seeds[0] {
		t.Errorf("drew %v", seeds)
	}
}
