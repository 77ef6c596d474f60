package store

import (
	"strings"
	"testing"

	"sluice/connect"
)

func TestUnassignedOfAnEarlierRoundDoesNotHideRunning(t *testing.T) {
	id := connect.TaskID{Connector: "x", Task: 0}
	for _, tc := range []struct {
		name       string
		known, new Status
		want       State
	}{
		{"running of the same generation stays", Status{Running, "", "b", 5}, Status{Unassigned, "", "a", 5}, Running},
		{"running of a later generation stays", Status{Running, "", "b", 6}, Status{Unassigned, "", "a", 5}, Running},
		{"running of an earlier generation goes", Status{Running, "", "b", 4}, Status{Unassigned, "", "a", 5}, Unassigned},
		{"failed goes", Status{Failed, "t", "b", 5}, Status{Unassigned, "", "a", 5}, Unassigned},
		{"running gives way to failed", Status{Running, "", "b", 6}, Status{Failed, "t", "a", 5}, Failed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newStatusModel()
			for i, s := range []Status{tc.known, tc.new} {
				if err := m.apply(Record{Offset: int64(i), Key: taskStatusKey(id), Value: encodeStatus(s)}); err != nil {
					t.Fatal(err)
				}
			}
			if got := m.tasks["x"][0].State; got != tc.want {
				t.Errorf("state is %s, want %s", got, tc.want)
			}
		})
	}
}

func TestSafeWrites(t *testing.T) {
	ours := Status{Unassigned, "", "a", 5}
	for _, tc := range []struct {
		name  string
		known Status
		ok    bool
		want  bool
	}{
		{"nothing is known", Status{}, false, true},
		{"our own, younger", Status{Running, "", "a", 9}, true, true},
		{"another's, older", Status{Running, "", "b", 4}, true, true},
		{"another's, of this generation", Status{Running, "", "b", 5}, true, true},
		{"another's, younger", Status{Running, "", "b", 6}, true, false},
	} {
		if got := maySafely(tc.known, tc.ok, ours); got != tc.want {
			t.Errorf("%s: %t, want %t", tc.name, got, tc.want)
		}
	}
}

func TestUnusableStatusRecords(t *testing.T) {
	for _, tc := range []struct{ name, key, value, problem string }{
		{"broken JSON", "status-connector-x", `{`, "JSON"},
		{"a text", "status-connector-x", `"RUNNING"`, "object"},
		{"no state", "status-connector-x", `{"worker_id":"a","generation":1}`, "state"},
		{"a state that is not known", "status-task-x-0", `{"state":"LOST","trace":null,"worker_id":"a","generation":1}`, "LOST"},
		{"a generation with a fraction", "status-task-x-0", `{"state":"RUNNING","trace":null,"worker_id":"a","generation":1.0}`, "integer"},
		{"a trace that is no text", "status-task-x-0", `{"state":"RUNNING","trace":1,"worker_id":"a","generation":1}`, "trace"},
		{"a task without number", "status-task-x", `{}`, "number"},
		{"a topic without connector", "status-topic-orders", `{}`, "connector"},
		{"a topic without object", "status-topic-orders:connector-x", `{"topic":1}`, "topic"},
		{"a topic without time", "status-topic-orders:connector-x", `{"topic":{"name":"orders","connector":"x","task":0}}`, "discoverTimestamp"},
		{"a key that is not known", "color-x", `{}`, "key"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newStatusModel()
			err := m.apply(Record{Key: tc.key, Value: []byte(tc.value)})
			if err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("error %v, want one about %q", err, tc.problem)
			}
			if n := len(m.connectors) + len(m.tasks) + len(m.topics); n != 0 {
				t.Errorf("%d entries were kept", n)
			}
		})
	}
}

func TestStatusWithoutTrace(t *testing.T) {
	m := newStatusModel()
	if err := m.apply(Record{Key: "status-connector-x", Value: []byte(`{"state":"RUNNING","worker_id":"a","generation":1}`)}); err != nil {
		t.Fatal(err)
	}
	if got, want := m.connectors["x"], (Status{Running, "", "a", 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
