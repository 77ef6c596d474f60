package task

import (
	"fmt"

	"sluice/connect"
	"sluice/internal/kafka"
)

// convert appends the records of messages to the batch. What is tolerated away, or dropped by a transform, leaves only its offset.
func (t *Task) convert(messages []kafka.Message) error {
	t.stats.read.Record(float64(len(messages)))
	if len(messages) == 0 {
		return nil
	}
	err := call("a converter or transform", func() error { return t.convertAll(messages) })
	if err == nil {
		t.countActive()
	}
	return err
}

func (t *Task) convertAll(messages []kafka.Message) error {
	if t.dlq != nil { // a record that the plugin has made itself may be on its way back through the converters
		t.converting.Lock()
		defer t.converting.Unlock()
	}
	defer t.boxes.close()
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
		keep, err := t.convertMessage(m, &t.batch[n])
		if !keep {
			t.batch = t.batch[:n]
		}
		if err != nil {
			return err
		}
		t.offsets.convertedTo(at, m.Offset+1)
	}
	return nil
}

// convertMessage makes r of m and sends it through the transforms. It returns false if nothing of it goes to the plugin.
//
// Kafka: WorkerSinkTask.convertAndTransformRecord.
func (t *Task) convertMessage(m *kafka.Message, r *connect.SinkRecord) (keep bool, _ error) {
	if keep, err := t.perform(t.conversions, m, r); !keep {
		return false, err
	}
	if m.Timestamp < -1 {
		return false, &Error{Message: fmt.Sprintf("Invalid record timestamp %d in topic %s, partition %d, offset %d", m.Timestamp, m.Topic, m.Partition, m.Offset)}
	}
	if t.dlq != nil {
		r.SetOrigin(m)
	}
	t.seen(m.Topic)
	return t.perform(t.transformations, m, r)
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
