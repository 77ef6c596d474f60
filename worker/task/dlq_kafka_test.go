package task_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

// The real clients, with a broker that takes nothing for the queue for a while: the rest goes on, and no commit passes the record that is stuck.
func TestTheBrokerOfTheQueueIsAway(t *testing.T) {
	c := newCluster(t, 2)
	dlq := c.topic + "-dlq"
	var away atomic.Bool
	away.Store(true)
	refused := make(chan struct{}, 100)
	c.broker.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.broker.Cluster().KeepControl()
		for _, topic := range req.(*kmsg.ProduceRequest).Topics {
			if topic.Topic == dlq && away.Load() {
				select {
				case refused <- struct{}{}:
				default:
				}
				return nil, errors.New("away"), true // the connection breaks
			}
		}
		return nil, nil, false
	})
	to := newDestination()
	l := c.run(0, to, func(cfg *task.Config, _ *fakeSink) {
		cfg.Tolerance = task.ToleranceAll
		cfg.DLQ = task.DLQ{
			Topic: dlq, ReplicationFactor: 1, ContextHeaders: true, Admin: c.properties(),
			Producer: c.properties("enable.idempotence", "false", "acks", "all", "max.block.ms", "9223372036854775807", "delivery.timeout.ms", "2147483647",
				"retry.backoff.ms", "20", "reconnect.backoff.ms", "20", "reconnect.backoff.max.ms", "50"),
		}
	})
	c.produce(0, `{"n":0}`, "not json", `{"n":2}`)
	to.await(t, "what is good", func(offsets map[int32][]int64) bool { return len(offsets[0]) == 2 })
	select {
	case <-refused:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing is sent to the queue")
	}
	c.awaitCommitted(0, 1)
	for n := range int64(3) { // commits of another partition show that there were chances
		c.produce(1, `{"n":0}`)
		c.awaitCommitted(1, n+1)
	}
	c.awaitCommitted(0, 1)
	if n, err := c.admin.EndOffsets(bounded(t), dlq); err != nil || n[kafka.TopicPartition{Topic: dlq}] != 0 {
		t.Errorf("the queue has %v, error %v", n, err)
	}

	away.Store(false)
	c.awaitCommitted(0, 3)
	if n, err := c.admin.EndOffsets(bounded(t), dlq); err != nil || n[kafka.TopicPartition{Topic: dlq}] != 1 {
		t.Errorf("the queue has %v, error %v", n, err)
	}
	l.Stop()
	if err := l.ended(t); err != nil {
		t.Error(err)
	}
}

// failures is a listener that waits for the end of a task.
type failures chan error

func (f failures) Failed(_ connect.TaskID, err error)   { f <- err }
func (failures) Startup(connect.TaskID)                 {}
func (failures) Paused(connect.TaskID)                  {}
func (failures) Resumed(connect.TaskID)                 {}
func (failures) Shutdown(connect.TaskID)                {}
func (failures) TopicSeen(_ connect.TaskID, top string) {}

// A queue that may not be written to gets nothing, and nothing is committed that belongs there; the trace has the broker's reason under the name that
// Java users know.
func TestAQueueThatMayNotBeWrittenTo(t *testing.T) {
	c := newCluster(t, 1)
	dlq := c.topic + "-dlq"
	c.broker.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.broker.Cluster().KeepControl()
		for _, topic := range req.(*kmsg.ProduceRequest).Topics {
			if topic.Topic != dlq {
				continue
			}
			resp := req.ResponseKind().(*kmsg.ProduceResponse)
			refused := kmsg.NewProduceResponseTopic()
			refused.Topic = dlq
			partition := kmsg.NewProduceResponseTopicPartition()
			partition.ErrorCode = kerr.TopicAuthorizationFailed.Code
			refused.Partitions = append(refused.Partitions, partition)
			resp.Topics = append(resp.Topics, refused)
			return resp, nil, true
		}
		return nil, nil, false
	})
	failed := make(failures, 1)
	l := c.run(0, newDestination(), func(cfg *task.Config, _ *fakeSink) {
		cfg.Tolerance, cfg.Listener = task.ToleranceAll, failed
		cfg.DLQ = task.DLQ{Topic: dlq, ReplicationFactor: 1, Admin: c.properties(), Producer: c.properties("enable.idempotence", "false", "acks", "all")}
	})
	c.produce(0, "not json", `{"n":1}`)
	select {
	case <-failed:
	case <-time.After(30 * time.Second):
		t.Fatal("the task does not fail")
	}
	l.Stop()
	trace := task.Trace(l.ended(t))
	for _, want := range []string{
		"org.apache.kafka.connect.errors.ConnectException: Could not produce message to dead letter queue. topic=" + dlq + "\n\tat stage VALUE_CONVERTER",
		"\nCaused by: org.apache.kafka.common.errors.TopicAuthorizationException: ",
	} {
		if !strings.Contains(trace, want) {
			t.Errorf("got trace\n%s\nwant %q in it", trace, want)
		}
	}
	if at, ok := c.committed()[0]; ok && at > 0 {
		t.Errorf("committed %d", at)
	}
}

// awaitCommitted asks the broker until an offset is committed: nobody is told.
func (c *cluster) awaitCommitted(partition int32, want int64) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	for got := ""; ; {
		at, ok := c.committed()[partition]
		if ok && at == want {
			return
		}
		got = fmt.Sprint(at)
		select {
		case <-ctx.Done():
			c.t.Fatalf("partition %d: committed %s, want %d", partition, got, want)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
