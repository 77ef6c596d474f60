package task

import (
	"context"

	"sluice/connect"
	"sluice/internal/kafka"
)

// operation is one thing that is done to a message on its way to the plugin. It can be tried again after it has failed.
//
// Kafka: org.apache.kafka.connect.runtime.errors.Operation.
type operation struct {
	stage Stage
	class string // Java name of what executes it
	// do works on r, which is made of m. It returns false if the record is to go no further.
	do func(m *kafka.Message, r *connect.SinkRecord) (keep bool, err error)
}

// newConversions returns what makes a record of a message's bytes: key, value, headers.
func (t *Task) newConversions() []operation {
	key, value, header := t.cfg.KeyConverter, t.cfg.ValueConverter, t.cfg.HeaderConverter
	rawKey, _ := key.(connect.RawJSONConverter)
	rawValue, _ := value.(connect.RawJSONConverter)
	return []operation{
		{StageKeyConverter, t.cfg.KeyConverterClass, func(m *kafka.Message, r *connect.SinkRecord) (bool, error) {
			headers := t.headersOf(m)
			if rawKey != nil {
				if raw, ok := rawKey.ToRawJSON(m.Key); ok {
					r.Key = t.boxes.value(raw, m.Buffer)
					return true, nil
				}
			}
			v, err := key.ToConnect(m.Topic, headers, m.Key)
			r.KeySchema, r.Key = v.Schema, v.Value
			return true, err
		}},
		{StageValueConverter, t.cfg.ValueConverterClass, func(m *kafka.Message, r *connect.SinkRecord) (bool, error) {
			if rawValue != nil {
				if raw, ok := rawValue.ToRawJSON(m.Value); ok {
					r.Value = t.boxes.value(raw, m.Buffer)
					return true, nil
				}
			}
			v, err := value.ToConnect(m.Topic, t.rawHeaders, m.Value)
			r.ValueSchema, r.Value = v.Schema, v.Value
			return true, err
		}},
		{StageHeaderConverter, t.cfg.HeaderConverterClass, func(m *kafka.Message, r *connect.SinkRecord) (bool, error) {
			if len(m.Headers) == 0 {
				return true, nil
			}
			r.Headers = make([]connect.Header, len(m.Headers))
			for i, h := range m.Headers {
				v, err := header.ToConnectHeader(m.Topic, h.Key, h.Value)
				if err != nil {
					return false, err
				}
				r.Headers[i] = connect.Header{Key: h.Key, Schema: v.Schema, Value: v.Value}
			}
			return true, nil
		}},
	}
}

// headersOf returns a message's headers as converters know them. The slice is used again for the next message.
func (t *Task) headersOf(m *kafka.Message) []connect.RawHeader {
	t.rawHeaders = t.rawHeaders[:0]
	for _, h := range m.Headers {
		t.rawHeaders = append(t.rawHeaders, connect.RawHeader(h))
	}
	return t.rawHeaders
}

// newTransformations makes an operation of each step of the chain. A predicate is part of its transform. A connector without transforms has
// none, and its records do not pass here.
//
// Kafka: org.apache.kafka.connect.runtime.TransformationChain.
func (t *Task) newTransformations() []operation {
	ops := make([]operation, 0, len(t.cfg.Transformations))
	for _, tf := range t.cfg.Transformations {
		ops = append(ops, operation{StageTransformation, tf.Class, func(m *kafka.Message, r *connect.SinkRecord) (bool, error) {
			if tf.Predicate != nil {
				if holds, err := tf.Predicate.Test(r); err != nil || holds == tf.Negate {
					return err == nil, err
				}
			}
			out, err := tf.Transform.Apply(r)
			if err != nil {
				return false, err
			}
			if out == nil {
				t.stats.filtered.Add(1)
				return false, nil
			}
			keepOrigin(m, r, out)
			return true, nil
		}})
	}
	return ops
}

// useContext bounds the waits of all that a message goes through.
func (t *Task) useContext(ctx context.Context) {
	parts := []any{t.cfg.KeyConverter, t.cfg.ValueConverter, t.cfg.HeaderConverter}
	for _, tf := range t.cfg.Transformations {
		parts = append(parts, tf.Transform, tf.Predicate)
	}
	for _, part := range parts {
		if user, ok := part.(connect.ContextUser); ok {
			user.UseContext(ctx)
		}
	}
}

// keepOrigin makes r what a transform has made of it. Where it was read from stays as it is, since commits go by that; a topic that was set
// as the record's own counts as a new name.
//
// Kafka: KIP-793, SinkRecord.originalTopic and its kin.
func keepOrigin(m *kafka.Message, r, out *connect.SinkRecord) {
	if out != r {
		origin := r.Origin()
		*r = *out
		r.SetOrigin(origin)
	}
	if r.Topic != m.Topic {
		if r.TargetTopic == "" {
			r.TargetTopic = r.Topic
		}
		r.Topic = m.Topic
	}
	r.Partition, r.Offset = m.Partition, m.Offset
}

// closeTransforms lets go of the chain.
func closeTransforms(cfg Config) {
	for _, tf := range cfg.Transformations {
		if err := call("close of a transform", tf.Close); err != nil && cfg.Logger != nil {
			cfg.Logger.With(loggerKey, LoggerName).Warn("closing a transform failed", "class", tf.Class, "err", err)
		}
	}
}
