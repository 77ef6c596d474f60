package distributed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/converter"
	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/loggers"
	"sluice/worker"
)

const quotingClass = "com.acme.QuotingSinkConnector"

// quoting is a sink that tells everybody its settings: it logs them, and quotes them in each of its errors. Its setting fail says where
// it fails.
type quoting struct{ props map[string]string }

func (*quoting) Version() string { return "1" }

func (*quoting) Config() *connect.ConfigDef {
	key := func(name string, t connect.ConfigType) connect.ConfigKey {
		return connect.ConfigKey{Name: name, Type: t, Default: "", Importance: connect.High}
	}
	return connect.NewConfigDef(key("pw", connect.TypePassword), key("raw", connect.TypePassword), key("url", connect.TypeString), key("list", connect.TypeList),
		key("fail", connect.TypeString))
}

// quote is an error that has the settings in several forms.
func quote(when string, props map[string]string) error {
	b, err := json.Marshal(props)
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", when, fmt.Errorf("settings %v, %q, %s, %s: %w", props, props, b, url.QueryEscape(props["url"]), errors.New(props["pw"])))
}

func (*quoting) ValidateConfig(props map[string]string) []*connect.ConfigError {
	if props["fail"] != "validate" {
		return nil
	}
	return []*connect.ConfigError{{Key: "url", Value: props["url"], Rule: quote("validate", props).Error()}}
}

func (q *quoting) Start(_ context.Context, props map[string]string) error {
	q.props = props
	switch props["fail"] {
	case "start":
		return quote("start", props)
	case "panic":
		panic(quote("panic", props))
	}
	return nil
}

func (q *quoting) TaskConfigs(int) ([]map[string]string, error) {
	if q.props["fail"] == "configs" {
		return nil, quote("configs", q.props)
	}
	own := map[string]string{"copy": q.props["pw"], "dsn": "x:" + q.props["url"] + "/" + q.props["pw"]}
	for k, v := range q.props {
		own[k] = v
	}
	return []map[string]string{own}, nil
}

func (*quoting) Stop(context.Context) error { return nil }
func (*quoting) NewTask() connect.SinkTask  { return &quotingTask{} }

type quotingTask struct{ props map[string]string }

func (t *quotingTask) Start(_ context.Context, tc connect.SinkTaskContext, props map[string]string) error {
	t.props = props
	log := tc.Logger().With("props", props)
	for _, level := range []slog.Level{loggers.Trace.Level(), slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		log.Log(context.Background(), level, "started with "+props["pw"], "url", props["url"], "err", quote("log", props), slog.Group("g", "list", props["list"]))
	}
	if props["fail"] == "task" {
		return quote("task", props)
	}
	return nil
}

func (t *quotingTask) Put(_ context.Context, records []connect.SinkRecord) error {
	if len(records) > 0 {
		return quote("put", t.props)
	}
	return nil
}

func (*quotingTask) Stop(context.Context) error { return nil }

// vault is what the secrets come from.
type vault struct {
	dir     string
	environ []string
	secrets []string // what must not show
}

func newVault(t *testing.T) vault {
	t.Helper()
	v := vault{dir: t.TempDir(), environ: []string{"DB_URL=env-secret-4711", "OTHER=x"},
		secrets: []string{"file-secret-0815", "dir-secret-3\"x<y", "env-secret-4711", "list-secret", "worker-secret-2"}}
	must(t, os.WriteFile(filepath.Join(v.dir, "s.properties"), []byte("pw=file-secret-0815\nlist=list-secret,two\nclient=worker-secret-2\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(v.dir, "token"), []byte("dir-secret-3\"x<y\n"), 0o600))
	return v
}

func (v vault) settings() map[string]string {
	return map[string]string{
		"config.providers":                             "file,dir,env",
		"config.providers.file.class":                  "org.apache.kafka.common.config.provider.FileConfigProvider",
		"config.providers.file.param.allowed.paths":    v.dir,
		"config.providers.dir.class":                   "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
		"config.providers.dir.param.allowed.paths":     v.dir,
		"config.providers.env.class":                   "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
		"config.providers.env.param.allowlist.pattern": "DB_.*",
		"client.id": "${file:" + v.dir + "/s.properties:client}",
	}
}

// connector is a configuration with a secret of each provider, and rawPassword.
func (v vault) connector(name, fail string) map[string]string {
	return map[string]string{
		"name": name, "connector.class": quotingClass, "topics": "in", "fail": fail, "raw": rawPassword,
		"pw": "${file:" + v.dir + "/s.properties:pw}", "url": "db://${env:DB_URL}@h", "list": "${file:" + v.dir + "/s.properties:list}",
		"token": "${dir:" + v.dir + ":token}", "consumer.override.client.id": "${env:DB_URL}", "errors.log.enable": "true", "errors.log.include.messages": "true",
	}
}

// rawPassword stands in the configuration, so it shows where the configuration does.
const rawPassword = "raw-password-9"

// secretive is a worker whose logs and answers are kept.
type secretive struct {
	*running
	t    *testing.T
	seen *strings.Builder
}

func (s secretive) call(method, path string, body any) (status int, answer string) {
	s.t.Helper()
	b, err := json.Marshal(body)
	must(s.t, err)
	req, err := http.NewRequestWithContext(s.t.Context(), method, strings.TrimSuffix(s.url, "/")+path, strings.NewReader(string(b)))
	must(s.t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	must(s.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(s.t, err)
	fmt.Fprintf(s.seen, "%s %s: %d %s\n", method, path, resp.StatusCode, text)
	return resp.StatusCode, string(text)
}

// await asks for a connector's status until it shows a text.
func (s secretive) await(name, want string) {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		_, answer := s.call("GET", "/connectors/"+name+"/status", nil)
		if strings.Contains(answer, want) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s does not come to %s: %s", name, want, answer)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// A secret shows nowhere but where its user has put it: not in a log of any level, not in an answer, not in what the topics keep.
func TestSecretsDoNotShow(t *testing.T) {
	broker, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0", AutoCreateTopics: true, GroupMinSessionTimeout: 100 * time.Millisecond})
	must(t, err)
	must(t, broker.Start(t.Context()))
	t.Cleanup(func() { broker.Close() })
	v := newVault(t)
	plugins, err := connect.NewPlugins(append(converter.Plugins(), connect.Plugin{
		Class: quotingClass, Type: connect.SinkPluginType, Version: "1", TaskClass: quotingClass + "Task", NewSink: func() connect.SinkConnector { return &quoting{} },
	})...)
	must(t, err)
	var logs lockedBuffer
	var answers strings.Builder
	begin := func() secretive {
		props := v.settings()
		for key, value := range map[string]string{
			"bootstrap.servers": broker.Addr(), "group.id": "g", "listeners": "http://127.0.0.1:0",
			"config.storage.topic": "c", "offset.storage.topic": "o", "status.storage.topic": "s", "config.storage.replication.factor": "1",
			"offset.storage.replication.factor": "1", "status.storage.replication.factor": "1",
			"key.converter":   "org.apache.kafka.connect.storage.StringConverter",
			"value.converter": "org.apache.kafka.connect.storage.StringConverter",
		} {
			props[key] = value
		}
		config, notices, err := worker.LoadConfig(props, v.environ)
		must(t, err)
		logger := slog.New(slog.NewJSONHandler(&logs, &slog.HandlerOptions{Level: loggers.Trace}))
		for _, n := range notices {
			logger.Log(t.Context(), n.Level, n.Text)
		}
		return secretive{start(t, Options{Config: config, Plugins: plugins, Version: "3.9.2-test", Logger: logger}, Run), t, &answers}
	}

	w := begin()
	must(t, produce(t.Context(), broker.Addr(), "in", "a record"))
	for _, fail := range []string{"put", "task", "start", "panic", "configs"} {
		if status, answer := w.call("POST", "/connectors", map[string]any{"name": fail, "config": v.connector(fail, fail)}); status != 201 {
			t.Fatalf("create %s: %d %s", fail, status, answer)
		}
	}
	w.await("put", `"trace":"`)
	w.await("task", `"trace":"`)
	w.await("start", `"trace":"`)
	w.await("panic", `"trace":"`)
	deadline := time.Now().Add(20 * time.Second)
	for !strings.Contains(logs.String(), "task configurations could not be generated") {
		if time.Now().After(deadline) {
			t.Fatal("no failure of task configurations is logged")
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.call("POST", "/connectors", map[string]any{"name": "invalid", "config": v.connector("invalid", "validate")})
	_, validated := w.call("PUT", "/connector-plugins/"+quotingClass+"/config/validate", v.connector("invalid", "validate"))
	for _, shown := range []string{`"name":"pw","value":"[hidden]"`, `"name":"raw","value":"[hidden]"`, `"value":"db://${env:DB_URL}@h"`} {
		if !strings.Contains(validated, shown) {
			t.Errorf("the answer of validate lacks %s: %s", shown, validated)
		}
	}
	numbers := v.connector("invalid", "")
	numbers["tasks.max"], numbers["consumer.override.sasl.jaas.config"], numbers["consumer.override.ssl.key.password"] = numbers["pw"], numbers["pw"], rawPassword
	w.call("PUT", "/connector-plugins/"+quotingClass+"/config/validate", numbers)
	numbers["connector.class"] = numbers["pw"]
	w.call("POST", "/connectors", map[string]any{"name": "invalid", "config": numbers})
	w.call("PATCH", "/connectors/put/config", map[string]any{"tasks.max": "${env:DB_URL}"})
	w.call("POST", "/connectors/start/restart", nil)
	w.call("POST", "/connectors/put/tasks/0/restart", nil)
	w.call("POST", "/connectors/put/restart?includeTasks=true", nil)
	w.await("put", `"trace":"`)
	w.call("PUT", "/connectors/put/pause", nil)
	w.call("PUT", "/connectors/put/resume", nil)
	w.call("PUT", "/connectors/put/stop", nil)
	w.call("GET", "/connectors/put/offsets", nil)
	w.call("DELETE", "/connectors/put/offsets", nil)
	w.call("PUT", "/connectors/put/resume", nil)
	w.stop()
	must(t, w.ended(t))

	w = begin() // which finds all of it
	w.await("put", `"trace":"`)
	w.await("start", `"trace":"`)
	// Where the configuration shows, the raw passwords do, and nothing else.
	own := answers
	var shown strings.Builder
	w.seen = &shown
	for _, path := range []string{"/connectors/put", "/connectors/put/config", "/connectors/put/tasks", "/connectors/put/tasks-config", "/connectors?expand=info", "/connectors?expand=status&expand=info"} {
		w.call("GET", path, nil)
	}
	w.stop()
	must(t, w.ended(t))

	configs, statuses := readAll(t, broker.Addr(), "c"), readAll(t, broker.Addr(), "s")
	for where, text := range map[string]string{"logs": logs.String(), "answers": own.String(), "configurations": shown.String(), "config topic": configs, "status topic": statuses} {
		secrets := v.secrets
		if where == "logs" || where == "status topic" || where == "answers" {
			secrets = append([]string{rawPassword}, secrets...)
		}
		if where == "answers" { // those of creation show the configuration
			text = withoutCreated(text)
		}
		for _, secret := range secrets {
			for _, form := range []string{secret, strings.ReplaceAll(secret, `"`, `\"`), strings.ReplaceAll(secret, "<", `\u003c`), url.QueryEscape(secret)} {
				if i := strings.Index(text, form); i >= 0 {
					t.Errorf("the %s show %q: ...%s", where, form, text[max(0, i-300):min(len(text), i+200)])
					break
				}
			}
		}
	}
	for where, text := range map[string]string{"config topic": configs, "configurations": shown.String()} {
		for _, kept := range []string{"${file:" + v.dir + "/s.properties:pw}", "db://${env:DB_URL}@h", rawPassword} {
			if !strings.Contains(text, kept) {
				t.Errorf("the %s lack %s", where, kept)
			}
		}
	}
	if !strings.Contains(statuses, "settings map[") || !strings.Contains(logs.String(), "started with ${file:") {
		t.Error("the sink has quoted nothing")
	}
}

// withoutCreated leaves out the answers that are a configuration.
func withoutCreated(answers string) string {
	var b strings.Builder
	for line := range strings.Lines(answers) {
		if !strings.HasPrefix(line, "POST /connectors: 201 ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func produce(ctx context.Context, addr, topic, value string) error {
	c, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.AllowAutoTopicCreation())
	if err != nil {
		return err
	}
	defer c.Close()
	return c.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte(value)}).FirstErr()
}

// readAll returns what stands in a topic, as text.
func readAll(t *testing.T, addr, topic string) string {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	must(t, err)
	defer c.Close()
	var b strings.Builder
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		fetches := c.PollFetches(ctx)
		cancel()
		if fetches.NumRecords() == 0 {
			if b.Len() == 0 {
				t.Fatalf("topic %s is empty: %v", topic, fetches.Err())
			}
			return b.String()
		}
		fetches.EachRecord(func(r *kgo.Record) { fmt.Fprintf(&b, "%s=%s\n", r.Key, r.Value) })
	}
}
