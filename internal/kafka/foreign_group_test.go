package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// greetings is a protocol in which each member tells its name, and the leader tells each who is there.
type greetings struct {
	name    string
	offered []string
	asked   []Election
}

func (p *greetings) Type() string { return "greetings" }

func (p *greetings) Offers(context.Context) (offers []ProtocolOffer, err error) {
	for _, o := range p.offered {
		offers = append(offers, ProtocolOffer{o, []byte(p.name)})
	}
	return offers, nil
}

func (p *greetings) Assign(_ context.Context, e Election) (map[string][]byte, error) {
	p.asked = append(p.asked, e)
	var names []string
	for _, metadata := range e.Members {
		names = append(names, string(metadata))
	}
	slices.Sort(names)
	plan := map[string][]byte{}
	for id := range e.Members {
		plan[id] = []byte(strings.Join(names, " ") + ", led by " + p.name)
	}
	return plan, nil
}

// foreignMember is a GroupMember in a test, in virtual time.
type foreignMember struct {
	*GroupMember
	t     *testing.T
	stop  context.CancelFunc
	ended chan error
}

func (c *virtualCluster) foreign(t *testing.T, p GroupProtocol) *foreignMember {
	t.Helper()
	g, err := NewGroupMember(GroupMemberConfig{
		Properties: Properties{
			"bootstrap.servers": c.broker.Addr(), "group.id": "g", "session.timeout.ms": "10000", "heartbeat.interval.ms": "3000",
			"max.poll.interval.ms": "60000",
		},
		Protocol: p, Dial: c.network.DialContext,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	m := &foreignMember{g, t, stop, make(chan error, 1)}
	go func() { m.ended <- g.Run(ctx) }()
	if !g.Join(GroupAbsent) {
		t.Fatal("a new member cannot join")
	}
	return m
}

// await waits until the state is as wanted, and returns it and how long that took.
func (m *foreignMember) await(what string, wanted func(GroupState) bool) (GroupState, time.Duration) {
	m.t.Helper()
	began := time.Now()
	limit := time.After(5 * time.Minute)
	for {
		if s := m.State(); wanted(s) {
			return s, time.Since(began)
		}
		select {
		case <-m.Changed():
		case <-limit:
			m.t.Fatalf("not %s after 5 minutes: %+v", what, m.State())
		}
	}
}

// assigned waits for an assignment, checks it, and takes it.
func (m *foreignMember) assigned(generation int, protocol, want string) GroupAssignment {
	m.t.Helper()
	s, _ := m.await("assigned", func(s GroupState) bool { return s.Assigned != nil })
	a := *s.Assigned
	if a.Generation != generation || a.Protocol != protocol || string(a.Data) != want {
		m.t.Errorf("assigned %q by %s in generation %d, want %q by %s in %d", a.Data, a.Protocol, a.Generation, want, protocol, generation)
	}
	m.Take(s)
	if s := m.State(); s.Assigned != nil {
		m.t.Errorf("taken, and still there: %+v", s)
	}
	return a
}

func in(phase GroupPhase) func(GroupState) bool {
	return func(s GroupState) bool { return s.Phase == phase }
}

// leave ends the member and waits for it.
func (m *foreignMember) leave() {
	m.t.Helper()
	m.stop()
	if err := <-m.ended; err != nil {
		m.t.Errorf("Run: %v", err)
	}
	m.Close(m.t.Context())
}

func TestForeignMembersAgreeOnAProtocolAndShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newVirtualCluster(t)
		defer c.broker.Close()
		a := &greetings{name: "anne", offered: []string{"new", "old"}}
		first := c.foreign(t, a)
		alone := first.assigned(1, "new", "anne, led by anne")
		second := c.foreign(t, &greetings{name: "bob", offered: []string{"old"}})
		if _, took := first.await("rebalancing", in(GroupRebalancing)); took > 3*time.Second {
			t.Errorf("learns of the other after %s, heartbeats are sent every 3 s", took)
		}
		if first.Join(GroupStable) {
			t.Error("joins although it is not in the phase that was acted on")
		}
		if !first.Join(GroupRebalancing) {
			t.Error("cannot join in the phase that was acted on")
		}
		both := first.assigned(2, "old", "anne bob, led by anne")
		second.assigned(2, "old", "anne bob, led by anne")
		if both.MemberID != alone.MemberID {
			t.Errorf("the member id was %q, and is %q", alone.MemberID, both.MemberID)
		}
		e := a.asked[len(a.asked)-1]
		if e.Leader != both.MemberID || e.Generation != 2 || e.Protocol != "old" || len(e.Members) != 2 || string(e.Members[e.Leader]) != "anne" {
			t.Errorf("asked to assign %+v", e)
		}
		first.leave()
		second.await("rebalancing", in(GroupRebalancing))
		second.Join(GroupRebalancing)
		second.assigned(3, "old", "bob, led by bob")
		second.leave()
	})
}

func TestForeignMemberThatExpectsARebalanceLearnsOfItAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newVirtualCluster(t)
		defer c.broker.Close()
		first := c.foreign(t, &greetings{name: "anne", offered: []string{"new"}})
		first.assigned(1, "new", "anne, led by anne")
		second := c.foreign(t, &greetings{name: "bob", offered: []string{"new"}})
		time.Sleep(100 * time.Millisecond)
		first.Beat()
		if _, took := first.await("rebalancing", in(GroupRebalancing)); took > 100*time.Millisecond {
			t.Errorf("learns of it after %s", took)
		}
		first.Join(GroupRebalancing)
		second.assigned(2, "new", "anne bob, led by anne")
		second.leave()
		first.leave()
	})
}

func TestForeignMemberAsksForARoundItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newVirtualCluster(t)
		defer c.broker.Close()
		p := &greetings{name: "anne", offered: []string{"new"}}
		m := c.foreign(t, p)
		m.assigned(1, "new", "anne, led by anne")
		p.name = "anna" // Run is not asking
		m.Join(GroupStable)
		m.assigned(2, "new", "anna, led by anna")
		m.leave()
	})
}

func TestForeignMemberThatWasRemovedJoinsAsANewOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newVirtualCluster(t)
		defer c.broker.Close()
		m := c.foreign(t, &greetings{name: "anne", offered: []string{"new"}})
		before := m.assigned(1, "new", "anne, led by anne")
		c.broker.Cluster().ControlKey(int16(kmsg.Heartbeat), func(req kmsg.Request) (kmsg.Response, error, bool) {
			resp := req.ResponseKind().(*kmsg.HeartbeatResponse)
			resp.ErrorCode = kerr.UnknownMemberID.Code
			return resp, nil, true
		})
		m.await("lost", in(GroupLost))
		m.Join(GroupLost)
		s, _ := m.await("assigned", func(s GroupState) bool { return s.Assigned != nil })
		if s.Assigned.MemberID == before.MemberID {
			t.Errorf("it has the member id %q still", before.MemberID)
		}
		m.leave()
	})
}

func TestForeignMemberKnowsWhenItsSessionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newVirtualCluster(t)
		m := c.foreign(t, &greetings{name: "anne", offered: []string{"new"}})
		m.assigned(1, "new", "anne, led by anne")
		for range 10 { // heartbeats put it off
			if left := time.Until(m.State().SessionEnds); left < 7*time.Second-time.Millisecond || left > 10*time.Second {
				t.Errorf("the session ends in %s, a heartbeat is sent every 3 s and it lasts 10 s", left)
			}
			time.Sleep(1700 * time.Millisecond)
		}
		c.broker.Close()
		closed := time.Now()
		time.Sleep(time.Until(m.State().SessionEnds))
		if took := time.Since(closed); took > 10*time.Second || took < 7*time.Second {
			t.Errorf("the session ends %s after the broker has gone", took)
		}
		if !m.Join(GroupStable) {
			t.Errorf("cannot give up its place: %+v", m.State())
		}
		time.Sleep(time.Minute)
		if s := m.State(); s.SessionEnds.After(time.Now()) || s.Phase != GroupJoining {
			t.Errorf("without a broker it believes in its session: %+v", s)
		}
		m.stop()
		if err := <-m.ended; err != nil {
			t.Error(err)
		}
		m.Close(t.Context())
	})
}

func TestForeignMemberWaitsForTheOthersWithoutLosingItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newVirtualCluster(t)
		defer c.broker.Close()
		first := c.foreign(t, &greetings{name: "anne", offered: []string{"new"}})
		first.assigned(1, "new", "anne, led by anne")
		second := c.foreign(t, &greetings{name: "bob", offered: []string{"new"}})
		first.await("rebalancing", in(GroupRebalancing))
		time.Sleep(50 * time.Second) // the owner stops what it has to; the others wait, for a minute at most
		if s := second.State(); s.Phase != GroupJoining || !s.SessionEnds.IsZero() {
			t.Errorf("while it waits: %+v", s)
		}
		first.Join(GroupRebalancing)
		second.assigned(2, "new", "anne bob, led by anne")
		first.assigned(2, "new", "anne bob, led by anne")
		first.leave()
		second.leave()
	})
}

func TestForeignMemberWhoseLeaderFailsJoinsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newVirtualCluster(t)
		defer c.broker.Close()
		p := &failingOnce{greetings: greetings{name: "anne", offered: []string{"new"}}}
		m := c.foreign(t, p)
		s, _ := m.await("assigned", func(s GroupState) bool { return s.Assigned != nil })
		if got := string(s.Assigned.Data); got != "anne, led by anne" || !p.failed {
			t.Errorf("assigned %q", got)
		}
		m.leave()
	})
}

type failingOnce struct {
	greetings
	failed bool
}

func (p *failingOnce) Assign(ctx context.Context, e Election) (map[string][]byte, error) {
	if !p.failed {
		p.failed = true
		return nil, errors.New("not now")
	}
	return p.greetings.Assign(ctx, e)
}

func TestForeignMemberThatHasNothingInCommonFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newVirtualCluster(t)
		defer c.broker.Close()
		first := c.foreign(t, &greetings{name: "anne", offered: []string{"new"}})
		first.assigned(1, "new", "anne, led by anne")
		second := c.foreign(t, &greetings{name: "bob", offered: []string{"other"}})
		if err := <-second.ended; !errors.Is(err, sarama.ErrInconsistentGroupProtocol) || !strings.Contains(fmt.Sprint(err), `group "g"`) {
			t.Errorf("got %v", err)
		}
		second.Close(t.Context())
		first.leave()
	})
}

func TestGroupMemberChecksItsSettings(t *testing.T) {
	good := Properties{"bootstrap.servers": "localhost:9092", "group.id": "g"}
	for key, value := range map[string]string{"group.id": "", "group.instance.id": "me", "heartbeat.interval.ms": "10000000"} {
		p := maps.Clone(good)
		p[key] = value
		_, err := NewGroupMember(GroupMemberConfig{Properties: p, Protocol: &greetings{}})
		var bad *PropertyError
		if !errors.As(err, &bad) || bad.Key != key {
			t.Errorf("%s=%q: got %v", key, value, err)
		}
	}
	g, err := NewGroupMember(GroupMemberConfig{Properties: good, Protocol: &greetings{}})
	if err != nil {
		t.Fatal(err)
	}
	g.Close(t.Context())
}
