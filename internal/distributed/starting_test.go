package distributed

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	embedded "sluice/internal/embedded/kafka"
	"sluice/rest"
	"sluice/worker"
	"sluice/worker/properties"
)

// withoutTopics runs a broker that makes no topics until it is released, and tells when it was asked to.
func withoutTopics(t *testing.T) (broker *embedded.Broker, asked <-chan struct{}, release func()) {
	t.Helper()
	broker, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0"})
	must(t, err)
	must(t, broker.Start(t.Context()))
	t.Cleanup(func() { broker.Close() })
	released, heard := make(chan struct{}), make(chan struct{}, 100)
	const createTopics = 19
	broker.ControlKey(createTopics, func(req kmsg.Request) (kmsg.Response, error, bool) {
		broker.Cluster().KeepControl()
		select {
		case <-released:
			return nil, nil, false
		default:
		}
		select {
		case heard <- struct{}{}:
		default:
		}
		resp := req.ResponseKind().(*kmsg.CreateTopicsResponse)
		for _, topic := range req.(*kmsg.CreateTopicsRequest).Topics {
			refused := kmsg.NewCreateTopicsResponseTopic()
			refused.Topic, refused.ErrorCode = topic.Topic, kerr.NotController.Code
			resp.Topics = append(resp.Topics, refused)
		}
		return resp, nil, true
	})
	return broker, heard, sync.OnceFunc(func() { close(released) })
}

// A worker that has not read its topics is starting, which is what orchestrators wait for with GET /health.
func TestHealthOfAWorkerThatStarts(t *testing.T) {
	broker, asked, release := withoutTopics(t)
	o := propertiesOf(t, broker.Addr())
	w, err := worker.New(worker.Options{Config: o.Config, Plugins: o.Plugins, Logger: o.Logger, WorkerID: "w:1", URL: "http://w:1/"})
	must(t, err)
	server, err := rest.New(rest.Options{Herder: w.Herder(), Logger: o.Logger, HealthTimeout: 50 * time.Millisecond})
	must(t, err)
	patient, err := rest.New(rest.Options{Herder: w.Herder(), Logger: o.Logger, HealthTimeout: time.Minute})
	must(t, err)
	get := func(s *rest.Server) *httptest.ResponseRecorder {
		answer := httptest.NewRecorder()
		s.ServeHTTP(answer, httptest.NewRequest("GET", "/health", nil))
		return answer
	}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- w.Run(ctx) }()
	<-asked // it waits for its topics
	if answer := get(server); answer.Code != 503 || !strings.HasPrefix(answer.Body.String(), `{"status":"starting","message":"Worker is still starting up.`) {
		t.Errorf("while it starts: %d %s", answer.Code, answer.Body)
	}
	release()
	if answer := get(patient); answer.Code != 200 || !strings.HasPrefix(answer.Body.String(), `{"status":"healthy",`) {
		t.Errorf("when it has started: %d %s", answer.Code, answer.Body)
	}
	stop()
	must(t, <-over)
}

// While the internal topics cannot be read, the worker tells who it is, and nothing about connectors.
func TestRootAnswersBeforeTheTopicsAreRead(t *testing.T) {
	broker, asked, release := withoutTopics(t)
	o := propertiesOf(t, broker.Addr())
	url := make(chan string, 1)
	o.Ready = func(u string) { url <- u }
	address := o.Config.Listeners[0]
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- Run(ctx, o) }()
	<-asked // it waits for its topics

	client := &http.Client{}
	defer client.CloseIdleConnections()
	get := func(ctx context.Context, path string) (int, string, error) {
		req, err := http.NewRequestWithContext(ctx, "GET", address+path, nil)
		must(t, err)
		res, err := client.Do(req)
		if err != nil {
			return 0, "", err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return res.StatusCode, string(body), err
	}
	if status, body, err := get(t.Context(), "/"); err != nil || status != 200 {
		t.Errorf("GET / while it starts: %d %s, %v", status, body, err)
	}
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if status, body, err := get(short, "/connectors"); err == nil {
		t.Errorf("GET /connectors while it starts: %d %s", status, body)
	}
	select {
	case u := <-url:
		t.Errorf("%s is ready", u)
	default:
	}

	release()
	if status, body, err := get(t.Context(), "/connectors"); err != nil || status != 200 || body != "[]" {
		t.Errorf("GET /connectors: %d %s, %v", status, body, err)
	}
	stop()
	must(t, <-over)
}

// propertiesOf returns the options of a worker with the stock settings on a broker, at an address that is known before it starts.
func propertiesOf(t *testing.T, bootstrap string, pairs ...string) Options {
	t.Helper()
	f, err := os.Open("../../configs/worker.properties")
	must(t, err)
	defer f.Close()
	props, err := properties.Read(f)
	must(t, err)
	props["bootstrap.servers"], props["listeners"] = bootstrap, "http://"+freeAddr(t)
	for i := 0; i < len(pairs); i += 2 {
		props[pairs[i]] = pairs[i+1]
	}
	config, _, err := worker.LoadConfig(props, nil)
	must(t, err)
	o := stock(t, slog.New(slog.DiscardHandler))
	o.Config = config
	return o
}
