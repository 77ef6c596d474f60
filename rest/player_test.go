package rest_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// reply is what came back.
type reply struct {
	status int
	header http.Header
	raw    []byte
	value  any // the body if it is JSON
	isJSON bool
}

// send sends one request on a connection of its own, with the path exactly as it is and no headers but those given.
func send(base, method, path string, headers map[string]string, body []byte, chunked bool) (*reply, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	conn, err := net.DialTimeout("tcp", u.Host, 10*time.Second)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(100 * time.Second)); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, strings.TrimSuffix(u.Path, "/")+path, u.Host)
	for k, v := range headers {
		fmt.Fprintf(&b, "%s: %s\r\n", k, v)
	}
	switch {
	case chunked:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
		for part := range slices.Chunk(body, max(1, (len(body)+1)/2)) {
			fmt.Fprintf(&b, "%x\r\n%s\r\n", len(part), part)
		}
		b.WriteString("0\r\n\r\n")
	case body != nil:
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	default:
		b.WriteString("\r\n")
	}
	if _, err := conn.Write(b.Bytes()); err != nil {
		return nil, err
	}
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	// The connection ends here: a body where there must be none, after HEAD or with 204, would be read by nobody else.
	if after, _ := io.ReadAll(in); len(after) > 0 {
		return nil, fmt.Errorf("%d bytes follow the answer: %q", len(after), after)
	}
	rep := &reply{status: res.StatusCode, header: res.Header, raw: raw}
	rep.value, rep.isJSON = decode(raw)
	return rep, nil
}

// decode reads JSON with its numbers as they are written.
func decode(raw []byte) (any, bool) {
	if len(raw) == 0 {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, false
	}
	_, err := d.Token()
	return v, err == io.EOF
}

// rebalancing are the beginnings of texts after which a client asks again.
var rebalancing = []string{
	"Request cannot be completed because a rebalance is expected",
	"Cannot complete request momentarily due to stale configuration",
	"Cannot complete request momentarily due to no known leader URL",
	"Cannot complete request because of a conflicting operation",
}

// ask sends a step's request, again for up to 30 s if the worker says that a rebalance is under way.
func (r *run) ask(s step) (*reply, error) {
	headers := map[string]string{}
	for k, v := range s.Headers {
		if v != nil {
			headers[k] = r.fill(*v)
		}
	}
	var body []byte
	switch {
	case s.JSON != nil:
		body = []byte(r.fill(string(s.JSON)))
	case s.Body != nil:
		body = []byte(r.fill(*s.Body))
	}
	named := false
	for k := range s.Headers {
		named = named || strings.EqualFold(k, "Content-Type")
	}
	if body != nil && !named {
		headers["Content-Type"] = "application/json"
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(250 * time.Millisecond) {
		rep, err := send(r.url, s.Method, r.fill(s.Path), headers, body, s.Chunked)
		if err != nil {
			return nil, err
		}
		message := ""
		if object, ok := rep.value.(map[string]any); ok {
			message, _ = object["message"].(string)
		}
		transient := s.Method == "HEAD" && rep.status == 500 || // it may not say why
			(rep.status == 409 || rep.status == 500) && slices.ContainsFunc(rebalancing, func(p string) bool { return strings.HasPrefix(message, p) })
		if !transient || s.NoRetry || time.Now().After(end) {
			return rep, nil
		}
	}
}

// play sends a step and returns what differs from the expectation.
func (r *run) play(s step, version string) []string {
	raw := s.expectedOf(version)
	if raw == nil {
		return []string{"nothing was recorded for this step"}
	}
	var want expectation
	if err := strictly([]byte(r.fill(string(raw))), &want); err != nil {
		return []string{err.Error()}
	}
	if s.Parallel > 0 {
		return r.playParallel(s, want)
	}
	limit := 30 * time.Second
	if s.Timeout > 0 {
		limit = time.Duration(s.Timeout * float64(time.Second))
	}
	held := 0
	for end := time.Now().Add(limit); ; time.Sleep(r.look) {
		rep, err := r.ask(s)
		if err != nil {
			return []string{"no answer: " + err.Error()}
		}
		diff := r.judge(s, want, rep)
		if held++; len(diff) > 0 {
			held = 0
		}
		// From a worker that is not ours a state has to come twice in a row, as when it was recorded: Java may still tell that of before
		// the last step.
		if held == 2 || held == 1 && r.ours || s.Until == nil || time.Now().After(end) {
			return diff
		}
	}
}

// playParallel sends a step several times at once. Which of the requests wins is open.
func (r *run) playParallel(s step, want expectation) []string {
	replies := make([]*reply, s.Parallel)
	errs := make([]error, s.Parallel)
	var wg sync.WaitGroup
	for i := range replies {
		wg.Go(func() { replies[i], errs[i] = r.ask(s) })
	}
	wg.Wait()
	var out []string
	needed := false
	for i, rep := range replies {
		if errs[i] != nil {
			out = append(out, "no answer: "+errs[i].Error())
			continue
		}
		needed = needed || rep.status == s.Needed
		if !slices.Contains(s.OneOf, rep.status) {
			out = append(out, fmt.Sprintf("status: want one of %d, got %d", s.OneOf, rep.status))
		}
		if raw, recorded := want.Parallel[strconv.Itoa(rep.status)]; recorded {
			var one expectation
			if err := strictly(raw, &one); err != nil {
				return []string{err.Error()}
			}
			out = append(out, r.judge(s, one, rep)...)
		}
	}
	if !needed {
		out = append(out, fmt.Sprintf("status: want at least one %d", s.Needed))
	}
	return out
}

// judge compares an answer with an expectation.
func (r *run) judge(s step, want expectation, rep *reply) []string {
	var out []string
	if rep.status != want.Status {
		out = append(out, fmt.Sprintf("status: want %d, got %d", want.Status, rep.status))
	}
	text, _ := decode(want.Text)
	contentType := strings.ToLower(strings.ReplaceAll(rep.header.Get("Content-Type"), " ", ""))
	wantType := ""
	if want.ContentType != nil {
		wantType = *want.ContentType
	}
	// An error of routing may come with or without a type; a text that is not JSON is compared by its content only.
	routing := wantType == "" && slices.Contains([]int{404, 405, 406, 415}, want.Status) && contentType == "application/json"
	if _, free := text.(map[string]any); contentType != wantType && !routing && !free {
		out = append(out, "content-type: want "+wantType+", got "+contentType)
	}
	if want.Location != nil {
		out = append(out, compareHeader("location", want.Location, headerOrNil(rep, "Location"))...)
	}
	if want.Allow != nil {
		out = append(out, compareHeader("allow", want.Allow, tokens(rep.header.Get("Allow")))...)
	}
	switch {
	case want.Body != nil && !rep.isJSON:
		out = append(out, fmt.Sprintf("body: want JSON, got %q", rep.raw))
	case want.Body != nil:
		body, _ := decode(want.Body)
		got := view(rep.value, s.View, r.prefix)
		if s.View == "is-sorted" {
			got = map[string]any{"sorted": slices.IsSorted(keys(rep.raw))}
		}
		out = append(out, compare(body, got, "$")...)
	case want.Text != nil:
		out = append(out, compare(text, string(rep.raw), "text")...)
	case len(rep.raw) > 0:
		out = append(out, fmt.Sprintf("body: want none, got %q", rep.raw))
	}
	return out
}

func compareHeader(name string, want json.RawMessage, got any) []string {
	w, _ := decode(want)
	return compare(w, got, name)
}

func headerOrNil(rep *reply, name string) any {
	if v := rep.header.Get(name); v != "" {
		return v
	}
	return nil
}

// clean deletes the connectors of this run.
func (r *run) clean() {
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		rep, err := send(r.url, "GET", "/connectors", nil, nil, false)
		if err != nil {
			return
		}
		left := 0
		list, _ := rep.value.([]any)
		for _, e := range list {
			if name, _ := e.(string); strings.Contains(name, r.prefix) {
				left++
				_, _ = send(r.url, "DELETE", "/connectors/"+url.PathEscape(name), nil, nil, false)
			}
		}
		if left == 0 {
			return
		}
	}
}
