package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
)

// bench is an engine in virtual time whose service is a function of the test.
type bench struct {
	t      *testing.T
	engine *engine
	log    lockedText
	next   int64

	mu       sync.Mutex
	answer   func(ctx context.Context, names []string) outcome
	calls    [][]string // what each call carried: the names of its records
	reported []string
	verdict  error // of the worker about reported records
	woken    int
}

// lockedText collects a log.
type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// onBench runs a test in a bubble of virtual time.
func onBench(t *testing.T, answer func(ctx context.Context, names []string) outcome, test func(b *bench)) {
	t.Helper()
	onBenchWith(t, defaultPolicy(), answer, test)
}

func onBenchWith(t *testing.T, p policy, answer func(ctx context.Context, names []string) outcome, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, answer: answer}
		b.engine = newEngine(slog.New(slog.NewTextHandler(&b.log, nil)), p, b.send, b.report, b.wake)
		b.engine.start()
		test(b)
		if err := b.engine.stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
}

func (b *bench) send(ctx context.Context, writes []*write) outcome {
	names := make([]string, len(writes))
	for i, w := range writes {
		names[i] = w.record.Value.(string)
	}
	b.mu.Lock()
	b.calls = append(b.calls, names)
	answer := b.answer
	b.mu.Unlock()
	return answer(ctx, names)
}

func (b *bench) report(r *connect.SinkRecord, reason error) <-chan error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reported = append(b.reported, fmt.Sprintf("%v: %v", r.Value, reason))
	answer := make(chan error, 1)
	answer <- b.verdict
	return answer
}

func (b *bench) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.woken++
}

// put gives the engine records named like "k1": of key k, the first one.
func (b *bench) put(names ...string) {
	for _, name := range names {
		b.accept(name)
	}
	b.engine.flush()
}

func (b *bench) accept(name string) {
	r := &connect.SinkRecord{Topic: "in", Offset: b.next, Value: name}
	b.next++
	b.engine.accept(newWrite(r, []byte("item of "+name)), []byte(name[:1]))
}

func (b *bench) committable() int64 {
	return b.engine.committable(map[connect.TopicPartition]int64{tp(0): b.next})[tp(0)]
}

func (b *bench) sent() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var calls []string
	for _, names := range b.calls {
		calls = append(calls, strings.Join(names, "+"))
	}
	return strings.Join(calls, " ")
}

// rule sets the worker's answer to reports.
func (b *bench) rule(verdict error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.verdict = verdict
}

// backlog returns a number that is 0 when the engine holds nothing.
func (b *bench) backlog() int {
	b.engine.mu.Lock()
	defer b.engine.mu.Unlock()
	return b.engine.records + b.engine.bytes + b.engine.slots.n
}

// callsMade returns what each call carried so far.
func (b *bench) callsMade() [][]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.calls)
}

// reports returns what was reported so far.
func (b *bench) reports() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.reported)
}

// wakes returns how often the worker was woken.
func (b *bench) wakes() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.woken
}

func (b *bench) want(what string, got, want any) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// after answers every call with out when the time is over, or transient if the call is cut off.
func after(d time.Duration, out outcome) func(context.Context, []string) outcome {
	return func(ctx context.Context, _ []string) outcome {
		select {
		case <-time.After(d):
			return out
		case <-ctx.Done():
			return outcome{class: transient, err: ctx.Err()}
		}
	}
}

// byName answers every call after a millisecond.
func byName(answer func(names []string) outcome) func(context.Context, []string) outcome {
	return func(_ context.Context, names []string) outcome {
		time.Sleep(time.Millisecond)
		return answer(names)
	}
}

func TestANewerRecordReplacesAnOlderOneThatWasNotSent(t *testing.T) {
	onBench(t, after(time.Second, outcome{}), func(b *bench) {
		b.put("a1")
		synctest.Wait()
		b.put("a2", "a3", "b1", "a4")
		time.Sleep(500 * time.Millisecond)
		b.want("while a1 is under way", b.committable(), int64(0))
		time.Sleep(time.Second)
		b.want("after a1 and b1", b.committable(), int64(1)) // a2 and a3 count as finished when a4 is
		time.Sleep(time.Second)
		b.want("after a4", b.committable(), int64(5))
		b.want("sent", b.sent(), "a1 b1 a4")
	})
}

func TestAReplacedRecordComesBackIfItsSuccessorIsRejected(t *testing.T) {
	answer := func(_ context.Context, names []string) outcome {
		time.Sleep(time.Second)
		if slices.Contains(names, "a3") {
			return outcome{class: rejected, err: errors.New("rejected")}
		}
		return outcome{}
	}
	onBench(t, answer, func(b *bench) {
		b.put("a1")
		synctest.Wait()
		b.put("a2", "a3")
		time.Sleep(2500 * time.Millisecond)
		b.want("while a2 is under way", b.committable(), int64(1))
		time.Sleep(time.Second)
		b.want("after a2", b.committable(), int64(3))
		b.want("sent", b.sent(), "a1 a3 a2")
		b.mu.Lock()
		defer b.mu.Unlock()
		b.want("reported", fmt.Sprint(b.reported), "[a3: rejected]")
	})
}

func TestABatchNeverHasTwoOfAKeyAndIsFullWhenItCanBe(t *testing.T) {
	onBench(t, after(time.Second, outcome{}), func(b *bench) {
		for i := range 60 {
			b.accept(string(rune('A'+i)) + "1")
		}
		b.engine.flush()
		time.Sleep(time.Minute)
		var sizes []int
		for _, names := range b.callsMade() {
			sizes = append(sizes, len(names))
		}
		slices.Sort(sizes)
		b.want("batch sizes", fmt.Sprint(sizes), "[10 25 25]")
	})
}

func TestABatchStaysBelowTheLimitInBytes(t *testing.T) {
	onBench(t, after(time.Second, outcome{}), func(b *bench) {
		for i := range 10 {
			r := &connect.SinkRecord{Topic: "in", Offset: b.next, Value: fmt.Sprintf("%d", i)}
			b.next++
			b.engine.accept(newWrite(r, make([]byte, 3<<20)), []byte{byte(i)})
		}
		b.engine.flush()
		time.Sleep(time.Minute)
		b.want("calls", len(b.callsMade()), 2)
		b.want("in the first", len(b.callsMade()[0]), 5)
		b.want("committable", b.committable(), int64(10))
	})
}

func TestAnOutageIsOneLineInTheLogAndFewCalls(t *testing.T) {
	var down atomic.Bool
	answer := func(context.Context, []string) outcome {
		time.Sleep(10 * time.Millisecond)
		if down.Load() {
			return outcome{class: transient, err: errors.New("connection refused")}
		}
		return outcome{}
	}
	onBench(t, answer, func(b *bench) {
		down.Store(true)
		for i := range 200 {
			b.accept(string(rune('A'+i)) + "1")
		}
		b.engine.flush()
		time.Sleep(time.Minute)
		inMinute := len(b.callsMade())
		time.Sleep(10 * time.Minute)
		perMinute := (len(b.callsMade()) - inMinute) / 10
		if perMinute < 10 || perMinute > 40 {
			t.Errorf("%d calls a minute during an outage", perMinute)
		}
		b.want("committable during the outage", b.committable(), int64(0))
		down.Store(false)
		time.Sleep(20 * time.Second)
		b.want("committable after the outage", b.committable(), int64(200))
		b.want("lines at the start", strings.Count(b.log.String(), "writes to the table fail, retrying until it works"), 1)
		b.want("lines at the end", strings.Count(b.log.String(), "writes to the table fail: over"), 1)
		b.want("lines", strings.Count(b.log.String(), "\n"), 2)
	})
}

// A table with two units of capacity gets everything in the end, without being flooded.
func TestATableWithoutCapacityIsNotFlooded(t *testing.T) {
	var mu sync.Mutex
	var tokens float64
	var last time.Time
	answer := func(_ context.Context, names []string) outcome {
		time.Sleep(5 * time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		tokens = min(2, tokens+2*time.Since(last).Seconds())
		last = time.Now()
		out := outcome{each: make([]verdict, len(names))}
		for i := range names {
			if tokens < 1 {
				out.each[i].class = throttled
			} else {
				tokens--
			}
		}
		return out
	}
	onBench(t, answer, func(b *bench) {
		last = time.Now()
		for i := range 200 {
			b.accept(string(rune('A'+i)) + "1")
		}
		b.engine.flush()
		time.Sleep(130 * time.Second)
		b.want("committable", b.committable(), int64(200))
		if n := len(b.callsMade()); n > 500 {
			t.Errorf("%d calls for what 100 s of capacity need", n)
		}
	})
}

func TestAHotKeyDoesNotHoldUpTheOthers(t *testing.T) {
	answer := func(_ context.Context, names []string) outcome {
		time.Sleep(5 * time.Millisecond)
		out := outcome{each: make([]verdict, len(names))}
		for i, name := range names {
			if name[0] == 'h' {
				out.each[i].class = throttled
			}
		}
		return out
	}
	onBench(t, answer, func(b *bench) {
		b.put("h1")
		for i := range 1000 {
			b.put(string(rune(1000+i)) + "1")
			time.Sleep(10 * time.Millisecond)
		}
		b.engine.mu.Lock()
		b.want("keys that wait", b.engine.slots.n, 1)
		b.engine.mu.Unlock()
		b.want("committable", b.committable(), int64(0))
	})
}

func TestWorkingOffWritesTheBacklog(t *testing.T) {
	onBench(t, after(300*time.Millisecond, outcome{}), func(b *bench) {
		b.put("a1")
		synctest.Wait()
		b.put("a2")
		ctx, cancel := context.WithTimeout(context.Background(), workOffTime)
		defer cancel()
		began := time.Now()
		b.engine.workOff(ctx, []connect.TopicPartition{tp(0)})
		b.want("waited", time.Since(began), 600*time.Millisecond)
		b.want("sent", b.sent(), "a1 a2")
		b.want("committable", b.committable(), int64(2))
		b.engine.workOff(ctx, []connect.TopicPartition{tp(0), tp(1)})
		b.want("waited with nothing left", time.Since(began), 600*time.Millisecond)
	})
}

func TestWorkingOffEndsWithItsTimeOrWhenNothingGetsThrough(t *testing.T) {
	onBench(t, after(time.Minute, outcome{}), func(b *bench) {
		b.put("a1")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), workOffTime)
		defer cancel()
		began := time.Now()
		b.engine.workOff(ctx, []connect.TopicPartition{tp(0)})
		b.want("waited", time.Since(began), workOffTime)
		b.want("committable", b.committable(), int64(0))
	})
	onBench(t, after(10*time.Millisecond, outcome{class: transient, err: errors.New("down")}), func(b *bench) {
		b.put("a1")
		time.Sleep(10 * time.Second) // held by now
		ctx, cancel := context.WithTimeout(context.Background(), workOffTime)
		defer cancel()
		began := time.Now()
		b.engine.workOff(ctx, []connect.TopicPartition{tp(0)})
		if waited := time.Since(began); waited > 20*time.Millisecond {
			t.Errorf("waited %v for a service that is down", waited)
		}
	})
}

func TestClosingDropsWhatWasNotSentAndWaitsForWhatWas(t *testing.T) {
	onBench(t, after(time.Second, outcome{}), func(b *bench) {
		b.put("a1")
		synctest.Wait()
		b.put("a2")
		began := time.Now()
		if err := b.engine.drain(context.Background(), []connect.TopicPartition{tp(0)}); err != nil {
			t.Error(err)
		}
		b.want("waited", time.Since(began), time.Second)
		b.want("committable", b.committable(), int64(1))
		time.Sleep(time.Minute)
		b.want("sent", b.sent(), "a1")
		b.want("backlog", b.backlog(), 0)
	})
}

func TestClosingCutsOffACallThatTakesTooLong(t *testing.T) {
	onBench(t, after(9*time.Second, outcome{}), func(b *bench) {
		b.put("a1")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		began := time.Now()
		err := b.engine.drain(ctx, []connect.TopicPartition{tp(0)})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "wait for 1 writes") {
			t.Errorf("got %v", err)
		}
		b.want("waited", time.Since(began), time.Second)
		time.Sleep(time.Minute)
		b.want("sent", b.sent(), "a1")
		b.want("committable", b.committable(), int64(0))
		b.want("log", b.log.String(), "")
	})
}

func TestAFullBacklogAsksForAPauseAndLaterForMore(t *testing.T) {
	release := make(chan struct{})
	answer := func(context.Context, []string) outcome {
		<-release
		return outcome{}
	}
	onBench(t, answer, func(b *bench) {
		r := connect.SinkRecord{Topic: "in", Value: "x"}
		for i := range maxBacklogBytes / (writeOverhead + 3*4) { // the cost of one record here
			if b.engine.full() {
				t.Fatalf("full after %d records", i)
			}
			r.Offset = int64(i)
			b.engine.accept(newWrite(&r, []byte("item")), fmt.Append(nil, i))
		}
		r.Offset++
		b.engine.accept(newWrite(&r, []byte("item")), []byte("last"))
		b.want("full", b.engine.full(), true)
		b.want("woken before there is room", b.wakes(), 0)
		close(release)
		synctest.Wait()
		b.want("woken when there is room", b.wakes(), 1)
		b.want("full after that", b.engine.full(), false)
		b.want("backlog", b.backlog(), 0)
	})
}

func TestAReportThatIsNotToleratedEndsTheEngine(t *testing.T) {
	onBench(t, after(time.Second, outcome{class: rejected, err: errors.New("rejected")}), func(b *bench) {
		b.rule(errors.New("not tolerated"))
		b.put("a1")
		b.put("b1")
		time.Sleep(time.Second + 1)
		if err := b.engine.failure(); err == nil || err.Error() != "not tolerated" {
			t.Errorf("got failure %v", err)
		}
		if b.wakes() == 0 {
			t.Error("the worker was not woken")
		}
		calls := len(b.callsMade())
		b.put("c1")
		time.Sleep(time.Minute)
		b.want("calls after the end", len(b.callsMade()), calls)
		b.want("committable", b.committable(), int64(0))
	})
}

func TestAFatalAnswerEndsTheEngineAndKeepsTheOffsets(t *testing.T) {
	var n atomic.Int64
	answer := func(context.Context, []string) outcome {
		if n.Add(1) == 1 {
			return outcome{}
		}
		return outcome{class: fatal, err: errors.New("access denied")}
	}
	onBench(t, answer, func(b *bench) {
		b.put("a1")
		synctest.Wait()
		b.put("b1")
		synctest.Wait()
		b.put("a2")
		time.Sleep(time.Hour)
		b.want("failure", fmt.Sprint(b.engine.failure()), "access denied")
		b.want("sent", b.sent(), "a1 b1")
		b.want("committable", b.committable(), int64(1))
	})
}

func TestStoppingCutsOffWhatIsUnderWay(t *testing.T) {
	onBench(t, after(time.Hour, outcome{}), func(b *bench) {
		b.put("a1")
		synctest.Wait()
		began := time.Now()
		if err := b.engine.stop(context.Background()); err != nil {
			t.Error(err)
		}
		b.want("took", time.Since(began), time.Duration(0))
		b.want("log", b.log.String(), "")
	})
}

func TestACallThatGetsNoAnswerEndsByItself(t *testing.T) {
	var n atomic.Int64
	answer := func(ctx context.Context, _ []string) outcome {
		if n.Add(1) > 1 {
			return outcome{}
		}
		<-ctx.Done()
		return outcome{class: transient, err: ctx.Err()}
	}
	onBench(t, answer, func(b *bench) {
		b.put("a1")
		time.Sleep(callTimeout + time.Second)
		b.want("sent", b.sent(), "a1 a1")
		b.want("committable", b.committable(), int64(1))
	})
}

// A service that needs longer than a call may take at first is given longer, and the usual time once it is quick again.
func TestASlowServiceIsGivenMoreTime(t *testing.T) {
	var n atomic.Int64
	answer := func(ctx context.Context, _ []string) outcome {
		if n.Add(1) > 2 {
			return outcome{}
		}
		select {
		case <-ctx.Done():
			return outcome{class: transient, err: ctx.Err()}
		case <-time.After(callTimeout + 5*time.Second):
			return outcome{}
		}
	}
	onBench(t, answer, func(b *bench) {
		b.put("a1")
		time.Sleep(2*callTimeout + 10*time.Second)
		b.want("sent", b.sent(), "a1 a1")
		b.want("committable", b.committable(), int64(1))
		b.want("limit after a slow answer", b.engine.callLimit, 2*callTimeout)
		b.put("b2")
		synctest.Wait()
		b.want("limit after a quick answer", b.engine.callLimit, callTimeout)
	})
}
