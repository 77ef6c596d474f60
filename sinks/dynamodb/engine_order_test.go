package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestWithoutDedupEveryVersionGoesOutInOrder(t *testing.T) {
	p := defaultPolicy()
	p.merge = false
	answer := func(_ context.Context, names []string) outcome {
		time.Sleep(time.Second)
		if slices.Contains(names, "a3") {
			return outcome{class: rejected, err: errors.New("rejected")}
		}
		return outcome{}
	}
	onBenchWith(t, p, answer, func(b *bench) {
		b.put("a1", "a2", "a3", "b1", "a4")
		time.Sleep(2500 * time.Millisecond)
		b.want("committable", b.committable(), int64(2))
		time.Sleep(time.Minute)
		b.want("sent", b.sent(), "a1+b1 a2 a3 a4")
		b.want("reported", fmt.Sprint(b.reports()), "[a3: rejected]")
		b.want("committable", b.committable(), int64(5))
		b.want("backlog", b.backlog(), 0)
	})
}

// A throttled version goes out again before the next one.
func TestWithoutDedupAVersionThatCameBackStaysFirst(t *testing.T) {
	p := defaultPolicy()
	p.merge = false
	calls := 0
	answer := func(context.Context, []string) outcome {
		if calls++; calls == 1 {
			return outcome{class: throttled, err: errors.New("throttled")}
		}
		return outcome{}
	}
	onBenchWith(t, p, answer, func(b *bench) {
		b.put("a1", "a2", "a3")
		time.Sleep(time.Minute)
		b.want("sent", b.sent(), "a1 a1 a2 a3")
		b.want("committable", b.committable(), int64(3))
	})
}

func TestPartitionOrderSendsACallsWorthAfterTheOther(t *testing.T) {
	p := defaultPolicy()
	p.ordering, p.batchItems = byPartition, 2
	calls := 0
	answer := func(_ context.Context, names []string) outcome {
		time.Sleep(time.Second)
		if calls++; calls == 1 {
			return outcome{each: []verdict{{}, {class: throttled}}}
		}
		return outcome{}
	}
	onBenchWith(t, p, answer, func(b *bench) {
		b.put("a1", "b1", "c1", "b2", "d1", "d2")
		time.Sleep(time.Minute)
		b.want("sent", b.sent(), "a1+b1 b1 c1+b2 d2") // what came back is awaited; b2 is of the next two, d1 and d2 are one
		b.want("committable", b.committable(), int64(6))
		b.want("backlog", b.backlog(), 0)
	})
}

func TestWithoutAnOrderAKeyIsWithTheServiceManyTimes(t *testing.T) {
	p := defaultPolicy()
	p.ordering, p.batchItems = unordered, 2
	onBenchWith(t, p, after(time.Second, outcome{}), func(b *bench) {
		b.put("a1", "a2", "a3", "b1")
		time.Sleep(time.Second)
		synctest.Wait()
		b.want("calls", len(b.callsMade()), 3)
		b.want("committable", b.committable(), int64(4))
		b.want("backlog", b.backlog(), 0)
	})
}
