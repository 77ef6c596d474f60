package connect_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/connecttest"
)

// The example of Flusher keeps the contract that it is an example of.
func TestTheExampleKeepsTheContract(t *testing.T) {
	stores := map[string]*Store{}
	named := func(props map[string]string) *Store { return stores[props["store"]] }
	connecttest.TestSink(t, connecttest.Sink{
		New: func(testing.TB) connect.SinkConnector { return &storeByName{stores: stores} },
		Props: func(testing.TB) map[string]string {
			name := fmt.Sprint(len(stores))
			stores[name] = &Store{}
			return map[string]string{"store": name, "records.per.object": "7"}
		},
		Value: func(n int) any { return n },
		Check: func(t testing.TB, props map[string]string, put []connect.SinkRecord) {
			var want []string
			for i := range put {
				if v := fmt.Sprint(put[i].Value); !slices.Contains(want, v) {
					want = append(want, v)
				}
			}
			var got []string
			for _, v := range strings.Fields(strings.Join(named(props).objects, "\n")) {
				if !slices.Contains(got, v) { // what came again may be there twice
					got = append(got, v)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		},
		Outage: func(_ testing.TB, props map[string]string) (end func()) {
			store := named(props)
			store.away = true
			return func() { store.away = false }
		},
	})
}

// storeByName is the example with the store that a test's settings name.
type storeByName struct {
	UploadConnector
	stores map[string]*Store
}

func (c *storeByName) NewTask() connect.SinkTask { return &storeByNameTask{stores: c.stores} }

type storeByNameTask struct {
	uploadTask
	stores map[string]*Store
}

func (t *storeByNameTask) Start(ctx context.Context, tc connect.SinkTaskContext, props map[string]string) error {
	t.store = t.stores[props["store"]]
	return t.uploadTask.Start(ctx, tc, props)
}
