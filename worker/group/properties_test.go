package group

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/connect"
)

// TestIncrementalHoldsItsPromises plays random histories whose members do as they are told.
func TestIncrementalHoldsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newCluster(rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Second, 5 * time.Minute}).Draw(t, "max delay"), "m0")
		connectors := map[string]int{}
		for step := range rapid.IntRange(1, 25).Draw(t, "steps") {
			c.disturb(t, connectors)
			before, held := c.memory, copyOf(c.members)
			again, _ := Incremental(before, c.next())
			plan := c.round()
			if !reflect.DeepEqual(again, plan) {
				t.Fatalf("step %d: asked twice, it decides %v and %v", step, again, plan)
			}
			checkOnce(t, c.members)
			checkRevocations(t, held, plan, c.configured)
			c.now += time.Duration(rapid.IntRange(0, int(c.maxDelay/time.Millisecond)+10).Draw(t, "pause")) * time.Millisecond
		}
		c.settle(t)
		checkBalance(t, c)
		for m, change := range c.round().Members {
			if !change.Added.Empty() || !change.Revoked.Empty() {
				t.Fatalf("a round without cause gives %s %v and takes %v", m, change.Added, change.Revoked)
			}
		}
	})
}

// TestIncrementalHealsWhatMembersSay plays members that claim anything at all, and then do as they are told.
func TestIncrementalHealsWhatMembersSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newCluster(rapid.SampledFrom([]time.Duration{0, time.Minute}).Draw(t, "max delay"), "m0")
		connectors := map[string]int{}
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			c.disturb(t, connectors)
			c.decide()
			if rapid.Bool().Draw(t, "completed") {
				c.completed = c.generation
			}
			for m := range c.members {
				c.members[m] = drawWork(t)
			}
		}
		c.settle(t)
		c.settle(t) // what nobody knew to be deleted was taken for work until the end of the first
		checkBalance(t, c)
	})
}

// next is the Round that round() would decide on.
func (c *cluster) next() Round {
	return Round{
		Now: c.now, MaxDelay: c.maxDelay, Generation: c.generation + 1, Completed: c.completed, Configured: c.configured, Members: maps.Clone(c.members),
	}
}

func copyOf(members map[string]Work) map[string]Work {
	c := map[string]Work{}
	for m, w := range members {
		c[m] = w.Plus(Work{})
	}
	return c
}

// disturb changes the members or what is configured.
func (c *cluster) disturb(t *rapid.T, counts map[string]int) {
	member := fmt.Sprintf("m%d", rapid.IntRange(0, 5).Draw(t, "member"))
	name := fmt.Sprintf("c%d", rapid.IntRange(0, 5).Draw(t, "connector"))
	switch rapid.IntRange(0, 5).Draw(t, "event") {
	case 0:
		if _, is := c.members[member]; !is {
			c.join(member)
		}
	case 1:
		if len(c.members) > 1 {
			c.leave(member)
		}
	case 2, 3:
		counts[name] = rapid.IntRange(0, 9).Draw(t, "tasks")
	case 4:
		delete(counts, name)
	}
	c.configured = Work{}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		c.configured.Connectors = append(c.configured.Connectors, name)
		for n := range counts[name] {
			c.configured.Tasks = append(c.configured.Tasks, connect.TaskID{Connector: name, Task: n})
		}
	}
}

func drawWork(t *rapid.T) (w Work) {
	for range rapid.IntRange(0, 6).Draw(t, "claims") {
		name := fmt.Sprintf("c%d", rapid.IntRange(0, 5).Draw(t, "connector"))
		w.Connectors = append(w.Connectors, name)
		w.Tasks = append(w.Tasks, connect.TaskID{Connector: name, Task: rapid.IntRange(0, 9).Draw(t, "task")})
	}
	return w
}

// checkOnce fails if two members have the same.
func checkOnce(t *rapid.T, members map[string]Work) {
	owner := map[connect.TaskID]string{}
	for m, w := range members {
		for _, ids := range piecesOf(w) {
			for _, id := range ids {
				if other, twice := owner[id]; twice {
					t.Fatalf("%s is given to %s and to %s", id, other, m)
				}
				owner[id] = m
			}
		}
	}
}

// checkRevocations fails if more is taken away than what is configured no more and what balance needs. Who is given what was lost may give
// up something else for it.
func checkRevocations(t *rapid.T, held map[string]Work, plan Plan, configured Work) {
	exists := piecesOf(configured).set()
	for k, total := range [2]int{len(configured.Connectors), len(configured.Tasks)} {
		share, extra := total/len(held), total%len(held)
		above, more, taken := 0, 0, 0
		for m, w := range held {
			change := plan.Members[m]
			n := len(piecesOf(w.Plus(change.Added).Plus(change.Revoked)).within(exists)[k])
			above += max(0, n-share)
			if n > share {
				more++
			}
			taken += len(piecesOf(w.Minus(w.Minus(change.Revoked))).within(exists)[k])
		}
		if most := above - min(extra, more); taken > most {
			t.Fatalf("%d of kind %d are taken away, where balance needs %d: %v of %v", taken, k, most, plan, held)
		}
	}
}

// checkBalance fails unless all that is configured is run once, and no member has more than one above another's, of each kind.
func checkBalance(t *rapid.T, c *cluster) {
	checkOnce(t, c.members)
	var all set = set{}
	for k := range [2]int{} {
		fewest, most := len(c.configured.Tasks)+len(c.configured.Connectors), 0
		for _, w := range c.members {
			n := len(piecesOf(w)[k])
			fewest, most = min(fewest, n), max(most, n)
			all.add(piecesOf(w))
		}
		if most-fewest > 1 {
			t.Fatalf("a member has %d of kind %d, another one %d: %v", most, k, fewest, c.members)
		}
	}
	if got, want := all.pieces().work().String(), piecesOf(c.configured).sorted().work().String(); got != want {
		t.Fatalf("%s is run, %s is configured", got, want)
	}
}

// TestEagerHoldsItsPromises deals out random work.
func TestEagerHoldsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newCluster(0)
		for n := range rapid.IntRange(1, 7).Draw(t, "members") {
			c.join(fmt.Sprintf("m%d", n))
		}
		counts := map[string]int{}
		for n := range rapid.IntRange(0, 7).Draw(t, "connectors") {
			counts[fmt.Sprintf("c%d", n)] = rapid.IntRange(0, 9).Draw(t, "tasks")
		}
		c.configured = Work{}
		for name, n := range counts {
			c.configured.Connectors = append(c.configured.Connectors, name)
			for i := range n {
				c.configured.Tasks = append(c.configured.Tasks, connect.TaskID{Connector: name, Task: i})
			}
		}
		c.members = Eager(c.configured, slices.Collect(maps.Keys(c.members)))
		checkBalance(t, c)
	})
}
