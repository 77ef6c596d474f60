package rest_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"sluice/worker"
)

// However many large bodies come at once, two are dealt with; small ones do not wait for them.
func TestLargeBodiesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var busy atomic.Int64
		goOn := make(chan struct{})
		s, _ := newServer(t, fake{put: func(_ context.Context, name string, config worker.Properties, _ *worker.TargetState, _ bool) (worker.ConnectorInfo, bool, error) {
			if name != "small" {
				busy.Add(1)
				defer busy.Add(-1)
				<-goOn
			}
			return worker.ConnectorInfo{Name: name, Config: config, Type: "sink"}, false, nil
		}})
		put := func(name string, size int) {
			if w := call(s, "PUT", "/connectors/"+name+"/config", `{"k":"`+strings.Repeat("x", size)+`"}`); w.Code != 200 {
				t.Errorf("%s: got %d", name, w.Code)
			}
		}
		var sent sync.WaitGroup
		for range 5 {
			sent.Go(func() { put("large", 2<<20) })
		}
		synctest.Wait()
		if n := busy.Load(); n != 2 {
			t.Errorf("%d large bodies at once, want 2", n)
		}
		put("small", 900<<10)
		close(goOn)
		sent.Wait()
	})
}
