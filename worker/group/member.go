package group

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
)

// View is the cluster's configuration, as far as somebody has read it.
type View interface {
	// Offset is that of the next record of the config topic, -1 for none.
	Offset() int64
	// Configured is all there is to run. It is asked for by the leader alone.
	Configured() Work
}

// MemberConfig is what NewMember needs.
type MemberConfig struct {
	// Kafka are the settings of the member's client: bootstrap.servers, group.id, session.timeout.ms, heartbeat.interval.ms, and the worker's
	// rebalance.timeout.ms as max.poll.interval.ms.
	Kafka         kafka.Properties
	Compatibility Compatibility
	// URL is where the others reach this worker's REST API.
	URL string
	// MaxDelay is scheduled.rebalance.max.delay.ms.
	MaxDelay time.Duration
	// Fresh reads the config topic to its present end. The leader asks if another member has read more than itself; it is given
	// no longer than SyncTimeout.
	Fresh       func(ctx context.Context) (View, error)
	SyncTimeout time.Duration
	// Logger may be nil: silence.
	Logger *slog.Logger
	// Dial replaces TCP as the way to the brokers; nil is TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Outcome is what a round, or the loss of the group, means for this worker: Revoked is to be stopped, then Added started.
//
// Kafka: ExtendedAssignment, as handed to WorkerRebalanceListener.
type Outcome struct {
	Generation int
	// Protocol is what the group speaks: requests among its workers are signed if that is CompatibleSessions.
	Protocol Compatibility
	// MemberID is this worker's in the group, Leader that of the leader, whose REST API is at LeaderURL.
	MemberID, Leader, LeaderURL string
	Added, Revoked              Work
	// Lost says that no round has taken this away: the coordinator was silent for a whole session, so others may run it now.
	Lost bool

	owners map[connect.TaskID]string
}

// Leads reports whether this worker is the one that writes configs and tidies up.
func (o Outcome) Leads() bool { return o.MemberID == o.Leader && !o.Lost }

// ConnectorOwner returns the URL of the worker that runs a connector, "" if nobody does or this worker does not lead.
func (o Outcome) ConnectorOwner(name string) string {
	return o.owners[connect.TaskID{Connector: name, Task: connectorTask}]
}

// TaskOwner is ConnectorOwner for a task.
func (o Outcome) TaskOwner(id connect.TaskID) string { return o.owners[id] }

// Member takes part in a cluster's group for one worker: it joins, decides when it leads, and tells the worker what to stop and to start.
//
// The worker's part is this. It says with Update how much of the config topic it has dealt with, record by record, and with Rejoin that there is a
// reason for a round; the first Rejoin makes it a member. It takes each Outcome up; if that has revoked anything it calls Rejoin when
// all that has stopped: until then the member does not join again, as others would be given what still runs.
//
// Kafka: WorkerCoordinator and the part of DistributedHerder that follows it. Differs: work is given up when the coordinator was silent for a
// session, and not for a heartbeat. A worker that has not read all of the config topic stays in the group, idle as to what is new, until
// it has. After a round a member soon asks whether there is another one, where Java's others wait for their next heartbeat.
type Member struct {
	cfg     MemberConfig
	kafka   *kafka.GroupMember
	logger  *slog.Logger
	started time.Time // what Round.Now counts from

	asked chan struct{} // gets a value after Update and Rejoin

	mu        sync.Mutex
	view      View
	wanted    bool // there is a reason for a round
	stopping  bool // what was revoked may still run
	held      Held
	offered   View // what the round under way was offered with
	completed int  // the generation of the last round
	memory    Memory
	owners    owners

	// The fields below belong to Run.

	running Work // what the worker was told to run
	pending bool // held is not told yet: there is more of the config topic to read
	last    Outcome
	rejoin  time.Time // when to join again, zero for not
	errors  int       // rounds in a row that have assigned nothing because of one
	beat    time.Time // when to ask whether there is another round; zero for when a heartbeat is due
	beats   int       // how often that was asked since the last round
}

// owners says who has what after a round that this worker has decided.
type owners struct {
	generation int
	urls       map[connect.TaskID]string
}

// NewMember checks cfg. It connects to nothing and starts nothing.
func NewMember(cfg MemberConfig) (*Member, error) {
	m := &Member{cfg: cfg, logger: cfg.Logger, asked: make(chan struct{}, 1), completed: -1, started: time.Now()}
	if m.logger == nil {
		m.logger = slog.New(slog.DiscardHandler)
	}
	var err error
	m.kafka, err = kafka.NewGroupMember(kafka.GroupMemberConfig{Properties: cfg.Kafka, Protocol: leader{m}, Logger: cfg.Logger, Dial: cfg.Dial})
	if err != nil {
		return nil, fmt.Errorf("membership in the group of workers: %w", err)
	}
	return m, nil
}

// Update says how much of the config topic the worker has dealt with. It returns at once and may be called from any goroutine.
func (m *Member) Update(view View) {
	m.mu.Lock()
	m.see(view)
	m.mu.Unlock()
	m.ask()
}

// see takes a view up unless there is a newer one. The lock is held.
func (m *Member) see(view View) {
	if m.view == nil || view.Offset() >= m.view.Offset() {
		m.view = view
	}
}

// Rejoin asks for a round: the first one, or another because what there is to do has changed, or because what was revoked has stopped. It says
// that nothing is left of what was revoked, so it is not to be called while something still stops. It returns at once and may be called from
// any goroutine.
func (m *Member) Rejoin(view View) {
	m.mu.Lock()
	m.see(view)
	m.wanted, m.stopping = true, false
	m.mu.Unlock()
	m.ask()
}

func (m *Member) ask() {
	select {
	case m.asked <- struct{}{}:
	default:
	}
}

// Run takes part in the group until ctx ends, then leaves it and returns nil. Each outcome is reported from one goroutine, one at a
// time; report must not wait for anything that waits for Run. An error is final: a permission that is missing, or settings that the group refuses. Run
// is called once.
func (m *Member) Run(ctx context.Context, report func(Outcome)) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	var err error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err = m.kafka.Run(inner)
	}()
	m.follow(ctx, ended, report)
	cancel()
	<-ended
	m.kafka.Close(context.WithoutCancel(ctx))
	return err
}

// follow acts on whatever happens until ctx ends or the membership has ended.
func (m *Member) follow(ctx context.Context, ended <-chan struct{}, report func(Outcome)) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		state := m.kafka.State()
		m.act(state, report)
		timer.Stop()
		if at := m.nextLook(state); !at.IsZero() {
			timer.Reset(time.Until(at))
		}
		select {
		case <-ctx.Done():
			return
		case <-ended:
			return
		case <-m.kafka.Changed():
		case <-m.asked:
		case <-timer.C:
		}
	}
}

// nextLook is when something is due although nothing happens; zero for never.
func (m *Member) nextLook(state kafka.GroupState) time.Time {
	at := earlier(m.rejoin, m.beat)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held != nil {
		at = earlier(at, state.SessionEnds)
	}
	return at
}

// earlier returns the earlier one, zero being never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// After a round there is often another one, which gives what this one took away, when that has stopped. Those who gave up nothing
// would hear of it with their next heartbeat, so some more are sent after a round, with pauses that double from the first one.
const (
	firstBeat = 100 * time.Millisecond
	moreBeats = 5
)

// askForRounds sends a heartbeat if one is due after a round.
func (m *Member) askForRounds() {
	if m.beat.IsZero() || time.Now().Before(m.beat) {
		return
	}
	m.kafka.Beat()
	if m.beats++; m.beats < moreBeats {
		m.beat = time.Now().Add(firstBeat << m.beats)
	} else {
		m.beat = time.Time{}
	}
}

// act does what is due.
func (m *Member) act(state kafka.GroupState, report func(Outcome)) {
	if state.Assigned != nil {
		m.kafka.Take(state)
		m.assigned(*state.Assigned, report)
	}
	m.checkSession(state, report)
	m.catchUp(report)
	if !m.rejoin.IsZero() && !time.Now().Before(m.rejoin) {
		m.rejoin = time.Time{}
		m.want()
	}
	m.askForRounds()
	switch state.Phase {
	case kafka.GroupAbsent, kafka.GroupStable:
		m.mu.Lock()
		wanted := m.wanted
		m.mu.Unlock()
		if wanted {
			m.join(state.Phase, report)
		}
	case kafka.GroupRebalancing, kafka.GroupLost:
		m.join(state.Phase, report)
	}
}

func (m *Member) want() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wanted = true
}

// join joins, once all that was revoked has stopped. Who has lost the group keeps what it has and says so (the leader finds out if it is run
// twice); in an eager group everything stops first.
func (m *Member) join(phase kafka.GroupPhase, report func(Outcome)) {
	m.mu.Lock()
	stopping := m.stopping
	m.mu.Unlock()
	if stopping {
		return
	}
	if m.last.MemberID != "" && !m.last.Protocol.Incremental() && !m.running.Empty() {
		m.tell(report, Work{}, m.running)
		return
	}
	m.mu.Lock()
	m.wanted = false
	m.mu.Unlock()
	if !m.kafka.Join(phase) {
		m.want() // it is not in this phase any more
		return
	}
	m.rejoin, m.beat, m.pending = time.Time{}, time.Time{}, false
}

// tell reports a change of what this worker runs.
func (m *Member) tell(report func(Outcome), added, revoked Work) {
	o := m.last
	o.Added, o.Revoked = added, revoked
	m.running = added.Plus(m.running.Minus(revoked))
	if !revoked.Empty() {
		m.mu.Lock()
		m.stopping = true
		m.mu.Unlock()
	}
	report(o)
}

// errorPause is how long to wait before joining again after a round with an error; it doubles, up to the other one. The leader has read the
// config topic to its end already.
const (
	errorPause    = 50 * time.Millisecond
	maxErrorPause = 3 * time.Second
)

// assigned takes up the outcome of a round: what is revoked stops at once, what is added waits until as much of the config topic is read.
func (m *Member) assigned(g kafka.GroupAssignment, report func(Outcome)) {
	a, err := ParseAssignment(g.Data)
	protocol, unknown := parseProtocol(g.Protocol)
	if err != nil || unknown != nil || a.Error != NoError {
		m.errors++
		m.rejoin = time.Now().Add(min(errorPause<<min(m.errors-1, 10), maxErrorPause))
		m.mu.Lock()
		m.completed = g.Generation
		m.mu.Unlock()
		switch {
		case err != nil:
			m.logger.Error("what the leader of the workers' group has assigned cannot be read, joining again", "generation", g.Generation, "err", err)
		case unknown != nil:
			m.logger.Error("the workers' group speaks another protocol, joining again", "generation", g.Generation, "err", unknown)
		default:
			m.logger.Info("the leader of the workers' group has not read as much of the config topic as another worker, joining again",
				"generation", g.Generation, "leader", a.LeaderURL)
		}
		return
	}
	m.errors = 0
	m.beats, m.beat = 0, time.Now().Add(firstBeat)
	m.mu.Lock()
	m.held = After(m.held, a)
	m.completed = g.Generation
	// What was revoked is given in another round, also if it was never here: a leader may give work and trim it in one go.
	m.wanted = m.wanted || !a.Revoked.Empty()
	held := m.held.Added
	owners := m.owners
	m.mu.Unlock()
	m.last = Outcome{Generation: g.Generation, Protocol: protocol, MemberID: g.MemberID, Leader: a.Leader, LeaderURL: a.LeaderURL}
	if m.last.Leads() && owners.generation == g.Generation {
		m.last.owners = owners.urls
	}
	m.rejoin = time.Time{}
	if a.Delay > 0 {
		m.rejoin = time.Now().Add(a.Delay)
	}
	m.pending = true
	if m.catchUp(report); !m.pending {
		return
	}
	if revoked := m.running.Minus(held); !revoked.Empty() {
		m.tell(report, Work{}, revoked)
	}
}

// catchUp reports the last assignment if it is not yet and the worker has read as much of the config topic as it is made from. If the worker has
// read more, there is to be another round.
//
// Kafka: DistributedHerder.handleRebalanceCompleted.
func (m *Member) catchUp(report func(Outcome)) {
	if !m.pending {
		return
	}
	m.mu.Lock()
	view, held := m.view, m.held
	ahead := view.Offset() > held.ConfigOffset
	if ahead {
		m.wanted = true
	}
	m.mu.Unlock()
	if ahead || view.Offset() < held.ConfigOffset {
		return
	}
	m.pending = false
	m.tell(report, held.Added.Minus(m.running), m.running.Minus(held.Added))
}

// checkSession gives everything up when the coordinator was silent for a session: by then it has told others to run it.
func (m *Member) checkSession(state kafka.GroupState, report func(Outcome)) {
	if state.SessionEnds.IsZero() || time.Now().Before(state.SessionEnds) {
		return
	}
	m.mu.Lock()
	member := m.held != nil
	m.held = nil
	m.wanted = m.wanted || member
	m.mu.Unlock()
	if !member {
		return
	}
	m.logger.Warn("the coordinator of the workers' group was silent for a session: stopping everything", "generation", m.last.Generation)
	m.pending, m.rejoin, m.beat = false, time.Time{}, time.Time{}
	m.last.Lost = true
	m.tell(report, Work{}, m.running)
}
