package transform_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/connect/transform"
	"sluice/internal/capturedtest"
)

// captured is one case of testdata/cases.jsonl, taken from the transforms and predicates of Kafka Connect 3.9.2.
type captured struct {
	ID        string
	Transform string
	Config    map[string]string

	KeySchemas     bool              `json:"key_schemas_enable"`
	ValueSchemas   bool              `json:"value_schemas_enable"`
	ValueConverter map[string]string `json:"value_converter"`
	InputKey       *string           `json:"input_key"`
	InputValue     *string           `json:"input_value"`
	InputHeaders   []capturedHeader  `json:"input_headers"`
	Topic          string
	Partition      int32
	Offset         int64
	Timestamp      *int64
	Predicate      *struct {
		Type   string
		Config map[string]string
		Negate bool
	}

	Topics          string           `json:"output_topic"`
	Timestamps      *int64           `json:"output_timestamp"`
	KeyTyped        any              `json:"output_key_typed"`
	KeySchema       any              `json:"output_key_schema"`
	ValueTyped      any              `json:"output_value_typed"`
	ValueSchema     any              `json:"output_value_schema"`
	Headers         []capturedHeader `json:"output_headers"`
	Dropped         bool             `json:"output_dropped"`
	PredicateResult *bool            `json:"output_predicate"`
	Error           *capturedError   `json:"error"`

	OrderDependent  bool `json:"order_dependent"`
	MessageVolatile bool `json:"message_volatile"`
}

type capturedHeader struct {
	Name   string
	Value  *string
	Typed  any
	Schema any
}

type capturedError struct {
	Phase        string
	Class        string
	Message      string
	CauseClass   string `json:"cause_class"`
	CauseMessage string `json:"cause_message"`
}

// differs are the cases in which this package does something else on purpose.
var differs = map[string]string{
	"t167": "an empty topic is refused",
}

// configured returns a transform or predicate by its class.
func configured(t testing.TB, class string, config map[string]string) (connect.Transform, connect.Predicate, error) {
	t.Helper()
	for _, p := range slices.Concat(transform.Plugins(text), transform.CamelPlugins(text)) {
		switch {
		case p.Class != class:
		case p.NewTransform != nil:
			smt := p.NewTransform()
			return smt, nil, smt.Configure(config)
		default:
			predicate := p.NewPredicate()
			return nil, predicate, predicate.Configure(config)
		}
	}
	t.Fatalf("no plugin %s", class)
	return nil, nil, nil
}

// record returns the record of a case as it comes from the converters.
func (c *captured) record(t testing.TB) *connect.SinkRecord {
	t.Helper()
	r := &connect.SinkRecord{Topic: c.Topic, Partition: c.Partition, Offset: c.Offset, Timestamp: -1, TimestampType: connect.CreateTime}
	if c.Timestamp != nil {
		r.Timestamp = *c.Timestamp
	}
	read := func(text *string, schemas bool, settings map[string]string) (*connect.Schema, any) {
		if text == nil {
			return nil, nil
		}
		props := map[string]string{"schemas.enable": "false"}
		if schemas {
			props["schemas.enable"] = "true"
		}
		for k, v := range settings {
			props[k] = v
		}
		j := converter.NewJSON()
		if err := j.Configure(props, false); err != nil {
			t.Fatal(err)
		}
		v, err := j.ToConnect(c.Topic, nil, []byte(*text))
		if err != nil {
			t.Fatal(err)
		}
		return v.Schema, v.Value
	}
	r.KeySchema, r.Key = read(c.InputKey, c.KeySchemas, nil)
	r.ValueSchema, r.Value = read(c.InputValue, c.ValueSchemas, c.ValueConverter)
	for _, h := range c.InputHeaders {
		var data []byte
		if h.Value != nil {
			data = []byte(*h.Value)
		}
		v, err := converter.NewSimpleHeader().ToConnectHeader(c.Topic, h.Name, data)
		if err != nil {
			t.Fatal(err)
		}
		r.Headers = append(r.Headers, connect.Header{Key: h.Name, Schema: v.Schema, Value: v.Value})
	}
	return r
}

func TestTransformsDoWhatKafkaConnectDoes(t *testing.T) {
	play(t, capturedtest.Cases[captured](t, "testdata/cases.jsonl", 229), undecoded)
}

func TestTransformsAreThoseOfKafkaConnectInThousandsOfCases(t *testing.T) {
	play(t, capturedtest.Cases[captured](t, "testdata/differential.jsonl.gz", 3465), undecoded)
}

// What another transform, or another converter, has decoded is transformed in the same way.
func TestDecodedValuesAreTransformedAsTexts(t *testing.T) {
	decoded := func(t testing.TB, v any) any {
		tree, err := connect.Decode(v)
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	play(t, capturedtest.Cases[captured](t, "testdata/cases.jsonl", 229), decoded)
	play(t, capturedtest.Cases[captured](t, "testdata/differential.jsonl.gz", 3465), decoded)
}

func undecoded(_ testing.TB, v any) any { return v }

// play runs each case, on a key and a value that form has been over, and compares what comes out. With -short, which is for the race detector, it runs one
// of eight of the generated cases.
func play(t *testing.T, cases []captured, form func(t testing.TB, v any) any) {
	t.Helper()
	for i, c := range cases {
		if testing.Short() && len(cases) > 1000 && i%8 != 0 {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			if why, ok := differs[c.ID]; ok {
				smt, _, err := configured(t, c.Transform, c.Config)
				if err == nil {
					_, err = smt.Apply(c.record(t))
				}
				if err == nil {
					t.Errorf("got no error for %v: %s", c.Config, why)
				}
				return
			}
			smt, predicate, err := configured(t, c.Transform, c.Config)
			if c.Error != nil && c.Error.Phase == "configure" {
				c.Error.check(t, &c, err)
				return
			}
			if err != nil {
				t.Fatalf("configure with %v: %v", c.Config, err)
			}
			r := c.record(t)
			r.Key, r.Value = form(t, r.Key), form(t, r.Value)
			before := inside(r)
			if predicate != nil {
				got, err := predicate.Test(r)
				if err != nil || got != *c.PredicateResult {
					t.Errorf("got %v, %v, want %v", got, err, *c.PredicateResult)
				}
				return
			}
			out := r
			if c.applies(t, r) {
				out, err = smt.Apply(copied(r))
			}
			if now := inside(r); !reflect.DeepEqual(now, before) {
				t.Errorf("what the record held was %v and is now %v", before, now)
			}
			if c.Error != nil {
				c.Error.check(t, &c, err)
				return
			}
			if err != nil {
				t.Fatalf("apply: %v", err)
			}
			c.check(t, out)
		})
	}
}

// What a transform does to values it does to keys, and leaves the value alone.
func TestKeysAreTransformedAsValuesAre(t *testing.T) {
	const untouched = "the value"
	for _, c := range capturedtest.Cases[captured](t, "testdata/cases.jsonl", 229) {
		class, ok := strings.CutSuffix(c.Transform, "$Value")
		if !ok || c.Predicate != nil {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			smt, _, err := configured(t, class+"$Key", c.Config)
			if c.Error != nil && c.Error.Phase == "configure" {
				c.Error.check(t, &c, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r := c.record(t)
			r.KeySchema, r.Key = r.ValueSchema, r.Value
			r.ValueSchema, r.Value = connect.StringSchema, untouched
			out, err := smt.Apply(r)
			if c.Error != nil {
				c.Error.check(t, &c, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if out.ValueSchema != connect.StringSchema || out.Value != untouched {
				t.Errorf("the value is now %v", out.Value)
			}
			out.ValueSchema, out.Value = out.KeySchema, out.Key
			out.KeySchema, out.Key = nil, nil
			c.KeySchema, c.KeyTyped = nil, nil
			c.check(t, out)
		})
	}
}

// copied returns a record that holds the same.
func copied(r *connect.SinkRecord) *connect.SinkRecord {
	out := *r
	return &out
}

// inside shows what a record holds.
func inside(r *connect.SinkRecord) []any {
	held := []any{capturedtest.Sorted(capturedtest.Value(r.Key)), capturedtest.Sorted(capturedtest.Value(r.Value)), capturedtest.Schema(r.KeySchema), capturedtest.Schema(r.ValueSchema)}
	for _, h := range r.Headers {
		held = append(held, h.Key, capturedtest.Sorted(capturedtest.Value(h.Value)), capturedtest.Schema(h.Schema))
	}
	return held
}

// applies tells whether the case's predicate lets the transform see the record.
func (c *captured) applies(t *testing.T, r *connect.SinkRecord) bool {
	t.Helper()
	if c.Predicate == nil {
		return true
	}
	_, predicate, err := configured(t, c.Predicate.Type, c.Predicate.Config)
	if err != nil {
		t.Fatal(err)
	}
	is, err := predicate.Test(r)
	if err != nil {
		t.Fatal(err)
	}
	return is != c.Predicate.Negate
}

func (c *captured) check(t *testing.T, r *connect.SinkRecord) {
	t.Helper()
	if (r == nil) != c.Dropped {
		t.Fatalf("got dropped %v, want %v", r == nil, c.Dropped)
	}
	if r == nil {
		return
	}
	equal := func(what string, got, want any) {
		t.Helper()
		if want = capturedtest.Sorted(want); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	equal("topic", r.CurrentTopic(), c.Topics)
	equal("schema of the key", capturedtest.Schema(r.KeySchema), c.KeySchema)
	equal("schema of the value", capturedtest.Schema(r.ValueSchema), c.ValueSchema)
	equal("key", capturedtest.Sorted(capturedtest.Value(r.Key)), c.KeyTyped)
	if !c.OrderDependent {
		equal("value", capturedtest.Sorted(capturedtest.Value(r.Value)), c.ValueTyped)
	}
	var names, wantNames []string
	for _, h := range r.Headers {
		names = append(names, h.Key)
	}
	for _, h := range c.Headers {
		wantNames = append(wantNames, h.Name)
	}
	if !slices.Equal(names, wantNames) {
		t.Fatalf("got headers %q, want %q", names, wantNames)
	}
	for i, h := range c.Headers {
		equal("header "+h.Name, capturedtest.Sorted(capturedtest.Value(r.Headers[i].Value)), h.Typed)
		equal("schema of header "+h.Name, capturedtest.Schema(r.Headers[i].Schema), h.Schema)
	}
	if c.Timestamps != nil && r.Timestamp != *c.Timestamps {
		t.Errorf("got timestamp %d, want %d", r.Timestamp, *c.Timestamps)
	}
}

func (want *capturedError) check(t *testing.T, c *captured, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want %q", want.Message)
	}
	if c.MessageVolatile {
		until, _, _ := strings.Cut(want.Message, ": ")
		if !strings.HasPrefix(err.Error(), until) {
			t.Errorf("got error %q, want one like %q", err, want.Message)
		}
	} else if err.Error() != want.Message {
		t.Errorf("got error %q, want %q", err, want.Message)
	}
	if class := capturedtest.Class(err); class != want.Class {
		t.Errorf("got class %q, want %s", class, want.Class)
	}
	switch cause := errors.Unwrap(err); {
	case want.CauseClass == "" && cause == nil:
	case cause == nil:
		t.Errorf("got no cause, want %q", want.CauseMessage)
	case cause.Error() != want.CauseMessage || capturedtest.Class(cause) != want.CauseClass:
		t.Errorf("got cause %s %q, want %s %q", capturedtest.Class(cause), cause, want.CauseClass, want.CauseMessage)
	}
}
