package task_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

// schedule is a random life of a task: records, rebalances, refusals, failures and pauses come in any order. Some records are dropped and all
// renamed by transforms, some cannot be converted, some are reported by the sink. What is kept is the promise to users: no offset is
// committed before all records below it are done (written and declared durable, dropped, or acknowledged by the broker of the dead letter
// queue if there is one), and in the end every record was delivered.
type schedule struct {
	rng    *rand.Rand // of the driver
	t      *testing.T
	reader *fakeReader

	mu   sync.Mutex // guards what follows
	dice *rand.Rand // of the sink

	// The destination. A record is written when Put accepts it, but durable only later, as with a sink that works ahead.
	durable map[kafka.TopicPartition]map[int64]bool
	pending []connect.SinkRecord
	honest  bool // PreCommit declares what is durable; otherwise Flush makes it so

	transforms bool
	queue      *fakeDLQ                                // of the task that lives; nil without a dead letter queue
	delivered  map[kafka.TopicPartition]map[int64]bool // to the queue
}

func (s *schedule) chance(percent int) bool { return s.rng.IntN(100) < percent }

func (s *schedule) sinkChance(percent int) bool { return s.dice.IntN(100) < percent }

// settle makes some of what was put durable, or all.
func (s *schedule) settle(all bool) {
	kept := s.pending[:0]
	for _, r := range s.pending {
		if all || s.sinkChance(50) {
			s.durable[kafka.TopicPartition(r.TopicPartition())][r.Offset] = true
		} else {
			kept = append(kept, r)
		}
	}
	s.pending = kept
}

func (s *schedule) put(fake *fakeSink, records []connect.SinkRecord) error {
	errant, err := s.write(fake, records)
	for i := range errant { // without the lock: this may block until the task ends
		fake.ctx.Report(&errant[i], errors.New("cannot be written"))
	}
	return err
}

// write accepts records and returns those that are to be reported.
func (s *schedule) write(fake *fakeSink, records []connect.SinkRecord) (errant []connect.SinkRecord, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(records) > 0 && s.sinkChance(15) {
		fake.ctx.Timeout(time.Duration(s.dice.IntN(5000)) * time.Millisecond)
		return nil, connect.Retriable(errors.New("throttled"))
	}
	for _, r := range records {
		if s.transforms && r.CurrentTopic() != "t-renamed" {
			s.t.Errorf("offset %d of %s is called %s", r.Offset, r.TopicPartition(), r.CurrentTopic())
		}
		if s.reported(r.Offset) {
			errant = append(errant, r)
			continue
		}
		text := string(r.Value.(connect.RawJSON))
		if want := strconv.Itoa(int(r.Offset)); text != want {
			s.t.Errorf("offset %d of %s holds %s", r.Offset, r.TopicPartition(), text)
		}
		s.pending = append(s.pending, r)
	}
	if s.sinkChance(30) {
		s.settle(false)
	}
	return errant, nil
}

// collapse is the failure of a destination, after the records have reached it.
func (s *schedule) collapse() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sinkChance(2) {
		return errPut
	}
	return nil
}

// done says whether a record needs no more delivery.
func (s *schedule) done(tp kafka.TopicPartition, offset int64) bool {
	switch {
	case bad(offset) && s.queue == nil:
		return true
	case bad(offset) || s.reported(offset):
		return s.delivered[tp][offset]
	}
	return s.settled(tp, offset)
}

// settled says whether a record is of no concern to the sink any more.
func (s *schedule) settled(tp kafka.TopicPartition, offset int64) bool {
	return s.durable[tp][offset] || bad(offset) || s.dropped(offset) || s.reported(offset)
}

// dropped says which records a transform drops, reported which ones the sink reports.
func (s *schedule) dropped(offset int64) bool { return s.transforms && offset%11 == 5 && !bad(offset) }
func (s *schedule) reported(offset int64) bool {
	return s.queue != nil && offset%13 == 6 && !bad(offset) && !s.dropped(offset)
}

// acknowledge notes that the broker has a record of the queue.
func (s *schedule) acknowledge(r kafka.OutRecord) {
	header := func(name string) string {
		i := slices.IndexFunc(r.Headers, func(h kafka.Header) bool { return h.Key == "__connect.errors."+name })
		return string(r.Headers[i].Value)
	}
	partition, _ := strconv.Atoi(header("partition"))
	offset, _ := strconv.ParseInt(header("offset"), 10, 64)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delivered[kafka.TopicPartition{Topic: header("topic"), Partition: int32(partition)}][offset] = true
}

// errorHandling gives a task its transforms and its queue.
func (s *schedule) errorHandling(c *task.Config) {
	if s.transforms {
		c.Transformations = []task.Transformation{
			{Class: "drop", Transform: smt{apply: func(r *connect.SinkRecord) (*connect.SinkRecord, error) {
				if s.dropped(r.Offset) {
					return nil, nil
				}
				return r, nil
			}}},
			step(s.t, "RegexRouter", map[string]string{"regex": "(.*)", "replacement": "$1-renamed"}),
		}
	}
	if s.queue != nil {
		s.queue = &fakeDLQ{onAck: s.acknowledge}
		c.DLQ = s.queue.config(true)
	}
}

// actOnQueue lets something happen to the queue's broker. Only tasks that have a successor lose records.
func (s *schedule) actOnQueue(last bool) {
	if s.queue == nil {
		return
	}
	switch n := s.rng.IntN(100); {
	case n < 5:
		s.queue.set(func() { s.queue.hold = true })
	case n < 15:
		s.queue.release(nil)
	case n < 17 && !last:
		s.queue.release(errBroker)
	case n < 18 && !last:
		s.queue.set(func() { s.queue.refusing = errBroker })
	case n < 19 && !last:
		s.queue.set(func() { s.queue.blocking = true })
	}
}

// bad says which records are no JSON.
func bad(offset int64) bool { return offset%7 == 3 }

func (s *schedule) preCommit(offsets map[connect.TopicPartition]int64, closing bool) (map[connect.TopicPartition]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sinkChance(10) {
		return nil, errors.New("cannot tell")
	}
	if closing {
		s.settle(s.sinkChance(50))
	}
	if !s.honest { // as Flush: all is made durable, or it fails
		s.settle(true)
		return offsets, nil
	}
	out := map[connect.TopicPartition]int64{}
	for tp, upTo := range offsets {
		if s.sinkChance(10) {
			continue
		}
		at := int64(0)
		for at < upTo && s.settled(kafka.TopicPartition(tp), at) {
			at++
		}
		out[tp] = at
		if s.sinkChance(5) {
			out[tp] = upTo + 1 + s.dice.Int64N(3) // nonsense must not get through
		}
	}
	return out, nil
}

func runSchedule(t *testing.T, seed uint64) {
	s := &schedule{rng: rand.New(rand.NewPCG(seed, 1)), dice: rand.New(rand.NewPCG(seed, 2)), t: t, reader: newFakeReader(), durable: map[kafka.TopicPartition]map[int64]bool{}}
	s.honest, s.transforms = s.chance(70), s.chance(50)
	if s.chance(60) {
		s.queue = &fakeDLQ{}
	}
	s.delivered = map[kafka.TopicPartition]map[int64]bool{}
	parts := []kafka.TopicPartition{tp0, tp1, {Topic: "t", Partition: 2}}
	for _, tp := range parts {
		s.durable[tp], s.delivered[tp] = map[int64]bool{}, map[int64]bool{}
	}
	s.reader.maxPoll = 1 + s.rng.IntN(20)
	s.reader.onCommit = func(tp kafka.TopicPartition, offset int64) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for at := range offset {
			if !s.done(tp, at) {
				t.Errorf("offset %d of %s is committed, but record %d is not durable", offset, tp, at)
			}
		}
	}
	produced := map[kafka.TopicPartition]int64{}
	produce := func() {
		tp := parts[s.rng.IntN(len(parts))]
		for range 1 + s.rng.IntN(10) {
			value := strconv.FormatInt(produced[tp], 10)
			if bad(produced[tp]) {
				value = "no JSON"
			}
			s.reader.produce(tp, value)
			produced[tp]++
		}
	}

	for life := range 3 { // a task, and its successors after stops, failures and crashes
		last := life == 2
		fake := &fakeSink{}
		fake.put = func(_ context.Context, records []connect.SinkRecord) error {
			if err := s.put(fake, records); err != nil || last {
				return err
			}
			return s.collapse()
		}
		sink := &preCommitSink{fakeSink: fake, preCommit: s.preCommit}
		s.mu.Lock()
		s.pending = nil // what the predecessor had in memory is gone
		s.mu.Unlock()
		s.reader.set(func() {
			s.reader.closed = false
			s.reader.steps, s.reader.held, s.reader.hold, s.reader.refuse = nil, nil, false, nil
			clear(s.reader.positions)
		})
		cfg := config(t, sink, s.reader, &statuses{}, nil)
		cfg.ValueConverter, cfg.Tolerance = newJSON(t), task.ToleranceAll
		s.errorHandling(&cfg)
		tk, err := task.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- tk.Run(t.Context()) }()
		for range 60 {
			s.act(parts, tk, fake, produce)
			s.actOnQueue(last)
			if s.chance(50) {
				synctest.Wait()
			} else {
				time.Sleep(time.Duration(s.rng.IntN(40)) * time.Second)
			}
		}
		if last { // now let it come to rest
			s.reader.set(func() { s.reader.refuse = nil })
			s.reader.release()
			if s.queue != nil {
				s.queue.release(nil)
			}
			tk.Resume()
			s.reader.lose(parts...)
			s.reader.assign(parts...)
			synctest.Wait()
			fake.ctx.Resume(resumable(parts)...)
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			s.mu.Lock()
			s.settle(true)
			s.mu.Unlock()
			time.Sleep(10 * time.Minute)
			synctest.Wait()
		}
		if !last && s.chance(40) {
			tk.Cancel()
		} else {
			tk.Stop()
		}
		select {
		case err := <-done:
			if last && err != nil {
				t.Errorf("the last task failed: %v", err)
			}
		case <-time.After(time.Hour):
			t.Fatal("the task does not end")
		}
	}
	for tp, n := range produced {
		for at := range n {
			if !s.done(tp, at) {
				t.Errorf("record %d of %s was lost", at, tp)
			}
		}
	}
}

func resumable(parts []kafka.TopicPartition) []connect.TopicPartition {
	var out []connect.TopicPartition
	for _, tp := range parts {
		out = append(out, connect.TopicPartition(tp))
	}
	return out
}

// act does one thing.
func (s *schedule) act(parts []kafka.TopicPartition, tk *task.Task, fake *fakeSink, produce func()) {
	some := slices.Clone(parts)
	s.rng.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	some = some[:1+s.rng.IntN(len(some))]
	fake.mu.Lock()
	started := fake.ctx != nil
	fake.mu.Unlock()
	switch n := s.rng.IntN(100); {
	case n < 40:
		produce()
	case n < 55:
		s.reader.assign(some...)
	case n < 60:
		s.reader.revoke(some...)
	case n < 63:
		s.reader.lose(some...)
	case n < 66:
		tk.Pause()
	case n < 72:
		tk.Resume()
	case n < 75:
		s.reader.set(func() { s.reader.hold = true })
	case n < 80:
		s.reader.release()
	case n < 83:
		s.reader.set(func() { s.reader.refuse = fmt.Errorf("coordinator moves") })
	case n < 88:
		s.reader.set(func() { s.reader.refuse = nil })
	case !started:
	case n < 91:
		fake.ctx.RequestCommit()
	case n < 93:
		fake.ctx.Pause(connect.TopicPartition(some[0]))
	case n < 96:
		fake.ctx.Resume(connect.TopicPartition(some[0]))
	case n < 98:
		fake.ctx.Wake()
	default:
		// A plugin that finds its destination behind asks for what it lacks.
		at := s.reader.committedAt(some[0])
		fake.ctx.Rewind(map[connect.TopicPartition]int64{connect.TopicPartition(some[0]): at})
	}
}

func TestNoOffsetIsCommittedBeforeItsRecordsAreDurable(t *testing.T) {
	seeds := uint64(1000)
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { runSchedule(t, seed) })
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
