package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/connect"
	embedded "sluice/internal/embedded/kafka"
	"sluice/sinks/file"
)

// workerFile writes a worker's file that is complete, for the broker at an address.
func workerFile(t *testing.T, broker string, more ...string) string {
	t.Helper()
	lines := append([]string{
		"bootstrap.servers=" + broker, "group.id=g", "listeners=http://127.0.0.1:0",
		"config.storage.topic=c", "offset.storage.topic=o", "status.storage.topic=s",
		"config.storage.replication.factor=1", "offset.storage.replication.factor=1", "status.storage.replication.factor=1",
		"key.converter=org.apache.kafka.connect.json.JsonConverter", "value.converter=org.apache.kafka.connect.json.JsonConverter",
	}, more...)
	path := filepath.Join(t.TempDir(), "worker.properties")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// extra is a plugin that the binary does not bring.
func extra() connect.Plugin {
	p := file.Plugin(func(line []byte, _ any) []byte { return line })
	p.Class, p.TaskClass, p.Version = "com.example.ExtraSinkConnector", "com.example.ExtraSinkTask", "7"
	return p
}

func TestExitCodes(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	const nobody = "127.0.0.1:1"
	without := func(change func(*connect.Plugin)) []connect.Plugin {
		p := extra()
		change(&p)
		return []connect.Plugin{p}
	}
	good := workerFile(t, nobody)
	for _, c := range []struct {
		name    string
		plugins []connect.Plugin
		environ []string
		args    []string
		code    int
		says    string
	}{
		{"help", nil, nil, []string{"--help"}, ExitOK, "connect-distributed.sh"},
		{"no file", nil, nil, nil, ExitUsage, "--help"},
		{"an unknown flag", nil, nil, []string{"--loud", good}, ExitUsage, "--loud"},
		{"a file that is not there", nil, nil, []string{"/nowhere/w.properties"}, ExitUsage, "/nowhere/w.properties"},
		{"a setting that is wrong", nil, nil, []string{workerFile(t, nobody, "offset.flush.interval.ms=soon")}, ExitUsage, "Not a number of type LONG"},
		{"a wrong setting from the environment", nil, []string{"CONNECT_OFFSET_FLUSH_INTERVAL_MS=later"}, []string{good}, ExitUsage, "later"},
		{"a sink twice", []connect.Plugin{extra(), extra()}, nil, []string{good}, ExitUsage, "com.example.ExtraSinkConnector is registered twice"},
		{"a sink of the binary", []connect.Plugin{file.Plugin(nil)}, nil, []string{good}, ExitUsage, "is registered twice"},
		{"a sink without a class", without(func(p *connect.Plugin) { p.Class = "" }), nil, []string{good}, ExitUsage, "it has no Class"},
		{"a sink without a task class", without(func(p *connect.Plugin) { p.TaskClass = "" }), nil, []string{good}, ExitUsage, "needs a TaskClass"},
		{"a sink that cannot be made", without(func(p *connect.Plugin) { p.NewSink = nil }), nil, []string{good}, ExitUsage, "exactly the one"},
		{"a sink that is a transform, too", without(func(p *connect.Plugin) { p.NewTransform = func() connect.Transform { return nil } }), nil, []string{good}, ExitUsage, "exactly the one"},
		{"a source", without(func(p *connect.Plugin) { p.Type = connect.SourcePluginType }), nil, []string{good}, ExitUsage, `"source" is none`},
		{"no Kafka", nil, nil, []string{workerFile(t, nobody, "default.api.timeout.ms=300")}, ExitStart, nobody},
		{"a port that is taken", nil, nil, []string{workerFile(t, nobody, "listeners=http://"+taken.Addr().String())}, ExitStart, "in use"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			var stdout, stderr bytes.Buffer
			code := run(ctx, c.args, &stdout, &stderr, Worker{Plugins: c.plugins, Environ: c.environ})
			if out := stdout.String() + stderr.String(); code != c.code || !strings.Contains(out, c.says) {
				t.Errorf("got exit code %d, want %d; %q is to be in %q", code, c.code, c.says, out)
			}
		})
	}
}

// Given a plugin of the program's own, when its worker runs, then the REST API knows it beside the stock ones; and the end of the context is a
// clean stop.
func TestAWorkerHasTheProgramsPlugins(t *testing.T) {
	broker, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := broker.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	ready, ended := make(chan string, 1), make(chan error, 1)
	w := Worker{Plugins: []connect.Plugin{extra()}, Logger: NewLogger(t.Output(), "warn", "text"), Version: "5", Ready: func(url string) { ready <- url }}
	go func() { ended <- w.Run(ctx, workerFile(t, broker.Addr())) }()
	var url string
	select {
	case url = <-ready:
	case err := <-ended:
		t.Fatalf("the worker has ended: %v", err)
	}
	var root struct{ Version string }
	get(t, url, &root)
	if root.Version != "3.9.2-sluice.5" {
		t.Errorf("got version %q", root.Version)
	}
	var plugins []struct{ Class, Version string }
	get(t, url+"connector-plugins", &plugins)
	versions := map[string]string{}
	for _, p := range plugins {
		versions[p.Class] = p.Version
	}
	if versions["com.example.ExtraSinkConnector"] != "7" || versions[file.Class] != "3.9.2" {
		t.Errorf("got plugins %v", plugins)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("got %v, want a clean stop", err)
	}
}

func get(t *testing.T, url string, into any) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
}
