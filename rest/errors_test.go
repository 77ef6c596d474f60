package rest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/rest"
	"sluice/worker"
	"sluice/worker/validate"
)

func TestStatusOfErrors(t *testing.T) {
	invalid := &validate.InvalidConfigError{Count: 1, Errors: []string{"tasks.max is odd"}}
	for _, c := range []struct {
		err    error
		status int
		text   string
		logged bool
	}{
		{&worker.NotFoundError{Message: "Connector a not found"}, 404, "Connector a not found", false},
		{fmt.Errorf("read config: %w", &worker.NotFoundError{Message: "Connector a not found"}), 404, "read config: Connector a not found", false},
		{&validate.UnknownPluginError{Name: "a.B"}, 404, "Unknown plugin a.B.", false},
		{&worker.AlreadyExistsError{Message: "Connector a already exists"}, 409, "Connector a already exists", false},
		{&worker.ConflictError{Message: "Cannot complete request momentarily due to stale configuration"}, 409, "stale", false},
		{&worker.BadRequestError{Message: "bad"}, 400, "bad", false},
		{invalid, 400, "the following 1 error(s):\ntasks.max is odd\nYou can", false},
		{&validate.NoConnectorTypeError{}, 400, "Connector config {} contains no connector type", false},
		{&validate.UnknownClassError{Class: "a.B"}, 500, "Failed to find any class", false},
		{&connect.ConfigError{Key: "k", Value: "v", Rule: "no"}, 500, "Invalid value v for configuration k: no", false},
		{&worker.ForbiddenError{Message: "Topic tracking is disabled."}, 403, "Topic tracking is disabled.", false},
		{&worker.TimeoutError{Message: "Request timed out. The worker is currently joining."}, 500, "Request timed out. The worker is currently joining.", true},
		{context.DeadlineExceeded, 500, "Request timed out", true},
		{&worker.ConnectError{Message: "Error writing target state to Kafka", Err: context.DeadlineExceeded}, 500, "Error writing target state to Kafka", true},
		{&worker.WriteError{Message: "Error removing connector configuration from Kafka", Err: context.DeadlineExceeded}, 500, "Error removing connector configuration from Kafka", true},
		{errors.New("the disk is full"), 500, "the disk is full", true},
	} {
		s, logs := newServer(t, fake{config: func(context.Context, string) (worker.Properties, error) { return nil, c.err }})
		wantError(t, call(s, "GET", "/connectors/a/config", ""), c.status, c.text)
		if got := logs.lines(); got != 0 != c.logged || got > 1 {
			t.Errorf("%v: logged %d times", c.err, got)
		}
	}
}

func TestAHerderThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newServer(t, fake{config: func(ctx context.Context, _ string) (worker.Properties, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("wait for the herder: %w", ctx.Err())
		}})
		start := time.Now()
		wantError(t, call(s, "GET", "/connectors/a/config", ""), 500, "Request timed out")
		if took := time.Since(start); took != 90*time.Second {
			t.Errorf("answered after %v, want Kafka's 90 s", took)
		}
	})
}

func TestAHandlerThatPanics(t *testing.T) {
	s, logs := newServer(t, fake{config: func(context.Context, string) (worker.Properties, error) { panic("oh") }})
	wantError(t, call(s, "GET", "/connectors/a/config", ""), 500, "internal error")
	if logs.lines() != 1 {
		t.Errorf("logged %d times, want once", logs.lines())
	}
	s, _ = newServer(t, fake{config: func(context.Context, string) (worker.Properties, error) { panic(http.ErrAbortHandler) }})
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("got %v, want the server's own panic to pass", v)
		}
	}()
	call(s, "GET", "/connectors/a/config", "")
}

func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := func(ready bool) func(context.Context) (worker.Health, error) {
			return func(ctx context.Context) (worker.Health, error) {
				<-ctx.Done()
				return worker.Health{Ready: ready, Stage: "The worker is currently reading the config topic."}, ctx.Err()
			}
		}
		for _, c := range []struct {
			health func(context.Context) (worker.Health, error)
			status int
			body   string
			took   time.Duration
		}{
			{func(context.Context) (worker.Health, error) { return worker.Health{Ready: true}, nil }, 200,
				`{"status":"healthy","message":"Worker has completed startup and is ready to handle requests."}`, 0},
			{stuck(false), 503, `{"status":"starting","message":"Worker is still starting up. The worker is currently reading the config topic."}`, 10 * time.Second},
			{stuck(true), 500, `{"status":"unhealthy","message":"Worker was unable to handle this request and may be unable to handle other requests. The worker is currently reading the config topic."}`, 10 * time.Second},
		} {
			s, _ := newServer(t, fake{health: c.health})
			start := time.Now()
			w := call(s, "GET", "/health", "")
			if w.Code != c.status || w.Body.String() != c.body || time.Since(start) != c.took {
				t.Errorf("after %v got %d %s\nafter %v want %d %s", time.Since(start), w.Code, w.Body, c.took, c.status, c.body)
			}
		}
	})
}

func TestNewNeedsAHerder(t *testing.T) {
	if _, err := rest.New(rest.Options{}); err == nil {
		t.Error("want an error")
	}
}
