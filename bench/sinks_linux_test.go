package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"time"

	"sluice/connect"
)

// fileConfig is where a countingSink writes its count.
const fileConfig = "count.file"

// sinks are the plugins of this package's worker.
func sinks() []connect.Plugin {
	return []connect.Plugin{
		plugin("CountingSinkConnector", func() connect.SinkTask { return &countingSink{} }),
		plugin("BlockedSinkConnector", func() connect.SinkTask {
			return stuckSink{func(ctx context.Context, _ []connect.SinkRecord) error {
				<-ctx.Done()
				return ctx.Err()
			}}
		}),
		plugin("RefusingSinkConnector", func() connect.SinkTask {
			return stuckSink{func(context.Context, []connect.SinkRecord) error { return connect.Retriable(errors.New("not now")) }}
		}),
		plugin("SlowSinkConnector", func() connect.SinkTask {
			return stuckSink{func(ctx context.Context, records []connect.SinkRecord) error {
				select {
				case <-time.After(time.Duration(len(records)) * 20 * time.Millisecond):
				case <-ctx.Done():
				}
				return ctx.Err()
			}}
		}),
	}
}

func plugin(class string, task func() connect.SinkTask) connect.Plugin {
	return connect.Plugin{
		Class: "sluice.bench." + class, TaskClass: "sluice.bench." + class + "Task", Type: connect.SinkPluginType, Version: "1",
		NewSink: func() connect.SinkConnector { return &connector{task: task} },
	}
}

// connector is one whose tasks get its own settings.
type connector struct {
	task  func() connect.SinkTask
	props map[string]string
}

func (*connector) Version() string { return "1" }

func (*connector) Config() *connect.ConfigDef {
	return connect.NewConfigDef(connect.ConfigKey{Name: fileConfig, Type: connect.TypeString, Default: os.DevNull, Importance: connect.High, Doc: "Where to count."})
}

func (c *connector) Start(_ context.Context, props map[string]string) error {
	c.props = props
	return nil
}

func (c *connector) TaskConfigs(int) ([]map[string]string, error) {
	return []map[string]string{c.props}, nil
}

func (*connector) Stop(context.Context) error  { return nil }
func (c *connector) NewTask() connect.SinkTask { return c.task() }

// countingSink counts, and writes down after each batch how far it is: eight bytes, over and over.
type countingSink struct {
	file *os.File
	n    uint64
}

func (s *countingSink) Start(_ context.Context, _ connect.SinkTaskContext, props map[string]string) (err error) {
	s.file, err = os.OpenFile(props[fileConfig], os.O_CREATE|os.O_WRONLY, 0o600)
	return err
}

func (s *countingSink) Put(_ context.Context, records []connect.SinkRecord) error {
	s.n += uint64(len(records))
	_, err := s.file.WriteAt(binary.LittleEndian.AppendUint64(nil, s.n), 0)
	return err
}

func (s *countingSink) Stop(context.Context) error {
	if s.file == nil {
		return nil
	}
	if err := s.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// stuckSink does in Put what it is told, which is not much.
type stuckSink struct {
	put func(ctx context.Context, records []connect.SinkRecord) error
}

func (s stuckSink) Start(context.Context, connect.SinkTaskContext, map[string]string) error {
	return nil
}

// Put heeds only the context once there are records: there are none while partitions are found.
func (s stuckSink) Put(ctx context.Context, records []connect.SinkRecord) error {
	if len(records) == 0 {
		return nil
	}
	return s.put(ctx, records)
}

func (s stuckSink) Stop(context.Context) error { return nil }
