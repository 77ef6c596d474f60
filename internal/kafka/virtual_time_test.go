package kafka

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	embedded "sluice/internal/embedded/kafka"
)

// The tests in this file run the whole GroupReader against kfake on a network and a clock that are not
// real: Kafka's default timeouts, minutes long, pass in milliseconds.

// virtualCluster is a broker that is reached through dial.
type virtualCluster struct {
	network kfake.VirtualNetwork
	broker  *embedded.Broker
}

func newVirtualCluster(t *testing.T) *virtualCluster {
	t.Helper()
	c := &virtualCluster{}
	var err error
	c.broker, err = embedded.New(embedded.Options{Listen: c.network.Listen})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.broker.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.broker.Cluster().CreateTopic("t", 2, nil); err != nil {
		t.Fatal(err)
	}
	return c
}

// virtualMember records what its Listener is told, with the virtual time since the start.
type virtualMember struct {
	*GroupReader
	start  time.Time
	events []string
}

func (c *virtualCluster) member(t *testing.T, pairs ...string) *virtualMember {
	t.Helper()
	props := Properties{"bootstrap.servers": c.broker.Addr(), "group.id": "g", "auto.offset.reset": "earliest"}
	for i := 0; i < len(pairs); i += 2 {
		props[pairs[i]] = pairs[i+1]
	}
	m := &virtualMember{start: time.Now()}
	var err error
	m.GroupReader, err = NewGroupReader(GroupReaderConfig{Properties: props, Topics: []string{"t"}, Listener: m})
	if err != nil {
		t.Fatal(err)
	}
	m.cluster.net.dial = c.network.DialContext
	return m
}

func (m *virtualMember) note(what string, n int) error {
	m.events = append(m.events, fmt.Sprintf("%s %d", what, n))
	return nil
}

func (m *virtualMember) Assigned(_ context.Context, added map[TopicPartition]int64) error {
	return m.note("assigned", len(added))
}
func (m *virtualMember) Revoked(_ context.Context, parts []TopicPartition) error {
	return m.note("revoked", len(parts))
}
func (m *virtualMember) Lost(_ context.Context, parts []TopicPartition) error {
	return m.note("lost", len(parts))
}

// pollFor polls for d of virtual time, or until until is true.
func (m *virtualMember) pollFor(t *testing.T, d time.Duration, until func() bool) time.Duration {
	t.Helper()
	begin := time.Now()
	for time.Since(begin) < d && !until() {
		if _, err := m.Poll(t.Context(), 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	return time.Since(begin)
}

func never() bool { return false }

func (m *virtualMember) owns(n int) func() bool {
	return func() bool { return len(m.Assignment()) == n }
}

func (m *virtualMember) check(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(m.events, want) {
		t.Errorf("events: got %q, want %q", m.events, want)
	}
}

func closeMember(t *testing.T, m *virtualMember) {
	t.Helper()
	if err := m.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDefaultTimeoutsKeepAMemberThatPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newVirtualCluster(t)
		defer c.broker.Close()
		m := c.member(t)
		m.pollFor(t, 20*time.Minute, never)
		m.check(t, "assigned 2")
		// One long Poll counts as polling all the while.
		if _, err := m.Poll(t.Context(), 20*time.Minute); err != nil {
			t.Fatal(err)
		}
		m.pollFor(t, time.Minute, never)
		m.check(t, "assigned 2")
		closeMember(t, m)
		m.check(t, "assigned 2", "revoked 2")
	})
}

func TestMemberLeavesMaxPollIntervalAfterItsLastPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newVirtualCluster(t)
		defer c.broker.Close()
		stuck, other := c.member(t), c.member(t)
		stuck.pollFor(t, time.Minute, stuck.owns(2))
		lastPoll := time.Now()
		other.pollFor(t, 299*time.Second, other.owns(2))
		if !other.owns(0)() {
			t.Fatalf("the other member owns partitions %s after the last poll of the first, whose max.poll.interval.ms is 300 s", time.Since(lastPoll))
		}
		other.pollFor(t, 10*time.Second, other.owns(2))
		if !other.owns(2)() {
			t.Fatal("the other member has nothing although max.poll.interval.ms is over")
		}
		synctest.Wait() // the broker's clock and the member's run out at the same instant; both have to have noticed
		stuck.pollFor(t, 10*time.Second, func() bool { return strings.HasPrefix(stuck.events[len(stuck.events)-1], "lost") })
		stuck.check(t, "assigned 2", "lost 2")
		closeMember(t, stuck)
		stuck.check(t, "assigned 2", "lost 2") // nothing is left to revoke
		closeMember(t, other)
	})
}

func TestMemberLearnsOfARebalanceWithinAHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newVirtualCluster(t)
		defer c.broker.Close()
		first, second := c.member(t), c.member(t)
		first.pollFor(t, time.Minute, first.owns(2))
		if _, err := second.Poll(t.Context(), 0); err != nil { // joins in the background
			t.Fatal(err)
		}
		if took := first.pollFor(t, time.Minute, func() bool { return slices.Contains(first.events, "revoked 2") }); took > 3200*time.Millisecond {
			t.Errorf("revoked after %s, heartbeat.interval.ms is 3 s", took)
		}
		first.pollFor(t, time.Second, first.owns(1))
		second.pollFor(t, time.Second, second.owns(1))
		first.check(t, "assigned 2", "revoked 2", "assigned 1")
		second.check(t, "assigned 1")
		closeMember(t, first)
		second.pollFor(t, 4*time.Second, second.owns(2))
		second.check(t, "assigned 1", "revoked 1", "assigned 2")
		closeMember(t, second)
	})
}

func TestCooperativeMemberKeepsWhatDoesNotMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newVirtualCluster(t)
		defer c.broker.Close()
		const assignor = "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"
		first := c.member(t, "partition.assignment.strategy", assignor)
		second := c.member(t, "partition.assignment.strategy", assignor)
		first.pollFor(t, time.Minute, first.owns(2))
		for range 100 {
			first.pollFor(t, 100*time.Millisecond, never)
			second.pollFor(t, 100*time.Millisecond, never)
		}
		first.check(t, "assigned 2", "revoked 1")
		second.check(t, "assigned 1")
		closeMember(t, second)
		first.pollFor(t, 10*time.Second, first.owns(2))
		first.check(t, "assigned 2", "revoked 1", "assigned 1")
		closeMember(t, first)
	})
}

func TestPartitionsOfASilentMemberMoveAfterItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newVirtualCluster(t)
		defer c.broker.Close()
		silent, heir := c.member(t), c.member(t)
		silent.pollFor(t, time.Minute, silent.owns(2))
		cut, cancel := context.WithCancel(t.Context())
		cancel()
		if err := silent.Close(cut); err != nil { // no time to say goodbye
			t.Fatal(err)
		}
		took := heir.pollFor(t, 2*time.Minute, heir.owns(2))
		if took < 40*time.Second || took > 50*time.Second {
			t.Errorf("the partitions moved after %s, session.timeout.ms is 45 s", took)
		}
		closeMember(t, heir)
	})
}
