package scenario

import (
	"container/heap"
	"io"
	"iter"
	"math/rand/v2"
	"time"

	"sluice/producer"
)

// Play is one performance of a scenario.
type Play struct {
	scenario *Scenario
	seed     uint64
	made     uint64 // transactions so far
	truth    *truth
}

// Play prepares a performance with the given seed, or with the scenario's for 0. What a detector must find is written to truth unless that
// is nil, while [Play.Events] goes on.
func (s *Scenario) Play(seed uint64, truth io.Writer) *Play {
	if seed == 0 {
		seed = s.Seed
	}
	return &Play{scenario: s, seed: seed, truth: newTruth(truth)}
}

// Seed returns the seed in force.
func (p *Play) Seed() uint64 { return p.seed }

// Events returns the records in the order in which they are sent. It may be called once. It ends early if the truth cannot be written, which
// [Play.Finish] tells.
func (p *Play) Events() iter.Seq[producer.Event] {
	return func(yield func(producer.Event) bool) {
		plants := p.plants()
		pending := p.planned(plants)
		background := p.traffic(plants)
		p.truth.open(p, plants)
		send := func(e pendingEvent) bool {
			if s := p.scenario.Time.Speed; s > 0 {
				e.At = time.Duration(float64(e.arrives) / s)
			}
			p.truth.add(e.Event)
			return p.truth.err == nil && yield(e.Event)
		}
		for sequence := uint64(len(pending)); ; {
			due, more := background.due()
			if !more && len(pending) == 0 {
				break
			}
			if !more || len(pending) > 0 && pending[0].arrives < due {
				if !send(heap.Pop(&pending).(pendingEvent)) {
					return
				}
				continue
			}
			tr := new(producer.Transaction)
			arrives, ok := background.next(tr)
			switch {
			case !ok:
			case arrives > due:
				heap.Push(&pending, pendingEvent{producer.Event{Transaction: tr}, arrives, sequence})
				sequence++
			default:
				if !send(pendingEvent{producer.Event{Transaction: tr}, due, 0}) {
					return
				}
			}
		}
		p.truth.complete = true
	}
}

// Finish ends the truth. Its last line says that it is whole, which it is not if the events were not all taken. It returns the first error of
// writing.
func (p *Play) Finish() error { return p.truth.close() }

// pendingEvent is a record that waits for its time.
type pendingEvent struct {
	producer.Event
	arrives  time.Duration // in the scenario's time
	sequence uint64        // decides where times are the same
}

// eventQueue is a heap with the event on top that is sent first.
type eventQueue []pendingEvent

func (q eventQueue) Len() int      { return len(q) }
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q eventQueue) Less(i, j int) bool {
	return q[i].arrives < q[j].arrives || q[i].arrives == q[j].arrives && q[i].sequence < q[j].sequence
}
func (q *eventQueue) Push(x any) { *q = append(*q, x.(pendingEvent)) }
func (q *eventQueue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	*q = (*q)[:last]
	return e
}

// planned queues what is known from the beginning: flags, and the transactions of the plants.
func (p *Play) planned(plants []plant) eventQueue {
	var q eventQueue
	add := func(e producer.Event, arrives time.Duration) {
		q = append(q, pendingEvent{e, arrives, uint64(len(q))})
	}
	for _, flags := range p.scenario.Flags {
		for i := range flags.Accounts.Count {
			for range flags.Copies {
				add(producer.Event{Flag: &producer.Flag{AccountID: flags.Accounts.at(i), Date: p.date(time.Duration(flags.Date))}}, time.Duration(*flags.Arrives))
			}
		}
	}
	for i := range plants {
		for j := range plants[i].transactions {
			tr := &plants[i].transactions[j]
			arrives := tr.Date.Sub(p.scenario.Time.Start.Time)
			if j == 0 {
				arrives += time.Duration(plants[i].fraud.Late)
			}
			add(producer.Event{Transaction: tr}, arrives)
		}
	}
	heap.Init(&q)
	return q
}

// date is the time of the scenario as a date.
func (p *Play) date(offset time.Duration) time.Time { return p.scenario.Time.Start.Add(offset) }

// nextID is an id that no other transaction of the play has: the mix is a bijection.
func (p *Play) nextID() string {
	p.made++
	return producer.TransactionID(mix(mix(p.seed) + p.made))
}

// Streams of random numbers, so that one part of a scenario does not change another.
const (
	plantStream      = 1
	backgroundStream = 2
)

// source returns random numbers of their own for everything that has a number.
func (p *Play) source(stream, number uint64) *rand.PCG {
	return rand.NewPCG(mix(p.seed^mix(stream)), mix(number))
}

func (p *Play) random(stream, number uint64) *rand.Rand { return rand.New(p.source(stream, number)) }

// mix spreads the bits of x, one to one (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
