package worker_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"sluice/connect"
	"sluice/connect/converter"
	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
	"sluice/sinks/file"
	"sluice/worker"
	"sluice/worker/store"
)

// asWorker makes the test's binary run as a worker against the broker it names, so that a test can kill it.
const asWorker = "SLUICE_TEST_RUN_WORKER"

func TestMain(m *testing.M) {
	if bootstrap := os.Getenv(asWorker); bootstrap != "" {
		runAsWorker(bootstrap)
		return
	}
	// go-metrics, which sarama counts with, starts one ticker per process and never stops it.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

func settings(bootstrap string, pairs ...string) map[string]string {
	p := map[string]string{
		"bootstrap.servers": bootstrap, "group.id": "test-cluster",
		"config.storage.topic": "test-configs", "config.storage.replication.factor": "1",
		"offset.storage.topic": "test-offsets", "offset.storage.replication.factor": "1",
		"status.storage.topic": "test-status", "status.storage.replication.factor": "1",
		"key.converter":               "org.apache.kafka.connect.storage.StringConverter",
		"value.converter":             "org.apache.kafka.connect.storage.StringConverter",
		"offset.flush.interval.ms":    "200",
		"consumer.session.timeout.ms": "30000", "consumer.heartbeat.interval.ms": "200",
		"consumer.fetch.max.wait.ms": "50",
	}
	for i := 0; i < len(pairs); i += 2 {
		p[pairs[i]] = pairs[i+1]
	}
	return p
}

func newWorker(p map[string]string, id string, logger *slog.Logger, more ...connect.Plugin) (*worker.Worker, error) {
	cfg, _, err := worker.LoadConfig(p, nil)
	if err != nil {
		return nil, err
	}
	plugins, err := connect.NewPlugins(append(append(converter.Plugins(), file.Plugin(converter.AppendJavaString)), more...)...)
	if err != nil {
		return nil, err
	}
	return worker.New(worker.Options{Config: cfg, Plugins: plugins, Logger: logger, WorkerID: id, Version: "3.9.2-test"})
}

func runAsWorker(bootstrap string) {
	w, err := newWorker(settings(bootstrap), "killed:8083", nil)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	go func() {
		<-w.Ready()
		fmt.Println("ready")
		// The commands of the test, one a line: the name of a connector to create and its file.
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			name, out, _ := strings.Cut(lines.Text(), " ")
			_, _, err := w.Herder().PutConnector(context.Background(), name, fileSink(name, out, 2), nil, false)
			fmt.Println("created", err)
		}
	}()
	fmt.Println(w.Run(context.Background()))
}

func fileSink(name, out string, tasks int) worker.Properties {
	var p worker.Properties
	for _, kv := range [][2]string{
		{"connector.class", file.Class}, {"tasks.max", fmt.Sprint(tasks)}, {"topics", "orders"}, {"file", out}, {"name", name},
	} {
		p = p.With(kv[0], &kv[1])
	}
	return p
}

// startWorker runs a worker until the end of the test, or until the result is called.
func startWorker(t *testing.T, p map[string]string, id string, more ...connect.Plugin) (w *worker.Worker, stop func()) {
	t.Helper()
	w, err := newWorker(p, id, testLogger(t), more...)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- w.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-over; err != nil {
			t.Errorf("worker ended with %v", err)
		}
	})
	t.Cleanup(stop)
	select {
	case <-w.Ready():
	case <-time.After(20 * time.Second):
		t.Fatal("the worker does not get ready")
	}
	return w, stop
}

func startBroker(t *testing.T, o embedded.Options) *embedded.Broker {
	t.Helper()
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	o.GroupMinSessionTimeout = 100 * time.Millisecond
	b, err := embedded.New(o)
	must(t, err)
	must(t, b.Start(t.Context()))
	t.Cleanup(func() { b.Close() })
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func testLogger(t *testing.T) *slog.Logger {
	if !testing.Verbose() {
		return nil
	}
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// awaitState waits until a connector and its tasks are in these states: "RUNNING RUNNING RUNNING".
func awaitState(t *testing.T, w *worker.Worker, name, want string) {
	t.Helper()
	await(t, name+" to be "+want, func() (string, bool) {
		info, err := w.Herder().ConnectorStatus(name)
		if err != nil {
			return err.Error(), false
		}
		states := []string{string(info.Connector.State)}
		for _, task := range info.Tasks {
			states = append(states, string(task.State))
		}
		got := strings.Join(states, " ")
		return got, got == want
	})
}

// await asks again and again: statuses and files tell nobody when they change.
func await(t *testing.T, what string, ask func() (got string, ok bool)) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		got, ok := ask()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s, last: %s", what, got)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func awaitLines(t *testing.T, path string, want ...string) {
	t.Helper()
	await(t, fmt.Sprintf("lines %v", want), func() (string, bool) {
		data, _ := os.ReadFile(path)
		lines := strings.Fields(string(data))
		for _, w := range want {
			if !slices.Contains(lines, w) {
				return fmt.Sprint(lines), false
			}
		}
		return "", true
	})
}

func produce(t *testing.T, bootstrap string, values ...string) {
	t.Helper()
	p, err := kafka.NewProducer(kafka.ProducerConfig{Properties: kafka.Properties{"bootstrap.servers": bootstrap}})
	must(t, err)
	must(t, p.Start(t.Context()))
	for i, v := range values {
		must(t, p.Send(t.Context(), kafka.OutRecord{Topic: "orders", Partition: int32(i % 2), Value: []byte(v)}))
	}
	must(t, p.Close(t.Context()))
}

func createOrders(t *testing.T, bootstrap string) {
	t.Helper()
	a, err := kafka.NewAdmin(kafka.AdminConfig{Properties: kafka.Properties{"bootstrap.servers": bootstrap}})
	must(t, err)
	_, err = a.CreateTopic(t.Context(), kafka.TopicSpec{Name: "orders", Partitions: 2, ReplicationFactor: 1})
	must(t, err)
	must(t, a.Close())
}

func TestWorkerOnKafka(t *testing.T) {
	t.Parallel()
	broker := startBroker(t, embedded.Options{})
	createOrders(t, broker.Addr())
	out := filepath.Join(t.TempDir(), "out.txt")
	w, stop := startWorker(t, settings(broker.Addr()), "one:8083")
	ctx, h := t.Context(), w.Herder()

	_, created, err := h.PutConnector(ctx, "x", fileSink("x", out, 2), nil, false)
	if must(t, err); !created {
		t.Error("not created")
	}
	awaitState(t, w, "x", "RUNNING RUNNING RUNNING")
	produce(t, broker.Addr(), "a", "b")
	awaitLines(t, out, "a", "b")
	await(t, "the topic to be known", func() (string, bool) {
		topics, err := h.ActiveTopics("x")
		return fmt.Sprint(topics, err), err == nil && slices.Equal(topics, []string{"orders"})
	})
	if id := h.ServerInfo().KafkaClusterID; id == "" {
		t.Error("the cluster's id is not known")
	}
	must(t, h.PauseConnector(ctx, "x"))
	awaitState(t, w, "x", "PAUSED PAUSED PAUSED")
	must(t, h.ResumeConnector(ctx, "x"))
	awaitState(t, w, "x", "RUNNING RUNNING RUNNING")
	_, _, err = h.PutConnector(ctx, "x", fileSink("x", out, 1), nil, true)
	must(t, err)
	awaitState(t, w, "x", "RUNNING RUNNING")
	must(t, h.StopConnector(ctx, "x"))
	awaitState(t, w, "x", "STOPPED")
	produce(t, broker.Addr(), "c")
	must(t, h.ResumeConnector(ctx, "x"))
	awaitLines(t, out, "c")
	stop()

	// The next worker finds what this one left, its farewell included.
	next, _ := startWorker(t, settings(broker.Addr()), "two:8083")
	awaitState(t, next, "x", "RUNNING RUNNING")
	info, err := next.Herder().ConnectorStatus("x")
	must(t, err)
	if info.Connector.WorkerID != "two:8083" {
		t.Errorf("connector is run by %s", info.Connector.WorkerID)
	}
	produce(t, broker.Addr(), "d")
	awaitLines(t, out, "d")
	must(t, next.Herder().DeleteConnector(ctx, "x"))
	await(t, "the status to vanish", func() (string, bool) {
		_, err := next.Herder().ConnectorStatus("x")
		return fmt.Sprint(err), err != nil
	})
	data, err := os.ReadFile(out)
	must(t, err)
	if got := strings.Fields(string(data)); !slices.Equal(got, []string{"a", "b", "c", "d"}) && !slices.Equal(got, []string{"b", "a", "c", "d"}) {
		t.Errorf("written %v, want each record once: all ends were clean", got)
	}
}

func TestWorkerThatWasKilled(t *testing.T) {
	t.Parallel()
	broker := startBroker(t, embedded.Options{})
	createOrders(t, broker.Addr())
	out := filepath.Join(t.TempDir(), "out.txt")

	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asWorker+"="+broker.Addr())
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	expectLine := func(want string) {
		t.Helper()
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("the worker says %q, want %q", lines.Text(), want)
		}
	}
	expectLine("ready")
	_, err = fmt.Fprintf(stdin, "x %s\n", out)
	must(t, err)
	expectLine("created <nil>")
	produce(t, broker.Addr(), "a", "b")
	awaitLines(t, out, "a", "b")
	// kfake never expires a member that dies in the middle of a rebalance.
	_, err = broker.Cluster().WaitGroupStable(t.Context(), "connect-x", 2)
	must(t, err)
	must(t, cmd.Process.Kill())
	_ = cmd.Wait() // it was killed

	w, _ := startWorker(t, settings(broker.Addr()), "next:8083")
	if got := w.Herder().Connectors(); !slices.Equal(got, []string{"x"}) {
		t.Fatalf("connectors %v", got)
	}
	awaitState(t, w, "x", "RUNNING RUNNING RUNNING")
	produce(t, broker.Addr(), "c", "d")
	awaitLines(t, out, "c", "d") // at once: they have the places of the dead tasks, whose sessions go on
}

func TestKafkaThatIsNotThere(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	addr := l.Addr().String()
	must(t, l.Close())
	w, err := newWorker(settings(addr, "default.api.timeout.ms", "1000"), "one:8083", testLogger(t))
	must(t, err)
	begin := time.Now()
	err = w.Run(t.Context())
	var start *worker.StartError
	if !errors.As(err, &start) || !strings.Contains(err.Error(), addr) {
		t.Errorf("error %v, want a StartError that names %s", err, addr)
	}
	if took := time.Since(begin); took < 900*time.Millisecond || took > 5*time.Second {
		t.Errorf("gave up after %s", took)
	}
	if err := w.Herder().PauseConnector(t.Context(), "x"); !errors.Is(err, worker.ErrShuttingDown) {
		t.Errorf("a request to the dead worker: %v", err)
	}

	// A worker that is told to stop while it waits ends without an error.
	w, err = newWorker(settings(addr), "one:8083", testLogger(t))
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := w.Run(ctx); err != nil {
		t.Errorf("stopped while it waited for Kafka: %v", err)
	}
}

func TestConfigTopicOfTwoPartitionsIsRefused(t *testing.T) {
	t.Parallel()
	broker := startBroker(t, embedded.Options{})
	a, err := kafka.NewAdmin(kafka.AdminConfig{Properties: kafka.Properties{"bootstrap.servers": broker.Addr()}})
	must(t, err)
	_, err = a.CreateTopic(t.Context(), kafka.TopicSpec{Name: "test-configs", Partitions: 2, ReplicationFactor: 1, Configs: map[string]string{"cleanup.policy": "compact"}})
	must(t, err)
	must(t, a.Close())
	w, err := newWorker(settings(broker.Addr()), "one:8083", testLogger(t))
	must(t, err)
	err = w.Run(t.Context())
	var policy *kafka.TopicPolicyError
	var start *worker.StartError
	if !errors.As(err, &policy) || !errors.As(err, &start) {
		t.Errorf("error %v", err)
	}
}

func TestKafkaThatComesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broker := startBroker(t, embedded.Options{DataDir: dir})
	addr := broker.Addr()
	createOrders(t, addr)
	out := filepath.Join(t.TempDir(), "out.txt")
	w, stop := startWorker(t, settings(addr), "one:8083")
	ctx, h := t.Context(), w.Herder()
	_, _, err := h.PutConnector(ctx, "x", fileSink("x", out, 1), nil, false)
	must(t, err)
	awaitState(t, w, "x", "RUNNING RUNNING")

	must(t, broker.Close())
	short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	var late *worker.TimeoutError
	if err := h.PauseConnector(short, "x"); !errors.As(err, &late) || !strings.Contains(err.Error(), "The worker is currently writing the target state of connector x") {
		t.Errorf("a write while Kafka is away: %v", err)
	}
	// The task's state changes meanwhile; it is written when Kafka is back.
	must(t, h.RestartTask(ctx, connect.TaskID{Connector: "x", Task: 0}))

	startBroker(t, embedded.Options{DataDir: dir, Addr: addr})
	await(t, "the pause that was asked for to arrive", func() (string, bool) {
		info, err := h.ConnectorStatus("x")
		return fmt.Sprint(info, err), err == nil && info.Connector.State == "PAUSED" && info.Tasks[0].State == "PAUSED"
	})
	must(t, h.ResumeConnector(ctx, "x"))
	awaitState(t, w, "x", "RUNNING RUNNING")
	produce(t, addr, "a", "b")
	awaitLines(t, out, "a", "b")
	stop()
}

// A worker that is told to stop while Kafka is away does so in bounded time.
func TestStoppingWithoutKafka(t *testing.T) {
	t.Parallel()
	broker := startBroker(t, embedded.Options{})
	createOrders(t, broker.Addr())
	w, stop := startWorker(t, settings(broker.Addr(), "task.shutdown.graceful.timeout.ms", "300"), "one:8083")
	_, _, err := w.Herder().PutConnector(t.Context(), "x", fileSink("x", filepath.Join(t.TempDir(), "out.txt"), 1), nil, false)
	must(t, err)
	awaitState(t, w, "x", "RUNNING RUNNING")
	must(t, broker.Close())
	begin := time.Now()
	stop()
	if took := time.Since(begin); took > 12*time.Second {
		t.Errorf("stopping took %s", took)
	}
}

func TestWorkerConvertersAreCheckedAtTheStart(t *testing.T) {
	for _, tc := range []struct{ key, value, want string }{
		{"value.converter", "com.acme.AvroConverter", "value.converter"},
		{"header.converter", "com.acme.Header", "header.converter"},
	} {
		_, err := newWorker(settings("localhost:1", tc.key, tc.value), "one:8083", nil)
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), tc.value) {
			t.Errorf("%s=%s: %v", tc.key, tc.value, err)
		}
	}
}

// A configuration that does not fit into a record of the config topic is refused, and nothing else suffers.
func TestConfigurationThatTheTopicCannotHold(t *testing.T) {
	t.Parallel()
	broker := startBroker(t, embedded.Options{})
	createOrders(t, broker.Addr())
	w, _ := startWorker(t, settings(broker.Addr()), "one:8083")
	ctx, h := t.Context(), w.Herder()
	out := filepath.Join(t.TempDir(), "out.txt")
	_, _, err := h.PutConnector(ctx, "x", fileSink("x", out, 1), nil, false)
	must(t, err)
	awaitState(t, w, "x", "RUNNING RUNNING")
	before, err := h.ConnectorConfig(ctx, "x")
	must(t, err)

	var large worker.Properties
	value := strings.Repeat("v", 100)
	for i := range 20_000 {
		large = append(large, store.Property{Key: fmt.Sprint("key", i), Value: &value})
	}
	_, _, created := h.PutConnector(ctx, "y", fileSink("y", out, 1).Merge(large), nil, false)
	_, _, replaced := h.PutConnector(ctx, "x", fileSink("x", out, 1).Merge(large), nil, true)
	_, patched := h.PatchConnector(ctx, "x", large)
	for _, err := range []error{created, replaced, patched} {
		var refused *store.WriteError
		if !errors.As(err, &refused) || err.Error() != "Error writing connector configuration to Kafka" {
			t.Errorf("got %v", err)
		}
	}
	if got := h.Connectors(); !slices.Equal(got, []string{"x"}) {
		t.Errorf("connectors are %v", got)
	}
	if after, err := h.ConnectorConfig(ctx, "x"); err != nil || !after.Equal(before) {
		t.Errorf("the configuration became one of %d keys (%v)", len(after), err)
	}
	produce(t, broker.Addr(), "a")
	awaitLines(t, out, "a")
}

// A failure with a trace that no record could hold shows all the same.
func TestFailureWithAHugeTrace(t *testing.T) {
	t.Parallel()
	broker := startBroker(t, embedded.Options{})
	s, err := store.NewTopicStatusStore(store.Topic{Name: "status", Partitions: 1, ReplicationFactor: 1, Reader: kafka.Properties{"bootstrap.servers": broker.Addr()}}, testLogger(t))
	must(t, err)
	must(t, s.Start(t.Context()))
	defer func() { must(t, s.Close(context.WithoutCancel(t.Context()))) }()
	id := connect.TaskID{Connector: "x"}
	s.PutTask(id, store.Status{State: store.Running, WorkerID: "one:8083"})
	must(t, s.Flush(t.Context()))
	s.PutTaskSafe(id, store.Status{State: store.Failed, Trace: strings.Repeat("\x00", 5<<20), WorkerID: "one:8083"})
	must(t, s.Flush(t.Context()))
	if got, _ := s.Task(id); got.State != store.Failed {
		t.Errorf("the task is %s", got.State)
	}
}

// A worker that cannot read an internal topic any more stops and says why.
func TestWorkerEndsWhenAnInternalTopicCannotBeRead(t *testing.T) {
	for _, topic := range []string{"test-configs", "test-status"} {
		t.Run(topic, func(t *testing.T) {
			t.Parallel()
			broker := startBroker(t, embedded.Options{})
			w, err := newWorker(settings(broker.Addr()), "one:8083", testLogger(t))
			must(t, err)
			over := make(chan error, 1)
			go func() { over <- w.Run(t.Context()) }()
			select {
			case <-w.Ready():
			case err := <-over:
				t.Fatal(err)
			}
			refuseFetches(broker, topic)
			select {
			case err := <-over:
				if !kafka.IsAuthorization(err) || !strings.Contains(err.Error(), topic) {
					t.Errorf("ended with %v, want the missing permission for %s", err, topic)
				}
			case <-time.After(20 * time.Second):
				t.Error("the worker goes on without its topic")
			}
		})
	}
}

// refuseFetches makes the broker answer all fetches from now on as if the client was not allowed to read. Those of other topics are
// dropped, which is trouble that may pass.
func refuseFetches(b *embedded.Broker, topic string) {
	b.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.Cluster().KeepControl()
		fetch := req.(*kmsg.FetchRequest)
		if len(fetch.Topics) == 0 || fetch.Topics[0].Topic != topic {
			return nil, errors.New("dropped by the test"), true
		}
		resp := req.ResponseKind().(*kmsg.FetchResponse)
		for _, asked := range fetch.Topics {
			answered := kmsg.NewFetchResponseTopic()
			answered.Topic, answered.TopicID = asked.Topic, asked.TopicID
			for _, p := range asked.Partitions {
				part := kmsg.NewFetchResponseTopicPartition()
				part.Partition, part.ErrorCode = p.Partition, kerr.TopicAuthorizationFailed.Code
				answered.Partitions = append(answered.Partitions, part)
			}
			resp.Topics = append(resp.Topics, answered)
		}
		return resp, nil, true
	})
}
