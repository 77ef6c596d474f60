package group

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/connect"
)

// cluster plays the members of a group whose leader decides with Incremental.
type cluster struct {
	memory     Memory
	generation int
	completed  int
	now        time.Duration
	maxDelay   time.Duration
	configured Work
	members    map[string]Work
	last       Plan
}

func newCluster(maxDelay time.Duration, members ...string) *cluster {
	c := &cluster{completed: -1, maxDelay: maxDelay, members: map[string]Work{}}
	for _, m := range members {
		c.members[m] = Work{}
	}
	return c
}

// decide is a round whose outcome reaches nobody.
func (c *cluster) decide() Plan {
	c.generation++
	c.last, c.memory = Incremental(c.memory, Round{
		Now: c.now, MaxDelay: c.maxDelay, Generation: c.generation, Completed: c.completed, Configured: c.configured, Members: maps.Clone(c.members),
	})
	return c.last
}

// round is one whose outcome reaches everybody.
func (c *cluster) round() Plan {
	plan := c.decide()
	c.completed = c.generation
	for m, change := range plan.Members {
		c.members[m] = change.Added.Plus(c.members[m].Minus(change.Revoked))
	}
	return plan
}

// settle plays rounds as members ask for them, after a revocation at once and after a delay when it is over, until none does.
func (c *cluster) settle(t interface{ Fatalf(string, ...any) }) (rounds int) {
	for rounds = 1; ; rounds++ {
		plan := c.round()
		switch {
		case plan.revokes():
		case plan.Delay > 0:
			c.now += plan.Delay
		default:
			return rounds
		}
		if rounds == 100 {
			t.Fatalf("after 100 rounds the group has still not come to rest: %v", c.members)
		}
	}
}

func (p Plan) revokes() bool {
	for _, change := range p.Members {
		if !change.Revoked.Empty() {
			return true
		}
	}
	return false
}

// counts is "a:1c/4t b:…" of what members have.
func (c *cluster) counts() string {
	var all []string
	for _, m := range slices.Sorted(maps.Keys(c.members)) {
		all = append(all, fmt.Sprintf("%s:%d/%d", m, len(c.members[m].Connectors), len(c.members[m].Tasks)))
	}
	return strings.Join(all, " ")
}

func (c *cluster) leave(member string) { delete(c.members, member) }
func (c *cluster) join(member string)  { c.members[member] = Work{} }

// twoOfFour are two connectors of four tasks each.
func twoOfFour(t testing.TB) Work { return parseConfigured(t, "c1:4,c2:4") }

// TestWhyATaskIsMoved tells, case by case, what becomes of work. Numbers are connectors/tasks that a member has.
func TestWhyATaskIsMoved(t *testing.T) {
	const delay = 5 * time.Minute
	for name, story := range map[string]func(t *testing.T, c *cluster){
		"one worker gets everything": func(t *testing.T, c *cluster) {
			c.expect(t, "a:2/8", 0)
		},
		"a worker that joins is given half, a round after it has stopped elsewhere": func(t *testing.T, c *cluster) {
			c.expect(t, "a:2/8", 0)
			c.join("b")
			c.expect(t, "a:1/4 b:0/0", 0)
			c.expect(t, "a:1/4 b:1/4", 0)
			c.expectNothing(t)
		},
		"what is new goes to who has least": func(t *testing.T, c *cluster) {
			c.expect(t, "a:2/8", 0)
			c.join("b")
			c.settle(t)
			c.configured = parseConfigured(t, "c1:4,c2:4,c3:1")
			c.expect(t, "a:2/5 b:1/4", 0)
			c.configured = parseConfigured(t, "c1:4,c2:4,c3:1,c4:1")
			c.expect(t, "a:2/5 b:2/5", 0)
		},
		"a connector that is deleted is taken away and moves nothing else": func(t *testing.T, c *cluster) {
			c.join("b")
			c.settle(t)
			kept := c.members["a"].Minus(parseWork(t, "c2|c2-0,c2-1,c2-2,c2-3")).Tasks
			c.configured = parseConfigured(t, "c1:4")
			c.round()
			if got := c.members["a"].Tasks; !slices.Equal(got, kept) {
				t.Errorf("a has %v, want %v", got, kept)
			}
			c.expectNothing(t)
		},
		"tasks that are configured no more are taken away": func(t *testing.T, c *cluster) {
			c.round()
			c.configured = parseConfigured(t, "c1:2,c2:4")
			c.expect(t, "a:2/6", 0)
			c.expectNothing(t)
		},
		"the work of a worker that leaves waits for it, and then goes to the others": func(t *testing.T, c *cluster) {
			c.join("b")
			c.settle(t)
			c.leave("b")
			c.expect(t, "a:1/4", delay)
			c.now += delay / 2
			c.expect(t, "a:1/4", delay/2)
			c.now += delay / 2
			c.expect(t, "a:2/8", 0)
			c.expectNothing(t)
		},
		"a worker that comes back in time gets back what it had, and only at the end of the delay": func(t *testing.T, c *cluster) {
			c.join("b")
			c.settle(t)
			had := c.members["b"]
			c.leave("b")
			c.expect(t, "a:1/4", delay)
			c.now += time.Minute
			c.join("b2")
			c.expect(t, "a:1/4 b2:0/0", delay-time.Minute)
			c.now += delay - time.Minute
			c.expect(t, "a:1/4 b2:1/4", 0)
			if got := c.members["b2"].Minus(had); !got.Empty() {
				t.Errorf("who has come back has %v, which it had not", got)
			}
			c.expectNothing(t)
		},
		"a second worker that leaves during the delay does not prolong it": func(t *testing.T, c *cluster) {
			c.join("b")
			c.join("d")
			c.settle(t)
			c.leave("b")
			c.round()
			c.now += time.Minute
			c.leave("d")
			if plan := c.round(); plan.Delay != delay-time.Minute {
				t.Errorf("delay %s, want %s", plan.Delay, delay-time.Minute)
			}
			c.now += delay - time.Minute
			c.expect(t, "a:2/8", 0)
		},
		"what is new during the delay is not kept waiting": func(t *testing.T, c *cluster) {
			c.join("b")
			c.settle(t)
			c.leave("b")
			c.expect(t, "a:1/4", delay)
			c.configured = parseConfigured(t, "c1:4,c2:4,c3:1")
			c.expect(t, "a:2/5", delay)
		},
		"nothing is taken away for balance during the delay": func(t *testing.T, c *cluster) {
			c.join("b")
			c.settle(t)
			c.leave("b")
			c.round()
			c.join("d")
			c.join("e")
			if plan := c.round(); plan.revokes() {
				t.Errorf("was taken away: %v", plan)
			}
		},
		"a new leader knows of no loss and deals out at once": func(t *testing.T, c *cluster) {
			c.join("b")
			c.settle(t)
			c.leave("a")
			c.memory, c.completed = Memory{}, c.generation
			c.expect(t, "b:2/8", 0)
		},
		"a leader that has missed a round deals out anew what it does not see": func(t *testing.T, c *cluster) {
			c.join("b")
			c.settle(t)
			c.completed--
			c.leave("b")
			c.expect(t, "a:2/8", 0)
		},
		"what reached nobody is dealt out again": func(t *testing.T, c *cluster) {
			c.join("b")
			c.decide()
			c.expect(t, "a:1/4 b:1/4", 0)
		},
		"what one member did not receive is dealt out again without delay": func(t *testing.T, c *cluster) {
			c.join("b")
			c.round()
			c.members["b"] = Work{}
			c.expect(t, "a:1/4 b:1/4", 0)
		},
		"a revocation that did not reach the member is made again": func(t *testing.T, c *cluster) {
			c.round()
			had := c.members["a"]
			c.join("b")
			c.round()
			c.members["a"] = had
			c.settle(t)
			if got := c.counts(); got != "a:1/4 b:1/4" {
				t.Errorf("got %s", got)
			}
		},
		"what two workers run is taken from both, and given to one of them": func(t *testing.T, c *cluster) {
			c.join("b")
			c.settle(t)
			twice := connect.TaskID{Connector: "c1", Task: 0}
			for m, w := range c.members {
				if !slices.Contains(w.Tasks, twice) {
					w.Tasks = append(slices.Clone(w.Tasks), twice)
					c.members[m] = w
				}
			}
			c.round()
			for m, w := range c.members {
				if slices.Contains(w.Tasks, twice) {
					t.Errorf("%s still runs %s", m, twice)
				}
			}
			c.settle(t)
			if got := c.counts(); got != "a:1/4 b:1/4" {
				t.Errorf("got %s", got)
			}
		},
		"revocations in a row are paced: 40 ms, 1.6 s, 64 s, then the delay": func(t *testing.T, c *cluster) {
			c.configured = parseConfigured(t, "c1:100")
			c.round()
			for i, want := range []time.Duration{0, 40 * time.Millisecond, 1600 * time.Millisecond, 64 * time.Second, delay} {
				c.join(fmt.Sprintf("w%d", i))
				plan := c.round()
				if plan.Delay != want || plan.revokes() != (want == 0) {
					t.Errorf("worker %d joins: delay %s, revokes %v; want %s", i, plan.Delay, plan.revokes(), want)
				}
				if want == 0 {
					continue
				}
				c.now += want
				if plan := c.round(); !plan.revokes() {
					t.Errorf("worker %d: nothing is taken away when the pause of %s is over", i, want)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(delay, "a")
			c.configured = twoOfFour(t)
			story(t, c)
		})
	}
}

// TestWithoutDelayNothingWaits is scheduled.rebalance.max.delay.ms=0.
func TestWithoutDelayNothingWaits(t *testing.T) {
	c := newCluster(0, "a", "b")
	c.configured = twoOfFour(t)
	c.expect(t, "a:1/4 b:1/4", 0)
	c.leave("b")
	c.expect(t, "a:2/8", 0)
	c.configured = parseConfigured(t, "c1:40")
	c.settle(t)
	for i := range 4 {
		c.join(fmt.Sprintf("w%d", i))
		if plan := c.round(); !plan.revokes() || plan.Delay != 0 {
			t.Errorf("worker %d joins: %+v", i, plan)
		}
	}
	c.settle(t)
	if got, want := c.counts(), "a:1/8 w0:0/8 w1:0/8 w2:0/8 w3:0/8"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// expect plays a round and looks at what members have, and are told to wait, after it.
func (c *cluster) expect(t *testing.T, counts string, delay time.Duration) {
	t.Helper()
	plan := c.round()
	if got := c.counts(); got != counts || plan.Delay != delay {
		t.Errorf("generation %d: members have %s, delay %s; want %s, %s", c.generation, got, plan.Delay, counts, delay)
	}
}

// expectNothing plays a round that changes nothing.
func (c *cluster) expectNothing(t *testing.T) {
	t.Helper()
	for m, change := range c.round().Members {
		if !change.Added.Empty() || !change.Revoked.Empty() {
			t.Errorf("generation %d: %s gets %v and loses %v", c.generation, m, change.Added, change.Revoked)
		}
	}
}
