package detector

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"sluice/internal/fraud"
	"sluice/internal/kafka"
)

// output delivers flagged transactions. What Kafka cannot take for now is sent
// again for as long as it takes; records that wait for that are never more than
// what the producer had in its buffers, because nothing new is sent before them.
//
// All methods belong to the goroutine of the join, except that acknowledgements
// arrive on the producer's.
type output struct {
	producer     producer
	topic        string
	acknowledged *atomic.Int64
	log          *slog.Logger
	wake         chan struct{} // holds a token after a record failed

	mu     sync.Mutex
	failed []kafka.OutRecord // to be sent again
	err    error             // why delivery has ended for good
	outage bool              // a record failed and none was acknowledged since
}

// resendPause keeps a producer that fails at once from being asked at once.
const resendPause = 200 * time.Millisecond

func newOutput(p producer, topic string, acknowledged *atomic.Int64, log *slog.Logger) *output {
	return &output{producer: p, topic: topic, acknowledged: acknowledged, log: log, wake: make(chan struct{}, 1)}
}

// send hands over a flagged transaction. It blocks while the producer's buffers
// are full.
func (o *output) send(ctx context.Context, t *fraud.Transaction) error {
	buf := t.AppendKey(make([]byte, 0, 384))
	key := len(buf)
	buf = t.AppendValue(buf)
	if err := o.resend(ctx); err != nil {
		return err
	}
	return o.hand(ctx, kafka.OutRecord{Topic: o.topic, Partition: -1, Key: buf[:key:key], Value: buf[key:]})
}

func (o *output) hand(ctx context.Context, rec kafka.OutRecord) error {
	err := o.producer.SendAsync(ctx, rec, func(_ int32, _ int64, err error) { o.done(rec, err) })
	if err == nil {
		return nil
	}
	if ctx.Err() != nil || !kafka.IsRetriable(err) {
		return fmt.Errorf("send to topic %q: %w", o.topic, err)
	}
	o.done(rec, err)
	return nil
}

// done takes the answer for a record.
func (o *output) done(rec kafka.OutRecord, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err == nil:
		o.acknowledged.Add(1)
		if o.outage && len(o.failed) == 0 {
			o.outage = false
			o.log.Info("delivery of flagged transactions goes on", "topic", o.topic)
		}
		return
	case kafka.IsRetriable(err):
		o.failed = append(o.failed, rec)
		if !o.outage {
			o.outage = true
			o.log.Warn("flagged transactions cannot be delivered, trying until they are", "topic", o.topic, "err", err)
		}
	case o.err == nil:
		o.err = fmt.Errorf("deliver to topic %q: %w", o.topic, err)
	}
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// resend hands the failed records over again, if there are any.
func (o *output) resend(ctx context.Context) error {
	for {
		o.mu.Lock()
		failed, err := o.failed, o.err
		o.failed = nil
		o.mu.Unlock()
		if err != nil || len(failed) == 0 {
			return err
		}
		select {
		case <-time.After(resendPause):
		case <-ctx.Done():
			o.putBack(failed)
			return ctx.Err()
		}
		for i, rec := range failed {
			if err := o.hand(ctx, rec); err != nil {
				o.putBack(failed[i:])
				return err
			}
		}
	}
}

func (o *output) putBack(failed []kafka.OutRecord) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failed = append(o.failed, failed...)
}

// drain waits until everything sent is acknowledged.
func (o *output) drain(ctx context.Context) error {
	for {
		if err := o.resend(ctx); err != nil {
			return err
		}
		if err := o.producer.Flush(ctx); err != nil {
			return fmt.Errorf("flush topic %q: %w", o.topic, err)
		}
		o.mu.Lock()
		finished := len(o.failed) == 0 || o.err != nil
		err := o.err
		o.mu.Unlock()
		if finished {
			return err
		}
	}
}
