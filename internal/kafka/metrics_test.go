package kafka_test

import (
	"testing"
	"time"

	"sluice/internal/kafka"
)

// Given a reader that has read and committed, when it is asked, then it tells how much, and how far it is behind.
func TestGroupReaderTellsWhatItDoes(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 2)
	produce(t, b, topic, 0, 1200)
	produce(t, b, topic, 1, 700)
	r, err := kafka.NewGroupReader(kafka.GroupReaderConfig{
		Properties: b.properties("group.id", fresh("group"), "auto.offset.reset", "earliest", "client.id", "reader-7"),
		Topics:     []string{topic}, Logger: testLogger(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(testContext(t))
	before := r.Stats()
	if before.ClientID != "reader-7" || before.Consumed.Count != 0 || !before.LastPoll.IsZero() || before.Started.IsZero() || before.Connections != 0 {
		t.Errorf("before the first poll: got %+v", before)
	}
	ctx := testContext(t)
	at := map[kafka.TopicPartition]int64{}
	read := 0
	for read < 1900 {
		messages, err := r.Poll(ctx, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		read += len(messages)
		for _, m := range messages {
			at[kafka.TopicPartition{Topic: m.Topic, Partition: m.Partition}] = m.Offset + 1
		}
		now := r.Stats()
		if got := int(now.Consumed.Total); got != read {
			t.Fatalf("got %d records consumed after %d", got, read)
		}
		for tp, p := range now.Partitions {
			if end := map[int32]int64{0: 1200, 1: 700}[tp.Partition]; p.Lag != -1 && p.Lag != end-at[tp] {
				t.Fatalf("got a lag of %d in %s at %d of %d", p.Lag, tp, at[tp], end)
			}
		}
	}
	zero := kafka.TopicPartition{Topic: topic, Partition: 0}
	if err := r.Commit(ctx, map[kafka.TopicPartition]kafka.OffsetAndMetadata{zero: {Offset: 1200}}); err != nil {
		t.Fatal(err)
	}
	s := r.Stats()
	for what, ok := range map[string]bool{
		"consumed per topic":        s.Topics[topic].Consumed.Total == 1900,
		"bytes":                     s.Bytes.Total > 1900 && s.Topics[topic].Bytes.Total == s.Bytes.Total,
		"fetched":                   s.Fetched.Total == 1900 && s.FetchBytes.Total == s.Bytes.Total,
		"fetches":                   s.Fetches.Count >= 1 && s.Throttled.Count >= 1,
		"lag is gone":               len(s.Partitions) == 2 && s.Partitions[zero].Lag == 0,
		"lag was there":             s.Partitions[zero].History.Max >= 700 && s.Partitions[zero].History.Max < 1200 && s.LagMax.Max >= s.Partitions[zero].History.Max,
		"one commit":                s.Commits.Count == 1,
		"a round of the group":      s.Joins.Count >= 1 && s.Syncs.Count >= 1 && s.Rebalances.Count >= 1 && !s.LastRebalance.IsZero(),
		"polls":                     s.Polls.Count >= 4 && s.Idle.Count == s.Polls.Count && !s.LastPoll.IsZero(),
		"connections":               s.Connections >= 3 && s.Opened.Count >= s.Connections,
		"bytes on the wire":         s.In.Total > s.Bytes.Total && s.Out.Total > 0,
		"requests and what came of": s.Requests.Count > 3 && s.Responses.Count > 3,
	} {
		if !ok {
			t.Errorf("%s: got %+v", what, s)
		}
	}
	if err := r.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if s := r.Stats(); s.Connections != 0 || s.Closed.Count != s.Opened.Count || len(s.Partitions) != 0 || s.Consumed.Total != 1900 {
		t.Errorf("after Close: got %+v", s)
	}
}

// Given a producer, when records were written and others were not, then it tells how many of each.
func TestProducerTellsWhatItDoes(t *testing.T) {
	b := newBroker(t)
	topic := newTopic(t, b, 1, "max.message.bytes", "500")
	p := newProducer(t, b, "client.id", "writer-7", "buffer.memory", "1000000")
	ctx := testContext(t)
	var records []kafka.OutRecord
	for range 10 {
		records = append(records, kafka.OutRecord{Topic: topic, Partition: 0, Value: []byte("0123456789")})
	}
	if err := p.SendBatch(ctx, records); err != nil {
		t.Fatal(err)
	}
	if err := p.Flush(ctx); err != nil { // the room is given back after the acknowledgement
		t.Fatal(err)
	}
	s := p.Stats()
	if s.ClientID != "writer-7" || s.Sent.Total != 10 || s.Sent.Count != s.Latency.Count || s.Bytes.Total < 100 || s.Errors.Total != 0 || s.Retries.Total != 0 {
		t.Errorf("got %+v", s)
	}
	if s.Buffer != 1000000 || s.Available != 1000000 || s.Connections == 0 || s.Out.Total < 100 {
		t.Errorf("got %+v", s)
	}

	if err := p.Send(ctx, kafka.OutRecord{Topic: topic, Partition: 0, Value: make([]byte, 600)}); err == nil || ctx.Err() != nil {
		t.Fatalf("got %v, want the broker's refusal", err)
	}
	if s := p.Stats(); s.Errors.Total != 1 {
		t.Errorf("got %+v, want one record that has failed", s)
	}
}
