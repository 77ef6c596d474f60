package worker_test

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/connect/transform"
	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
	"sluice/sinks/file"
	"sluice/worker"
)

// startWorkerWithTransforms runs a worker that has all converters and transforms and the file sink, until the end of the test.
func startWorkerWithTransforms(t *testing.T, addr string, logger *slog.Logger, more ...connect.Plugin) *worker.Worker {
	t.Helper()
	cfg, _, err := worker.LoadConfig(settings(addr), nil)
	must(t, err)
	all := append(more, file.Plugin(converter.AppendJavaString))
	all = append(all, converter.Plugins()...)
	all = append(all, transform.Plugins(transform.Text{Parse: converter.ParseText, String: converter.JavaString})...)
	plugins, err := connect.NewPlugins(all...)
	must(t, err)
	w, err := worker.New(worker.Options{Config: cfg, Plugins: plugins, Logger: logger, WorkerID: "one:8083", Version: "3.9.2-test"})
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-over; err != nil {
			t.Errorf("worker ended with %v", err)
		}
	})
	<-w.Ready()
	return w
}

// The example of docs/errors.md does what the page says.
func TestExampleOfTheErrorsPage(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../docs/errors.md")
	must(t, err)
	page, out := string(data), filepath.Join(t.TempDir(), "orders.txt")
	between := func(from, to string) string {
		_, rest, found := strings.Cut(page, from)
		part, _, ended := strings.Cut(rest, to)
		if !found || !ended {
			t.Fatalf("the page lacks %q and %q", from, to)
		}
		return part
	}
	broker := startBroker(t, embedded.Options{})
	createOrders(t, broker.Addr())
	var log reports
	w := startWorkerWithTransforms(t, broker.Addr(), log.logger())
	p, err := kafka.NewProducer(kafka.ProducerConfig{Properties: kafka.Properties{"bootstrap.servers": broker.Addr()}})
	must(t, err)
	must(t, p.Start(t.Context()))
	for line := range strings.Lines(between("```json\n", "```")) {
		must(t, p.Send(t.Context(), kafka.OutRecord{Topic: "orders", Value: []byte(strings.TrimSpace(line))}))
	}
	must(t, p.Close(t.Context()))

	var request struct {
		Name   string
		Config map[string]string
	}
	must(t, json.Unmarshal([]byte(between("--data '", "'\n")), &request))
	props := worker.Properties{}
	for key, value := range request.Config {
		if key == "file" {
			value = out
		}
		props = props.With(key, &value)
	}
	props = props.With("name", &request.Name)
	_, _, err = w.Herder().PutConnector(t.Context(), request.Name, props, nil, false)
	must(t, err)
	awaitLines(t, out, "{amount=12,", "id=A}")

	got := records(t, broker.Addr(), request.Config["errors.deadletterqueue.topic.name"], 1)
	if len(got) != 1 || *got[0].Value != `{"id":"B","amount":"a dozen"}` {
		t.Fatalf("got %v", got)
	}
	headers := map[string]string{}
	for _, h := range got[0].Headers {
		headers[h.Name] = *h.Value
	}
	shown := bufio.NewScanner(strings.NewReader(between("stand\n\n```text\n", "```")))
	for shown.Scan() {
		name, value, _ := strings.Cut(shown.Text(), " ")
		if value = strings.TrimSpace(value); headers[name] != value {
			t.Errorf("%s is %q, the page says %q", name, headers[name], value)
		}
		delete(headers, name)
	}
	if len(headers) != 1 {
		t.Errorf("left are %v, the page names the stack trace alone", headers)
	}
	before, after, _ := strings.Cut(strings.TrimSpace(between("The log has the line\n\n```text\n", "```")), "…")
	if lines := log.of("orders-file-0"); len(lines) != 1 || !strings.HasPrefix(lines[0], before) || !strings.HasSuffix(lines[0], after) {
		t.Errorf("the log has %q", lines)
	}
}
