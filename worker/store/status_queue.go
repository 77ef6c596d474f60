package store

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"sluice/internal/kafka"
)

// statusWrite is one record on its way to the status topic; a nil value is a tombstone.
type statusWrite struct {
	key   string
	value []byte
	// state is what the record says of a connector or task; nil for a topic.
	state *pendingStatus
	topic *pendingTopic // the same for a topic
	safe  bool          // the write must not undo another worker's
}

// The pauses between tries to write a status while Kafka cannot be reached.
const (
	statusRetryMin = 100 * time.Millisecond
	statusRetryMax = time.Second
)

// statusQueue writes records one after the other. While Kafka cannot be reached it keeps the newest record of each key, so it is never
// longer than there are keys.
type statusQueue struct {
	log         keyedLog
	stillWanted func(statusWrite) bool
	dropped     func(statusWrite) // told of what is not going to be written
	logger      *slog.Logger

	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex // guards the fields below
	waiting []statusWrite
	busy    bool            // one that is not in waiting is being written
	wake    chan struct{}   // has room for one signal: something waits
	idle    []chan struct{} // closed when nothing waits and nothing is being written
}

func newStatusQueue(log keyedLog, stillWanted func(statusWrite) bool, dropped func(statusWrite), logger *slog.Logger) *statusQueue {
	ctx, cancel := context.WithCancel(context.Background())
	return &statusQueue{
		log: log, stillWanted: stillWanted, dropped: dropped, logger: logger,
		ctx: ctx, cancel: cancel, done: make(chan struct{}), wake: make(chan struct{}, 1),
	}
}

func (q *statusQueue) start() {
	go func() {
		defer close(q.done)
		q.run()
	}()
}

// stop ends the writing at once and waits for the goroutine.
func (q *statusQueue) stop() {
	q.cancel()
	<-q.done
}

func (q *statusQueue) add(w statusWrite) {
	q.mu.Lock()
	q.waiting = append(q.waiting, w)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// drain waits until everything that was queued is written or given up.
func (q *statusQueue) drain(ctx context.Context) error {
	q.mu.Lock()
	if len(q.waiting) == 0 && !q.busy {
		q.mu.Unlock()
		return nil
	}
	idle := make(chan struct{})
	q.idle = append(q.idle, idle)
	q.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		q.mu.Lock()
		defer q.mu.Unlock()
		return fmt.Errorf("%d statuses were not written: %w", len(q.waiting)+1, context.Cause(ctx))
	}
}

func (q *statusQueue) run() {
	for {
		w, ok := q.next()
		if ok {
			q.write(w)
			continue
		}
		select {
		case <-q.wake:
		case <-q.ctx.Done():
			return
		}
	}
}

// next takes the oldest write, or reports that the queue is idle.
func (q *statusQueue) next() (statusWrite, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 || q.ctx.Err() != nil {
		q.busy = false
		for _, idle := range q.idle {
			close(idle)
		}
		q.idle = nil
		return statusWrite{}, false
	}
	w := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	q.busy = true
	return w, true
}

// write appends one record, trying again for as long as that makes sense.
func (q *statusQueue) write(w statusWrite) {
	failing := false
	for pause := statusRetryMin; ; pause = min(2*pause, statusRetryMax) {
		err := q.log.Send(q.ctx, w.key, w.value)
		switch {
		case err == nil:
			if failing {
				q.logger.Info("status topic can be written again", "key", w.key)
			}
			return
		case q.ctx.Err() != nil:
			return
		case !kafka.IsRetriable(err):
			q.logger.Error("status could not be written", "key", w.key, "err", err)
			q.dropped(w)
			return
		case q.superseded(w) || !q.stillWanted(w):
			q.dropped(w)
			return
		case !failing:
			failing = true
			q.logger.Warn("status topic cannot be written, trying again", "key", w.key, "err", err)
		}
		select {
		case <-time.After(pause):
		case <-q.ctx.Done():
			return
		}
	}
}

// superseded reports whether a newer write of the same key waits; it also drops all that a newer one makes superfluous.
func (q *statusQueue) superseded(w statusWrite) bool {
	found, superfluous := q.prune(w.key)
	for _, o := range superfluous { // without the lock: the store, which is told, holds its own while it adds
		q.dropped(o)
	}
	return found
}

// prune takes out of the queue all but the newest write of each key, and reports whether there is one of the given key.
func (q *statusQueue) prune(key string) (found bool, superfluous []statusWrite) {
	q.mu.Lock()
	defer q.mu.Unlock()
	newest := make(map[string]int, len(q.waiting))
	for i, o := range q.waiting {
		newest[o.key] = i
	}
	kept := q.waiting[:0]
	for i, o := range q.waiting {
		if newest[o.key] == i {
			kept = append(kept, o)
		} else {
			superfluous = append(superfluous, o)
		}
	}
	clear(q.waiting[len(kept):])
	q.waiting = kept
	_, found = newest[key]
	return found, superfluous
}
