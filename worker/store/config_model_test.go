package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/connect"
)

// replay reads a log in the short form of the reference: C connector, C=null its removal, Tn task n, Kn commit of n tasks.
func replay(t *testing.T, log string) *configModel {
	t.Helper()
	m := newConfigModel()
	for offset, word := range strings.Fields(log) {
		r := Record{Offset: int64(offset)}
		switch {
		case word == "C":
			r.Key, r.Value = "connector-x", encodeProperties(PropertiesOf(map[string]string{"n": fmt.Sprint(offset)}))
		case word == "C=null":
			r.Key = "connector-x"
		case word[0] == 'T':
			r.Key, r.Value = "task-x-"+word[1:], encodeProperties(PropertiesOf(map[string]string{"n": fmt.Sprint(offset)}))
		case word[0] == 'K':
			r.Key, r.Value = "commit-x", []byte(`{"tasks":`+word[1:]+`}`)
		}
		if _, err := m.apply(r); err != nil && !errors.Is(err, errIgnored) {
			t.Fatalf("%s: %v", word, err)
		}
	}
	return m
}

func TestConfigLogReplays(t *testing.T) {
	for _, tc := range []struct {
		log          string
		exists       bool
		count        int // stored
		tasks        string
		inconsistent bool
	}{
		{"C T0 T1 K2", true, 2, "1 2", false},
		{"C T1 K2 T0", true, 2, "", true},
		{"C T1 K2 T0 T1 K2", true, 2, "3 4", false},
		{"C T0 T1 K2 T0 K1", true, 1, "4", false},
		{"T0 K1 C", true, 0, "", false},
		{"C T0 K1 C=null", false, 0, "", false},
		{"C T0 K1 K0", true, 0, "", false},
		{"C T0 K1 K1", true, 1, "", true},
		{"C T0 T1 K2 T0 K2", true, 2, "", true},
		// beyond the reference's list
		{"C K0", true, 0, "", false},
		{"C T0 T1 T2 K2", true, 2, "1 2", false},
		{"C T0 K1 C=null C", true, 0, "", false},
		{"C T0 K1 C=null C K1", true, 1, "", true},
		{"C T0 K1 C", true, 1, "1", false},
		{"C T0 C=null C K1", true, 1, "", true},
		{"C T0 K1 K1 T0 K1", true, 1, "4", false},
	} {
		t.Run(tc.log, func(t *testing.T) {
			s := replay(t, tc.log).snapshot()
			if s.Contains("x") != tc.exists {
				t.Errorf("exists: %t, want %t", s.Contains("x"), tc.exists)
			}
			if got := s.TaskCount("x"); got != tc.count {
				t.Errorf("task count %d, want %d", got, tc.count)
			}
			if got := s.Inconsistent("x"); got != tc.inconsistent {
				t.Errorf("inconsistent: %t, want %t", got, tc.inconsistent)
			}
			var tasks []string
			for _, id := range s.Tasks("x") {
				p, ok := s.TaskConfig(id)
				if !ok {
					t.Fatalf("no config of %s", id)
				}
				v, _ := p.Get("n")
				tasks = append(tasks, v)
			}
			if got := strings.Join(tasks, " "); got != tc.tasks {
				t.Errorf("tasks written at %q, want %q", got, tc.tasks)
			}
		})
	}
}

func TestAppliedConfigIsTheOneAtTheLastGoodCommit(t *testing.T) {
	s := replay(t, "C T0 K1 C").snapshot()
	applied, _ := s.AppliedConfig("x")
	if got, _ := applied.Get("n"); got != "0" {
		t.Errorf("applied config was written at %s, want 0", got)
	}
	current, _ := s.ConnectorConfig("x")
	if got, _ := current.Get("n"); got != "3" {
		t.Errorf("config was written at %s, want 3", got)
	}
	if _, ok := replay(t, "C").snapshot().AppliedConfig("x"); ok {
		t.Error("a connector without a commit has an applied config")
	}
}

func TestSnapshotStaysAsItWas(t *testing.T) {
	m := replay(t, "C T0 T1 K2")
	before := m.snapshot()
	for i, r := range []Record{
		{Key: "task-x-0", Value: []byte(`{"properties":{"n":"new"}}`)},
		{Key: "commit-x", Value: []byte(`{"tasks":1}`)},
		{Key: "target-state-x", Value: encodeTargetState(Paused)},
		{Key: "connector-x"},
	} {
		r.Offset = int64(4 + i)
		if _, err := m.apply(r); err != nil {
			t.Fatal(err)
		}
	}
	p, ok := before.TaskConfig(connect.TaskID{Connector: "x", Task: 0})
	if n, _ := p.Get("n"); !ok || n != "1" || before.TaskCount("x") != 2 || before.TargetState("x") != Started || !before.Contains("x") || before.Offset() != 4 {
		t.Errorf("snapshot changed: task 0 %v, count %d, target %s, offset %d", p, before.TaskCount("x"), before.TargetState("x"), before.Offset())
	}
}

func TestUnusableConfigRecords(t *testing.T) {
	const advanced, not = true, false
	for _, tc := range []struct {
		name, key, value string
		counts           bool // for the config offset
		problem          string
	}{
		{"broken JSON", "connector-x", `{"properties":`, not, "not JSON"},
		{"text that is no JSON", "connector-x", `hello`, not, "not JSON"},
		{"invalid UTF-8", "connector-x", "{\"properties\":{\"a\":\"\xff\"}}", not, "UTF-8"},
		{"an array", "connector-x", `[]`, advanced, "not a JSON object"},
		{"properties are missing", "connector-x", `{}`, advanced, "properties"},
		{"properties are a list", "connector-x", `{"properties":[]}`, advanced, "properties"},
		{"properties are null", "connector-x", `{"properties":null}`, advanced, "properties"},
		{"a number as property", "connector-x", `{"properties":{"tasks.max":1}}`, advanced, "tasks.max"},
		{"a task without number", "task-x", `{"properties":{}}`, advanced, "number"},
		{"a task of null", "task-x-0", "", advanced, "null"},
		{"a commit of null", "commit-x", "", advanced, "null"},
		{"a commit with a fraction", "commit-live", `{"tasks":2.0}`, advanced, "integer"},
		{"a commit with a text", "commit-live", `{"tasks":"2"}`, advanced, "integer"},
		{"a negative commit", "commit-live", `{"tasks":-1}`, advanced, "range"},
		{"a huge commit", "commit-live", `{"tasks":99999999999}`, advanced, "range"},
		{"a target state that is not known", "target-state-live", `{"state":"RESTING"}`, advanced, "RESTING"},
		{"a target state of a number", "target-state-live", `{"state":1}`, advanced, "state"},
		{"a restart of null", "restart-connector-x", "", advanced, "null"},
		{"a key that is not known", "color-x", `{}`, advanced, "key"},
		{"a session key of null", "session-key", "", advanced, "null"},
		{"a session key without a key", "session-key", `{"algorithm":"HmacSHA256","creation-timestamp":1}`, advanced, "key"},
		{"a session key that is no base64", "session-key", `{"key":"?","algorithm":"HmacSHA256","creation-timestamp":1}`, advanced, "base64"},
		{"a session key without an algorithm", "session-key", `{"key":"AA==","algorithm":null,"creation-timestamp":1}`, advanced, "algorithm"},
		{"a session key without a time", "session-key", `{"key":"AA==","algorithm":"HmacSHA256","creation-timestamp":"1"}`, advanced, "creation-timestamp"},
		{"a logger level of null", "logger-cluster-a.b", "", advanced, "null"},
		{"a logger level that is missing", "logger-cluster-a.b", `{}`, advanced, "level"},
		{"a logger level of a number", "logger-cluster-a.b", `{"level":1}`, advanced, "level"},
		{"a fencing record", "tasks-fencing-x", `{"task-count":2}`, advanced, "ignored"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newConfigModel()
			if _, err := m.apply(Record{Offset: 3, Key: "connector-live", Value: []byte(`{"properties":{}}`)}); err != nil {
				t.Fatal(err)
			}
			r := Record{Offset: 7, Key: tc.key}
			if tc.value != "" {
				r.Value = []byte(tc.value)
			}
			change, err := m.apply(r)
			if err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("error %v, want one about %q", err, tc.problem)
			}
			if change.kind != 0 {
				t.Errorf("change %v was reported", change)
			}
			want := int64(4)
			if tc.counts {
				want = 8
			}
			if m.offset != want {
				t.Errorf("config offset %d, want %d", m.offset, want)
			}
			if got := m.snapshot().Connectors(); !slices.Equal(got, []string{"live"}) {
				t.Errorf("connectors %v", got)
			}
		})
	}
}

func TestTargetStates(t *testing.T) {
	type step struct {
		key, value string
		target     TargetState
		told       bool
	}
	for name, steps := range map[string][]step{
		"of an existing connector": {
			{"connector-x", `{"properties":{}}`, Started, false},
			{"target-state-x", `{"state":"PAUSED","state.v2":"STOPPED"}`, Stopped, true},
			{"target-state-x", `{"state":"PAUSED","state.v2":"STOPPED"}`, Stopped, false},
			{"target-state-x", `{"state":"PAUSED"}`, Paused, true},
			{"target-state-x", `{"state":"STARTED","state.v2":7}`, Started, true},
		},
		"written before the connector": {
			{"target-state-x", `{"state":"PAUSED","state.v2":"PAUSED"}`, Paused, false},
			{"connector-x", `{"properties":{}}`, Paused, false},
		},
		"removed while the connector lives": {
			{"connector-x", `{"properties":{}}`, Started, false},
			{"target-state-x", `{"state":"PAUSED","state.v2":"PAUSED"}`, Paused, true},
			{"target-state-x", "", Started, false},
		},
		"kept beyond the connector's removal until its own": {
			{"connector-x", `{"properties":{}}`, Started, false},
			{"target-state-x", `{"state":"PAUSED","state.v2":"STOPPED"}`, Stopped, true},
			{"connector-x", "", Stopped, false},
			{"target-state-x", "", Started, false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newConfigModel()
			for i, s := range steps {
				r := Record{Offset: int64(i), Key: s.key}
				if s.value != "" {
					r.Value = []byte(s.value)
				}
				change, err := m.apply(r)
				if err != nil {
					t.Fatal(err)
				}
				if got := m.snapshot().TargetState("x"); got != s.target {
					t.Errorf("step %d: target state %s, want %s", i, got, s.target)
				}
				if told := change.kind == targetStateChanged; told != s.told {
					t.Errorf("step %d: told %t, want %t", i, told, s.told)
				}
			}
		})
	}
}

func TestKeysWithDashes(t *testing.T) {
	m := newConfigModel()
	for i, r := range []Record{
		{Key: "connector-a-b-1", Value: []byte(`{"properties":{}}`)},
		{Key: "task-a-b-1-0", Value: []byte(`{"properties":{}}`)},
		{Key: "commit-a-b-1", Value: []byte(`{"tasks":1}`)},
	} {
		r.Offset = int64(i)
		if _, err := m.apply(r); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := fmt.Sprint(m.snapshot().Tasks("a-b-1")), "[a-b-1-0]"; got != want {
		t.Errorf("tasks %s, want %s", got, want)
	}
}

func TestRestartImpact(t *testing.T) {
	// Kafka's order: only failed, only failed with tasks, connector, all.
	last := -1
	for _, r := range []RestartRequest{
		{OnlyFailed: true}, {OnlyFailed: true, IncludeTasks: true}, {}, {IncludeTasks: true},
	} {
		if r.Impact() <= last {
			t.Errorf("impact of %+v is %d, not above %d", r, r.Impact(), last)
		}
		last = r.Impact()
	}
}

func TestTextsAreEscapedAsJacksonDoes(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                "\"plain\"",
		"a\"b\\c":              `"a\"b\\c"`,
		"\b\t\n\f\r":           `"\b\t\n\f\r"`,
		"\x00\x1f":             `"\u0000\u001F"`,
		"<&>/\u2028 é":         "\"<&>/\u2028 é\"",
		"\U0001F600":           `"\uD83D\uDE00"`,
		"\x7f":                 "\"\x7f\"",
		"org.a$B\n\tat x(Y:1)": `"org.a$B\n\tat x(Y:1)"`,
	} {
		if got := string(appendText(nil, in)); got != want {
			t.Errorf("%q is written %s, want %s", in, got, want)
		}
	}
}
