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
	var pause time.Duration
	switch {
	case p.rate < 0:
	case p.rate == 0:
		if sent > 0 {
			pause = time.Duration(2+p.rng.IntN(4)) * time.Second
		}
	default:
		if sent == 0 {
			p.start = time.Now()
		}
		due := p.start.Add(time.Duration(float64(sent) / p.rate * float64(time.Second)))
		pause = time.Until(due)
	}
	if pause <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
