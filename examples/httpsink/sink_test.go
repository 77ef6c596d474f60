package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"

	"sluice/connect"
	"sluice/connect/connecttest"
)

// destination keeps what is posted to it. Its mode is 0, or a status to answer with, or -1 to leave everybody without an answer.
type destination struct {
	*httptest.Server
	mode atomic.Int64
	got  []int // values; a task posts one after the other
}

func (d *destination) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var n int
	switch mode := d.mode.Load(); {
	case mode < 0:
		<-r.Context().Done()
	case mode > 0:
		w.WriteHeader(int(mode))
	case r.Header.Get("Authorization") != "Bearer abracadabra":
		w.WriteHeader(http.StatusUnauthorized)
	case json.Unmarshal(body, &n) != nil: // this API takes numbers
		w.WriteHeader(http.StatusBadRequest)
	default:
		d.got = append(d.got, n)
	}
}

func TestContract(t *testing.T) {
	destinations := map[string]*destination{}
	connecttest.TestSink(t, connecttest.Sink{
		New: func(testing.TB) connect.SinkConnector { return plugin().NewSink() },
		Props: func(t testing.TB) map[string]string {
			d := &destination{}
			d.Server = httptest.NewServer(d)
			t.Cleanup(d.Close)
			destinations[d.URL] = d
			return map[string]string{"http.url": d.URL, "http.token": "abracadabra"}
		},
		Value:    func(n int) any { return n },
		BadValue: func() any { return "not a number" },
		Check: func(t testing.TB, props map[string]string, put []connect.SinkRecord) {
			var want []int
			for i := range put {
				want = append(want, put[i].Value.(int))
			}
			if got := destinations[props["http.url"]].got; !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		},
		Outage: func(_ testing.TB, props map[string]string) (end func()) {
			mode := &destinations[props["http.url"]].mode
			mode.Store(http.StatusServiceUnavailable)
			return func() { mode.Store(0) }
		},
		Hang: func(_ testing.TB, props map[string]string) (end func()) {
			mode := &destinations[props["http.url"]].mode
			mode.Store(-1)
			return func() { mode.Store(0) }
		},
	})
}

// A wrong token is no fault of the records: even a connector that tolerates errors must not skip them.
func TestAWrongTokenEndsTheTask(t *testing.T) {
	d := httptest.NewServer(&destination{})
	defer d.Close()
	props := map[string]string{"http.url": d.URL, "http.token": "alohomora"}
	w := connecttest.NewTask(t, plugin().NewSink(), props)
	w.Context.Tolerate = true
	if err := w.Start(props); err != nil {
		t.Fatal(err)
	}
	w.Assign(0)
	if err := w.Put(connecttest.Records(0, 1)); err == nil || connect.IsRetriable(err) || len(w.Context.Calls().Reported) > 0 {
		t.Errorf("got %v, reports %v", err, w.Context.Calls().Reported)
	}
	w.Abandon()
}
