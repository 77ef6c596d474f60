package task_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"sluice/internal/kafka"
)

// fakeReader is a consumer whose group, broker and topic are in memory. Rebalances are scripted: each step is done in the next Poll, on the
// task's goroutine, as the real reader does it.
type fakeReader struct {
	listener kafka.Listener
	woken    chan struct{} // makes Poll return
	ready    chan struct{} // makes it look again

	mu        sync.Mutex
	logs      map[kafka.TopicPartition][]kafka.Message
	committed map[kafka.TopicPartition]int64 // at the broker
	positions map[kafka.TopicPartition]int64 // of assigned partitions
	paused    map[kafka.TopicPartition]bool
	steps     []func(ctx context.Context) error
	maxPoll   int
	closed    bool
	handOver  bool // the place in the group was kept
	abandoned bool // nothing is committed any more
	seeks     []string
	history   []map[kafka.TopicPartition]int64 // all commits that were accepted
	refuse    error                            // answer to commits
	hold      bool                             // asynchronous commits wait for release
	held      []func()
	onCommit  func(tp kafka.TopicPartition, offset int64) // sees every commit that reaches the broker
	onClose   func()
}

func newFakeReader() *fakeReader {
	return &fakeReader{
		woken:     make(chan struct{}, 1),
		ready:     make(chan struct{}, 1),
		logs:      map[kafka.TopicPartition][]kafka.Message{},
		committed: map[kafka.TopicPartition]int64{},
		positions: map[kafka.TopicPartition]int64{},
		paused:    map[kafka.TopicPartition]bool{},
		maxPoll:   500,
	}
}

var errFakeClosed = errors.New("the fake reader is closed")

func (r *fakeReader) Poll(ctx context.Context, wait time.Duration) ([]kafka.Message, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		step, messages, err := r.next()
		switch {
		case err != nil:
			return nil, err
		case step != nil:
			return nil, step(ctx)
		case len(messages) > 0:
			return messages, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			return nil, nil
		case <-r.woken:
			return nil, nil
		case <-r.ready:
		}
	}
}

func (r *fakeReader) next() (func(context.Context) error, []kafka.Message, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, nil, errFakeClosed
	}
	if len(r.steps) > 0 {
		step := r.steps[0]
		r.steps = r.steps[1:]
		return step, nil, nil
	}
	var out []kafka.Message
	for _, tp := range sorted(r.positions) {
		if r.paused[tp] {
			continue
		}
		for _, m := range r.logs[tp] {
			if m.Offset >= r.positions[tp] && len(out) < r.maxPoll {
				out = append(out, m)
				r.positions[tp] = m.Offset + 1
			}
		}
	}
	return nil, out, nil
}

func sorted[V any](m map[kafka.TopicPartition]V) []kafka.TopicPartition {
	return slices.SortedFunc(maps.Keys(m), func(a, b kafka.TopicPartition) int { return int(a.Partition) - int(b.Partition) })
}

func (r *fakeReader) Wakeup() { tell(r.woken) }

func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (r *fakeReader) Pause(parts ...kafka.TopicPartition)  { r.setPaused(parts, true) }
func (r *fakeReader) Resume(parts ...kafka.TopicPartition) { r.setPaused(parts, false) }

func (r *fakeReader) setPaused(parts []kafka.TopicPartition, paused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, tp := range parts {
		if _, ok := r.positions[tp]; ok {
			r.paused[tp] = paused
		}
	}
	tell(r.ready)
}

func (r *fakeReader) Seek(tp kafka.TopicPartition, offset int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.positions[tp]; !ok {
		return fmt.Errorf("seek %s: not assigned", tp)
	}
	r.positions[tp] = offset
	r.seeks = append(r.seeks, fmt.Sprintf("%s@%d", tp, offset))
	return nil
}

func (r *fakeReader) Commit(ctx context.Context, offsets map[kafka.TopicPartition]kafka.OffsetAndMetadata) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.store(offsets)
}

func (r *fakeReader) store(offsets map[kafka.TopicPartition]kafka.OffsetAndMetadata) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse != nil {
		return r.refuse
	}
	if r.abandoned {
		return kafka.ErrFenced
	}
	for tp := range offsets {
		if _, ok := r.positions[tp]; !ok {
			return kafka.ErrFenced
		}
	}
	stored := map[kafka.TopicPartition]int64{}
	for tp, o := range offsets {
		if r.onCommit != nil {
			r.onCommit(tp, o.Offset)
		}
		r.committed[tp] = o.Offset
		stored[tp] = o.Offset
	}
	r.history = append(r.history, stored)
	return nil
}

func (r *fakeReader) CommitAsync(offsets map[kafka.TopicPartition]kafka.OffsetAndMetadata, done func(error)) {
	send := func() { done(r.store(offsets)) }
	r.mu.Lock()
	if r.hold {
		r.held = append(r.held, send)
		send = func() {}
	}
	r.mu.Unlock()
	send()
}

// release lets the asynchronous commits go that were held back.
func (r *fakeReader) release() {
	r.mu.Lock()
	held := r.held
	r.held, r.hold = nil, false
	r.mu.Unlock()
	for _, send := range held {
		send()
	}
}

func (r *fakeReader) Lag() map[kafka.TopicPartition]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	lag := map[kafka.TopicPartition]int64{}
	for tp, at := range r.positions {
		lag[tp] = int64(len(r.logs[tp])) - at
	}
	return lag
}

func (r *fakeReader) Abandon() { r.set(func() { r.abandoned = true }) }

func (r *fakeReader) Close(ctx context.Context) error {
	r.mu.Lock()
	parts := sorted(r.positions)
	r.mu.Unlock()
	var err error
	if len(parts) > 0 {
		err = r.listener.Revoked(ctx, parts)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	clear(r.positions)
	if r.onClose != nil {
		r.onClose()
	}
	return err
}

// The script.

func (r *fakeReader) then(step func(ctx context.Context) error) {
	r.mu.Lock()
	r.steps = append(r.steps, step)
	r.mu.Unlock()
	tell(r.ready)
}

// assign gives partitions, starting where the broker has a commit.
func (r *fakeReader) assign(parts ...kafka.TopicPartition) {
	r.then(func(ctx context.Context) error {
		added := map[kafka.TopicPartition]int64{}
		r.mu.Lock()
		for _, tp := range parts {
			if _, ok := r.positions[tp]; !ok {
				added[tp] = r.committed[tp]
				r.positions[tp] = r.committed[tp]
				r.paused[tp] = false
			}
		}
		r.mu.Unlock()
		if len(added) == 0 {
			return nil
		}
		return r.listener.Assigned(ctx, added)
	})
}

func (r *fakeReader) revoke(parts ...kafka.TopicPartition) {
	r.take(parts, false)
}

func (r *fakeReader) lose(parts ...kafka.TopicPartition) {
	r.take(parts, true)
}

func (r *fakeReader) take(parts []kafka.TopicPartition, lost bool) {
	r.then(func(ctx context.Context) error {
		r.mu.Lock()
		owned := slices.DeleteFunc(slices.Clone(parts), func(tp kafka.TopicPartition) bool { _, ok := r.positions[tp]; return !ok })
		if lost {
			for _, tp := range owned {
				delete(r.positions, tp)
			}
		}
		r.mu.Unlock()
		if len(owned) == 0 {
			return nil
		}
		if lost {
			return r.listener.Lost(ctx, owned)
		}
		err := r.listener.Revoked(ctx, owned)
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, tp := range owned {
			delete(r.positions, tp)
		}
		return err
	})
}

// produce appends values to a partition.
func (r *fakeReader) produce(tp kafka.TopicPartition, values ...string) {
	r.mu.Lock()
	for _, v := range values {
		r.logs[tp] = append(r.logs[tp], kafka.Message{
			Topic: tp.Topic, Partition: tp.Partition, Offset: int64(len(r.logs[tp])), Timestamp: 1700000000000, Value: []byte(v),
		})
	}
	r.mu.Unlock()
	tell(r.ready)
}

func (r *fakeReader) committedAt(tp kafka.TopicPartition) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.committed[tp]
}

func (r *fakeReader) commits() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.history)
}

func (r *fakeReader) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}
