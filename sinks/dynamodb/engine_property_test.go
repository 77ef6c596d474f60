package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
)

// The property: whatever the service and the consumer group do, the table ends as if the records of each key had been written one by one,
// no two writes of a key are under way at once, no older value follows a newer one (but for records that are read again after a
// rebalance or a crash), nothing of a partition that was given away is sent, and nothing is committed that is not durable.
func TestAnyScheduleEndsLikeOneByOneExecution(t *testing.T) {
	const schedules = 1000
	for seed := range uint64(schedules) {
		runSchedule(t, seed)
	}
}

// More schedules than a test run has time for.
func FuzzAnyScheduleEndsLikeOneByOneExecution(f *testing.F) {
	f.Add(uint64(1 << 32))
	f.Fuzz(runSchedule)
}

func runSchedule(t *testing.T, seed uint64) {
	synctest.Test(t, func(t *testing.T) {
		newSchedule(t, seed).run()
	})
	if t.Failed() {
		t.Fatalf("seed %d", seed)
	}
}

// schedule is one run: the log in Kafka, the table, and a worker that makes every move a worker can make.
type schedule struct {
	t    *testing.T
	seed uint64
	rand *rand.Rand // the worker's moves; the service has its own, under mu

	log       [][]modelRecord // per partition
	position  []int           // next offset to put
	committed []int
	open      []bool

	byKey    map[string][]modelRecord
	policy   policy
	steady   bool // partitions are never given away, and nothing crashes
	transact bool // all writes go in transactions
	engine   *engine

	mu       sync.Mutex
	chance   *rand.Rand
	faults   modelFaults
	table    map[string]*modelItem
	written  map[int]bool    // numbers ever carried out
	unmet    map[int]bool    // numbers whose condition did not hold once
	sending  map[string]bool // keys under way
	calls    int             // under way
	lives    []int           // per partition: times it was opened
	lastLife map[string]life // key: what was applied last, and in which life of its partition
	given    []bool          // partitions given away
	reported map[int]bool
	wakes    int
}

type life struct{ number, life int }

// modelFaults are chances of what goes wrong.
type modelFaults struct{ unprocessed, throttled, failedBefore, failedAfter float64 }

func newSchedule(t *testing.T, seed uint64) *schedule {
	r := rand.New(rand.NewPCG(seed, 1))
	s := &schedule{
		t: t, seed: seed, rand: r, chance: rand.New(rand.NewPCG(seed, 2)),
		table: map[string]*modelItem{}, written: map[int]bool{}, unmet: map[int]bool{}, byKey: map[string][]modelRecord{}, sending: map[string]bool{}, lastLife: map[string]life{}, reported: map[int]bool{},
	}
	s.policy = defaultPolicy()
	s.policy.ordering = []ordering{byKey, byKey, byPartition, unordered}[seed%4]
	s.policy.merge = r.IntN(3) != 0
	s.policy.batchItems = 1 + r.IntN(maxBatchItems)
	kind := modelKind(r.IntN(int(modelKinds)))
	s.steady = kind == mixedOperations && r.IntN(2) == 0
	s.transact = r.IntN(3) == 0
	s.policy.onUnmet = []fate{skip, deadLetter}[r.IntN(2)]
	if kind == plainPuts && r.IntN(3) == 0 {
		s.policy.retryFor, s.policy.onExhausted = time.Duration(1+r.IntN(300))*time.Millisecond, []fate{deadLetter, pauseAll}[r.IntN(2)]
	}
	s.policy.maxInFlight = 1 + r.IntN(maxWindow)
	if seed%5 != 0 { // every fifth schedule has a service that works
		s.faults = modelFaults{r.Float64() / 2, r.Float64() / 3, r.Float64() / 4, r.Float64() / 4}
	}
	keys, badness := 1+r.IntN(30), 0.0
	if seed%3 == 0 {
		badness = r.Float64() / 4
	}
	number := 0
	for p := range 1 + r.IntN(3) {
		var log []modelRecord
		for range r.IntN(150) {
			number++
			m := kind.record(r, modelRecord{
				number: number, key: fmt.Sprintf("p%d-k%d", p, r.IntN(keys)),
				unwanted: r.Float64() < badness/2, malformed: r.Float64() < badness,
			}, s.steady)
			log = append(log, m)
			s.byKey[m.key] = append(s.byKey[m.key], m)
		}
		s.log = append(s.log, log)
	}
	n := len(s.log)
	s.position, s.committed, s.open, s.lives, s.given = make([]int, n), make([]int, n), make([]bool, n), make([]int, n), make([]bool, n)
	return s
}

func tp(p int) connect.TopicPartition {
	return connect.TopicPartition{Topic: "in", Partition: int32(p)}
}

func (s *schedule) run() {
	s.start()
	for range 40 + s.rand.IntN(100) {
		move := s.rand.IntN(12)
		if s.steady {
			move = max(2, move)
		}
		switch move {
		case 0:
			s.rebalance()
		case 1:
			if s.rand.IntN(4) == 0 {
				s.crash()
			}
		case 2, 3:
			s.commit(false, s.opened())
		case 4, 5, 6:
			time.Sleep(time.Duration(s.rand.IntN(200)) * time.Millisecond)
		default:
			s.put()
		}
	}
	s.mu.Lock()
	s.faults = modelFaults{}
	s.mu.Unlock()
	for p := range s.log {
		s.openPartition(p)
	}
	for rounds := 0; !s.finished(); rounds++ {
		if rounds == 1000 {
			s.t.Errorf("not finished: committed %v", s.committed)
			break
		}
		s.put()
		time.Sleep(time.Second)
		s.commit(false, s.opened())
	}
	s.commit(true, s.opened())
	s.checkEmpty()
	s.stop()
	s.checkTable()
}

// checkEmpty checks that nothing is left behind of records that are finished.
func (s *schedule) checkEmpty() {
	e := s.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.records+e.bytes+e.overdue+e.slots.n+len(e.paused)+len(e.split)+len(e.inFlight)+len(e.reports) != 0 {
		s.t.Errorf("left: %d records, %d bytes, %d overdue, %d slots, %d paused, %d parts of batches, %d calls, %d reports",
			e.records, e.bytes, e.overdue, e.slots.n, len(e.paused), len(e.split), len(e.inFlight), len(e.reports))
	}
}

func (s *schedule) start() {
	s.engine = newEngine(slog.New(slog.DiscardHandler), s.policy, s.send, s.report, func() { s.mu.Lock(); s.wakes++; s.mu.Unlock() })
	s.engine.start()
}

func (s *schedule) stop() {
	if err := s.engine.stop(context.Background()); err != nil {
		s.t.Errorf("stop: %v", err)
	}
	if err := s.engine.failure(); err != nil {
		s.t.Errorf("the engine failed: %v", err)
	}
}

func (s *schedule) opened() []int {
	var open []int
	for p, is := range s.open {
		if is {
			open = append(open, p)
		}
	}
	return open
}

// put hands a few records of each open partition to the engine.
func (s *schedule) put() {
	for _, p := range s.opened() {
		for range s.rand.IntN(30) {
			if s.position[p] == len(s.log[p]) {
				break
			}
			m := s.log[p][s.position[p]]
			r := &connect.SinkRecord{Topic: "in", Partition: int32(p), Offset: int64(s.position[p]), Value: m}
			s.position[p]++
			if m.unwanted {
				s.engine.reject(r, errors.New("unwanted"))
			} else {
				s.engine.accept(m.write(r, s.policy, s.transact), []byte(m.key))
			}
		}
	}
	s.engine.flush()
}

func (s *schedule) openPartition(p int) {
	if s.open[p] {
		return
	}
	s.mu.Lock()
	s.lives[p]++
	s.given[p] = false
	s.mu.Unlock()
	s.open[p] = true
	s.position[p] = s.committed[p]
	s.engine.open([]connect.TopicPartition{tp(p)})
}

// rebalance gives an open partition away, or takes another one.
func (s *schedule) rebalance() {
	p := s.rand.IntN(len(s.log))
	if !s.open[p] {
		s.openPartition(p)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(s.rand.IntN(300))*time.Millisecond)
	defer cancel()
	if s.rand.IntN(4) != 0 { // a partition that is lost is closed without a commit
		if s.rand.IntN(2) == 0 {
			half, cancel := context.WithTimeout(ctx, time.Duration(s.rand.IntN(150))*time.Millisecond)
			s.engine.workOff(half, []connect.TopicPartition{tp(p)})
			cancel()
		}
		_ = s.engine.drain(ctx, []connect.TopicPartition{tp(p)}) // an error says that ctx was too short
		s.commit(true, []int{p})
	} else {
		_ = s.engine.drain(ctx, []connect.TopicPartition{tp(p)})
	}
	s.engine.forget([]connect.TopicPartition{tp(p)})
	s.mu.Lock()
	s.given[p] = true
	s.mu.Unlock()
	s.open[p] = false
}

// crash stops the engine as it is and starts from the committed offsets.
func (s *schedule) crash() {
	s.stop()
	s.start()
	for _, p := range s.opened() {
		s.open[p] = false
		s.openPartition(p)
	}
}

// commit asks what may be committed and checks that it may.
func (s *schedule) commit(closing bool, partitions []int) {
	positions := make(map[connect.TopicPartition]int64)
	for _, p := range partitions {
		positions[tp(p)] = int64(s.position[p])
	}
	got := s.engine.committable(positions)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range partitions {
		next := int(got[tp(p)])
		if next > s.position[p] {
			s.t.Errorf("partition %d: offset %d may be committed, only %d were put", p, next, s.position[p])
			continue
		}
		for offset := s.committed[p]; offset < next; offset++ {
			if m := s.log[p][offset]; !s.durable(m) {
				s.t.Errorf("partition %d: offset %d may be committed but record %d at offset %d is not durable", p, next, m.number, offset)
			}
		}
		s.committed[p] = max(s.committed[p], next)
	}
}

// givesUp reports whether good records may be reported.
func (s *schedule) givesUp() bool { return s.policy.retryFor > 0 && s.policy.onExhausted == deadLetter }

func (s *schedule) finished() bool {
	for p := range s.log {
		if s.committed[p] < len(s.log[p]) {
			return false
		}
	}
	return true
}

// send is the service.
func (s *schedule) send(ctx context.Context, writes []*write) outcome {
	s.mu.Lock()
	if len(writes) == 0 || len(writes) > s.policy.batchItems {
		s.t.Errorf("a call with %d items", len(writes))
	}
	if s.calls++; s.calls > s.policy.maxInFlight {
		s.t.Errorf("%d calls at once", s.calls)
	}
	inCall := map[string]bool{}
	for _, w := range writes {
		m := w.record.Value.(modelRecord)
		if s.sending[m.key] && s.policy.ordering != unordered {
			s.t.Errorf("key %s: two writes under way", m.key)
		}
		if inCall[m.key] {
			s.t.Errorf("key %s: twice in a call", m.key)
		}
		inCall[m.key], s.sending[m.key] = true, true
		s.checkGiven(w)
		if s.policy.ordering == byPartition {
			s.checkTurn(w)
		}
	}
	latency := time.Duration(s.chance.IntN(100)) * time.Millisecond
	s.mu.Unlock()

	cut := false
	select {
	case <-time.After(latency):
	case <-ctx.Done():
		cut = true
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls--
	for _, w := range writes {
		delete(s.sending, w.record.Value.(modelRecord).key)
	}
	if cut {
		if s.chance.IntN(2) == 0 && !malformed(writes) {
			s.carryOut(writes)
		}
		return outcome{class: transient, err: ctx.Err()}
	}
	return s.answer(writes)
}

// checkTurn checks that all records before a write are durable, but for those that a call could carry along with it: one of each key, and those
// in whose stead it is sent.
func (s *schedule) checkTurn(w *write) {
	p, last := w.record.Partition, int(w.record.Offset)
	first := s.committed[p]
	for first < last && s.durable(s.log[p][first]) {
		first++
	}
	newest := map[string]modelRecord{}
	for _, m := range s.log[p][first : last+1] {
		if m.unwanted || s.durable(m) {
			continue
		}
		if before, ok := newest[m.key]; ok && !(s.policy.merge && m.covers(before, s.policy)) {
			s.t.Errorf("record %d is let go together with record %d of the same key", m.number, before.number)
		}
		newest[m.key] = m
	}
	if len(newest) > s.policy.batchItems {
		s.t.Errorf("offset %d of partition %d is sent while records of %d keys up to it are not finished", last, p, len(newest))
	}
}

func malformed(writes []*write) bool {
	for _, w := range writes {
		if w.record.Value.(modelRecord).malformed {
			return true
		}
	}
	return false
}

func (s *schedule) answer(writes []*write) outcome {
	switch x := s.chance.Float64(); {
	case x < s.faults.throttled:
		return outcome{class: throttled, err: errors.New("throttled")}
	case x < s.faults.throttled+s.faults.failedBefore:
		return outcome{class: transient, err: errors.New("500")}
	case malformed(writes) && writes[0].route != statementRoute && writes[0].route != transactRoute:
		return outcome{class: rejected, err: connect.NewDataError("rejected")}
	case x < s.faults.throttled+s.faults.failedBefore+s.faults.failedAfter:
		s.carryOut(writes)
		return outcome{class: transient, err: errors.New("connection cut")}
	}
	return outcome{class: done, each: s.carryOut(writes)}
}

func (s *schedule) checkGiven(w *write) {
	if s.given[w.record.Partition] {
		s.t.Errorf("partition %d was given away, a write of it is under way", w.record.Partition)
	}
}

// report is the worker's errant record reporter, which tolerates everything and sometimes takes its time.
func (s *schedule) report(r *connect.SinkRecord, _ error) <-chan error {
	m := r.Value.(modelRecord)
	answer := make(chan error, 1)
	s.mu.Lock()
	if !m.unwanted && !m.malformed && !s.givesUp() && !(s.unmet[m.number] && s.policy.onUnmet == deadLetter) {
		s.t.Errorf("record %d was reported and is good", m.number)
	}
	delay := time.Duration(s.chance.IntN(3)) * 20 * time.Millisecond
	s.mu.Unlock()
	accept := func() {
		s.mu.Lock()
		s.reported[m.number] = true
		s.mu.Unlock()
		answer <- nil
		close(answer)
	}
	if delay == 0 {
		accept()
	} else {
		time.AfterFunc(delay, accept)
	}
	return answer
}
