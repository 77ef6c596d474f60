package kafka_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/goleak"

	"sluice/internal/embedded/kafka"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, opts kafka.Options) *kafka.Broker {
	t.Helper()
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	b, err := kafka.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// client is franz-go's, so that the broker is not only tested with the client it comes with here.
func client(t *testing.T, b *kafka.Broker, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append(opts, kgo.SeedBrokers(b.Addr()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func createTopic(t *testing.T, b *kafka.Broker, topic string, configs ...string) kmsg.CreateTopicsResponseTopic {
	t.Helper()
	req := kmsg.NewPtrCreateTopicsRequest()
	spec := kmsg.NewCreateTopicsRequestTopic()
	spec.Topic, spec.NumPartitions, spec.ReplicationFactor = topic, -1, -1
	for i := 0; i < len(configs); i += 2 {
		config := kmsg.NewCreateTopicsRequestTopicConfig()
		config.Name, config.Value = configs[i], &configs[i+1]
		spec.Configs = append(spec.Configs, config)
	}
	req.Topics = append(req.Topics, spec)
	resp, err := req.RequestWith(testContext(t), client(t, b))
	if err != nil {
		t.Fatal(err)
	}
	return resp.Topics[0]
}

func TestNewRefusesNonsense(t *testing.T) {
	for _, opts := range []kafka.Options{{Addr: "nohost"}, {Addr: "a:b"}, {Addr: "a:70000"}, {Partitions: -1}} {
		if _, err := kafka.New(opts); err == nil {
			t.Errorf("%+v: got no error", opts)
		}
	}
}

func TestStartNamesAPortThatIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b, err := kafka.New(kafka.Options{Addr: l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Start(t.Context()); err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got %v, want an error that names %s", err, l.Addr())
	}
}

func TestLifeCycle(t *testing.T) {
	b, err := kafka.New(kafka.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if b.Cluster() != nil || b.ControlKey(0, nil) || b.Addr() != "127.0.0.1:0" {
		t.Error("a broker that was not started has a cluster or an address of its own")
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); err == nil {
		t.Error("second start: got no error")
	}
	for range 2 {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := net.DialTimeout("tcp", b.Addr(), time.Second); err == nil {
		t.Error("the port is open after Close")
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	other, err := kafka.New(kafka.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("start with a cancelled context: got %v", err)
	}
}

func TestClientsAreToldAnAddressTheyCanUse(t *testing.T) {
	b := start(t, kafka.Options{Addr: "0.0.0.0:0", Logger: slog.New(slog.DiscardHandler)})
	if host, _, _ := net.SplitHostPort(b.Addr()); host != "127.0.0.1" {
		t.Errorf("address: got %s, want 127.0.0.1", b.Addr())
	}
	if err := client(t, b).Ping(testContext(t)); err != nil {
		t.Error(err)
	}
}

func TestOffsetFetchOfUnknownGroupsAnswersMinusOne(t *testing.T) {
	b := start(t, kafka.Options{})
	id := createTopic(t, b, "t").TopicID // the newest versions go by it
	cl := client(t, b)
	commit := kmsg.NewPtrOffsetCommitRequest()
	commit.Group, commit.Generation = "known", -1
	committed := kmsg.NewOffsetCommitRequestTopic()
	committed.Topic, committed.TopicID = "t", id
	part := kmsg.NewOffsetCommitRequestTopicPartition()
	part.Offset, part.Metadata = 7, kmsg.StringPtr("m")
	committed.Partitions = append(committed.Partitions, part)
	commit.Topics = append(commit.Topics, committed)
	if resp, err := commit.RequestWith(testContext(t), cl); err != nil || resp.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatalf("commit: %v %+v", err, resp)
	}
	// The client sends version 8 and later, which name several groups.
	fetch := kmsg.NewPtrOffsetFetchRequest()
	for _, group := range []string{"unknown", "known"} {
		g := kmsg.NewOffsetFetchRequestGroup()
		g.Group = group
		topic := kmsg.NewOffsetFetchRequestGroupTopic()
		topic.Topic, topic.TopicID, topic.Partitions = "t", id, []int32{0}
		g.Topics = append(g.Topics, topic)
		fetch.Groups = append(fetch.Groups, g)
	}
	for range 2 { // the repair is not used up
		resp, err := fetch.RequestWith(testContext(t), cl)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []int64{-1, 7} {
			g := resp.Groups[i]
			if g.ErrorCode != 0 || len(g.Topics) != 1 || g.Topics[0].Partitions[0].Offset != want {
				t.Errorf("group %q: got %+v, want offset %d", g.Group, g, want)
			}
		}
	}
}

func TestCreateTopicsValidatesConfigsLikeKafka(t *testing.T) {
	b := start(t, kafka.Options{Partitions: 4})
	cases := []struct{ name, value, message string }{ // messages as Kafka 3.9.2 answers
		{"cleanup.policy", "shrink", "Invalid value shrink for configuration cleanup.policy: String must be one of: compact, delete"},
		{"retention.ms", "soon", "Invalid value soon for configuration retention.ms: Not a number of type LONG"},
		{"retention.ms", "-2", "Invalid value -2 for configuration retention.ms: Value must be at least -1"},
		{"min.cleanable.dirty.ratio", "2", "Invalid value 2 for configuration min.cleanable.dirty.ratio: Value must be no more than 1"},
		{"preallocate", "maybe", "Invalid value maybe for configuration preallocate: Expected value to be either true or false"},
		{"retention", "1", "Unknown topic config name: retention"},
	}
	for _, c := range cases {
		got := createTopic(t, b, "bad", c.name, c.value)
		if got.ErrorCode != kerr.InvalidConfig.Code || got.ErrorMessage == nil || *got.ErrorMessage != c.message {
			message := "none"
			if got.ErrorMessage != nil {
				message = *got.ErrorMessage
			}
			t.Errorf("%s=%s: got code %d, message %q; want %q", c.name, c.value, got.ErrorCode, message, c.message)
		}
	}
	if got := createTopic(t, b, "bad", "cleanup.policy", "compact,delete", "retention.ms", "-1"); got.ErrorCode != 0 || got.NumPartitions != 4 {
		t.Errorf("a topic that was refused before, with good configs: got %+v", got)
	}
}

func TestCompactedTopicsKeepOldRecords(t *testing.T) {
	b := start(t, kafka.Options{})
	createTopic(t, b, "compacted", "cleanup.policy", "compact")
	createTopic(t, b, "deleted", "cleanup.policy", "delete")
	cl := client(t, b)
	old := time.Now().Add(-30 * 24 * time.Hour)
	for _, topic := range []string{"compacted", "deleted"} {
		record := &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte("v"), Timestamp: old}
		if err := cl.ProduceSync(testContext(t), record).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	b.Cluster().ApplyRetention()
	for topic, want := range map[string]int64{"compacted": 0, "deleted": 1} {
		req := kmsg.NewPtrListOffsetsRequest()
		rt := kmsg.NewListOffsetsRequestTopic()
		rt.Topic = topic
		rp := kmsg.NewListOffsetsRequestTopicPartition()
		rp.Timestamp = -2 // earliest
		rt.Partitions = append(rt.Partitions, rp)
		req.Topics = append(req.Topics, rt)
		resp, err := req.RequestWith(testContext(t), cl)
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.Topics[0].Partitions[0].Offset; got != want {
			t.Errorf("%s: earliest offset %d after retention, want %d", topic, got, want)
		}
	}
}

func TestDataDirSurvives(t *testing.T) {
	dir := t.TempDir()
	b := start(t, kafka.Options{DataDir: dir})
	createTopic(t, b, "t")
	if err := client(t, b).ProduceSync(testContext(t), &kgo.Record{Topic: "t", Value: []byte("v")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	b.Close()
	again := start(t, kafka.Options{DataDir: dir})
	consumer := client(t, again, kgo.ConsumeTopics("t"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	fetches := consumer.PollFetches(testContext(t))
	if err := fetches.Err(); err != nil || fetches.NumRecords() != 1 {
		t.Errorf("got %d records, %v; want 1", fetches.NumRecords(), err)
	}
}

func TestAutoCreateTopics(t *testing.T) {
	for _, create := range []bool{true, false} {
		b := start(t, kafka.Options{AutoCreateTopics: create, Partitions: 2})
		req := kmsg.NewPtrMetadataRequest()
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = kmsg.StringPtr("t")
		req.Topics, req.AllowAutoTopicCreation = append(req.Topics, topic), true
		resp, err := req.RequestWith(testContext(t), client(t, b))
		if err != nil {
			t.Fatal(err)
		}
		if n := len(resp.Topics[0].Partitions); (n == 2) != create {
			t.Errorf("AutoCreateTopics=%v: got %d partitions", create, n)
		}
	}
}
