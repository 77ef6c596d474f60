package dynamodb_test

import (
	"fmt"
	"testing"

	"sluice/connect"
	"sluice/connect/connecttest"
	sink "sluice/sinks/dynamodb"
)

// The contract that every sink keeps, on the embedded service.
func TestContract(t *testing.T) {
	var s *service
	connecttest.TestSink(t, connecttest.Sink{
		New: func(testing.TB) connect.SinkConnector { return sink.Plugin(sink.Options{}).NewSink() },
		Props: func(tb testing.TB) map[string]string {
			s = newService(tb.(*testing.T))
			return s.settings()
		},
		Value: func(n int) any { return connect.RawJSON(transaction(fmt.Sprintf("t%d", n), ``)) },
		Check: func(tb testing.TB, _ map[string]string, put []connect.SinkRecord) {
			t := tb.(*testing.T)
			want := make(map[string]map[string]any)
			for i := range put {
				id := fmt.Sprintf("t%d", i)
				want[id] = storedTransaction(id, nil)
			}
			wantItems(t, s.items(t), want)
		},
	})
}

func TestPluginIsFoundByItsNames(t *testing.T) {
	plugins, err := connect.NewPlugins(sink.Plugin(sink.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"org.apache.camel.kafkaconnector.awsddbsink.CamelAwsddbsinkSinkConnector", "CamelAwsddbsinkSinkConnector", "CamelAwsddbsinkSink"} {
		p, err := plugins.Find(name, connect.SinkPluginType)
		if err != nil || p.TaskClass != "org.apache.camel.kafkaconnector.awsddbsink.CamelAwsddbsinkSinkTask" || p.Version != "3.20.3" {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}
