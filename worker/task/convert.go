package task

import (
	"context"
	"fmt"

	"sluice/connect"
	"sluice/internal/kafka"
)

// convert appends the records of messages to the batch. What is tolerated away leaves only its offset.
func (t *Task) convert(ctx context.Context, messages []kafka.Message) error {
	if len(messages) == 0 {
		return nil
	}
	t.stats.read.Add(int64(len(messages)))
	return t.call("a converter", func() error { return t.convertAll(ctx, messages) })
}

func (t *Task) convertAll(ctx context.Context, messages []kafka.Message) error {
	t.forgetTopics()
	var at *position
	var last connect.TopicPartition
	for i := range messages {
		m := &messages[i]
		if tp := (connect.TopicPartition{Topic: m.Topic, Partition: m.Partition}); at == nil || tp != last {
			if at = t.offsets.parts[tp]; at == nil {
				continue // not assigned: the reader promises not to do this, and the record belongs to someone else
			}
			last = tp
		}
		n := len(t.batch)
		t.batch = append(t.batch, connect.SinkRecord{
			Topic: m.Topic, Partition: m.Partition, Offset: m.Offset,
			Timestamp: m.Timestamp, TimestampType: connect.TimestampType(m.TimestampType),
		})
		r := &t.batch[n]
		if m.Timestamp < -1 {
			t.batch = t.batch[:n]
			return &Error{Message: fmt.Sprintf("Invalid record timestamp %d in topic %s, partition %d, offset %d", m.Timestamp, m.Topic, m.Partition, m.Offset)}
		}
		if stage, err := t.convertMessage(m, r); err != nil {
			skip, err := t.handle(ctx, m, r, stage, err)
			if err != nil || skip {
				t.batch = t.batch[:n]
			}
			if err != nil {
				return err
			}
		}
		if len(t.batch) > n {
			t.seen(m.Topic)
		}
		t.offsets.convertedTo(at, m.Offset+1)
	}
	return nil
}

// convertMessage fills r from m: key, value, headers. On failure it names the stage.
func (t *Task) convertMessage(m *kafka.Message, r *connect.SinkRecord) (Stage, error) {
	raw := t.rawHeaders[:0] // used only while converting
	for _, h := range m.Headers {
		raw = append(raw, connect.RawHeader(h))
	}
	t.rawHeaders = raw
	key, err := t.cfg.KeyConverter.ToConnect(m.Topic, raw, m.Key)
	if err != nil {
		return StageKeyConverter, err
	}
	value, err := t.cfg.ValueConverter.ToConnect(m.Topic, raw, m.Value)
	if err != nil {
		return StageValueConverter, err
	}
	r.KeySchema, r.Key, r.ValueSchema, r.Value = key.Schema, key.Value, value.Schema, value.Value
	if len(raw) == 0 {
		return "", nil
	}
	r.Headers = make([]connect.Header, len(raw))
	for i, h := range raw {
		v, err := t.cfg.HeaderConverter.ToConnectHeader(m.Topic, h.Key, h.Value)
		if err != nil {
			return StageHeaderConverter, err
		}
		r.Headers[i] = connect.Header{Key: h.Key, Schema: v.Schema, Value: v.Value}
	}
	return "", nil
}

// class returns the Java name of what executes a stage.
func (t *Task) class(s Stage) string {
	switch s {
	case StageKeyConverter:
		return t.cfg.KeyConverterClass
	case StageValueConverter:
		return t.cfg.ValueConverterClass
	case StageHeaderConverter:
		return t.cfg.HeaderConverterClass
	}
	return sinkTaskClass
}

// forgetTopics makes the topics' next records the first ones if they have been forgotten elsewhere.
//
// Kafka: WorkerTask.recordActiveTopic, which looks the topic up for each record.
func (t *Task) forgetTopics() {
	if t.cfg.TopicEpoch == nil {
		return
	}
	if epoch := t.cfg.TopicEpoch(); epoch != t.topicEpoch {
		t.topicEpoch, t.lastTopic = epoch, ""
		clear(t.topics)
	}
}

// seen tells of the first record of a topic.
func (t *Task) seen(topic string) {
	if topic == t.lastTopic {
		return
	}
	t.lastTopic = topic
	if _, ok := t.topics[topic]; ok {
		return
	}
	t.topics[topic] = struct{}{}
	t.cfg.Listener.TopicSeen(t.cfg.ID, topic)
}
