package connecttest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"sluice/connect"
)

// framework are settings of every connector, which a sink must leave alone.
var framework = []string{"name", "connector.class", "task.class", "tasks.max", "topics", "topics.regex", "transforms", "predicates"}

func (s Sink) testConfig(t *testing.T) {
	c := s.New(t)
	if c.Version() == "" {
		t.Error("Version is empty")
	}
	def := c.Config()
	if def == nil {
		t.Fatal("Config is nil")
	}
	for _, k := range def.Keys() {
		if k.Name == "" || k.Type == "" || k.Importance == "" || k.Doc == "" && !k.Internal {
			t.Errorf("key %q lacks a name, type, importance or documentation", k.Name)
		}
		if slices.Contains(framework, k.Name) {
			t.Errorf("key %q is the framework's", k.Name)
		}
		if k.Required && k.Default != nil {
			t.Errorf("key %q is required and has a default", k.Name)
		}
		if k.Default != nil && k.Validator != nil {
			if err := connect.Check(k.Validator, k.Name, k.Default, k.Type); err != nil {
				t.Errorf("the default is not valid: %v", err)
			}
		}
	}
	def.Validate(map[string]string{}) // whatever it says, it answers
	props := s.Props(t)
	for _, v := range def.Validate(props) {
		if len(v.Errors) > 0 {
			t.Errorf("key %s of valid settings: %q", v.Name, v.Errors)
		}
	}
	if v, ok := c.(connect.ConfigValidator); ok {
		v.ValidateConfig(map[string]string{}) // it is asked though single settings are wrong
		for _, err := range v.ValidateConfig(props) {
			t.Errorf("valid settings: %v", err)
		}
	}
}

func (s Sink) testSecrets(t *testing.T) {
	for _, k := range s.New(t).Config().Keys() {
		if k.Type != connect.TypeString {
			continue
		}
		name := strings.ToLower(strings.NewReplacer(".", "", "-", "", "_", "").Replace(k.Name))
		for _, word := range []string{"password", "passphrase", "secret", "token", "accesskey", "apikey", "privatekey"} {
			if strings.Contains(name, word) {
				t.Errorf("key %s has the name of a secret and the type STRING: logs and answers would show its value", k.Name)
				break
			}
		}
	}
}

func (s Sink) testTaskConfigs(t *testing.T) {
	ctx := bounded(t)
	c := s.New(t)
	props := s.Props(t)
	if err := c.Start(ctx, maps.Clone(props)); err != nil {
		t.Fatalf("Start: %v", err)
	}
	for _, most := range []int{1, 3} {
		configs, err := c.TaskConfigs(most)
		if err != nil || len(configs) < 1 || len(configs) > most {
			t.Fatalf("TaskConfigs(%d): got %d configs, %v", most, len(configs), err)
		}
		for i := range configs {
			configs[i]["changed"] = "by the caller"
			for _, other := range configs[i+1:] {
				if _, shared := other["changed"]; shared {
					t.Error("the settings of two tasks share a map")
				}
			}
		}
		if again, err := c.TaskConfigs(most); err != nil || again[0]["changed"] != "" {
			t.Errorf("TaskConfigs returns a map that it keeps (or fails the second time: %v)", err)
		}
	}
	if err := c.Stop(ctx); err != nil {
		t.Errorf("Stop: %v", err)
	}
}

// A connector that is paused and resumed is the same value. What its tasks run with is what it says of itself, and they run.
func (s Sink) testConnectorAgain(t *testing.T) {
	ctx := bounded(t)
	c := s.New(t)
	props := s.Props(t)
	for range 2 {
		if err := c.Start(ctx, maps.Clone(props)); err != nil {
			t.Fatalf("Start: %v", err)
		}
		configs, err := c.TaskConfigs(1)
		if err != nil || len(configs) != 1 {
			t.Fatalf("TaskConfigs: got %d configs, %v", len(configs), err)
		}
		w := StartTask(t, s.New(t), configs[0])
		w.Stop()
		if err := c.Stop(ctx); err != nil {
			t.Fatalf("Stop: %v", err)
		}
	}
}

func bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	t.Cleanup(cancel)
	return ctx
}
