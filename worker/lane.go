package worker

import (
	"context"
	"time"
)

// A lane does slow work beside the herder's loop, one job after the other. There is one for writes to the config topic and one for each
// connector and task, so that whatever is done to one of them happens in order while the others go on. Lanes belong to the loop.
type lane struct {
	waiting []job
	busy    bool // a job has begun and not ended
}

// job is a piece of slow work.
type job struct {
	// stage says what the worker is doing while the job lasts: "starting connector foo".
	stage string
	// begin is called in the loop when the job's turn has come. It decides on the state of that moment and returns the slow part, or
	// nil if there is nothing to do (any more). It may be nil itself, if there never is.
	begin func() func(ctx context.Context)
	// end is called in the loop afterwards, in any case. It may be nil.
	end func()
}

func (l *lane) idle() bool { return !l.busy && len(l.waiting) == 0 }

// do adds a job to a lane.
func (h *Herder) do(l *lane, j job) {
	l.waiting = append(l.waiting, j)
	h.advance(l)
}

// advance begins the lane's next job unless one is under way.
func (h *Herder) advance(l *lane) {
	for !l.busy && len(l.waiting) > 0 {
		j := l.waiting[0]
		l.waiting = l.waiting[1:]
		l.busy = true
		var slow func(context.Context)
		if j.begin != nil {
			slow = j.begin()
		}
		if slow != nil {
			over := h.stages.begin(j.stage)
			h.work.Go(func() {
				slow(h.workCtx)
				over()
				h.post(jobDone{l, j})
			})
			return
		}
		h.finish(l, j)
	}
}

// finish ends a job. The lane goes on with the next one, also with what end adds to it.
func (h *Herder) finish(l *lane, j job) {
	l.busy = false
	if j.end != nil {
		j.end()
	}
}

// gather returns a function to be called n times, in the loop, and calls then after the last time, or once limit has passed.
// If n is 0 it calls then at once.
func (h *Herder) gather(n int, limit time.Duration, then func()) (one func()) {
	if n == 0 {
		then()
		return func() {}
	}
	over := false
	finish := func() {
		if !over {
			over = true
			then()
		}
	}
	timer := h.after(limit, func() {
		if !over {
			h.logger.Warn("a connector or task takes too long to stop or start, going on without it", "limit", limit)
		}
		finish()
	})
	return func() {
		if n--; n == 0 {
			timer.Stop()
			finish()
		}
	}
}

// after calls f in the loop when d has passed. The timer is forgotten when the herder ends.
func (h *Herder) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() { h.post(timerDue{f}) })
}
