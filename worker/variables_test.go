package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"sluice/connect"
	"sluice/worker/provider"
	"sluice/worker/store"
	"sluice/worker/validate"
)

// secretsFile is a file of secrets and the settings of a worker that may read it.
type secretsFile struct{ path string }

func newSecretsFile(t *testing.T, lines ...string) secretsFile {
	t.Helper()
	f := secretsFile{filepath.Join(t.TempDir(), "secrets.properties")}
	f.write(t, lines...)
	return f
}

func (f secretsFile) write(t *testing.T, lines ...string) {
	t.Helper()
	if err := os.WriteFile(f.path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (f secretsFile) settings() []string {
	return []string{
		"config.providers", "file", "config.providers.file.class", provider.FileClass,
		"config.providers.file.param.allowed.paths", filepath.Dir(f.path),
	}
}

func (f secretsFile) variable(key string) string { return "${file:" + f.path + ":" + key + "}" }

// bubbleWith runs a test with a worker that has a file of secrets.
func bubbleWith(t *testing.T, f secretsFile, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &MemoryStorage{}, f.settings()...)
		r.run()
		test(t, r)
		r.shutdown()
	})
}

func TestVariablesOfTheWorker(t *testing.T) {
	f := newSecretsFile(t, "group=cluster-x", "servers=b1:9092", "poll=77", "client=cli")
	props := minimal(f.settings()...)
	for key, text := range map[string]string{
		"group.id": f.variable("group"), "bootstrap.servers": f.variable("servers") + ",b2:9092", "consumer.max.poll.records": f.variable("poll"),
		"consumer.client.id": "${env:RACK}", "producer.linger.ms": f.variable("poll"), "admin.request.timeout.ms": f.variable("poll") + "00",
		"value.converter.schemas.enable": "${env:SCHEMAS}", "client.id": "raw", "config.providers": "file,env", "config.providers.env.class": provider.EnvClass,
		"offset.flush.interval.ms": "${vault:a:b}",
	} {
		props[key] = text
	}
	c, notices, err := LoadConfig(props, []string{"RACK=r7", "SCHEMAS=false", "CONNECT_CLIENT_ID=" + f.variable("client"), "CONNECT_OFFSET_FLUSH_INTERVAL_MS=5"})
	if err != nil {
		t.Fatal(err)
	}
	consumer := c.consumerProperties(connect.TaskID{Connector: "x"}, nil)
	for what, got := range map[string][2]string{
		"group": {c.GroupID, "cluster-x"}, "brokers": {consumer["bootstrap.servers"], "b1:9092,b2:9092"}, "max.poll.records": {consumer["max.poll.records"], "77"},
		"consumer id": {consumer["client.id"], "r7"}, "linger": {c.withPrefix(producerPrefix)["linger.ms"], "77"},
		"timeout":   {c.withPrefix(adminPrefix)["request.timeout.ms"], "7700"},
		"converter": {c.converter(ValueConverterConfig, nil).props["schemas.enable"], "false"}, "client id": {c.parsed.String(ClientIDConfig), "cli"},
		"interval": {c.OffsetFlushInterval.String(), "5ms"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: got %q, want %q", what, got[0], got[1])
		}
	}
	for _, n := range notices {
		t.Errorf("notice %s", n.Text)
	}
}

// Errors and notices about a worker's settings show the variables.
func TestSecretsOfTheWorkerDoNotShow(t *testing.T) {
	f := newSecretsFile(t, "pw=hunter2-secret")
	for key, prefix := range map[string]string{
		"consumer.max.poll.records": "", "tasks.max.x": "", "task.shutdown.graceful.timeout.ms": "", "listeners": "http://:", "rest.advertised.listener": "", "key.converter": "",
	} {
		props := minimal(append(f.settings(), key, prefix+f.variable("pw"))...)
		c, notices, err := LoadConfig(props, nil)
		text := fmt.Sprint(err, notices)
		if err == nil {
			_, err = New(Options{Config: c, Plugins: &connect.Plugins{}, Storage: &MemoryStorage{}})
			text += fmt.Sprint(err)
		}
		if strings.Contains(text, "hunter2-secret") {
			t.Errorf("%s: %s", key, text)
		}
	}
	_, notices, err := LoadConfig(minimal(append(f.settings(), "client.id", f.variable("none"))...), nil)
	if err != nil || len(notices) != 1 || notices[0].Text != "client.id: nothing is known for "+f.variable("none")+", which stays as it is" {
		t.Errorf("notices %v, %v", notices, err)
	}
	_, _, err = LoadConfig(minimal(append(f.settings(), "client.id", "${file:"+f.path+"x:k}")...), nil)
	if err == nil || !strings.Contains(err.Error(), "Could not read properties from file "+f.path+"x") {
		t.Errorf("error %v", err)
	}
}

func TestWithoutProvidersVariablesAreText(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.put("x", "topics", "a", "b", "${file:/etc/passwd:root}")
		r.expectState("x", "RUNNING [RUNNING]")
		if got := r.task("x", 0).cfg.TaskProps["b"]; got != "${file:/etc/passwd:root}" {
			t.Errorf("the task has %s", got)
		}
	})
}

func TestVariablesOfConnectors(t *testing.T) {
	f := newSecretsFile(t, "pw=hunter2-secret", "topic=orders", "rack=r7", "max=2", "class="+sinkClass)
	bubbleWith(t, f, func(t *testing.T, r *rig) {
		ctx := t.Context()
		var started map[string]string
		r.plugin.taskConfigs = func(props map[string]string, most int) ([]map[string]string, error) {
			started = props
			task := map[string]string{"name": props["name"], "pw": props["pw"], "url": "jdbc:" + props["pw"] + "@h", "fixed": props["fixed"], "changed": "other", "rack": "other"}
			return []map[string]string{task, {}}[:most], nil
		}
		given := config("x", "connector.class", f.variable("class"), "tasks.max", f.variable("max"), "topics", f.variable("topic"), "pw", f.variable("pw"),
			"two", f.variable("topic")+"-"+f.variable("rack"), "missing", f.variable("none"), "fixed", "hunter2-secret", "changed", f.variable("rack"),
			"unknown", "${vault:a:b}", "consumer.override.client.rack", f.variable("rack"))
		_, _, err := r.h.PutConnector(ctx, "x", given, nil, false)
		r.must(err)
		r.expectState("x", "RUNNING [RUNNING RUNNING]")

		if started["pw"] != "hunter2-secret" || started["two"] != "orders-r7" || started["missing"] != f.variable("none") || started["unknown"] != "${vault:a:b}" {
			t.Errorf("the connector was started with %v", started)
		}
		task := r.task("x", 0).cfg
		if task.TaskProps["pw"] != "hunter2-secret" || task.TaskProps["url"] != "jdbc:hunter2-secret@h" || task.TaskProps["topics"] != "orders" ||
			fmt.Sprint(task.Topics) != "[orders]" || task.ConsumerProperties["client.rack"] != "r7" {
			t.Errorf("the task was started with %v, topics %v, consumer %v", task.TaskProps, task.Topics, task.ConsumerProperties)
		}

		kept, err := r.h.ConnectorConfig(ctx, "x")
		r.must(err)
		if !kept.Equal(given) {
			t.Errorf("kept %v, given %v", kept, given)
		}
		tasks, err := r.h.TaskConfigs(ctx, "x")
		r.must(err)
		for key, want := range map[string]string{
			"pw": f.variable("pw"), "url": "jdbc:" + f.variable("pw") + "@h", "topics": f.variable("topic"), "fixed": "hunter2-secret", "task.class": sinkTaskClass,
			"changed": f.variable("rack"), "rack": "other",
		} {
			if got, _ := tasks[0].Config.Get(key); got != want {
				t.Errorf("task config: %s is %q, want %q", key, got, want)
			}
		}
	})
}

func TestReverseTransform(t *testing.T) {
	f := newSecretsFile(t, "long=a-long-secret", "short=abc")
	c, _, err := LoadConfig(minimal(f.settings()...), nil)
	if err != nil {
		t.Fatal(err)
	}
	raw := config("x", "a", f.variable("long"), "b", "${vault:x:y}", "c", "plain", "d", "a-long-secret", "s", f.variable("short"), "null", "")
	raw = raw.With("null", nil)
	resolved, err := c.vars.providers.Resolve(raw.Map())
	if err != nil {
		t.Fatal(err)
	}
	task := config("x", "a", "made of it", "b", "anything", "c", "c-a-long-secret", "d", "a-long-secret", "e", "x a-long-secret", "f", "abc", "s", "abc",
		"task.class", "a-long-secretTask", "null", "n")
	want := config("x", "a", f.variable("long"), "b", "${vault:x:y}", "c", "c-"+f.variable("long"), "d", "a-long-secret", "e", "x "+f.variable("long"), "f", "abc",
		"s", f.variable("short"), "task.class", "a-long-secretTask", "null", "n")
	got := reverseTransform(task, raw, resolved.Secrets)
	if !got.Equal(want) {
		t.Errorf("got %v, want %v", got.Map(), want.Map())
	}
	if v, _ := task.Get("a"); v != "made of it" {
		t.Error("the generated configuration was changed")
	}
}

// A value that has changed counts when the connector is started again, for its tasks too.
func TestChangedValues(t *testing.T) {
	f := newSecretsFile(t, "pw=first-secret")
	bubbleWith(t, f, func(t *testing.T, r *rig) {
		r.put("x", "topics", "a", "pw", f.variable("pw"))
		records := len(r.storage.Configs.Records())
		r.must(r.h.RestartConnector(t.Context(), "x"))
		if got := len(r.storage.Configs.Records()); got != records {
			t.Errorf("%d records were written although nothing has changed", got-records)
		}
		f.write(t, "pw=second-secret")
		r.must(r.h.RestartConnector(t.Context(), "x"))
		r.expectState("x", "RUNNING [RUNNING]")
		if got := r.task("x", 0).cfg.TaskProps["pw"]; got != "second-secret" {
			t.Errorf("the task has %s", got)
		}
		f.write(t, "pw=third-secret")
		r.must(r.h.RestartTask(t.Context(), connect.TaskID{Connector: "x"}))
		if got := r.task("x", 0).cfg.TaskProps["pw"]; got != "third-secret" {
			t.Errorf("the task has %s", got)
		}
	})
}

// The texts are those of Kafka Connect 3.9.2. Differs: there the connector stays UNASSIGNED.
func TestSecretsThatAreGone(t *testing.T) {
	f := newSecretsFile(t, "pw=first-secret")
	unread := "Could not read properties from file " + f.path
	bubbleWith(t, f, func(t *testing.T, r *rig) {
		ctx := t.Context()
		r.put("x", "topics", "a", "pw", f.variable("pw"))
		if err := os.Remove(f.path); err != nil {
			t.Fatal(err)
		}
		_, err := r.h.ValidateConfig(ctx, "", config("y", "pw", f.variable("pw")))
		expectError[*validate.ExceptionError](t, err, unread)
		_, _, err = r.h.PutConnector(ctx, "y", config("y", "pw", f.variable("pw")), nil, true)
		expectError[*validate.ExceptionError](t, err, unread)

		expectError[*provider.Error](t, r.h.RestartTask(ctx, connect.TaskID{Connector: "x"}), unread)
		r.expectState("x", "RUNNING [RUNNING]") // the task has not been stopped for it

		expectError[*provider.Error](t, r.h.RestartConnector(ctx, "x"), unread)
		r.settle()
		r.expectState("x", "FAILED [RUNNING]")

		_, err = r.h.RestartConnectorAndTasks(ctx, RestartRequest{Connector: "x", IncludeTasks: true})
		r.must(err)
		r.expectState("x", "FAILED [FAILED]")
		info, err := r.h.ConnectorStatus("x")
		r.must(err)
		for _, trace := range []string{info.Connector.Trace, info.Tasks[0].Trace} {
			if !strings.Contains(trace, "org.apache.kafka.common.config.ConfigException: "+unread+"\n") {
				t.Errorf("trace %s", trace)
			}
		}

		f.write(t, "pw=first-secret")
		_, err = r.h.RestartConnectorAndTasks(ctx, RestartRequest{Connector: "x", IncludeTasks: true, OnlyFailed: true})
		r.must(err)
		r.expectState("x", "RUNNING [RUNNING]")
	})
}

// A plugin that quotes its settings tells nobody.
func TestTracesAreRedacted(t *testing.T) {
	f := newSecretsFile(t, "pw=hunter2-secret")
	bubbleWith(t, f, func(t *testing.T, r *rig) {
		r.put("x", "topics", "a", "pw", f.variable("pw"))
		r.task("x", 0).fail(errors.New("connect with hunter2-secret"))
		r.settle()
		status, err := r.h.TaskStatus(connect.TaskID{Connector: "x"})
		r.must(err)
		if !strings.Contains(status.Trace, "connect with "+f.variable("pw")) {
			t.Errorf("trace %s", status.Trace)
		}
	})
}

// The values of the answer, as Kafka Connect 3.9.2 gives it but for "${...}" in place of what variables stand for; see the comment of
// validateConfig.
func TestValidateKeepsVariables(t *testing.T) {
	f := newSecretsFile(t, "pw=hunter2-secret", "number=two", "topic=orders")
	bubbleWith(t, f, func(t *testing.T, r *rig) {
		r.h.validator = &validate.Validator{Plugins: r.h.plugins}
		given := config("x", "tasks.max", f.variable("number"), "topics", f.variable("topic"), "errors.tolerance", f.variable("pw"),
			"consumer.override.sasl.jaas.config", f.variable("pw"), "consumer.override.client.rack", f.variable("pw"))
		infos, err := r.h.ValidateConfig(t.Context(), "", given)
		r.must(err)
		values := map[string]string{}
		var errs []string
		for _, info := range infos.Configs {
			if info.Value.Value != nil {
				values[info.Value.Name] = *info.Value.Value
			}
			errs = append(errs, info.Value.Errors...)
		}
		for key, want := range map[string]string{
			"topics": f.variable("topic"), "errors.tolerance": f.variable("pw"), "consumer.override.sasl.jaas.config": connect.Hidden,
			"consumer.override.client.rack": f.variable("pw"), "name": "x",
		} {
			if values[key] != want {
				t.Errorf("%s is %q, want %q", key, values[key], want)
			}
		}
		text := strings.Join(errs, "\n")
		if !strings.Contains(text, "Invalid value two for configuration tasks.max: Not a number of type INT") || strings.Contains(text, "hunter2") ||
			!strings.Contains(text, "Invalid value "+f.variable("pw")+" for configuration errors.tolerance") {
			t.Errorf("errors %s", text)
		}

		_, err = r.h.ValidateConfig(t.Context(), "", config("x", "connector.class", f.variable("pw")))
		if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "which name matches "+f.variable("pw")) {
			t.Errorf("error %v", err)
		}
		_, err = r.h.ValidateConfig(t.Context(), "", store.Properties{{Key: "a", Value: new(f.variable("pw"))}})
		expectError[*validate.NoConnectorTypeError](t, err, "Connector config {a="+f.variable("pw")+"} contains no connector type")
	})
}

// The aliases of transformations and predicates become names of settings and groups.
func TestValidateKeepsVariablesInAliases(t *testing.T) {
	f := newSecretsFile(t, "pw=hunter2-secret", "list=hunter3-secret, hunter4-secret")
	bubbleWith(t, f, func(t *testing.T, r *rig) {
		r.h.validator = &validate.Validator{Plugins: r.h.plugins}
		for _, key := range []string{"transforms", "predicates"} {
			for _, variable := range []string{"pw", "list"} {
				infos, err := r.h.ValidateConfig(t.Context(), "", config("x", key, "own,"+f.variable(variable)))
				r.must(err)
				text, err := json.Marshal(infos)
				r.must(err)
				if !strings.Contains(string(text), key+".own.type") || strings.Contains(string(text), "hunter") {
					t.Errorf("%s of %s: %s", key, variable, text)
				}
				err = infos.Err()
				if err == nil || strings.Contains(err.Error(), "hunter") {
					t.Errorf("%s of %s: error %v", key, variable, err)
				}
			}
			// What no provider has resolved is the client's own text, and is answered as Java does.
			infos, err := r.h.ValidateConfig(t.Context(), "", config("x", key, "${nope:/x:y}"))
			r.must(err)
			if text, err := json.Marshal(infos); err != nil || !strings.Contains(string(text), key+".${nope:/x:y}.type") {
				t.Errorf("%s: %s", key, text)
			}
		}
	})
}

func (fakeConverter) Config() *connect.ConfigDef       { return connect.NewConfigDef() }
func (fakeHeaderConverter) Config() *connect.ConfigDef { return connect.NewConfigDef() }
