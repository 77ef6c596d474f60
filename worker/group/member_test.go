package group

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rcrowley/go-metrics"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"sluice/connect"
	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
)

// The tests of this file run whole members against kfake, on a network and a clock that are not real: minutes pass in milliseconds.

func TestMain(m *testing.M) {
	metrics.NewMeter().Stop() // starts that ticker here, outside the bubbles of virtual time
	// go-metrics, which sarama counts with, starts one ticker per process and never stops it.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

const (
	sessionTimeout    = 10 * time.Second
	heartbeatInterval = 3 * time.Second
)

// playground is a broker, the config topic, and the workers that run on them.
type playground struct {
	t       *testing.T
	network kfake.VirtualNetwork
	broker  *embedded.Broker

	mu         sync.Mutex
	configured topicView
	workers    []*fakeWorker
	changed    chan struct{} // closed and replaced whenever a worker has dealt with something
	sharing    bool          // work may be run twice: somebody was cut off, or lied
}

// topicView is the config topic up to some record.
type topicView struct {
	offset int64
	work   Work
}

func (v topicView) Offset() int64    { return v.offset }
func (v topicView) Configured() Work { return v.work }

func newPlayground(t *testing.T, configured string) *playground {
	t.Helper()
	p := &playground{t: t, configured: topicView{1, parseConfigured(t, configured)}, changed: make(chan struct{})}
	var err error
	p.broker, err = embedded.New(embedded.Options{Listen: p.network.Listen})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.broker.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// end stops all workers and the broker.
func (p *playground) end() {
	for _, w := range p.workers {
		w.leave()
	}
	p.broker.Close()
}

// fakeWorker does what a Member asks of it, and remembers.
type fakeWorker struct {
	p      *playground
	name   string
	member *Member
	stop   context.CancelFunc
	ended  chan error
	link   *link

	// Guarded by p.mu.
	view     topicView
	running  set
	outcomes []Outcome
	stops    int           // pieces of work that were stopped
	slow     time.Duration // how long it takes to stop
	blind    bool          // reads nothing of the config topic
	freshErr error
	left     bool
}

// link is a worker's network, which can be cut.
type link struct {
	network *kfake.VirtualNetwork
	mu      sync.Mutex
	cut     bool
	conns   []net.Conn
}

func (l *link) dial(ctx context.Context, network, address string) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return nil, errors.New("the network is cut")
	}
	conn, err := l.network.DialContext(ctx, network, address)
	if err == nil {
		l.conns = append(l.conns, conn)
	}
	return conn, err
}

func (l *link) set(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
	if cut {
		for _, c := range l.conns {
			_ = c.Close()
		}
		l.conns = nil
	}
}

// start starts a worker.
func (p *playground) start(name string, compatibility Compatibility, maxDelay time.Duration) *fakeWorker {
	p.t.Helper()
	w := &fakeWorker{p: p, name: name, running: set{}, link: &link{network: &p.network}, view: p.configured, ended: make(chan error, 1)}
	var err error
	w.member, err = NewMember(MemberConfig{
		Kafka: kafka.Properties{
			"bootstrap.servers": p.broker.Addr(), "group.id": "cluster", "client.id": name, "session.timeout.ms": fmt.Sprint(sessionTimeout.Milliseconds()),
			"heartbeat.interval.ms": fmt.Sprint(heartbeatInterval.Milliseconds()), "max.poll.interval.ms": "60000",
			"request.timeout.ms": "600000", // kfake waits for absent members anew with each join that is sent again
		},
		Compatibility: compatibility, URL: "http://" + name + "/", MaxDelay: maxDelay, Fresh: w.fresh, SyncTimeout: 3 * time.Second, Dial: w.link.dial,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(p.t.Context())
	w.stop = cancel
	go func() { w.ended <- w.member.Run(ctx, w.deal) }()
	p.mu.Lock()
	p.workers = append(p.workers, w)
	p.mu.Unlock()
	w.member.Rejoin(w.view)
	return w
}

func (w *fakeWorker) fresh(context.Context) (View, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	return w.p.configured, w.freshErr
}

// deal takes an outcome up.
func (w *fakeWorker) deal(o Outcome) {
	p := w.p
	p.mu.Lock()
	slow := w.slow
	p.mu.Unlock()
	if !o.Revoked.Empty() && slow > 0 {
		time.Sleep(slow)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, ids := range piecesOf(o.Revoked) {
		for _, id := range ids {
			if !w.running[id] {
				p.t.Errorf("%s is told to stop %s, which it does not run", w.name, id)
			}
			delete(w.running, id)
			w.stops++
		}
	}
	for _, ids := range piecesOf(o.Added) {
		for _, id := range ids {
			if w.running[id] {
				p.t.Errorf("%s is told to start %s, which it runs", w.name, id)
			}
			for _, other := range p.workers {
				if other.running[id] && !p.sharing {
					p.t.Errorf("%s is told to start %s, which %s runs", w.name, id, other.name)
				}
			}
			w.running[id] = true
		}
	}
	w.outcomes = append(w.outcomes, o)
	if !o.Revoked.Empty() {
		w.member.Rejoin(w.view)
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// leave ends the worker in good order; what it has stops first.
func (w *fakeWorker) leave() {
	if w.left {
		return
	}
	w.left = true
	w.stop()
	if err := <-w.ended; err != nil {
		w.p.t.Errorf("%s: %v", w.name, err)
	}
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	w.running = set{}
}

// configure changes the config topic. All workers read it at once, but for those that are blind.
func (p *playground) configure(configured string) {
	p.mu.Lock()
	p.configured = topicView{p.configured.offset + 1, parseConfigured(p.t, configured)}
	p.mu.Unlock()
	for _, w := range p.workers {
		if !w.blind {
			w.read()
		}
	}
}

// read makes a worker deal with what is on the config topic.
func (w *fakeWorker) read() {
	w.p.mu.Lock()
	w.view = w.p.configured
	view := w.view
	w.p.mu.Unlock()
	w.member.Rejoin(view)
}

// counts is "a:1/4 b:1/4", connectors/tasks that workers run.
func (p *playground) counts() string {
	var all []string
	for _, w := range p.workers {
		if !w.left {
			have := w.running.pieces()
			all = append(all, fmt.Sprintf("%s:%d/%d", w.name, len(have[connectors]), len(have[tasks])))
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// await waits until workers run what counts says, and returns how long that took.
func (p *playground) await(counts string) time.Duration {
	p.t.Helper()
	began := time.Now()
	limit := time.After(20 * time.Minute)
	for {
		p.mu.Lock()
		got, changed := p.counts(), p.changed
		p.mu.Unlock()
		if got == counts {
			return time.Since(began)
		}
		select {
		case <-changed:
		case <-limit:
			p.t.Fatalf("after 20 minutes workers run %s, want %s", got, counts)
		}
	}
}

// last is a worker's last outcome.
func (w *fakeWorker) last() Outcome {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	return w.outcomes[len(w.outcomes)-1]
}

func (w *fakeWorker) stopped() int {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	return w.stops
}

func (w *fakeWorker) generations() int {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	return len(w.outcomes)
}

// play runs a story in virtual time.
func play(t *testing.T, configured string, story func(p *playground)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newPlayground(t, configured)
		defer p.end()
		story(p)
	})
}

func TestSoleWorkerLeadsAndRunsEverything(t *testing.T) {
	play(t, "c1:4,c2:4", func(p *playground) {
		a := p.start("a", CompatibleSessions, time.Minute)
		p.await("a:2/8")
		o := a.last()
		if !o.Leads() || o.Generation != 1 || o.LeaderURL != "http://a/" || o.Protocol != CompatibleSessions {
			t.Errorf("got %+v", o)
		}
		if got := o.ConnectorOwner("c1") + " " + o.TaskOwner(connect.TaskID{Connector: "c2", Task: 3}) + o.ConnectorOwner("c9"); got != "http://a/ http://a/" {
			t.Errorf("owners: got %q", got)
		}
		p.configure("c1:4,c2:2,c3:1")
		p.await("a:3/7")
		p.configure("")
		p.await("a:0/0")
	})
}

func TestWorkerThatJoinsGetsItsShareAndNothingElseMoves(t *testing.T) {
	play(t, "c1:100,c2:100,c3:100", func(p *playground) {
		a := p.start("a", CompatibleSessions, time.Minute)
		p.await("a:3/300")
		b := p.start("b", CompatibleSessions, time.Minute)
		if took := p.await("a:2/150 b:1/150"); took > 5*time.Second {
			t.Errorf("settled after %s", took)
		}
		d := p.start("d", CompatibleSessions, time.Minute)
		p.await("a:1/100 b:1/100 d:1/100")
		if got := a.stopped() + b.stopped() + d.stopped(); got != 151+101 {
			t.Errorf("%d connectors and tasks were stopped, want 252", got)
		}
		leaders := 0
		for _, w := range p.workers {
			o := w.last()
			if o.Leads() {
				leaders++
			}
			if o.LeaderURL != "http://a/" {
				t.Errorf("%s takes %s for the leader", w.name, o.LeaderURL)
			}
		}
		if leaders != 1 {
			t.Errorf("%d workers lead", leaders)
		}
	})
}

func TestNobodyGetsWhatStillStops(t *testing.T) {
	play(t, "c1:8", func(p *playground) {
		a := p.start("a", CompatibleSessions, time.Minute)
		p.await("a:1/8")
		p.mu.Lock()
		a.slow = 20 * time.Second
		p.mu.Unlock()
		p.start("b", CompatibleSessions, time.Minute)
		d := p.start("d", CompatibleSessions, time.Minute) // makes rounds while a stops
		if took := p.await("a:1/3 b:0/3 d:0/2"); took < 20*time.Second {
			t.Errorf("settled after %s, although stopping takes 20 s", took)
		}
		_ = d
	})
}

func TestWorkThatWasLeftWaitsForItsWorker(t *testing.T) {
	play(t, "c1:4,c2:4", func(p *playground) {
		p.start("a", CompatibleSessions, time.Minute)
		p.await("a:2/8")
		b := p.start("b", CompatibleSessions, time.Minute)
		p.await("a:1/4 b:1/4")
		b.leave()
		if took := p.await("a:2/8"); took < time.Minute || took > time.Minute+2*heartbeatInterval {
			t.Errorf("given to another after %s, the delay is a minute", took)
		}
		p.start("d", CompatibleSessions, time.Minute)
		p.await("a:1/4 d:1/4")
		p.workers[2].leave()
		time.Sleep(20 * time.Second)
		p.start("e", CompatibleSessions, time.Minute)
		if took := p.await("a:1/4 e:1/4"); took > 40*time.Second+2*heartbeatInterval {
			t.Errorf("it has its work back after %s, 40 s of the delay were left", took)
		}
		if got := p.workers[0].stopped(); got != 10 {
			t.Errorf("a has stopped %d, want 10: five for each worker that joined when it had all", got)
		}
	})
}

// A worker that has come back is given all that two others have left, less what is above its share: that takes another round, for which nothing has to
// stop anywhere.
func TestWorkThatIsGivenAndTrimmedInOneGoIsGivenOn(t *testing.T) {
	play(t, "c1:12", func(p *playground) {
		p.start("a", CompatibleSessions, time.Minute)
		p.await("a:1/12")
		b := p.start("b", CompatibleSessions, time.Minute)
		d := p.start("d", CompatibleSessions, time.Minute)
		p.await("a:1/4 b:0/4 d:0/4")
		b.leave()
		d.leave()
		p.start("e", CompatibleSessions, time.Minute)
		if took := p.await("a:1/6 e:0/6"); took > time.Minute+4*heartbeatInterval {
			t.Errorf("settled after %s", took)
		}
	})
}

func TestViewsDoNotGoBack(t *testing.T) {
	play(t, "c1:4", func(p *playground) {
		a := p.start("a", CompatibleSessions, time.Minute)
		p.await("a:1/4")
		before := p.configured
		p.configure("c1:6")
		p.await("a:1/6")
		a.member.Update(before)
		a.member.Rejoin(before)
		time.Sleep(time.Minute)
		if got := p.counts(); got != "a:1/6" {
			t.Errorf("a has become %s", got)
		}
	})
}

func TestWorkOfAWorkerThatIsCutOffIsRunOnce(t *testing.T) {
	play(t, "c1:4,c2:4", func(p *playground) {
		p.start("a", CompatibleSessions, 0)
		p.await("a:2/8")
		b := p.start("b", CompatibleSessions, 0)
		p.await("a:1/4 b:1/4")
		b.link.set(true)
		if took := p.await("a:2/8 b:0/0"); took > sessionTimeout+2*heartbeatInterval {
			t.Errorf("run elsewhere after %s", took)
		}
		if !b.last().Lost || b.last().Leads() {
			t.Errorf("b takes itself for a member: %+v", b.last())
		}
		time.Sleep(time.Minute)
		b.link.set(false)
		p.await("a:1/4 b:1/4")
		if b.last().Lost {
			t.Error("b is back and does not know")
		}
	})
}

func TestLeaderThatIsCutOffIsReplaced(t *testing.T) {
	play(t, "c1:4,c2:4", func(p *playground) {
		a := p.start("a", CompatibleSessions, time.Minute)
		p.await("a:2/8")
		b := p.start("b", CompatibleSessions, time.Minute)
		p.await("a:1/4 b:1/4")
		a.link.set(true)
		p.await("a:0/0 b:2/8") // a new leader knows of no loss, so nothing waits
		if !b.last().Leads() || a.last().Leads() {
			t.Errorf("a: %+v, b: %+v", a.last(), b.last())
		}
		a.link.set(false)
		p.await("a:1/4 b:1/4")
		if a.last().Leads() || a.last().LeaderURL != "http://b/" {
			t.Errorf("a has come back as %+v", a.last())
		}
	})
}

func TestSilentBrokerStopsEverythingUntilItIsBack(t *testing.T) {
	play(t, "c1:4", func(p *playground) {
		a := p.start("a", CompatibleSessions, time.Minute)
		p.await("a:1/4")
		a.link.set(true)
		time.Sleep(5 * time.Second)
		if got := a.stopped(); got != 0 {
			t.Errorf("%d stopped within the session", got)
		}
		if took := p.await("a:0/0"); took > 5*time.Second {
			t.Errorf("stopped %s after the network was cut, the session lasts 10 s", took+5*time.Second)
		}
		time.Sleep(10 * time.Minute)
		a.link.set(false)
		p.await("a:1/4")
	})
}

func TestWorkerThatHasReadLessIsIdleUntilItHasReadMore(t *testing.T) {
	play(t, "c1:4,c2:4", func(p *playground) {
		p.start("a", CompatibleSessions, time.Minute)
		p.await("a:2/8")
		b := p.start("b", CompatibleSessions, time.Minute)
		p.await("a:1/4 b:1/4")
		b.blind = true
		p.configure("c1:4,c2:4,c3:1,c4:1")
		p.await("a:2/5 b:1/4")
		time.Sleep(time.Minute)
		rounds := p.workers[0].generations()
		if got := p.counts(); got != "a:2/5 b:1/4" {
			t.Errorf("b has taken up what it does not know: %s", got)
		}
		p.mu.Lock()
		b.view = p.configured
		p.mu.Unlock()
		b.member.Update(p.configured)
		p.await("a:2/5 b:2/5")
		if got := p.workers[0].generations(); got != rounds {
			t.Errorf("%d rounds for that", got-rounds)
		}
	})
}

func TestLeaderThatHasReadLessReadsToTheEnd(t *testing.T) {
	play(t, "c1:4", func(p *playground) {
		a := p.start("a", CompatibleSessions, time.Minute)
		p.await("a:1/4")
		a.blind = true
		p.configure("c1:4,c2:4")
		p.start("b", CompatibleSessions, time.Minute) // has read what a has not
		time.Sleep(10 * time.Second)
		p.mu.Lock()
		if got := p.counts(); !strings.Contains(got, "b:1/4") {
			t.Errorf("the leader's lag keeps b from its share: %s", got)
		}
		p.mu.Unlock()
		a.read()
		p.await("a:1/4 b:1/4")
	})
}

func TestLeaderThatCannotReadAssignsNothingAndAllTryAgain(t *testing.T) {
	play(t, "c1:4", func(p *playground) {
		a := p.start("a", CompatibleSessions, time.Minute)
		p.await("a:1/4")
		p.mu.Lock()
		a.blind, a.freshErr = true, errors.New("no broker")
		p.mu.Unlock()
		p.configure("c1:4,c2:4")
		b := p.start("b", CompatibleSessions, time.Minute)
		time.Sleep(time.Minute)
		if got := a.stopped() + b.generations(); got != 0 {
			t.Errorf("%d pieces of work were stopped, or outcomes told to b", got)
		}
		p.mu.Lock()
		a.freshErr = nil
		p.mu.Unlock()
		a.read()
		p.await("a:1/4 b:1/4")
	})
}

func TestEagerGroupStopsEverythingFirst(t *testing.T) {
	for name, second := range map[string]Compatibility{"eager": CompatibleEager, "one eager, one sessioned": CompatibleSessions} {
		t.Run(name, func(t *testing.T) {
			play(t, "c1:4,c2:4", func(p *playground) {
				a := p.start("a", CompatibleEager, time.Minute)
				p.await("a:2/8")
				b := p.start("b", second, time.Minute)
				p.await("a:1/4 b:1/4")
				if a.stopped() != 10 || a.last().Protocol != CompatibleEager {
					t.Errorf("a has stopped %d of 10: %+v", a.stopped(), a.last())
				}
				b.leave()
				if took := p.await("a:2/8"); took > 2*heartbeatInterval {
					t.Errorf("given to another after %s: an eager group does not wait", took)
				}
				if got := a.stopped(); got != 15 {
					t.Errorf("a has stopped %d, want 15", got)
				}
			})
		})
	}
}

func TestGroupThatIsEagerNoMoreStartsEverythingAgain(t *testing.T) {
	play(t, "c1:4,c2:4", func(p *playground) {
		eager := p.start("a", CompatibleEager, time.Minute)
		p.await("a:2/8")
		b := p.start("b", CompatibleSessions, time.Minute)
		p.await("a:1/4 b:1/4")
		p.start("d", CompatibleIncremental, time.Minute)
		p.await("a:1/3 b:1/2 d:0/3")
		eager.leave()
		p.await("b:1/4 d:1/4")
		if got := b.last().Protocol; got != CompatibleIncremental {
			t.Errorf("the group speaks %s", got)
		}
	})
}

// rawProtocol is a member whose bytes are what they are.
type rawProtocol struct{ metadata, assigned []byte }

func (rawProtocol) Type() string { return ProtocolType }

func (r rawProtocol) Offers(context.Context) (offers []kafka.ProtocolOffer, err error) {
	for _, name := range []string{"sessioned", "compatible", "default"} {
		offers = append(offers, kafka.ProtocolOffer{Name: name, Metadata: r.metadata})
	}
	return offers, nil
}

func (r rawProtocol) Assign(_ context.Context, e kafka.Election) (map[string][]byte, error) {
	plan := map[string][]byte{}
	for id := range maps.Keys(e.Members) {
		plan[id] = r.assigned
	}
	return plan, nil
}

// raw starts such a member, which joins whenever it can; what it returns ends it.
func (p *playground) raw(protocol rawProtocol) (leave func()) {
	p.t.Helper()
	g, err := kafka.NewGroupMember(kafka.GroupMemberConfig{
		Properties: kafka.Properties{"bootstrap.servers": p.broker.Addr(), "group.id": "cluster", "session.timeout.ms": "10000", "heartbeat.interval.ms": "3000"},
		Protocol:   protocol, Dial: p.network.DialContext,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(p.t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = g.Run(ctx) })
	running.Go(func() {
		for ctx.Err() == nil {
			if s := g.State(); s.Phase != kafka.GroupStable && s.Phase != kafka.GroupJoining {
				g.Join(s.Phase)
			}
			select {
			case <-ctx.Done():
			case <-g.Changed():
			}
		}
	})
	return func() {
		cancel()
		running.Wait()
		g.Close(p.t.Context())
	}
}

func TestMemberThatTalksGarbageGetsNothingAndTheOthersGoOn(t *testing.T) {
	play(t, "c1:4,c2:4", func(p *playground) {
		a := p.start("a", CompatibleSessions, time.Minute)
		p.await("a:2/8")
		leave := p.raw(rawProtocol{metadata: []byte("garbage")})
		defer leave()
		time.Sleep(10 * time.Second)
		p.start("b", CompatibleSessions, time.Minute)
		p.await("a:1/4 b:1/4")
		if !a.last().Leads() {
			t.Errorf("a does not lead any more: %+v", a.last())
		}
	})
}

func TestLeaderThatAssignsGarbageStopsNothing(t *testing.T) {
	play(t, "c1:4", func(p *playground) {
		leave := p.raw(rawProtocol{metadata: []byte("garbage"), assigned: []byte("nonsense")})
		time.Sleep(time.Second)
		a := p.start("a", CompatibleSessions, time.Minute)
		time.Sleep(30 * time.Second)
		if got := a.generations(); got != 0 {
			t.Errorf("%d outcomes of garbage", got)
		}
		leave()
		p.await("a:1/4")
	})
}

func TestMemberWithoutPermissionFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlayground(t, "c1:1")
		defer p.broker.Close()
		p.broker.Cluster().ControlKey(int16(kmsg.JoinGroup), func(req kmsg.Request) (kmsg.Response, error, bool) {
			resp := req.ResponseKind().(*kmsg.JoinGroupResponse)
			resp.ErrorCode = kerr.GroupAuthorizationFailed.Code
			return resp, nil, true
		})
		w := p.start("a", CompatibleSessions, time.Minute)
		if err := <-w.ended; !kafka.IsAuthorization(err) || !strings.Contains(err.Error(), `group "cluster"`) {
			t.Errorf("got %v", err)
		}
		w.stop()
	})
}

func TestMemberChecksItsSettings(t *testing.T) {
	_, err := NewMember(MemberConfig{Kafka: kafka.Properties{"bootstrap.servers": "localhost:9092"}})
	if err == nil || !strings.Contains(err.Error(), "group.id") {
		t.Errorf("without group.id: %v", err)
	}
}
