package rest_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/rest"
	"sluice/worker"
)

// elsewhere is a herder of a worker that has to forward everything.
type elsewhere struct {
	rest.Herder
	url string
}

func (e elsewhere) err() error {
	return &worker.RequestTargetError{Message: "not the leader", URL: e.url}
}

func (e elsewhere) PutConnector(context.Context, string, worker.Properties, *worker.TargetState, bool) (worker.ConnectorInfo, bool, error) {
	return worker.ConnectorInfo{}, false, e.err()
}
func (e elsewhere) PatchConnector(context.Context, string, worker.Properties) (worker.ConnectorInfo, error) {
	return worker.ConnectorInfo{}, e.err()
}
func (e elsewhere) DeleteConnector(context.Context, string) error     { return e.err() }
func (e elsewhere) StopConnector(context.Context, string) error       { return e.err() }
func (e elsewhere) RestartConnector(context.Context, string) error    { return e.err() }
func (e elsewhere) RestartTask(context.Context, connect.TaskID) error { return e.err() }
func (e elsewhere) FenceZombies(context.Context, string, *worker.RequestSignature) error {
	return e.err()
}
func (e elsewhere) RestartConnectorAndTasks(context.Context, worker.RestartRequest) (worker.ConnectorStateInfo, error) {
	return worker.ConnectorStateInfo{}, e.err()
}
func (e elsewhere) AlterOffsets(context.Context, string, []worker.OffsetChange) (worker.Message, error) {
	return worker.Message{}, e.err()
}
func (e elsewhere) ResetOffsets(context.Context, string) (worker.Message, error) {
	return worker.Message{}, e.err()
}
func (e elsewhere) PutTaskConfigs(context.Context, string, []worker.Properties, *worker.RequestSignature) error {
	return e.err()
}

// forwarding returns the API of a worker that has to forward everything to url.
func forwarding(t *testing.T, url string, log io.Writer) http.Handler {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	server, err := rest.New(rest.Options{Herder: elsewhere{url: url}, Logger: slog.New(slog.NewTextHandler(log, nil)), Forward: client})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// forwarded is a request to a Java worker that had to forward it; see testdata/README.md.
type forwarded struct{ Step, Request, Forwarded, Answered, Response string }

func forwardedRequests(t *testing.T) (all []forwarded) {
	t.Helper()
	f, err := os.Open("testdata/forwarding/forwarded.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var row forwarded
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	if err := lines.Err(); err != nil || len(all) < 18 {
		t.Fatalf("%d requests, %v", len(all), err)
	}
	return all
}

// parsedRequest reads a recorded request, as the server gets it, and its body.
func parsedRequest(t *testing.T, raw string) (*http.Request, string) {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r, string(body)
}

func parsedResponse(t *testing.T, raw string) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(raw)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// meaning is a body without what Java adds when it writes it anew: a null, and the connector's name in its config.
func meaning(t *testing.T, body string) any {
	t.Helper()
	if body == "" {
		return nil
	}
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	if m, ok := v.(map[string]any); ok {
		delete(m, "initial_state")
		if config, ok := m["config"].(map[string]any); ok {
			delete(config, "name")
		} else {
			delete(m, "name")
		}
	}
	return v
}

func TestRequestsAreForwardedAsByJava(t *testing.T) {
	for _, row := range forwardedRequests(t) {
		request, _ := parsedRequest(t, row.Request)
		t.Run(row.Step+" "+request.Method+" "+request.RequestURI, func(t *testing.T) {
			want, wantBody := parsedRequest(t, row.Forwarded)
			if wantBody == `""` { // Java writes the body that was not there as an empty text; here there is none
				wantBody = ""
				want.Header.Del("Content-Type")
			}
			answer, answerBody := parsedResponse(t, row.Answered)
			got := make(chan *http.Request, 1)
			gotBody := make(chan string, 1)
			other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				got <- r
				gotBody <- string(body)
				for _, name := range []string{"Location", "Content-Type"} {
					if v := answer.Header.Get(name); v != "" {
						w.Header().Set(name, v)
					}
				}
				w.WriteHeader(answer.StatusCode)
				_, _ = io.WriteString(w, answerBody)
			}))
			defer other.Close()

			w := httptest.NewRecorder()
			forwarding(t, other.URL+"/", io.Discard).ServeHTTP(w, request)

			r := <-got
			if r.Method != want.Method || r.RequestURI != want.RequestURI {
				t.Errorf("the other worker got %s %s, Java sends %s %s", r.Method, r.RequestURI, want.Method, want.RequestURI)
			}
			for _, name := range []string{"Accept", "User-Agent", "Authorization", "Content-Type", "X-Connect-Authorization", "X-Connect-Request-Signature-Algorithm"} {
				if got, want := r.Header.Get(name), want.Header.Get(name); got != want {
					t.Errorf("the other worker got %s %q, Java sends %q", name, got, want)
				}
			}
			if body := <-gotBody; !reflect.DeepEqual(meaning(t, body), meaning(t, wantBody)) {
				t.Errorf("the other worker got the body\n%s\nJava sends\n%s", body, wantBody)
			}
			response, responseBody := parsedResponse(t, row.Response)
			if w.Code != response.StatusCode || w.Body.String() != responseBody {
				t.Errorf("the client got %d %s, of Java %d %s", w.Code, w.Body, response.StatusCode, responseBody)
			}
			for _, name := range []string{"Location", "Content-Type"} {
				if got, want := w.Header().Get(name), response.Header.Get(name); got != want {
					t.Errorf("the client got %s %q, of Java %q", name, got, want)
				}
			}
		})
	}
}

func TestRequestsAreForwardedTwiceAtMost(t *testing.T) {
	var asked []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.RequestURI)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer other.Close()
	var log bytes.Buffer
	api := forwarding(t, other.URL, &log)
	for _, query := range []string{"", "?forward=true", "?a=b&forward=TRUE&c=d%20e", "?forward=false", "?forward=no"} {
		w := call(api, "DELETE", "/connectors/x%2Fy"+query, "")
		if hops := query == "?forward=false" || query == "?forward=no"; !hops && w.Code != http.StatusNoContent {
			t.Errorf("%s: got %d %s", query, w.Code, w.Body)
		} else if hops {
			wantError(t, w, 409, "Cannot complete request because of a conflicting operation (e.g. worker rebalance)")
		}
	}
	want := []string{"/connectors/x%2Fy?forward=true", "/connectors/x%2Fy?forward=false", "/connectors/x%2Fy?forward=false&a=b&c=d%20e"}
	if !reflect.DeepEqual(asked, want) {
		t.Errorf("asked\n got %q\nwant %q", asked, want)
	}
	if !strings.Contains(log.String(), "forwarded twice") {
		t.Errorf("not logged: %s", log.String())
	}
}

func TestRequestsThatCannotBeForwarded(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	wantError(t, call(forwarding(t, gone.URL, io.Discard), "DELETE", "/connectors/x", ""), 500, "IO Error trying to forward REST request: ")
	wantError(t, call(forwarding(t, "http://%/", io.Discard), "DELETE", "/connectors/x", ""), 500, "IO Error trying to forward REST request: ")

	const nobody = "Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway."
	wantError(t, call(forwarding(t, "", io.Discard), "DELETE", "/connectors/x", ""), 409, nobody)
	alone, err := rest.New(rest.Options{Herder: elsewhere{url: "http://other/"}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, call(alone, "DELETE", "/connectors/x", ""), 409, nobody)

	// An answer that ends too early is not handed on as if it were whole.
	half := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "half")
	}))
	defer half.Close()
	wantError(t, call(forwarding(t, half.URL, io.Discard), "DELETE", "/connectors/x", ""), 500, "IO Error trying to forward REST request: ")
}

func TestForwardingEndsWithTheClient(t *testing.T) {
	came, end := make(chan struct{}), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(came)
		select {
		case <-r.Context().Done():
		case <-end:
		}
	}))
	defer slow.Close()
	defer close(end)
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, "DELETE", "/connectors/x", nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		forwarding(t, slow.URL, io.Discard).ServeHTTP(httptest.NewRecorder(), r)
	}()
	<-came
	cancel()
	<-done
}
