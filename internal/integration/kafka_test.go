package integration

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/testcontainers/testcontainers-go"
)

const kafkaVersion = "3.9.2"

// startDeadline bounds the start of a component, the fetching of its jars or its image included.
const startDeadline = 5 * time.Minute

var kafkaJars = java{
	name:      "kafka-" + kafkaVersion,
	artifacts: []artifact{"org.apache.kafka:kafka_2.13:" + kafkaVersion, slf4j},
	heap:      "1g",
}

// sharedKafka is the address of the broker that the tests share: one node, topics created by use, with 2 partitions.
func sharedKafka(t *testing.T) string {
	t.Helper()
	needReal(t)
	return mustFind(t, findKafka)
}

var findKafka = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startDeadline)
	defer cancel()
	if addr := os.Getenv("SLUICE_TEST_KAFKA"); addr != "" {
		return addr, nil
	}
	if dockerAnswers() {
		return kafkaContainer(ctx)
	}
	b, err := newBroker()
	if err != nil {
		return "", err
	}
	if err := b.start(ctx); err != nil {
		return "", err
	}
	return b.addr, nil
})

// mustFind returns what find found; it skips the test where the machine lacks something and fails it otherwise.
func mustFind(t *testing.T, find func() (string, error)) string {
	t.Helper()
	addr, err := find()
	switch {
	case errors.Is(err, errMissing):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	return addr
}

// kafkaContainer starts the image, which must know the host's port of its listener before it starts: the container waits
// for its start script, which is written when the port is known.
func kafkaContainer(ctx context.Context) (string, error) {
	const script = "/tmp/start.sh"
	c, addr, err := runContainer(ctx, "apache/kafka:"+kafkaVersion, "9092/tcp",
		testcontainers.WithEntrypoint("sh", "-c", "while [ ! -f "+script+" ]; do sleep 0.1; done; sh "+script))
	if err != nil {
		return "", err
	}
	start := "cat > /tmp/server.properties <<EOF\n" + brokerProperties("0.0.0.0:9092", "127.0.0.1:9093", addr, "/tmp/data") + "EOF\n" +
		"/opt/kafka/bin/kafka-storage.sh format -t " + clusterID() + " -c /tmp/server.properties && " +
		"exec /opt/kafka/bin/kafka-server-start.sh /tmp/server.properties\n"
	if err := c.CopyToContainer(ctx, []byte(start), script, 0o755); err != nil {
		return "", err
	}
	for {
		err := kafkaAnswers(addr)
		if err == nil {
			return addr, nil
		}
		select {
		case <-time.After(pollInterval):
		case <-ctx.Done():
			return "", fmt.Errorf("kafka in Docker: %w", err)
		}
	}
}

// broker is a Kafka node of its own, which a test may stop and start again on the same port with the same data.
type broker struct {
	addr       string
	controller string
	dir        string
	properties []string // more lines of its properties
	formatArgs []string // more arguments for the storage tool
	proc       *process
}

// newBroker prepares a broker; start starts it.
func newBroker() (*broker, error) {
	dir, err := os.MkdirTemp(scratch, "kafka-")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	controller, err := freePort()
	if err != nil {
		return nil, err
	}
	return &broker{addr: "127.0.0.1:" + port, controller: "127.0.0.1:" + controller, dir: dir}, nil
}

func (b *broker) start(ctx context.Context) error {
	file := filepath.Join(b.dir, "server.properties")
	if _, err := os.Stat(file); err != nil {
		if err := os.WriteFile(file, []byte(brokerProperties(b.addr, b.controller, b.addr, filepath.Join(b.dir, "data"))+strings.Join(b.properties, "\n")+"\n"), 0o644); err != nil {
			return err
		}
		storage := kafkaJars
		storage.main = "kafka.tools.StorageTool"
		format, err := storage.command(ctx, append([]string{"format", "-t", clusterID(), "-c", file}, b.formatArgs...)...)
		if err != nil {
			return err
		}
		if out, err := format.CombinedOutput(); err != nil { // a second's work on local files
			return fmt.Errorf("format the broker's storage: %w\n%s", err, out)
		}
	}
	server := kafkaJars
	server.main = "kafka.Kafka"
	cmd, err := server.command(ctx, file)
	if err != nil {
		return err
	}
	b.proc, err = startProcess("kafka", cmd)
	if err != nil {
		return err
	}
	if err := b.proc.until(ctx, func() error { return kafkaAnswers(b.addr) }); err != nil {
		return fmt.Errorf("kafka %s: %w", kafkaVersion, err)
	}
	return nil
}

// startOrSkip starts a test's own broker; it skips the test where the machine cannot.
func startOrSkip(t *testing.T, b *broker) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startDeadline)
	defer cancel()
	mustFind(t, func() (string, error) { return b.addr, b.start(ctx) })
	proc := b.proc
	t.Cleanup(proc.kill)
}

// clusterID is a fresh id in the form that the storage tool takes. The tool reads an id that starts with a dash as an option, which is why
// Kafka never makes one (Kafka: Uuid.randomUuid).
func clusterID() string {
	for {
		id := uuid.New()
		if text := base64.RawURLEncoding.EncodeToString(id[:]); text[0] != '-' {
			return text
		}
	}
}

// brokerProperties is a KRaft node that is broker and controller, and alone.
func brokerProperties(listen, controller, advertised, data string) string {
	return strings.Join([]string{
		"process.roles=broker,controller",
		"node.id=1",
		"controller.quorum.voters=1@" + controller,
		"listeners=PLAINTEXT://" + listen + ",CONTROLLER://" + controller,
		"advertised.listeners=PLAINTEXT://" + advertised,
		"controller.listener.names=CONTROLLER",
		"inter.broker.listener.name=PLAINTEXT",
		"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"log.dirs=" + data,
		"num.partitions=2",
		"auto.create.topics.enable=true",
		"offsets.topic.replication.factor=1",
		"offsets.topic.num.partitions=4",
		"transaction.state.log.replication.factor=1",
		"transaction.state.log.min.isr=1",
		"transaction.state.log.num.partitions=4",
		"group.initial.rebalance.delay.ms=0",
	}, "\n") + "\n"
}
