package demo

import (
	"fmt"
	"time"
)

// progress is what the live line shows.
type progress struct {
	transactions int64 // acknowledged by Kafka
	flagged      int64 // written to flagged-transactions by the detector
	stored       int64 // items in the table
	lag          int64 // records of flagged-transactions that are not stored yet
}

// display shows progress: on a terminal one line that is written over, elsewhere a plain line now and then.
type display struct {
	c        *Console
	started  time.Time
	lastTime time.Time
	last     progress
}

func newDisplay(c *Console, now time.Time) *display {
	return &display{c: c, started: now, lastTime: now}
}

// interval returns how often show wants to be called.
func (d *display) interval() time.Duration {
	if d.c.terminal {
		return 250 * time.Millisecond
	}
	return 5 * time.Second
}

// show prints p. The rate is that since the last call.
func (d *display) show(p progress, now time.Time) {
	rate := 0.0
	if s := now.Sub(d.lastTime).Seconds(); s > 0 {
		rate = float64(p.transactions-d.last.transactions) / s
	}
	d.last, d.lastTime = p, now
	// At most 79 columns, up to ten million transactions.
	line := fmt.Sprintf("%.1fs  %d transactions (%.0f/s)  %d flagged  %d stored  lag %d",
		now.Sub(d.started).Seconds(), p.transactions, rate, p.flagged, p.stored, p.lag)
	d.c.show(line)
}
