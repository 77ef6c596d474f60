package demo

import (
	"fmt"
	"io"
	"strings"
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
	w        io.Writer
	terminal bool
	started  time.Time
	lastTime time.Time
	last     progress
	width    int // of the line that stands on the terminal
}

func newDisplay(w io.Writer, terminal bool, now time.Time) *display {
	return &display{w: w, terminal: terminal, started: now, lastTime: now}
}

// interval returns how often show wants to be called.
func (d *display) interval() time.Duration {
	if d.terminal {
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
	line := fmt.Sprintf("%6.1fs  %9d transactions (%.0f/s)  %9d flagged  %9d stored  lag %d",
		now.Sub(d.started).Seconds(), p.transactions, rate, p.flagged, p.stored, p.lag)
	if !d.terminal {
		fmt.Fprintln(d.w, line)
		return
	}
	pad := max(0, d.width-len(line))
	d.width = len(line)
	fmt.Fprint(d.w, "\r", line, strings.Repeat(" ", pad))
}

// end leaves the line on the terminal as it is and goes to the next one.
func (d *display) end() {
	if d.terminal && d.width > 0 {
		fmt.Fprintln(d.w)
		d.width = 0
	}
}
