package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
)

// alteringSink is a fakeSink that is asked about its offsets.
type alteringSink struct{ fakeSink }

func (s *alteringSink) AlterOffsets(ctx context.Context, props map[string]string, offsets map[connect.TopicPartition]*int64) (bool, error) {
	return s.plugin.alter(ctx, props, offsets)
}

// fakeGroups is Kafka as the offsets API sees it. A func that is nil does its work.
type fakeGroups struct {
	calls []string
	list  func() (map[kafka.TopicPartition]kafka.OffsetAndMetadata, error)
	alter func(ctx context.Context) error
	purge func() error // DeleteGroupOffsets
	drop  func() error // DeleteGroup
}

func (g *fakeGroups) note(format string, args ...any) {
	g.calls = append(g.calls, fmt.Sprintf(format, args...))
}

func (g *fakeGroups) GroupOffsets(_ context.Context, group string) (map[kafka.TopicPartition]kafka.OffsetAndMetadata, error) {
	g.note("list %s", group)
	if g.list != nil {
		return g.list()
	}
	return map[kafka.TopicPartition]kafka.OffsetAndMetadata{{Topic: "b", Partition: 1}: {Offset: 7}, {Topic: "a", Partition: 2}: {Offset: 5}, {Topic: "a"}: {Offset: 6}}, nil
}

func (g *fakeGroups) AlterGroupOffsets(ctx context.Context, group string, offsets map[kafka.TopicPartition]kafka.OffsetAndMetadata) error {
	g.note("alter %s %v", group, offsets)
	if g.alter != nil {
		return g.alter(ctx)
	}
	return nil
}

func (g *fakeGroups) DeleteGroupOffsets(_ context.Context, group string, parts []kafka.TopicPartition) error {
	g.note("purge %s %v", group, parts)
	if g.purge != nil {
		return g.purge()
	}
	return nil
}

func (g *fakeGroups) DeleteGroup(_ context.Context, group string) error {
	g.note("drop %s", group)
	if g.drop != nil {
		return g.drop()
	}
	return nil
}

func (g *fakeGroups) Close() error {
	g.note("close")
	return nil
}

func (g *fakeGroups) taken() string {
	calls := strings.Join(g.calls, " · ")
	g.calls = nil
	return calls
}

// withGroups puts fake groups under a rig.
func withGroups(r *rig) *fakeGroups {
	g := &fakeGroups{}
	r.h.newOffsets = func(kafka.Properties) (groupOffsets, error) { return g, nil }
	return g
}

func change(topic string, partition, offset any) OffsetChange {
	c := OffsetChange{Partition: map[string]any{"kafka_topic": topic, "kafka_partition": partition}}
	if offset != nil {
		c.Offset = map[string]any{"kafka_offset": offset}
	}
	return c
}

const (
	altered     = "The offsets for this connector have been altered successfully"
	notReported = "The Connect framework-managed offsets for this connector have been altered successfully. However, if this connector manages " +
		"offsets externally, they will need to be manually altered in the system that the connector uses."
	notStopped = "Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by " +
		"issuing a 'PUT' request to the '/connectors/x/stop' endpoint"
)

func expectMessage(t *testing.T, got Message, err error, want string) {
	t.Helper()
	if err != nil || got.Message != want {
		t.Errorf("got %q, error %v, want %q", got.Message, err, want)
	}
}

func TestOffsetsOfAConnector(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx, g := t.Context(), withGroups(r)
		_, err := r.h.ConnectorOffsets(ctx, "x")
		expectError[*NotFoundError](t, err, "Connector x not found")
		r.put("x", "topics", "a")
		all, err := r.h.ConnectorOffsets(ctx, "x")
		r.must(err)
		if got := fmt.Sprint(all); got != "{[{{0 a} {6}} {{2 a} {5}} {{1 b} {7}}]}" {
			t.Errorf("offsets %s", got)
		}
		r.put("y", "topics", "a", "consumer.override.group.id", "own")
		g.list = func() (map[kafka.TopicPartition]kafka.OffsetAndMetadata, error) { return nil, nil }
		all, err = r.h.ConnectorOffsets(ctx, "y")
		if r.must(err); all.Offsets == nil || len(all.Offsets) != 0 {
			t.Errorf("offsets %#v, want an empty list", all.Offsets)
		}
		if got, want := g.taken(), "list connect-x · close · list own · close"; got != want {
			t.Errorf("calls %s, want %s", got, want)
		}
		g.list = func() (map[kafka.TopicPartition]kafka.OffsetAndMetadata, error) { return nil, errors.New("no broker") }
		_, err = r.h.ConnectorOffsets(ctx, "x")
		expectError[*ConnectError](t, err, "Failed to retrieve consumer group offsets for sink connector x")
	})
}

func TestOffsetsAreChangedOfStoppedConnectorsOnly(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx, g := t.Context(), withGroups(r)
		wrong := []OffsetChange{{}}
		both := func(want error) {
			t.Helper()
			_, alterErr := r.h.AlterOffsets(ctx, "x", wrong)
			_, resetErr := r.h.ResetOffsets(ctx, "x")
			for _, err := range []error{alterErr, resetErr} {
				if fmt.Sprintf("%T %v", err, err) != fmt.Sprintf("%T %v", want, want) {
					t.Errorf("error %T %v, want %T %v", err, err, want, want)
				}
			}
		}
		both(&NotFoundError{Message: "Connector x not found"})
		r.put("x", "topics", "a")
		both(&BadRequestError{Message: notStopped})
		r.must(r.h.PauseConnector(ctx, "x"))
		both(&BadRequestError{Message: notStopped})
		if got := g.taken(); got != "" {
			t.Errorf("calls %s, want none", got)
		}
		r.must(r.h.StopConnector(ctx, "x"))
		_, err := r.h.AlterOffsets(ctx, "x", wrong)
		expectError[*BadRequestError](t, err, "The partition for a sink connector offset cannot be null or missing")
		m, err := r.h.AlterOffsets(ctx, "x", []OffsetChange{change("a", "0", "5")})
		expectMessage(t, m, err, notReported)
	})
}

func TestWhatIsSentToKafka(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx, g := t.Context(), withGroups(r)
		var asked []string
		r.plugin.alter = func(_ context.Context, props map[string]string, offsets map[connect.TopicPartition]*int64) (bool, error) {
			var parts []string
			for tp, o := range offsets {
				text := fmt.Sprint(tp.Topic, tp.Partition, "=null")
				if o != nil {
					text = fmt.Sprint(tp.Topic, tp.Partition, "=", *o)
				}
				parts = append(parts, text)
			}
			slices.Sort(parts)
			asked = append(asked, props["name"]+" "+strings.Join(parts, ","))
			clear(offsets) // they are the connector's own
			return true, nil
		}
		r.put("x", "topics", "a")
		r.must(r.h.StopConnector(ctx, "x"))
		m, err := r.h.AlterOffsets(ctx, "x", []OffsetChange{change("a", "0", "5"), change("b", "1", nil)})
		expectMessage(t, m, err, altered)
		m, err = r.h.ResetOffsets(ctx, "x")
		expectMessage(t, m, err, "The offsets for this connector have been reset successfully")
		if got, want := g.taken(), "alter connect-x map[a-0:{5 }] · purge connect-x [b-1] · close · list connect-x · drop connect-x · close"; got != want {
			t.Errorf("calls %s\nwant %s", got, want)
		}
		if got, want := strings.Join(asked, " · "), "x a0=5,b1=null · x a0=null,a2=null,b1=null"; got != want {
			t.Errorf("the connector was asked %s, want %s", got, want)
		}
		g.alter = func(context.Context) error { return errors.New("no such partition") }
		_, err = r.h.AlterOffsets(ctx, "x", []OffsetChange{change("a", "0", "5"), change("b", "1", nil)})
		expectError[*ConnectError](t, err, "Failed to alter consumer group offsets for connector x")
		if got := g.taken(); !strings.Contains(got, "purge") {
			t.Errorf("calls %s: want the other half of the change too", got)
		}
	})
}

func TestReasonsNotToChangeOffsets(t *testing.T) {
	const zombie = " consumer group offsets for connector x either because its tasks haven't stopped completely yet or the connector was resumed before " +
		"the request to %s its offsets could be successfully completed. If the connector is in a stopped state, this operation can be " +
		"safely retried. If it doesn't eventually succeed, the Connect cluster may need to be restarted to get rid of the zombie sink tasks."
	hasMembers := fmt.Errorf("group: %w", kafka.ErrGroupHasMembers)
	refuse := func(err error) func(*rig, *fakeGroups) {
		return func(r *rig, _ *fakeGroups) {
			r.plugin.alter = func(context.Context, map[string]string, map[connect.TopicPartition]*int64) (bool, error) {
				return false, err
			}
		}
	}
	for _, c := range []struct {
		name         string
		arrange      func(*rig, *fakeGroups)
		alter, reset string // "" means that it succeeds
	}{
		{"its tasks are in the group", func(_ *rig, g *fakeGroups) {
			g.alter, g.drop = func(context.Context) error { return hasMembers }, func() error { return hasMembers }
		}, "Failed to alter" + fmt.Sprintf(zombie, "alter"), "Failed to reset" + fmt.Sprintf(zombie, "reset")},
		{"its tasks subscribe to what is deleted", func(_ *rig, g *fakeGroups) { g.purge = func() error { return hasMembers } },
			"Failed to alter" + fmt.Sprintf(zombie, "alter"), ""},
		{"there is no such group", func(_ *rig, g *fakeGroups) {
			g.purge, g.drop = func() error { return kafka.ErrGroupNotFound }, func() error { return kafka.ErrGroupNotFound }
		}, "Failed to alter consumer group offsets for connector x", ""},
		{"Kafka says no", func(_ *rig, g *fakeGroups) {
			g.alter, g.drop = func(context.Context) error { return errors.New("no") }, func() error { return errors.New("no") }
		}, "Failed to alter consumer group offsets for connector x", "Failed to reset consumer group offsets for sink connector x"},
		{"offsets cannot be listed", func(_ *rig, g *fakeGroups) {
			g.list = func() (map[kafka.TopicPartition]kafka.OffsetAndMetadata, error) { return nil, errors.New("no") }
		}, "", "Failed to list offsets prior to resetting offsets for sink connector x"},
		{"the connector says why", refuse(errors.New("the table is read only")), "the table is read only", "the table is read only"},
		{"the connector cannot", refuse(fmt.Errorf("offsets: %w", errors.ErrUnsupported)),
			"Failed to modify offsets for connector x because it doesn't support external modification of offsets",
			"Failed to modify offsets for connector x because it doesn't support external modification of offsets"},
		{"the connector's settings are wrong", refuse(&connect.ConfigError{Key: "k", Value: "v"}),
			"Failed to modify offsets for sink connector x", "Failed to modify offsets for sink connector x"},
		{"the connector panics", func(r *rig, _ *fakeGroups) {
			r.plugin.alter = func(context.Context, map[string]string, map[connect.TopicPartition]*int64) (bool, error) { panic("oh") }
		}, "Failed to modify offsets for sink connector x", "Failed to modify offsets for sink connector x"},
		{"the connector cannot be made", func(r *rig, _ *fakeGroups) {
			plugins, err := connect.NewPlugins(connect.Plugin{Class: sinkClass, Type: connect.SinkPluginType, NewSink: func() connect.SinkConnector { panic("oh") }})
			r.must(err)
			r.h.plugins = plugins
		}, "Failed to modify offsets for sink connector x", "Failed to modify offsets for sink connector x"},
		{"a setting of the client is wrong", func(r *rig, _ *fakeGroups) {
			r.h.newOffsets = func(kafka.Properties) (groupOffsets, error) {
				return nil, &kafka.PropertyError{Key: "retries", Value: "x", Rule: "Not a number of type INT"}
			}
		}, "Failed to modify offsets for sink connector x", "Failed to modify offsets for sink connector x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				ctx, g := t.Context(), withGroups(r)
				r.put("x", "topics", "a")
				r.must(r.h.StopConnector(ctx, "x"))
				c.arrange(r, g)
				_, err := r.h.AlterOffsets(ctx, "x", []OffsetChange{change("a", "0", "5"), change("b", "0", nil)})
				check := func(err error, want string) {
					t.Helper()
					if want == "" {
						r.must(err)
						return
					}
					expectError[*ConnectError](t, err, want)
				}
				check(err, c.alter)
				_, err = r.h.ResetOffsets(ctx, "x")
				check(err, c.reset)
			})
		})
	}
}

func TestANegativeOffsetIsRefusedAfterTheConnectorWasAsked(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		g, asked := withGroups(r), 0
		r.plugin.alter = func(context.Context, map[string]string, map[connect.TopicPartition]*int64) (bool, error) {
			asked++
			return true, nil
		}
		r.put("x", "topics", "a")
		r.must(r.h.StopConnector(t.Context(), "x"))
		_, err := r.h.AlterOffsets(t.Context(), "x", []OffsetChange{change("a", "0", "-1")})
		expectError[*ConnectError](t, err, "Failed to modify offsets for sink connector x")
		if got := g.taken(); got != "close" || asked != 1 {
			t.Errorf("calls %s, the connector was asked %d times", got, asked)
		}
	})
}

// A change that takes long holds up what is done to its connector, and nothing else.
func TestAChangeOfOffsetsIsInTurn(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx, g := t.Context(), withGroups(r)
		goOn := make(chan struct{})
		g.alter = func(ctx context.Context) error {
			select {
			case <-goOn:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		r.put("x", "topics", "a")
		r.must(r.h.StopConnector(ctx, "x"))
		first, second := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := r.h.AlterOffsets(ctx, "x", []OffsetChange{change("a", "0", "5")})
			first <- err
		}()
		r.settle()
		r.must(r.h.ResumeConnector(ctx, "x"))
		go func() {
			_, err := r.h.ResetOffsets(ctx, "x")
			second <- err
		}()
		r.put("y", "topics", "a")
		r.expectState("y", "RUNNING [RUNNING]")
		if n := len(r.h.tasks); n != 1 {
			t.Errorf("%d tasks run while the offsets of x are changed, want that of y", n)
		}
		close(goOn)
		r.must(<-first)
		expectError[*BadRequestError](t, <-second, notStopped)
		r.expectState("x", "RUNNING [RUNNING]")
	})
}

func TestAChangeOfOffsetsThatTakesTooLong(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx, g := t.Context(), withGroups(r)
		ended := make(chan error, 1)
		g.alter = func(ctx context.Context) error {
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return ctx.Err()
		}
		r.put("x", "topics", "a")
		r.must(r.h.StopConnector(ctx, "x"))
		begin := time.Now()
		_, err := r.h.AlterOffsets(ctx, "x", []OffsetChange{change("a", "0", "5")})
		var late *TimeoutError
		var failed *ConnectError
		if took := time.Since(begin); took != requestTimeout || !errors.As(err, &late) && !errors.As(err, &failed) {
			t.Errorf("after %v: %T %v, want an error after %v", took, err, err, requestTimeout)
		}
		if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the call ended with %v", err)
		}

		// A connector that is removed meanwhile ends it soon, but not at once: in Kafka it goes on.
		answered := make(chan error, 1)
		go func() {
			_, err := r.h.AlterOffsets(ctx, "x", []OffsetChange{change("a", "0", "5")})
			answered <- err
		}()
		r.settle()
		begin = time.Now()
		r.must(r.h.DeleteConnector(ctx, "x"))
		expectError[*ConnectError](t, <-answered, "Failed to alter consumer group offsets for connector x")
		if took := time.Since(begin); took != offsetsGrace {
			t.Errorf("the change of a connector that was removed went on for %v", took)
		}
		<-ended
	})
}

func TestTheWorkerStopsAmidAChangeOfOffsets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &MemoryStorage{})
		g := withGroups(r)
		g.alter = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		r.run()
		r.put("x", "topics", "a")
		r.must(r.h.StopConnector(t.Context(), "x"))
		answered := make(chan error, 1)
		go func() {
			_, err := r.h.AlterOffsets(t.Context(), "x", []OffsetChange{change("a", "0", "5")})
			answered <- err
		}()
		r.settle()
		begin := time.Now()
		r.shutdown()
		if took := time.Since(begin); took > time.Second {
			t.Errorf("stopping took %v", took)
		}
		if err := <-answered; err == nil {
			t.Error("the change was answered with success")
		}
	})
}

// The request comes while the tasks are being stopped: it waits until they have, or were given up.
func TestOffsetsRightAfterTheStop(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ctx, g := t.Context(), withGroups(r)
		r.put("x", "topics", "a")
		old := r.task("x", 0)
		old.deaf = true // it does not stop, and is abandoned after task.shutdown.graceful.timeout.ms
		g.alter = func(context.Context) error {
			select {
			case <-old.gone:
				return nil
			default:
				return kafka.ErrGroupHasMembers
			}
		}
		r.must(r.h.StopConnector(ctx, "x"))
		m, err := r.h.AlterOffsets(ctx, "x", []OffsetChange{change("a", "0", "5")})
		expectMessage(t, m, err, notReported)
	})
}

func TestSettingsOfTheOffsetsClient(t *testing.T) {
	cfg, _, err := LoadConfig(minimal("bootstrap.servers", "w:9092", "request.timeout.ms", "1234", "admin.retry.backoff.ms", "7", "admin.client.id", "workers", "consumer.client.id", "no",
		"consumer.group.id", "all-of-them"), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := cfg.adminProperties("x", map[string]string{"admin.override.client.id": "own", "consumer.override.client.id": "no", "name": "x"})
	want := kafka.Properties{"bootstrap.servers": "w:9092", "request.timeout.ms": "1234", "retry.backoff.ms": "7", "client.id": "own"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, error %v, want %v", got, err, want)
	}
	if got, _ := cfg.adminProperties("x", nil); got["client.id"] != "workers" {
		t.Errorf("client.id %q, want the worker's", got["client.id"])
	}
	plain, _, err := LoadConfig(minimal("bootstrap.servers", "w:9092"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := plain.adminProperties("x", nil); got["client.id"] != "connector-worker-adminclient-x" {
		t.Errorf("client.id %q, want Kafka's", got["client.id"])
	}
	for _, c := range []struct {
		call, request string
		ok            bool
	}{{"1", "", false}, {"30000", "", true}, {"5000", "5001", false}, {"5000", "5000", true}, {"x", "1", true}, {"1", "x", true}, {"", "99999", true}} {
		override := map[string]string{"admin.override.default.api.timeout.ms": c.call, "admin.override.request.timeout.ms": c.request}
		if _, err := plain.adminProperties("x", override); (err == nil) != c.ok {
			t.Errorf("call %q, request %q: error %v", c.call, c.request, err)
		}
	}
	if got := cfg.consumerProperties(connect.TaskID{Connector: "x"}, nil)["group.id"]; got != "all-of-them" {
		t.Errorf("group %q, want the worker's consumer.group.id", got)
	}
}
