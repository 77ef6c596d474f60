package task

import (
	"context"

	"sluice/connect"
	"sluice/internal/kafka"
)

// convert appends the records of messages to the batch. Records that are tolerated away leave only their offset.
func (t *Task) convert(ctx context.Context, messages []kafka.Message) error {
	t.stats.read.Add(int64(len(messages)))
	var at *position
	var last connect.TopicPartition
	for i := range messages {
		m := &messages[i]
		if tp := (connect.TopicPartition{Topic: m.Topic, Partition: m.Partition}); at == nil || tp != last {
			if at = t.offsets.parts[tp]; at == nil {
				continue // revoked since: the reader promises not to do this, and the record belongs to someone else
			}
			last = tp
		}
		t.batch = append(t.batch, connect.SinkRecord{})
		r := &t.batch[len(t.batch)-1]
		stage, err := t.convertMessage(m, r)
		if err != nil {
			if err := t.handle(ctx, m, r, stage, err); err != nil {
				t.batch = t.batch[:len(t.batch)-1]
				return err
			}
		}
		if r.Offset < 0 { // skipped
			t.batch = t.batch[:len(t.batch)-1]
		} else {
			t.seen(m.Topic)
		}
		t.offsets.convertedTo(at, m.Offset+1)
	}
	return nil
}

// convertMessage fills r from m: key, value, headers. On failure it names the stage.
func (t *Task) convertMessage(m *kafka.Message, r *connect.SinkRecord) (Stage, error) {
	*r = connect.SinkRecord{
		Topic: m.Topic, Partition: m.Partition, Offset: m.Offset,
		Timestamp: m.Timestamp, TimestampType: connect.TimestampType(m.TimestampType),
	}
	var raw []connect.RawHeader
	if len(m.Headers) > 0 {
		raw = make([]connect.RawHeader, len(m.Headers))
		for i, h := range m.Headers {
			raw[i] = connect.RawHeader(h)
		}
	}
	key, err := t.cfg.KeyConverter.ToConnect(m.Topic, raw, m.Key)
	if err != nil {
		return StageKeyConverter, err
	}
	value, err := t.cfg.ValueConverter.ToConnect(m.Topic, raw, m.Value)
	if err != nil {
		return StageValueConverter, err
	}
	r.KeySchema, r.Key, r.ValueSchema, r.Value = key.Schema, key.Value, value.Schema, value.Value
	if len(raw) > 0 {
		r.Headers = make([]connect.Header, len(raw))
		for i, h := range raw {
			v, err := t.cfg.HeaderConverter.ToConnectHeader(m.Topic, h.Key, h.Value)
			if err != nil {
				return StageHeaderConverter, err
			}
			r.Headers[i] = connect.Header{Key: h.Key, Schema: v.Schema, Value: v.Value}
		}
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

// seen tells of the first record of a topic.
func (t *Task) seen(topic string) {
	if _, ok := t.topics[topic]; ok {
		return
	}
	t.topics[topic] = struct{}{}
	t.cfg.Listener.TopicSeen(t.cfg.ID, topic)
}
