package producer

import (
	"context"
	"math/rand/v2"
	"time"
)

// pace decides when batches are sent.
type pace struct {
	rate  float64 // transactions per second; 0 the original's pauses, below 0 no waiting
	rng   *rand.Rand
	start time.Time // of the first batch
}

// newPace returns a pace. Its pauses are drawn from the seed too, but apart from
// the records, which are the same at every rate.
func newPace(rate float64, seed uint64) *pace {
	return &pace{rate: rate, rng: rand.New(rand.NewPCG(seed, 1))}
}

// wait waits until the next batch may go, given how many transactions went
// before it. With a rate the batches keep to a timetable: what was late is made
// up for.
func (p *pace) wait(ctx context.Context, sent int64) error {
	switch {
	case p.rate < 0:
		return ctx.Err()
	case p.rate > 0:
		return p.waitUntil(ctx, time.Duration(float64(sent)/p.rate*float64(time.Second)))
	case sent == 0:
		return ctx.Err()
	default:
		return pause(ctx, time.Duration(2+p.rng.IntN(4))*time.Second)
	}
}

// granularity is how early a batch may go. A timer wakes about a millisecond late, so one for each of 20,000 batches a second
// would cost more than the batches do.
const granularity = time.Millisecond

// waitUntil waits until that much has passed since the first call, to within granularity.
func (p *pace) waitUntil(ctx context.Context, at time.Duration) error {
	if p.start.IsZero() {
		p.start = time.Now()
	}
	left := time.Until(p.start.Add(at))
	if left < granularity {
		return ctx.Err()
	}
	return pause(ctx, left)
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
