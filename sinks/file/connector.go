package file

import (
	"context"
	"io"
	"maps"
	"os"

	"sluice/connect"
)

// Names under which Kafka Connect knows this sink.
const (
	Class     = "org.apache.kafka.connect.file.FileStreamSinkConnector"
	TaskClass = "org.apache.kafka.connect.file.FileStreamSinkTask"
	Version   = "3.9.2"
)

// FileConfig names the file to append to. Without it, or if it is empty, records go to standard output.
const FileConfig = "file"

var configDef = connect.NewConfigDef(connect.ConfigKey{
	Name: FileConfig, Type: connect.TypeString, Importance: connect.High,
	Doc: "The file that records are appended to; it is created if needed. Without a name they are printed on standard output.",
})

// Plugin registers the sink. The function appends the text of a value to a line; a worker passes the one that writes as Java does, which a sink
// cannot import.
func Plugin(appendText func(line []byte, value any) []byte) connect.Plugin {
	return connect.Plugin{
		Class:     Class,
		Type:      connect.SinkPluginType,
		Version:   Version,
		TaskClass: TaskClass,
		NewSink:   func() connect.SinkConnector { return &connector{appendText: appendText, stdout: os.Stdout} },
	}
}

// connector implements [connect.SinkConnector].
//
// Kafka: org.apache.kafka.connect.file.FileStreamSinkConnector.
type connector struct {
	appendText func(line []byte, value any) []byte
	stdout     io.Writer
	props      map[string]string
}

// Version implements [connect.SinkConnector].
func (*connector) Version() string { return Version }

// Config implements [connect.SinkConnector].
func (*connector) Config() *connect.ConfigDef { return configDef }

// Start implements [connect.SinkConnector].
func (c *connector) Start(_ context.Context, props map[string]string) error {
	if _, err := configDef.Parse(props); err != nil {
		return err
	}
	c.props = props
	return nil
}

// TaskConfigs returns the connector's own settings for every task: all tasks append to the same file.
func (c *connector) TaskConfigs(maxTasks int) ([]map[string]string, error) {
	configs := make([]map[string]string, maxTasks)
	for i := range configs {
		configs[i] = maps.Clone(c.props)
	}
	return configs, nil
}

// Stop implements [connect.SinkConnector]: there is nothing to end.
func (*connector) Stop(context.Context) error { return nil }

// NewTask implements [connect.SinkConnector].
func (c *connector) NewTask() connect.SinkTask { return &task{appendText: c.appendText, out: c.stdout} }

// AlterOffsets allows every change: offsets are kept by the consumer group alone, and a file can be appended to from anywhere.
func (*connector) AlterOffsets(context.Context, map[string]string, map[connect.TopicPartition]*int64) (bool, error) {
	return true, nil
}
