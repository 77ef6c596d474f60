package transform

import (
	"strings"
	"time"

	"sluice/connect"
)

// timestampRouter makes a new topic of the topic and the record's timestamp.
//
// Kafka: org.apache.kafka.connect.transforms.TimestampRouter.
type timestampRouter struct {
	unheld
	topic  string
	format *dateFormat
	// invalid is what is wrong with the format. Java notices when the first record comes.
	invalid error
}

const (
	topicFormatConfig     = "topic.format"
	timestampFormatConfig = "timestamp.format"
)

var timestampRouterConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: topicFormatConfig, Type: connect.TypeString, Default: "${topic}-${timestamp}", Importance: connect.High,
		Doc: "The new topic, in which ${topic} stands for the old one and ${timestamp} for the record's timestamp."},
	connect.ConfigKey{Name: timestampFormatConfig, Type: connect.TypeString, Default: "yyyyMMdd", Importance: connect.High,
		Doc: "How the timestamp is written, in the letters of java.text.SimpleDateFormat. The time zone is UTC."},
)

// Config returns the settings.
func (*timestampRouter) Config() *connect.ConfigDef { return timestampRouterConfig }

// Configure sets the transform up.
func (t *timestampRouter) Configure(props map[string]string) error {
	cfg, err := parse(timestampRouterConfig, props)
	if err != nil {
		return err
	}
	t.topic = cfg.String(topicFormatConfig)
	t.format, t.invalid = newDateFormat(cfg.String(timestampFormatConfig))
	return nil
}

// Apply sets the topic. A record without a timestamp is a data error.
func (t *timestampRouter) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	if r.Timestamp < 0 {
		return nil, connect.NewDataError("Timestamp missing on record: %s at offset %d", r.TopicPartition(), r.Offset)
	}
	if t.invalid != nil {
		return nil, t.invalid
	}
	topic := strings.ReplaceAll(t.topic, "${topic}", r.CurrentTopic())
	return routed(r, strings.ReplaceAll(topic, "${timestamp}", t.format.format(time.UnixMilli(r.Timestamp))))
}
