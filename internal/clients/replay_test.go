package clients_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// client is a program that calls the API.
type client struct {
	name    string // with the version whose source was read
	headers header // sent with every request
	steps   []step
}

type header map[string]string

// step is a request and what its client does with the answer. In request and body ${n} is the connector's name.
type step struct {
	request string // "PUT /connectors/${n}/pause", exactly as it is sent
	headers header // besides the client's; "" takes one of those away
	body    string // "" is none
	want    []int  // the statuses that the client takes for success, or for the outcome that it acts on
	read    reader // what it reads; nil if it looks at the status alone
	poll    bool   // it asks again until status and reader are content
}

// reader reads an answer as a client does, and says what it cannot read or did not expect.
type reader func(answer) error

// answer is what came back for a connector's step.
type answer struct {
	name   string
	status int
	header http.Header
	body   []byte
}

// These are how long a client is taken to poll, and in which steps. All of them have longer limits and most have longer steps.
const (
	patience = 30 * time.Second
	look     = 20 * time.Millisecond
)

// play sends the steps in order. It stops at the first that its client could not go on from.
func (c client) play(t *testing.T, url, name string) {
	t.Helper()
	http := &http.Client{Timeout: 100 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(http.CloseIdleConnections)
	for i, s := range c.steps {
		if err := c.step(t.Context(), http, url, name, s); err != nil {
			t.Fatalf("step %d, %s: %v", i+1, s.request, err)
		}
	}
}

func (c client) step(ctx context.Context, h *http.Client, url, name string, s step) error {
	var last error
	for end := time.Now().Add(patience); ; {
		a, err := c.send(ctx, h, url, name, s)
		if err != nil {
			return err
		}
		if last = s.judge(a); last == nil {
			return nil
		}
		if !s.poll && !rebalancing(a) || time.Now().After(end) {
			return last
		}
		select {
		case <-time.After(look):
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", ctx.Err(), last)
		}
	}
}

func (c client) send(ctx context.Context, h *http.Client, url, name string, s step) (answer, error) {
	fill := strings.NewReplacer("${n}", name)
	method, path, _ := strings.Cut(fill.Replace(s.request), " ")
	var body io.Reader
	if s.body != "" {
		body = strings.NewReader(fill.Replace(s.body))
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(url, "/")+path, body)
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("User-Agent", c.name)
	for _, headers := range []header{c.headers, s.headers} {
		for k, v := range headers {
			r.Header.Set(k, v)
			if v == "" {
				r.Header.Del(k)
			}
		}
	}
	res, err := h.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return answer{name, res.StatusCode, res.Header, got}, err
}

func (s step) judge(a answer) error {
	if !slices.Contains(s.want, a.status) {
		return fmt.Errorf("status %d, want one of %d; body: %s", a.status, s.want, a.body)
	}
	if s.read == nil {
		return nil
	}
	if err := s.read(a); err != nil {
		return fmt.Errorf("%w; the answer: %d %s", err, a.status, a.body)
	}
	return nil
}

// rebalancing reports whether Java would say the same at this moment: right after a change the worker may not answer from what it has.
// Some clients ask again by themselves, the users of the others do.
func rebalancing(a answer) bool {
	var e problem
	if a.status != http.StatusConflict && a.status != http.StatusInternalServerError || json.Unmarshal(a.body, &e) != nil {
		return false
	}
	return strings.HasPrefix(e.Message, "Cannot complete request momentarily due to stale configuration") ||
		strings.HasPrefix(e.Message, "Request cannot be completed because a rebalance is expected")
}

// decode reads an answer's body into v. All clients need a JSON media type for that.
func (a answer) decode(v any) error {
	if t, _, err := mime.ParseMediaType(a.header.Get("Content-Type")); t != "application/json" {
		return fmt.Errorf("the media type is %q (%v), which the client does not decode", a.header.Get("Content-Type"), err)
	}
	d := json.NewDecoder(bytes.NewReader(a.body))
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("decode into %T: %w", v, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("there is something after the JSON value")
	}
	return nil
}

// as is a reader that decodes into a type of the client's and looks at the value.
func as[T any](look func(answer, T) error) reader {
	return func(a answer) error {
		var v T
		if err := a.decode(&v); err != nil {
			return err
		}
		return look(a, v)
	}
}

// both reads an answer in two ways.
func both(one, two reader) reader {
	return func(a answer) error {
		if err := one(a); err != nil {
			return err
		}
		return two(a)
	}
}

// empty is for clients that fail on a body where there should be none.
func empty(a answer) error {
	if len(a.body) > 0 {
		return fmt.Errorf("there is a body")
	}
	return nil
}

// The statuses that steps are judged by.
var (
	ok             = []int{200}
	created        = []int{201}
	okOrCreated    = []int{200, 201}
	accepted       = []int{202}
	noContent      = []int{204}
	acceptedOrNone = []int{202, 204}
	badRequest     = []int{400}
	notFound       = []int{404}
	conflict       = []int{409}
)

// The media types that clients give their bodies.
var (
	asJSON = header{"Content-Type": "application/json"}
	asUTF8 = header{"Content-Type": "application/json; charset=utf-8"}
)
