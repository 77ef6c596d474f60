package transform_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/internal/boundtest"
	"sluice/internal/capturedtest"
)

// capturedValidation is what a class of Kafka Connect 3.9.2 says of one setting, or of a whole configuration.
type capturedValidation struct {
	Class string

	Key    string
	Value  *string
	Errors []string
	Thrown string

	Config map[string]string
	Error  *string
}

func TestSettingsAreRefusedAsKafkaConnectDoes(t *testing.T) {
	for _, c := range capturedtest.Cases[capturedValidation](t, "testdata/validation.jsonl", 112) {
		if c.Config != nil {
			c.configure(t)
		} else {
			c.validate(t)
		}
	}
}

func (c capturedValidation) validate(t *testing.T) {
	t.Helper()
	props := map[string]string{}
	if c.Value != nil {
		props[c.Key] = *c.Value
	}
	values := definition(t, c.Class).Validate(props)
	i := slices.IndexFunc(values, func(v connect.ConfigValue) bool { return v.Name == c.Key })
	if i < 0 {
		t.Fatalf("%s has no setting %s", c.Class, c.Key)
	}
	got := values[i].Errors
	if c.Thrown != "" {
		if len(got) != 1 || !strings.HasSuffix(c.Thrown, ": "+got[0]) {
			t.Errorf("%s with %v: got %q, want %q", c.Class, props, got, c.Thrown)
		}
		return
	}
	if !slices.Equal(got, c.Errors) {
		t.Errorf("%s with %v: got %q, want %q", c.Class, props, got, c.Errors)
	}
}

func (c capturedValidation) configure(t *testing.T) {
	t.Helper()
	given := map[string]string{}
	for k, v := range c.Config {
		given[k] = v
	}
	_, _, err := configured(t, "org.apache.kafka.connect.transforms."+c.Class, given)
	switch {
	case c.Error == nil && err != nil:
		t.Errorf("%s with %v: got %v, want no error", c.Class, c.Config, err)
	case c.Error != nil && (err == nil || err.Error() != *c.Error):
		t.Errorf("%s with %v: got %v, want %q", c.Class, c.Config, err, *c.Error)
	}
	if len(given) != len(c.Config) {
		t.Errorf("%s: the configuration was changed from %v to %v", c.Class, c.Config, given)
	}
}

// The last type of a field counts, at the first one's place, however many fields there are.
func TestManyCasts(t *testing.T) {
	n := boundtest.Size(100_000) // checked one against the other they would take a minute
	spec := make([]string, 0, n+1)
	for i := range n {
		spec = append(spec, "f"+strconv.Itoa(i)+":int8")
	}
	spec = append(spec, "f0:string")
	smt, _, err := configured(t, "org.apache.kafka.connect.transforms.Cast$Value", map[string]string{"spec": strings.Join(spec, ",")})
	if err != nil {
		t.Fatal(err)
	}
	out, err := smt.Apply(&connect.SinkRecord{Value: map[string]any{"f0": int64(1), "f1": int64(2)}})
	if err != nil {
		t.Fatal(err)
	}
	if m := out.Value.(map[string]any); m["f0"] != "1" || m["f1"] != int8(2) {
		t.Errorf("got %v", m)
	}
}
