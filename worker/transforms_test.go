package worker

import (
	"errors"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/worker/task"
	"sluice/worker/validate"
)

// noteTransform writes down what is done with it.
type noteTransform struct {
	events *[]string
	props  map[string]string
}

func (*noteTransform) Config() *connect.ConfigDef {
	return connect.NewConfigDef(connect.ConfigKey{Name: "mode", Type: connect.TypeString, Default: ""})
}
func (n *noteTransform) Configure(props map[string]string) error {
	n.props = props
	if props["mode"] == "broken" {
		return &connect.ConfigError{Key: "mode", Value: "broken", Rule: "it is broken"}
	}
	return nil
}
func (*noteTransform) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) { return r, nil }
func (n *noteTransform) Close() error {
	*n.events = append(*n.events, "close "+n.props["mode"])
	return nil
}

type notePredicate struct{ noteTransform }

func (*notePredicate) Test(*connect.SinkRecord) (bool, error) { return true, nil }

func TestTheChainIsBuiltFromTheConfiguration(t *testing.T) {
	for _, c := range []struct {
		name   string
		props  map[string]string
		chain  string // mode, predicate's mode and negation of each step
		trace  string // of the failure
		closed string
	}{
		{"none", map[string]string{}, "", "", ""},
		{"in the order of the list", map[string]string{
			"transforms": "b, a", "transforms.a.type": "x.Note", "transforms.a.mode": "1", "transforms.b.type": "Note", "transforms.b.mode": "2",
		}, "2 1", "", ""},
		{"with a predicate", map[string]string{
			"transforms": "a", "transforms.a.type": "Note", "transforms.a.mode": "1", "transforms.a.predicate": "p", "transforms.a.negate": "TRUE",
			"predicates": "p,q", "predicates.p.type": "IsNote", "predicates.p.mode": "2", "predicates.q.type": "IsNote",
		}, "1!2", "", ""},
		{"one that cannot be configured", map[string]string{
			"transforms": "a,b", "transforms.a.type": "Note", "transforms.a.mode": "1", "transforms.b.type": "Note", "transforms.b.mode": "broken",
		}, "", "org.apache.kafka.connect.errors.ConnectException: org.apache.kafka.common.config.ConfigException: Invalid value broken for configuration mode: it is broken\n" +
			"Caused by: org.apache.kafka.common.config.ConfigException: Invalid value broken for configuration mode: it is broken\n", "close 1"},
		{"a predicate that is not there", map[string]string{
			"transforms": "a", "transforms.a.type": "Note", "transforms.a.mode": "1", "transforms.a.predicate": "p",
		}, "", "org.apache.kafka.connect.errors.ConnectException: org.apache.kafka.common.config.ConfigException: Unknown configuration 'predicates.p.type'\n" +
			"Caused by: org.apache.kafka.common.config.ConfigException: Unknown configuration 'predicates.p.type'\n", "close 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var events []string
			plugins, err := connect.NewPlugins(
				connect.Plugin{Class: "x.Note", Type: connect.TransformationPluginType, NewTransform: func() connect.Transform { return &noteTransform{events: &events} }},
				connect.Plugin{Class: "x.IsNote", Type: connect.PredicatePluginType, NewPredicate: func() connect.Predicate { return &notePredicate{noteTransform{events: &events}} }},
			)
			if err != nil {
				t.Fatal(err)
			}
			c.props["name"], c.props["connector.class"], c.props["topics"] = "x", "y", "t"
			def, err := (&validate.Validator{Plugins: plugins}).ParseTask(c.props)
			if err != nil {
				t.Fatal(err)
			}
			chain, err := newTransformations(plugins, def, c.props)
			if got := task.Trace(err); got != c.trace {
				t.Errorf("got failure\n%swant\n%s", got, c.trace)
			}
			var steps []string
			for _, step := range chain {
				text := step.Transform.(*noteTransform).props["mode"]
				if step.Predicate != nil {
					text += map[bool]string{true: "!", false: "?"}[step.Negate] + step.Predicate.(*notePredicate).props["mode"]
				}
				if step.Class != "x.Note" {
					t.Errorf("got class %s", step.Class)
				}
				steps = append(steps, text)
			}
			if got := strings.Join(steps, " "); got != c.chain {
				t.Errorf("got chain %q, want %q", got, c.chain)
			}
			if got := strings.Join(events, " "); got != c.closed {
				t.Errorf("closed %q, want %q", got, c.closed)
			}
		})
	}
}

func TestThePropertiesOfADeadLetterQueue(t *testing.T) {
	cfg, _, err := LoadConfig(minimal("producer.acks", "1", "producer.linger.ms", "5", "admin.retries", "3", "admin.client.id", "w"), nil)
	if err != nil {
		t.Fatal(err)
	}
	connector := map[string]string{"producer.override.linger.ms": "7", "admin.override.request.timeout.ms": "9"}
	p := cfg.dlqProducerProperties(connect.TaskID{Connector: "x", Task: 2}, connector)
	for key, want := range map[string]string{
		"client.id": "connector-dlq-producer-x-2", "acks": "1", "linger.ms": "7", "enable.idempotence": "false",
		"max.in.flight.requests.per.connection": "1", "delivery.timeout.ms": "2147483647", "max.block.ms": "9223372036854775807",
	} {
		if p[key] != want {
			t.Errorf("producer: %s is %q, want %q", key, p[key], want)
		}
	}
	if p["bootstrap.servers"] == "" {
		t.Error("producer: no bootstrap.servers")
	}
	a := cfg.dlqAdminProperties(connector)
	if a["client.id"] != "w" || a["retries"] != "3" || a["request.timeout.ms"] != "9" {
		t.Errorf("admin: got %v", a)
	}
	plain, _, err := LoadConfig(minimal(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if id := plain.dlqAdminProperties(nil)["client.id"]; id != "connector-dlq-adminclient-" {
		t.Errorf("admin: client.id is %q", id)
	}
}

// What the task cannot be started with shows in its status as in Kafka Connect, and the chain that was begun is closed.
func TestATaskThatIsNotMadeClosesItsTransforms(t *testing.T) {
	var events []string
	_, err := task.New(task.Config{Transformations: []task.Transformation{{Transform: &noteTransform{events: &events, props: map[string]string{"mode": "1"}}}}})
	if err == nil || errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	if strings.Join(events, " ") != "close 1" {
		t.Errorf("closed %q", events)
	}
}
