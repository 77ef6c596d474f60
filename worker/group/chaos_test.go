package group

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestClusterComesToRestAfterAnything lets random things happen to a cluster, in virtual time: workers start, leave, die, are cut off and come
// back, take long to stop, lag behind the config topic, and connections break. Afterwards everything is run once and evenly. On the way work may
// be run twice here, as it would not be on a real broker: kfake forgets members that wait for others in a join for longer than a session.
func TestClusterComesToRestAfterAnything(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 0))
				p := newPlayground(t, "c1:4,c2:3")
				p.sharing = true
				defer p.end()
				c := chaos{p: p, r: r, delay: []time.Duration{0, 5 * time.Second, time.Minute}[seed%3]}
				c.start()
				for range 40 {
					c.happen()
					time.Sleep(time.Duration(r.IntN(8000)) * time.Millisecond)
				}
				c.calm()
			})
		})
	}
}

// chaos makes things happen to a playground.
type chaos struct {
	p       *playground
	r       *rand.Rand
	delay   time.Duration
	started int
	alive   []*fakeWorker
}

func (c *chaos) start() {
	if len(c.alive) == 4 {
		return
	}
	c.started++
	c.alive = append(c.alive, c.p.start(fmt.Sprintf("w%02d", c.started), CompatibleSessions, c.delay))
}

// take removes a random worker from those that are alive.
func (c *chaos) take() *fakeWorker {
	i := c.r.IntN(len(c.alive))
	w := c.alive[i]
	c.alive = slices.Delete(c.alive, i, i+1)
	return w
}

func (c *chaos) happen() {
	p, r := c.p, c.r
	switch r.IntN(10) {
	case 0, 1:
		c.start()
	case 2:
		if len(c.alive) > 1 {
			c.take().leave()
		}
	case 3: // dies: nobody hears of it again
		if len(c.alive) > 1 {
			w := c.take()
			w.link.set(true)
			w.leave()
		}
	case 4:
		w := c.alive[r.IntN(len(c.alive))]
		w.link.set(true)
		time.Sleep(time.Duration(r.IntN(30000)) * time.Millisecond)
		w.link.set(false)
	case 5: // connections break, and can be made again at once
		for _, w := range c.alive {
			w.link.set(true)
			w.link.set(false)
		}
	case 6:
		w := c.alive[r.IntN(len(c.alive))]
		p.mu.Lock()
		w.slow = time.Duration(r.IntN(15000)) * time.Millisecond
		p.mu.Unlock()
	case 7:
		w := c.alive[r.IntN(len(c.alive))]
		w.blind = !w.blind
		if !w.blind {
			w.read()
		}
	default:
		p.configure(fmt.Sprintf("c%d:%d,c%d:%d,c9:1", 1+r.IntN(3), r.IntN(9), 4+r.IntN(3), r.IntN(9)))
	}
}

// calm lets nothing happen any more and waits for the cluster to come to rest.
func (c *chaos) calm() {
	p := c.p
	for _, w := range c.alive {
		p.mu.Lock()
		w.slow = 0
		p.mu.Unlock()
		w.blind = false
		w.read()
	}
	time.Sleep(40 * time.Minute)
	p.mu.Lock()
	defer p.mu.Unlock()
	owner := set{}
	for k, total := range [2]int{len(p.configured.work.Connectors), len(p.configured.work.Tasks)} {
		fewest, most := total, 0
		for _, w := range c.alive {
			have := w.running.pieces()[k]
			fewest, most = min(fewest, len(have)), max(most, len(have))
			for _, id := range have {
				if owner[id] {
					p.t.Errorf("%s is run twice", id)
				}
				owner[id] = true
			}
		}
		if most > fewest+1 {
			p.t.Errorf("one worker runs %d, another one %d", most, fewest)
		}
	}
	if got, want := owner.pieces().work().String(), piecesOf(p.configured.work).sorted().work().String(); got != want {
		p.t.Errorf("run are %s, configured %s; workers have %s", got, want, p.counts())
	}
	for _, w := range c.alive {
		if len(w.outcomes) == 0 {
			p.t.Fatalf("%s was never told anything: %+v", w.name, w.member.kafka.State())
		}
	}
	leaders, generation := 0, c.alive[0].outcomes[len(c.alive[0].outcomes)-1].Generation
	for _, w := range c.alive {
		o := w.outcomes[len(w.outcomes)-1]
		if o.Leads() {
			leaders++
		}
		if o.Generation != generation || o.Lost {
			p.t.Errorf("%s is in generation %d, %s in %d", w.name, o.Generation, c.alive[0].name, generation)
		}
	}
	if leaders != 1 {
		p.t.Errorf("%d workers lead", leaders)
	}
}
