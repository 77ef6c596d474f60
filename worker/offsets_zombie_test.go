package worker_test

import (
	"context"
	"strings"
	"testing"

	"sluice/connect"
	embedded "sluice/internal/embedded/kafka"
)

// stuckSink is a connector and its task, which hangs in the first put with records until it is released, whatever its context says.
type stuckSink struct {
	connect.SinkConnector
	inPut, release chan struct{}
}

const stuckClass = "org.example.StuckSinkConnector"

func (s stuckSink) Version() string                                { return "1" }
func (s stuckSink) Config() *connect.ConfigDef                     { return connect.NewConfigDef() }
func (s stuckSink) Start(context.Context, map[string]string) error { return nil }
func (s stuckSink) Stop(context.Context) error                     { return nil }
func (s stuckSink) TaskConfigs(int) ([]map[string]string, error) {
	return []map[string]string{{"topics": "orders"}}, nil
}
func (s stuckSink) NewTask() connect.SinkTask { return stuckTask(s) }

type stuckTask stuckSink

func (s stuckTask) Start(context.Context, connect.SinkTaskContext, map[string]string) error {
	return nil
}
func (s stuckTask) Stop(context.Context) error { return nil }
func (s stuckTask) Put(_ context.Context, records []connect.SinkRecord) error {
	if len(records) > 0 {
		close(s.inPut)
		<-s.release
	}
	return nil
}

// A task that does not stop is abandoned, but it is still in the group: Kafka refuses the change of its offsets, and the answer says why. Once
// it has ended the same request is carried out.
func TestOffsetsWhileAnAbandonedTaskIsInTheGroup(t *testing.T) {
	t.Parallel()
	b := startBroker(t, embedded.Options{})
	createOrders(t, b.Addr())
	sink := stuckSink{inPut: make(chan struct{}), release: make(chan struct{})}
	w, _ := startWorker(t, settings(b.Addr(), "task.shutdown.graceful.timeout.ms", "100"), "one:8083", connect.Plugin{
		Class: stuckClass, Type: connect.SinkPluginType, Version: "1", TaskClass: "org.example.StuckSinkTask", NewSink: func() connect.SinkConnector { return sink },
	})
	h, ctx := w.Herder(), t.Context()
	produce(t, b.Addr(), "x")
	class := stuckClass
	_, _, err := h.PutConnector(ctx, "s", fileSink("s", "unused", 1).With("connector.class", &class), nil, false)
	must(t, err)
	<-sink.inPut

	must(t, h.StopConnector(ctx, "s"))
	for what, err := range map[string]error{
		"alter": func() error { _, err := h.AlterOffsets(ctx, "s", position(1)); return err }(),
		"reset": func() error { _, err := h.ResetOffsets(ctx, "s"); return err }(),
	} {
		want := "Failed to " + what + " consumer group offsets for connector s either because its tasks haven't stopped completely yet"
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s...", what, err, want)
		}
	}

	close(sink.release)
	await(t, "the task to end", func() (string, bool) {
		_, err := h.AlterOffsets(ctx, "s", position(1))
		if err != nil {
			return err.Error(), false
		}
		return "", true
	})
	awaitOffset(t, w, "s", "[{{0 orders} {1}}]")
}
