package dynamodb

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// patient is a policy that tries for a minute.
func patient(then fate) policy {
	p := defaultPolicy()
	p.retryFor, p.onExhausted = time.Minute, then
	return p
}

var down = outcome{class: transient, err: errors.New("connection refused")}

func TestAWriteThatWasTriedForLongEnoughFailsTheTask(t *testing.T) {
	onBenchWith(t, patient(failTask), after(time.Millisecond, down), func(b *bench) {
		b.put("a1")
		time.Sleep(59 * time.Second)
		b.want("failure within the minute", b.engine.failure(), error(nil))
		time.Sleep(10 * time.Second)
		want := "the item was not written within 1m0s (aws.dynamodb.max.retry.time.seconds=60), last: connection refused"
		b.want("failure", fmt.Sprint(b.engine.failure()), want)
		b.want("committable", b.committable(), int64(0))
		if b.wakes() == 0 {
			t.Error("the worker was not woken")
		}
	})
}

func TestAWriteThatWasTriedForLongEnoughPausesThePartitionsUntilItGetsThrough(t *testing.T) {
	var up atomic.Bool
	answer := func(names []string) outcome {
		if up.Load() {
			return outcome{}
		}
		return down
	}
	onBenchWith(t, patient(pauseAll), nil, func(b *bench) {
		b.mu.Lock()
		b.answer = byName(answer)
		b.mu.Unlock()
		b.put("a1", "b1")
		time.Sleep(50 * time.Second)
		b.want("full within the minute", b.engine.full(), false)
		b.want("woken within the minute", b.wakes(), 0)
		time.Sleep(20 * time.Second)
		b.want("full after it", b.engine.full(), true)
		if b.wakes() == 0 {
			t.Error("the worker was not woken to pause the partitions")
		}
		woken := b.wakes()
		up.Store(true)
		time.Sleep(10 * time.Second)
		b.want("full when it got through", b.engine.full(), false)
		if b.wakes() == woken {
			t.Error("the worker was not woken to go on")
		}
		b.want("committable", b.committable(), int64(2))
		b.want("reported", len(b.reports()), 0)
	})
}

// What the write replaced is older, so it was tried for as long: all of it is reported, in the order of the topic. A newer record has a time of its
// own.
func TestAWriteThatWasTriedForLongEnoughIsReportedWithWhatItReplaced(t *testing.T) {
	onBenchWith(t, patient(deadLetter), after(time.Millisecond, down), func(b *bench) {
		b.put("a1", "b1")
		b.put("a2", "a3")
		time.Sleep(58 * time.Second)
		b.put("b2")
		time.Sleep(12 * time.Second)
		const why = ": the item was not written within 1m0s (aws.dynamodb.max.retry.time.seconds=60), last: connection refused"
		b.want("reported", strings.Join(b.reports(), "\n"), "a1"+why+"\na2"+why+"\na3"+why)
		b.want("committable", b.committable(), int64(1))
		time.Sleep(time.Minute)
		b.want("reported in the end", len(b.reports()), 5)
		b.want("committable in the end", b.committable(), int64(5))
		b.want("backlog", b.backlog(), 0)
	})
}

func TestABadRecordHasTheFateThatIsSet(t *testing.T) {
	bad := after(time.Millisecond, outcome{class: rejected, err: errors.New("rejected")})
	p := defaultPolicy()
	p.onData = skip
	onBenchWith(t, p, bad, func(b *bench) {
		b.put("a1")
		time.Sleep(time.Second)
		b.want("committable", b.committable(), int64(1))
		b.want("reported", len(b.reports()), 0)
		if line := b.log.String(); !strings.Contains(line, "a record cannot be written and is skipped") || !strings.Contains(line, "offset=0") || !strings.Contains(line, "err=rejected") {
			t.Errorf("the log says %q", line)
		}
	})
	p.onData = failTask
	onBenchWith(t, p, bad, func(b *bench) {
		b.put("a1")
		time.Sleep(time.Second)
		b.want("failure", fmt.Sprint(b.engine.failure()), "rejected")
		b.want("committable", b.committable(), int64(0))
		b.want("reported", len(b.reports()), 0)
		if b.wakes() == 0 {
			t.Error("the worker was not woken")
		}
	})
}
