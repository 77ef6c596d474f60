package worker

import (
	"slices"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/internal/kafka"
)

func TestTaskKeepsItsPlaceForASuccessorAndLeavesForGood(t *testing.T) {
	id := connect.TaskID{Connector: "x", Task: 0}
	for _, c := range []struct {
		name     string
		do       func(r *rig)
		handOver bool
	}{
		{"the task is restarted", func(r *rig) { r.must(r.h.RestartTask(r.t.Context(), id)) }, true},
		{"a setting of the sink changes", func(r *rig) { r.put("x", "topics", "a", "file", "other") }, true},
		{"the topics change", func(r *rig) { r.put("x", "topics", "a,b") }, false},
		{"the consumer is set up differently", func(r *rig) { r.put("x", "topics", "a", "consumer.override.group.id", "g") }, false},
		{"the connector is stopped", func(r *rig) { r.must(r.h.StopConnector(r.t.Context(), "x")) }, false},
		{"the connector is deleted", func(r *rig) { r.must(r.h.DeleteConnector(r.t.Context(), "x")) }, false},
		{"the worker ends", func(r *rig) { r.shutdown() }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.put("x", "topics", "a")
				first := r.task("x", 0)
				c.do(r)
				r.settle()
				if !first.stopped.Load() {
					t.Fatal("the task was not stopped")
				}
				if got := first.handedOver.Load(); got != c.handOver {
					t.Errorf("it keeps its place: got %v, want %v", got, c.handOver)
				}
			})
		})
	}
}

// A place that was kept for the next start is given up when that fails, once.
func TestPlaceOfATaskThatCannotBeStartedIsGivenUp(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		places := func() []string {
			r.mu.Lock()
			defer r.mu.Unlock()
			return slices.Clone(r.left)
		}
		r.put("y", "topics", "a", "fail", "new")
		r.settle()
		if got := places(); len(got) != 0 {
			t.Errorf("a task that has never run: got %q given up, want none", got)
		}
		r.put("x", "topics", "a")
		id := connect.TaskID{Connector: "x", Task: 0}
		want := r.task("x", 0).cfg.ConsumerProperties[groupInstanceIDConfig]
		r.must(r.h.RestartTask(t.Context(), id))
		r.settle()
		if got := places(); len(got) != 0 {
			t.Errorf("a task that was restarted: got %q given up, want none", got)
		}
		for range 2 {
			r.put("x", "topics", "a", "fail", "new")
			r.settle()
		}
		if got := places(); !slices.Equal(got, []string{want}) {
			t.Errorf("a task that cannot be started again: got %q given up, want %q once", got, want)
		}
	})
}

func TestTaskThatIsTooManyLeaves(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.put("x", "topics", "a", "tasks.max", "2")
		stays, goes := r.task("x", 0), r.task("x", 1)
		r.put("x", "topics", "a", "tasks.max", "1")
		r.settle()
		if !stays.handedOver.Load() || goes.handedOver.Load() {
			t.Errorf("places kept: got %v %v, want that of the first task alone", stays.handedOver.Load(), goes.handedOver.Load())
		}
	})
}

func TestInstanceIDIsOfClusterConnectorAndTask(t *testing.T) {
	c, other := &Config{GroupID: "connect-cluster"}, &Config{GroupID: "another"}
	const key = "group.instance.id"
	ids := map[string]string{}
	for what, id := range map[string]string{
		"one":               c.instanceID(connect.TaskID{Connector: "orders", Task: 0}, nil),
		"another task":      c.instanceID(connect.TaskID{Connector: "orders", Task: 1}, nil),
		"another connector": c.instanceID(connect.TaskID{Connector: "orders-0", Task: 0}, nil),
		"another cluster":   other.instanceID(connect.TaskID{Connector: "orders", Task: 0}, nil),
		"blanks":            c.instanceID(connect.TaskID{Connector: "my orders", Task: 0}, nil),
		"slashes":           c.instanceID(connect.TaskID{Connector: "my/orders", Task: 0}, nil),
		"a long name":       c.instanceID(connect.TaskID{Connector: strings.Repeat("ä", 400), Task: 99999}, nil),
		"set by the user":   c.instanceID(connect.TaskID{Connector: "orders", Task: 0}, kafka.Properties{key: "mine"}),
		"set, another task": c.instanceID(connect.TaskID{Connector: "orders", Task: 1}, kafka.Properties{key: "mine"}),
	} {
		if before, taken := ids[id]; taken {
			t.Errorf("%s and %s have the id %s", before, what, id)
		}
		ids[id] = what
		p := kafka.Properties{"bootstrap.servers": "localhost:9092", "group.id": "g", key: id}
		if _, err := kafka.CheckProperties(p, kafka.Consumer); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := c.instanceID(connect.TaskID{Connector: "orders", Task: 7}, nil); !strings.HasPrefix(got, "connect-orders-") || !strings.HasSuffix(got, "-7") {
		t.Errorf("got %s, want connect-orders-...-7", got)
	}
	if got := c.instanceID(connect.TaskID{Connector: "orders", Task: 7}, kafka.Properties{key: "mine"}); got != "mine-7" {
		t.Errorf("group.instance.id=mine: got %s, want mine-7", got)
	}
	if got := c.instanceID(connect.TaskID{Connector: "orders", Task: 7}, kafka.Properties{key: " "}); got != "" {
		t.Errorf("a blank group.instance.id: got %s, want none", got)
	}
}

func TestTopicsRegexOfATask(t *testing.T) {
	connector := map[string]string{"topics.regex": "orders-.*"}
	match, err := topicMatchOf(map[string]string{}, connector)
	if err != nil {
		t.Fatal(err)
	}
	for topic, want := range map[string]bool{"orders-eu": true, "my-orders-eu": false, "orders": false} {
		if got, err := match(topic); got != want || err != nil {
			t.Errorf("%s: got %v %v, want %v", topic, got, err, want)
		}
	}
	if match, err := topicMatchOf(map[string]string{"topics.regex": ""}, connector); match != nil || err != nil {
		t.Errorf("a task without: got a match, error %v", err)
	}
	_, err = topicMatchOf(map[string]string{"topics.regex": `\p{InGreek}+`}, nil)
	if err == nil || !strings.Contains(err.Error(), "for configuration topics.regex: ") {
		t.Errorf("an expression that is not supported: got %v", err)
	}
}
