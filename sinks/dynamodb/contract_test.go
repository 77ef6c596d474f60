package dynamodb_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"sluice/connect"
	"sluice/connect/connecttest"
	sink "sluice/sinks/dynamodb"
)

// The contract that every sink keeps, on the embedded service behind a gate that can be shut.
func TestContract(t *testing.T) {
	testContract(t, sink.Plugin(sink.Options{}), prefix+"uriEndpointOverride", func(g *gate) map[string]string {
		return g.settings(prefix+"uriEndpointOverride", g.url, prefix+"secretKey", "no-such-text-in-a-log")
	})
}

func TestContractInConfluentsDialect(t *testing.T) {
	testContract(t, sink.ConfluentPlugin(sink.Options{}), "aws.dynamodb.endpoint", func(g *gate) map[string]string {
		return map[string]string{
			"aws.dynamodb.endpoint": g.url, "aws.access.key.id": "AKIAIOSFODNN7EXAMPLE", "aws.secret.access.key": "no-such-text-in-a-log", "table.name.format": tableName,
			"aws.dynamodb.pk.hash": "value.transaction_id", "aws.dynamodb.pk.sort": "value.transaction_date",
		}
	})
}

func testContract(t *testing.T, plugin connect.Plugin, endpoint string, settings func(*gate) map[string]string) {
	gates := map[string]*gate{} // by the endpoint that is set
	of := func(props map[string]string) *gate { return gates[props[endpoint]] }
	connecttest.TestSink(t, connecttest.Sink{
		New: func(testing.TB) connect.SinkConnector { return plugin.NewSink() },
		Props: func(tb testing.TB) map[string]string {
			g := newGate(tb.(*testing.T))
			gates[g.url] = g
			return settings(g)
		},
		Value:    func(n int) any { return connect.RawJSON(transaction(fmt.Sprintf("t%d", n), ``)) },
		BadValue: func() any { return connect.RawJSON(`["no item"]`) },
		Check: func(tb testing.TB, props map[string]string, put []connect.SinkRecord) {
			t := tb.(*testing.T)
			want := make(map[string]map[string]any)
			for i := range put {
				var value struct {
					ID string `json:"transaction_id"`
				}
				if err := json.Unmarshal(put[i].Value.(connect.RawJSON), &value); err != nil {
					t.Fatal(err)
				}
				want[value.ID] = storedTransaction(value.ID, nil)
			}
			wantItems(t, of(props).items(t), want)
		},
		Outage: func(_ testing.TB, props map[string]string) (end func()) { return of(props).shut(false) },
		Hang:   func(_ testing.TB, props map[string]string) (end func()) { return of(props).shut(true) },
	})
}

// gate is a service whose requests can be kept from it: answered with an error that passes, or not answered.
type gate struct {
	*service
	url string

	mu    sync.Mutex
	open  chan struct{} // nil while requests pass; closed when they do again
	hangs bool
}

func newGate(t *testing.T) *gate {
	g := &gate{service: newService(t)}
	g.url = g.behind(t, func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		g.mu.Lock()
		open, hangs := g.open, g.hangs
		g.mu.Unlock()
		switch {
		case open == nil:
			return false
		case hangs:
			select {
			case <-open:
			case <-r.Context().Done():
			}
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	return g
}

func (g *gate) shut(hangs bool) (end func()) {
	open := make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open, g.hangs = open, hangs
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.open = nil
		close(open)
	}
}

func TestPluginIsFoundByItsNames(t *testing.T) {
	plugins, err := connect.NewPlugins(sink.Plugin(sink.Options{}), sink.ConfluentPlugin(sink.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"org.apache.camel.kafkaconnector.awsddbsink.CamelAwsddbsinkSinkConnector", "CamelAwsddbsinkSinkConnector", "CamelAwsddbsinkSink"} {
		p, err := plugins.Find(name, connect.SinkPluginType)
		if err != nil || p.TaskClass != "org.apache.camel.kafkaconnector.awsddbsink.CamelAwsddbsinkSinkTask" || p.Version != "3.20.3" {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	for _, name := range []string{"io.confluent.connect.aws.dynamodb.DynamoDbSinkConnector", "DynamoDbSinkConnector", "DynamoDbSink"} {
		p, err := plugins.Find(name, connect.SinkPluginType)
		if err != nil || p.TaskClass != "io.confluent.connect.aws.dynamodb.DynamoDbSinkTask" {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}
