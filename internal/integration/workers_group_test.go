package integration

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/worker/group"
	"sluice/worker/store"
)

// groupMember is a member of a cluster's group that runs nothing: it notes what it is to run, and stops things at once.
type groupMember struct {
	url     string
	configs *store.ConfigStore
	member  *group.Member
	stop    func()

	mu      sync.Mutex
	last    group.Outcome
	rounds  int
	running group.Work
}

// configView is what the config topic says, as a group wants to see it.
type configView struct{ *store.Snapshot }

func (v configView) Configured() (w group.Work) {
	w.Connectors = v.Connectors()
	for _, name := range w.Connectors {
		w.Tasks = append(w.Tasks, v.Tasks(name)[:v.RunnableTasks(name)]...)
	}
	return w
}

// startGroupMember makes a member of the cluster that a properties file names.
func startGroupMember(t *testing.T, broker, cluster string) *groupMember {
	t.Helper()
	m := &groupMember{url: "http://127.0.0.1:1/"}
	client := kafka.Properties{"bootstrap.servers": broker}
	var err error
	m.configs, err = store.NewTopicConfigStore(store.Topic{Name: cluster + "-configs", ReplicationFactor: 1, Reader: client, Producer: client, Admin: client}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m.member, err = group.NewMember(group.MemberConfig{
		Kafka: kafka.Properties{
			"bootstrap.servers": broker, "group.id": cluster, "client.id": "ours", "session.timeout.ms": "10000", "heartbeat.interval.ms": "3000",
			"max.poll.interval.ms": "60000",
		},
		Compatibility: group.CompatibleSessions, URL: m.url, MaxDelay: time.Minute, SyncTimeout: 3 * time.Second,
		Fresh: func(ctx context.Context) (group.View, error) {
			err := m.configs.Refresh(ctx)
			return m.view(), err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.configs.Start(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := m.member.Run(ctx, m.deal); err != nil {
			t.Errorf("membership: %v", err)
		}
	})
	m.member.Rejoin(m.view())
	running.Go(func() { // not every record is told of
		tick := time.NewTicker(pollInterval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				m.member.Update(m.view())
			}
		}
	})
	m.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		if err := m.configs.Close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(m.stop)
	return m
}

func (m *groupMember) view() group.View { return configView{m.configs.Snapshot()} }

// deal takes an outcome up.
func (m *groupMember) deal(o group.Outcome) {
	m.mu.Lock()
	m.last = o
	m.rounds++
	m.running = o.Added.Plus(m.running.Minus(o.Revoked))
	m.mu.Unlock()
	if !o.Revoked.Empty() {
		m.member.Rejoin(m.view())
	}
}

// The methods of store.ConfigListener: whatever changes what there is to run is a reason for a round.

func (m *groupMember) ConnectorConfigUpdated(string)               { m.member.Rejoin(m.view()) }
func (m *groupMember) ConnectorConfigRemoved(string)               { m.member.Rejoin(m.view()) }
func (m *groupMember) TaskConfigsUpdated(string, []connect.TaskID) { m.member.Rejoin(m.view()) }
func (m *groupMember) TargetStateChanged(string)                   {}
func (m *groupMember) RestartRequested(store.RestartRequest)       {}
func (m *groupMember) LoggerLevelChanged(namespace, level string)  {}

func (m *groupMember) state() (o group.Outcome, w group.Work, rounds int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last, m.running, m.rounds
}

// await waits until the member is to run that many connectors and tasks, led by leader.
func (m *groupMember) await(t *testing.T, what, leader string, connectors, tasks int) {
	t.Helper()
	eventually(t, time.Minute, what, func() error {
		o, w, n := m.state()
		if len(w.Connectors) != connectors || len(w.Tasks) != tasks || o.LeaderURL != leader || o.Leads() != (leader == m.url) {
			return fmt.Errorf("after %d outcomes it runs %d connectors and %d tasks, led by %s", n, len(w.Connectors), len(w.Tasks), o.LeaderURL)
		}
		return nil
	})
}

// Our member and a Java worker are one cluster, with either one as the leader: what the one decides the other one carries out, and they agree on how
// far the config topic is read.
func TestOurMemberAndJavaWorkersAreOneGroup(t *testing.T) {
	broker := sharedKafka(t)
	admin := mustAdmin(t, broker)
	config := newWorkerConfig(t, broker, map[string]string{
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter",
		"scheduled.rebalance.max.delay.ms": "2000",
	})
	props, err := os.ReadFile(config.file)
	if err != nil {
		t.Fatal(err)
	}
	_, cluster, _ := strings.Cut(string(props), "\ngroup.id=")
	cluster, _, _ = strings.Cut(cluster, "\n")
	java := func() *worker {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), startDeadline)
		defer cancel()
		var p *process
		mustFind(t, func() (_ string, err error) {
			p, err = startJavaConnect(ctx, config.file)
			return "", err
		})
		t.Cleanup(p.kill)
		return awaitWorker(t, p, config.url)
	}
	topic, first, second := uniqueName("lines"), uniqueName("first"), uniqueName("second")
	mustCreateTopic(t, broker, topic, 4)
	javaURL := config.url + "/"
	sink := func(name string) string {
		return mustJSON(t, map[string]any{"name": name, "config": map[string]string{
			"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "tasks.max": "4", "topics": topic, "file": os.DevNull,
		}})
	}

	w := java()
	w.create(t, sink(first))
	w.create(t, sink(second))
	w.awaitRunning(t, first, 4)
	w.awaitRunning(t, second, 4)

	ours := startGroupMember(t, broker, cluster)
	ours.await(t, "Java gives us half", javaURL, 1, 4)
	_, held, rounds := ours.state()
	eventually(t, time.Minute, "Java runs the other half", func() error { return runsRest(admin, held, first, second) })
	if rounds > 6 {
		t.Errorf("%d outcomes until that: the two do not agree on something", rounds)
	}

	if code := w.stop(time.Minute); code == -1 {
		t.Fatalf("Java had to be killed; %s", w.tail())
	}
	ours.await(t, "we lead and have everything", ours.url, 2, 8)

	w = java()
	ours.await(t, "we give Java half", ours.url, 1, 4)
	o, held, _ := ours.state()
	eventually(t, time.Minute, "Java runs it", func() error { return runsRest(admin, held, first, second) })
	for _, name := range []string{first, second} {
		if owner := o.ConnectorOwner(name); (owner == ours.url) != slices.Contains(held.Connectors, name) {
			t.Errorf("connector %s is on %q, we run %v", name, owner, held)
		}
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := ours.configs.RemoveConnectorConfig(ctx, second); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the group agrees on what is left", func() error {
		_, w, _ := ours.state()
		if slices.Contains(w.Connectors, second) || len(w.Tasks) != 2 {
			return fmt.Errorf("we run %v", w)
		}
		return nil
	})
	_, held, rounds = ours.state()
	eventually(t, time.Minute, "Java runs the other half of it", func() error { return runsRest(admin, held, first) })
	if rounds > 20 {
		t.Errorf("%d outcomes in all: the two do not agree on something", rounds)
	}

	ours.stop()
	w.awaitRunning(t, first, 4)
	if code := w.stop(time.Minute); code == -1 {
		t.Fatalf("Java had to be killed; %s", w.tail())
	}
}

// runsRest is nil if somebody runs as many tasks of each connector as are not ours, seen by the members of its group: our member runs none.
func runsRest(admin sarama.ClusterAdmin, ours group.Work, connectors ...string) error {
	for _, name := range connectors {
		groups, err := admin.DescribeConsumerGroups([]string{"connect-" + name})
		if err != nil {
			return err
		}
		want := 4
		for _, id := range ours.Tasks {
			if id.Connector == name {
				want--
			}
		}
		if got := len(groups[0].Members); got != want {
			return fmt.Errorf("%d tasks of %s run, want %d; ours are %v", got, name, want, ours.Tasks)
		}
	}
	return nil
}
