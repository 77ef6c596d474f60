package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/kafka"
)

// A broker that takes a record and does not answer: the write gives up in its time, and the next one works when the broker is back.
func TestBrokerThatStopsToAnswer(t *testing.T) {
	broker, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := broker.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { broker.Close() })
	s, err := NewTopicConfigStore(Topic{
		Name: "configs", Partitions: 1, ReplicationFactor: 1,
		Reader:   kafka.Properties{"bootstrap.servers": broker.Addr()},
		Producer: kafka.Properties{"bootstrap.servers": broker.Addr(), "request.timeout.ms": "200"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.writeTimeout = 500 * time.Millisecond
	if err := s.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	version := func(v string) Properties { return PropertiesOf(map[string]string{"name": "x", "version": v}) }
	if err := s.PutConnectorConfig(t.Context(), "x", version("1"), nil); err != nil {
		t.Fatal(err)
	}

	const produce = 0
	back := make(chan struct{})
	broker.ControlKey(produce, func(kmsg.Request) (kmsg.Response, error, bool) {
		select {
		case <-back:
			return nil, nil, false
		default:
		}
		broker.Cluster().KeepControl()
		broker.Cluster().SleepControl(func() { <-back })
		return nil, errors.New("too late"), true // the connection ends without an answer
	})
	began := time.Now()
	err = s.PutConnectorConfig(t.Context(), "x", version("2"), nil)
	var failed *WriteError
	if !errors.As(err, &failed) || err.Error() != "Error writing connector configuration to Kafka" {
		t.Errorf("error %v", err)
	}
	if took := time.Since(began); took < s.writeTimeout || took > s.writeTimeout+5*time.Second {
		t.Errorf("it took %s", took)
	}
	if p, _ := s.Snapshot().ConnectorConfig("x"); !p.Equal(version("1")) {
		t.Errorf("the configuration is %v", p)
	}

	close(back)
	s.writeTimeout = 10 * time.Second
	if err := s.PutConnectorConfig(t.Context(), "x", version("3"), nil); err != nil {
		t.Errorf("when the broker is back: %v", err)
	}
	if p, _ := s.Snapshot().ConnectorConfig("x"); !p.Equal(version("3")) {
		t.Errorf("the configuration is %v", p)
	}
}
