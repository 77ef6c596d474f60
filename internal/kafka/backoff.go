package kafka

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff spaces the attempts of one operation: base, doubled per attempt up to limit, each with up
// to 20 % of jitter.
//
// Kafka: org.apache.kafka.common.utils.ExponentialBackoff with retry.backoff.ms and retry.backoff.max.ms.
type backoff struct {
	base, limit time.Duration
	attempts    int
}

// next returns the pause before the next attempt; random is in [0, 1).
func (b *backoff) next(random float64) time.Duration {
	d := b.base
	for range min(b.attempts, 30) {
		if d *= 2; d >= b.limit {
			d = b.limit
			break
		}
	}
	b.attempts++
	return time.Duration(float64(d) * (0.8 + 0.4*random))
}

// wait pauses before the next attempt. It returns ctx's error when ctx ends first.
func (b *backoff) wait(ctx context.Context) error {
	return sleep(ctx, b.next(rand.Float64()))
}

func (b *backoff) reset() { b.attempts = 0 }

// newBackoff spaces attempts that may fail because of an answer or for want of a connection; the
// larger of retry.backoff and reconnect.backoff settings count for both.
func (s *settings) newBackoff() backoff {
	return backoff{
		base:  max(s.retryBackoff, s.reconnectBackoff, time.Millisecond),
		limit: max(s.retryBackoffMax, s.reconnectMax, time.Millisecond),
	}
}
