package scenario

import (
	"cmp"
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"sluice/internal/fraud"
	"sluice/producer"
)

// traffic makes the transactions of the background in the order of their dates. It holds a few dozen bytes for each account.
type traffic struct {
	settings *Background
	play     *Play
	quiet    map[int64][]span // of accounts with fraud: when they have no background, ascending and apart
	end      time.Duration
	queue    accountQueue
}

// span is a time, both ends included.
type span struct{ from, to time.Duration }

// account is one that is due.
type account struct {
	due    time.Duration
	number int64
	source rand.PCG
}

// accountQueue is a heap with the account on top that is due first. Of two at the same time it is the one with the lower number, so that
// the order does not depend on how a heap is built.
type accountQueue []account

func (q accountQueue) Len() int           { return len(q) }
func (q accountQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q accountQueue) Less(i, j int) bool { return q[i].before(&q[j]) }
func (q *accountQueue) Push(x any)        { *q = append(*q, x.(account)) }
func (q *accountQueue) Pop() any {
	last := len(*q) - 1
	a := (*q)[last]
	*q = (*q)[:last]
	return a
}

func (a *account) before(b *account) bool {
	if c := cmp.Compare(a.due, b.due); c != 0 {
		return c < 0
	}
	return a.number < b.number
}

// traffic starts the background around the plants.
func (p *Play) traffic(plants []plant) *traffic {
	t := &traffic{settings: p.scenario.Background, play: p, quiet: map[int64][]span{}, end: time.Duration(p.scenario.Time.Duration)}
	quiet := time.Duration(p.scenario.Quiet)
	for _, pl := range plants {
		number := pl.transactions[0].AccountID
		t.quiet[number] = append(t.quiet[number], span{pl.from - quiet, pl.to + quiet})
	}
	if t.settings == nil {
		return t
	}
	t.queue = make(accountQueue, t.settings.Accounts.Count)
	for i := range t.queue {
		a := &t.queue[i]
		a.number = t.settings.Accounts.at(i)
		a.source = *p.source(backgroundStream, uint64(a.number))
		a.due = time.Duration(rand.New(&a.source).Int64N(int64(t.settings.Interval.Mean) + 1)).Truncate(time.Microsecond)
	}
	heap.Init(&t.queue)
	return t
}

// due returns when the next transaction may come, and false after the last one.
func (t *traffic) due() (time.Duration, bool) {
	if len(t.queue) == 0 || t.queue[0].due > t.end {
		return 0, false
	}
	return t.queue[0].due, true
}

// next makes the transaction that is due and says when it is sent. It is none if its account has to be quiet.
func (t *traffic) next(tr *producer.Transaction) (arrives time.Duration, ok bool) {
	a := &t.queue[0]
	rng := rand.New(&a.source)
	due := a.due
	arrives = due
	ok = !within(t.quiet[a.number], due)
	if ok {
		*tr = producer.Transaction{
			AccountID: a.number, CustomerID: producer.CustomerID(a.number), TransactionID: t.play.nextID(),
			MerchantType:    producer.MerchantTypes[rng.IntN(len(producer.MerchantTypes))],
			TransactionType: producer.TransactionTypes[rng.IntN(len(producer.TransactionTypes))],
			Amount:          t.settings.amount(rng), Date: t.play.date(due),
		}
		if late := t.settings.Late; late.Share > 0 && rng.Float64() < late.Share {
			arrives += time.Duration(rng.Int64N(int64(late.By) + 1))
		}
	}
	a.due += t.settings.pause(rng)
	heap.Fix(&t.queue, 0)
	return arrives, ok
}

// within reports whether one of the spans holds d.
func within(spans []span, d time.Duration) bool {
	i, exact := slices.BinarySearchFunc(spans, d, func(s span, d time.Duration) int { return cmp.Compare(s.from, d) })
	return exact || i > 0 && d <= spans[i-1].to
}

// pause is the time from one transaction of an account to the next one.
func (b *Background) pause(rng *rand.Rand) time.Duration {
	least, mean := time.Duration(b.Interval.Min), time.Duration(b.Interval.Mean)
	more := min(rng.ExpFloat64(), 100) * float64(mean-least)
	// Whole microseconds, as dates have them; rounded up, to keep to the least.
	return least + time.Duration(math.Ceil(more/1e3))*time.Microsecond
}

// amount is one of a transaction without anything wrong: small ones are more frequent, as the original's are.
func (b *Background) amount(rng *rand.Rand) fraud.Cents {
	room := float64(b.Amount.Max - b.Amount.Min)
	return fraud.Cents(b.Amount.Min) + fraud.Cents(math.Round(room*rng.Float64()*rng.Float64()))
}
