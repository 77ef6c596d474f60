package dynamodb

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestSlotsAreFoundByName(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	table := newSlotTable()
	model := make(map[string]*slot)
	for range 100_000 {
		name := fmt.Append(nil, r.IntN(3*mostSpares))
		switch s := table.get(name); {
		case s != model[string(name)]:
			t.Fatalf("%s: %v, want %v", name, s, model[string(name)])
		case s == nil:
			s = table.add(name, 1)
			if s.name != string(name) || s.key() != s.name[:1] || s.waiting != nil || s.attempts != 0 {
				t.Fatalf("a new slot is not empty: %+v", s)
			}
			s.attempts, s.waiting = 7, &write{}
			model[s.name] = s
		case r.IntN(3) > 0:
			delete(model, s.name)
			table.remove(s, r.IntN(2) == 0)
		}
		if table.n != len(model) || table.spares > mostSpares {
			t.Fatalf("%d slots, %d to use again; want %d", table.n, table.spares, len(model))
		}
	}
	seen := 0
	for s := range table.all() {
		if model[s.name] != s {
			t.Fatalf("%s is not there any more", s.name)
		}
		seen++
		table.remove(s, true)
		table.remove(&slot{name: "another", hash: s.hash}, true) // has no effect
	}
	if seen != len(model) || table.n != 0 || len(table.buckets) != leastBuckets {
		t.Errorf("%d of %d slots seen, %d left in %d buckets", seen, len(model), table.n, len(table.buckets))
	}
}

func TestAQueueIsFirstInFirstOut(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var q queue[int]
	var model []int
	for i := range 50_000 {
		if grow := i/10_000%2 == 0; r.IntN(3) > 0 == grow {
			q.push(i)
			model = append(model, i)
		} else {
			n := r.IntN(min(len(model), 4) + 1)
			q.drop(n)
			model = model[n:]
		}
		if q.len() != len(model) || len(model) > 0 && (*q.at(0) != model[0] || *q.at(len(model) - 1) != model[len(model)-1]) {
			t.Fatalf("%v, want %v", q.items[q.head:], model)
		}
	}
	if got := q.items[q.head:]; !slices.Equal(got, model) {
		t.Errorf("%v, want %v", got, model)
	}
	q.drop(q.len())
	if cap(q.items) > keptItems {
		t.Errorf("an empty queue keeps the memory of %d items", cap(q.items))
	}
}
