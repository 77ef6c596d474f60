package bench

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/kafka"
)

// Variables that make the benchmarks of records run at full size.
const (
	kafkaVariable = "SLUICE_BENCH_KAFKA" // 1: on Kafka itself
	javaVariable  = "SLUICE_BENCH_JAVA"  // 1: the same, and with Kafka Connect beside
	heapVariable  = "SLUICE_BENCH_HEAP"  // the largest heap of Kafka Connect; 2g, as connect-distributed.sh has it, unless given
)

func wanted(variable string) bool { return os.Getenv(variable) == "1" }

// brokerAddress is a broker in a process of its own, the same one for all benchmarks of a run.
func brokerAddress(tb testing.TB) string {
	tb.Helper()
	start := embeddedBroker
	if wanted(kafkaVariable) || wanted(javaVariable) {
		start = realBroker
	}
	addr, err := start()
	if errors.Is(err, errMissing) {
		tb.Skip(err)
	}
	must(tb, err)
	return addr
}

// embeddedBroker is the embedded Kafka.
var embeddedBroker = sync.OnceValues(func() (string, error) {
	cmd := self(brokerRole)
	out, in, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer out.Close()
	cmd.Stdout = in
	p, err := startProcess("embedded-kafka", cmd)
	in.Close()
	if err != nil {
		return "", err
	}
	atEnd(p.stop)
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("start %s: %w\n%s", p.name, err, p.tail())
	}
	return strings.TrimSpace(addr), nil
})

// realBroker is Kafka 3.9.2: one node that is broker and controller.
var realBroker = sync.OnceValues(func() (string, error) {
	dir, err := scratch()
	if err != nil {
		return "", err
	}
	addr, err := freeAddress()
	if err != nil {
		return "", err
	}
	controller, err := freeAddress()
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "server.properties")
	if err := os.WriteFile(file, []byte(strings.Join([]string{
		"process.roles=broker,controller", "node.id=1", "controller.quorum.voters=1@" + controller,
		"listeners=PLAINTEXT://" + addr + ",CONTROLLER://" + controller, "controller.listener.names=CONTROLLER",
		"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"log.dirs=" + filepath.Join(dir, "data"), "auto.create.topics.enable=true",
		"offsets.topic.replication.factor=1", "offsets.topic.num.partitions=4",
		"transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1", "transaction.state.log.num.partitions=4",
		"group.initial.rebalance.delay.ms=0",
	}, "\n")+"\n"), 0o644); err != nil {
		return "", err
	}
	format, err := java("kafka-3.9.2", "512m", "kafka.tools.StorageTool", "format", "-t", "c2x1aWNlLWJlbmNobWFyaw", "-c", file)
	if err != nil {
		return "", err
	}
	if out, err := format.CombinedOutput(); err != nil {
		return "", fmt.Errorf("format the broker's storage: %w\n%s", err, out)
	}
	server, err := java("kafka-3.9.2", "512m", "kafka.Kafka", file)
	if err != nil {
		return "", err
	}
	p, err := startProcess("kafka", server)
	if err != nil {
		return "", err
	}
	atEnd(p.stop)
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			return addr, conn.Close()
		}
		if time.Now().After(end) {
			return "", fmt.Errorf("kafka: %w\n%s", err, p.tail())
		}
	}
})

// errMissing says what the machine lacks.
var errMissing = errors.New("missing")

// java is a main class on jars that the tests of internal/integration have fetched.
func java(jars, heap, main string, args ...string) (*exec.Cmd, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return nil, fmt.Errorf("%w: java in PATH", errMissing)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, "sluice-test", jars)
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("%w: %s, which SLUICE_TEST_REAL=1 go test ./internal/integration fetches", errMissing, dir)
	}
	log4j, err := scratch()
	if err != nil {
		return nil, err
	}
	log4j = filepath.Join(log4j, "log4j.properties")
	if err := os.WriteFile(log4j, []byte("log4j.rootLogger=WARN, out\nlog4j.appender.out=org.apache.log4j.ConsoleAppender\n"+
		"log4j.appender.out.layout=org.apache.log4j.PatternLayout\nlog4j.appender.out.layout.ConversionPattern=%d %p %m (%c)%n\n"), 0o644); err != nil {
		return nil, err
	}
	// The options of kafka-run-class.sh.
	all := append([]string{"-Xmx" + heap, "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent",
		"-XX:MaxInlineLevel=15", "-Djava.awt.headless=true", "-Dlog4j.configuration=file:" + log4j, "-cp", filepath.Join(dir, "*"), main}, args...)
	return exec.Command("java", all...), nil
}

// freeAddress is where nobody listens.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// message is a key and a value.
type message struct{ key, value []byte }

// topics are those that produce has filled.
var topics = struct {
	sync.Mutex
	full map[string]bool
}{full: map[string]bool{}}

// fillTopic creates a topic and sends it n messages, unless an earlier benchmark has.
func fillTopic(tb testing.TB, bootstrap, topic string, partitions int32, compression string, n int, make func(i int) message) {
	tb.Helper()
	topics.Lock()
	defer topics.Unlock()
	if topics.full[topic] {
		return
	}
	ctx := tb.Context()
	admin, err := kafka.NewAdmin(kafka.AdminConfig{Properties: kafka.Properties{"bootstrap.servers": bootstrap}})
	must(tb, err)
	defer admin.Close()
	_, err = admin.CreateTopic(ctx, kafka.TopicSpec{Name: topic, Partitions: partitions, ReplicationFactor: 1})
	must(tb, err)
	producer, err := kafka.NewProducer(kafka.ProducerConfig{Properties: kafka.Properties{
		"bootstrap.servers": bootstrap, "linger.ms": "20", "batch.size": "131072", "max.request.size": "4194304",
		"compression.type": compression,
	}})
	must(tb, err)
	must(tb, producer.Start(ctx))
	for i := range n {
		m := make(i)
		must(tb, producer.SendAsync(ctx, kafka.OutRecord{Topic: topic, Partition: int32(i) % partitions, Key: m.key, Value: m.value}, nil))
	}
	must(tb, producer.Flush(ctx))
	must(tb, producer.Close(ctx))
	topics.full[topic] = true
}

// committed is how many messages of a topic a connector has committed.
func committed(tb testing.TB, bootstrap, connector, topic string) (n int64) {
	tb.Helper()
	admin, err := kafka.NewAdmin(kafka.AdminConfig{Properties: kafka.Properties{"bootstrap.servers": bootstrap}})
	must(tb, err)
	defer admin.Close()
	offsets, err := admin.GroupOffsets(tb.Context(), "connect-"+connector)
	must(tb, err)
	for tp, o := range offsets {
		if tp.Topic == topic {
			n += o.Offset
		}
	}
	return n
}
