package dynamodb

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"sluice/connect"
)

// engine writes what it is given to one table: many keys at once, each key in order. The package's documentation has the picture,
// DESIGN.md the reasons.
//
// Invariants, which the tests hold it to:
//
//  1. Of all writes of one key at most one is with the service ([slot]). A newer write is sent after the older one was answered, or
//     in its stead if that one was not sent.
//  2. A record is finished only when the table holds its effect, the effect of a newer record of the same key, or when the worker
//     has answered its report with nil. Nothing else moves what may be committed ([partition]).
//  3. A write that was replaced is kept until its successor is finished, and comes back if its successor is rejected.
//  4. After drain has returned, nothing of the partitions given away is sent.
//
// One lock guards the state. It is never held while something waits: calls of the service, of the worker and of the log are made outside.
// Goroutines: one for the timers, one for each call in flight, one while reports are unanswered. stop waits for all of them.
type engine struct {
	log    *slog.Logger
	policy policy
	send   func(context.Context, []*write) outcome
	report func(*connect.SinkRecord, error) <-chan error
	wake   func()         // makes the worker call Put soon
	chance func() float64 // for jitter, from [0,1)

	ctx    context.Context // ends when the engine is stopped
	cancel context.CancelFunc
	wg     sync.WaitGroup
	kick   chan struct{} // the timers have to look again

	mu        sync.Mutex
	parts     map[connect.TopicPartition]*partition
	slots     slotTable            // the keys with unfinished writes
	ready     [routes]queue[*slot] // keys that can be sent now, by the call of their next write, first come first served
	turn      route                // whose writes are asked for first
	anonymous uint64               // slots without an order, for their names
	paused    pausedKeys           // keys that wait for their back-off
	split     []*batch             // parts of rejected batches; their keys are still taken
	inFlight  map[*batch]context.CancelFunc
	pace      pace
	callLimit time.Duration
	troubles  [2]trouble
	reports   []unanswered
	awaiting  bool // a goroutine waits for the reports

	limit *spender // nil: writes are not limited
	leave func()   // gives up the place at the limit; nil if there is none

	meters *meters // nil: nobody wants to know
	tally  tally

	overdue    int // writes that were tried for longer than the policy wants, while they are tried further
	records    int // unfinished
	bytes      int // that they hold
	wantRoom   bool
	epoch      time.Time     // from which writes count the time of their first failure
	nextTick   time.Time     // when the timers look next; zero: not at all
	workingOff int           // callers of workOff
	changed    chan struct{} // closed and renewed when a partition has less under way that workOff or drain may wait for
	failed     error
	stopped    bool
}

// outcome is the answer to one call.
type outcome struct {
	class class
	err   error // unless done
	hot   bool  // of a throttled call: the service named hot keys alone as the reason

	consumed *consumption // nil: not asked for, or not answered

	// Each tells, for a call that is done, what became of each of its writes; nil if all were carried out.
	each []verdict
}

// verdict is what became of one write.
type verdict struct {
	class class
	err   error // unless done
	hot   bool  // as in outcome
}

// of returns what became of the write at a place in a call that is done.
func (o *outcome) of(i int) verdict {
	if o.each == nil {
		return verdict{}
	}
	return o.each[i]
}

// batch is what one call carries: never two writes of one key.
type batch struct {
	route  route
	writes []*write
	limit  time.Duration // how long the call may take
	began  time.Time
	charge charge // against the limit, if there is one
}

func newEngine(log *slog.Logger, p policy, send func(context.Context, []*write) outcome, report func(*connect.SinkRecord, error) <-chan error, wake func()) *engine {
	return &engine{
		log: log, policy: p, send: send, report: report, wake: wake, chance: rand.Float64,
		kick:      make(chan struct{}, 1),
		parts:     make(map[connect.TopicPartition]*partition),
		slots:     newSlotTable(),
		inFlight:  make(map[*batch]context.CancelFunc),
		pace:      newPace(p.maxInFlight),
		callLimit: callTimeout,
		troubles:  [2]trouble{{what: "the table has no capacity for all writes"}, {what: "writes to the table fail"}},
		changed:   make(chan struct{}),
		epoch:     time.Now(),
	}
}

// start makes the engine ready to be given writes. stop must follow.
func (e *engine) start() {
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.wg.Go(e.runTimers)
}

// stop ends every call in flight and waits for the goroutines. What is unfinished stays so.
func (e *engine) stop(ctx context.Context) error {
	e.mu.Lock()
	e.stopped = true
	leave := e.leave
	e.mu.Unlock()
	if leave != nil {
		leave()
	}
	e.cancel()
	ended := make(chan struct{})
	go func() {
		e.wg.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// open begins anew with partitions that were given to the task.
func (e *engine) open(tps []connect.TopicPartition) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, tp := range tps {
		e.parts[tp] = &partition{tp: tp}
	}
}

// partition returns the books of a partition. A record may come before its partition was opened.
func (e *engine) partition(tp connect.TopicPartition) *partition {
	p := e.parts[tp]
	if p == nil {
		p = &partition{tp: tp}
		e.parts[tp] = p
	}
	return p
}

// accept takes over a write. Key is the canonical key of its item. Full batches are sent at once; flush sends the rest.
func (e *engine) accept(w *write, key []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	w.part = e.partition(w.record.TopicPartition())
	w.seq = w.part.add(w.record.Offset)
	e.records++
	e.bytes += int(w.cost)
	if e.policy.ordering == byPartition {
		w.part.parked = append(w.part.parked, parked{w, string(key)})
		if len(w.part.parked) >= e.policy.batchItems {
			e.release(w.part)
		}
	} else {
		e.place(w, e.slot(key))
	}
	if e.ready[w.route].len() >= e.policy.bounds(w.route).items {
		e.dispatch(false)
	}
}

// pass takes in a record that there is nothing to do for.
func (e *engine) pass(r *connect.SinkRecord) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p := e.partition(r.TopicPartition())
	seq := p.add(r.Offset)
	e.records++
	e.tally.records[ignoredRecord]++
	e.finish(p, seq, 0)
}

// place puts a write where it waits for its turn.
func (e *engine) place(w *write, s *slot) {
	s.add(w, e.policy.merge)
	e.enqueue(s)
}

// slot returns the place of a key. Without an order each write has one of its own.
func (e *engine) slot(key []byte) *slot {
	if e.policy.ordering == unordered {
		e.anonymous++
		return e.slots.add(binary.BigEndian.AppendUint64(slices.Clone(key), e.anonymous), len(key))
	}
	if s := e.slots.get(key); s != nil {
		return s
	}
	return e.slots.add(key, len(key))
}

// release lets the next writes of a partition go if all before them are finished: as many as one call may carry. Of a key there is one among
// them, with what it replaced: so they need no order among themselves.
func (e *engine) release(p *partition) {
	if p.unfinishedBelow(p.released) {
		return
	}
	for items, size := 0, 0; len(p.parked) > 0 && items < e.policy.batchItems; {
		w := p.parked[0].write
		if size += len(w.item) + itemOverhead; size > e.policy.batchBytes && items > 0 {
			break
		}
		s := e.slot([]byte(p.parked[0].key))
		if newest := s.newest(); newest == nil || newest.part != p {
			items++
		} else if !e.policy.merge || !w.supersedes(newest) {
			break
		}
		p.released = w.seq + 1
		p.parked[0] = parked{}
		p.parked = p.parked[1:]
		e.place(w, s)
	}
	if len(p.parked) == 0 {
		p.parked = nil
	}
}

// flush sends whatever can be sent: a batch need not be full when a call is free.
func (e *engine) flush() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.policy.ordering == byPartition {
		for _, p := range e.parts {
			e.release(p)
		}
	}
	e.dispatch(true)
	e.publish()
}

// failure returns the error that ended the engine's work, nil while it works.
func (e *engine) failure() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.failed
}

// full reports whether the backlog or the books have reached their bound, or nothing more is wanted before a write gets through. The worker is woken when half of
// the backlog is gone and no such write is left.
func (e *engine) full() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wantRoom = e.wantRoom && !e.roomy() || e.records >= e.policy.backlogRecords || e.bytes >= e.policy.backlogBytes || e.overdue > 0 || e.listed() >= mostListed
	return e.wantRoom
}

func (e *engine) roomy() bool {
	return e.overdue == 0 && e.records <= e.policy.backlogRecords/2 && e.bytes <= e.policy.backlogBytes/2 && e.listed() <= mostListed/2
}

// committable returns what may be committed, given the offsets after the last records put.
func (e *engine) committable(positions map[connect.TopicPartition]int64) map[connect.TopicPartition]int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make(map[connect.TopicPartition]int64, len(positions))
	for tp, position := range positions {
		if p := e.parts[tp]; p != nil {
			position = p.committable(position)
		}
		out[tp] = position
	}
	return out
}

// enqueue makes a key ready if it has something to send and nothing holds it.
func (e *engine) enqueue(s *slot) {
	if s.waiting == nil || s.sending != nil || s.queued {
		return
	}
	s.queued = true
	e.ready[s.waiting.route].push(s)
}

// dispatch starts calls as long as the window allows and there is something to send; without partial only full batches.
func (e *engine) dispatch(partial bool) {
	for {
		b := e.next(partial)
		if b == nil {
			return
		}
		ctx := e.register(b)
		e.wg.Go(func() { e.call(ctx, b) })
	}
}

// register notes a call that is about to start.
func (e *engine) register(b *batch) context.Context {
	b.limit, b.began = e.callLimit, time.Now()
	ctx, cancel := context.WithTimeout(e.ctx, b.limit)
	e.inFlight[b] = cancel
	if e.limit != nil {
		b.charge = e.limit.spend(b.estimate(), b.began)
	}
	return ctx
}

// observeDuration fits the limit of calls to how long they take.
func (e *engine) observeDuration(b *batch, out outcome, now time.Time) {
	switch {
	case errors.Is(out.err, context.DeadlineExceeded):
		if b.limit == e.callLimit { // not one that began before the limit was raised
			e.callLimit = min(2*e.callLimit, maxCallTimeout)
		}
	case out.class == done && now.Sub(b.began) < callTimeout/2:
		e.callLimit = callTimeout
	}
}

// call makes calls until there is nothing to send or no room in the window.
func (e *engine) call(ctx context.Context, b *batch) {
	for b != nil {
		out := e.send(ctx, b.writes)
		ctx, b = e.answered(b, out)
	}
}

// next takes the next batch to be sent, nil if there is none or it may not be sent now.
func (e *engine) next(partial bool) *batch {
	if e.limit != nil && !e.mayGo(partial) {
		return nil
	}
	if e.failed != nil || e.stopped || len(e.inFlight) >= e.pace.window {
		return nil
	}
	if !e.pace.hold.IsZero() && time.Now().Before(e.pace.hold) {
		return nil
	}
	if n := len(e.split); n > 0 {
		b := e.split[n-1]
		e.split = e.split[:n-1]
		return b
	}
	for range 2 * routes { // twice: a key may be found to belong to another kind of call
		r := e.turn
		e.turn = (e.turn + 1) % routes
		if b := e.collect(r, partial); b != nil {
			return b
		}
	}
	return nil
}

// collect takes the next batch for one kind of call.
func (e *engine) collect(r route, partial bool) *batch {
	bounds := e.bounds(r)
	if n := e.ready[r].len(); n == 0 || !partial && n < bounds.items {
		return nil
	}
	b := &batch{route: r, writes: make([]*write, 0, min(bounds.items, e.ready[r].len()))}
	var again []*slot // whose key is in the batch already, which happens without an order only
	for size, units := 0, 0; e.ready[r].len() > 0 && len(b.writes) < bounds.items && len(again) < maxBatchItems; {
		s := *e.ready[r].at(0)
		if s.waiting != nil && s.waiting.route == r {
			size += len(s.waiting.item) + itemOverhead
			units += int(s.waiting.units)
			if len(b.writes) > 0 && (size > bounds.bytes || bounds.units > 0 && units > bounds.units) {
				break
			}
		}
		e.ready[r].drop(1)
		s.queued = false
		switch {
		case s.waiting == nil: // its partition was given away
		case s.waiting.route != r: // what waits now goes by another call
			e.enqueue(s)
		case e.policy.ordering == unordered && b.has(s.key()):
			again = append(again, s)
		default:
			w := s.take()
			w.part.sending++
			b.writes = append(b.writes, w)
		}
	}
	for _, s := range again {
		e.enqueue(s)
	}
	if len(b.writes) == 0 {
		return nil
	}
	return b
}

// has reports whether a write of the key is in the batch.
func (b *batch) has(key string) bool {
	return slices.ContainsFunc(b.writes, func(w *write) bool { return w.slot.key() == key })
}
