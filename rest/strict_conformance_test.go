package rest_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What the player must complain about, and what it must not: an answer that differs from the recording in one thing only.
func TestConformancePlayerIsStrict(t *testing.T) {
	const (
		expected = `{"status":201,"content_type":"application/json","location":"${base}/connectors/${p}a","body":{"name":"${p}a","n":1,"tasks":[{"id":0},{"id":1}],"at":{"$is":"epoch_ms"},"t":{"$prefix":"ab"},"s":{"$set":["x","y"]}}}`
		body     = `{"n":1,"name":"PREFIXa","tasks":[{"id":0},{"id":1}],"at":1729800000000,"t":"abc","s":["y","x"]}`
	)
	for _, c := range []struct {
		name   string
		change func(h http.Header, status int, body string) (int, string)
		want   string // part of the complaint; "" for none
	}{
		{"the answer as recorded", nil, ""},
		{"another status", func(_ http.Header, _ int, b string) (int, string) { return 200, b }, "status: want 201, got 200"},
		{"a charset", set("Content-Type", "application/json; charset=utf-8"), "content-type"},
		{"no media type", set("Content-Type", ""), "content-type"},
		{"no Location", set("Location", ""), "location"},
		{"a relative Location", set("Location", "/connectors/PREFIXa"), "location"},
		{"a key that is missing", cut(`,"t":"abc"`, ``), "$.t: missing"},
		{"a key more", cut(`"t":"abc"`, `"t":"abc","u":null`), "$.u: not expected"},
		{"a number as a text", cut(`"n":1`, `"n":"1"`), "$.n"},
		{"a number with a fraction", cut(`"n":1,`, `"n":1.0,`), "$.n"},
		{"null", cut(`"n":1`, `"n":null`), "$.n"},
		{"a list in another order", cut(`{"id":0},{"id":1}`, `{"id":1},{"id":0}`), "$.tasks[0].id"},
		{"a list that is longer", cut(`{"id":1}]`, `{"id":1},{"id":2}]`), "$.tasks"},
		{"seconds", cut(`1729800000000`, `1729800000`), "$.at"},
		{"a time with a fraction", cut(`1729800000000`, `1729800000.001`), "$.at"},
		{"a time as a text", cut(`1729800000000`, `"1729800000000"`), "$.at"},
		{"a prefix that is another", cut(`"abc"`, `"bc"`), "$.t"},
		{"a set with one twice", cut(`["y","x"]`, `["y","y"]`), "$.s"},
		{"something after the JSON", cut(`["y","x"]}`, `["y","x"]}}`), "want JSON"},
		{"two values", cut(`["y","x"]}`, `["y","x"]} 1`), "want JSON"},
		{"no body", func(_ http.Header, s int, _ string) (int, string) { return s, "" }, "want JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r *run
			r = newRun("http://"+answering(t, func() string {
				h := http.Header{"Content-Type": {"application/json"}, "Location": {"BASE/connectors/PREFIXa"}}
				status, text := 201, body
				if c.change != nil {
					status, text = c.change(h, status, text)
				}
				fill := strings.NewReplacer("PREFIX", r.prefix, "BASE", r.url)
				for i := range h["Location"] {
					h["Location"][i] = fill.Replace(h["Location"][i])
				}
				return raw(status, h, fill.Replace(text))
			}), 0)
			diff := r.play(step{Method: "POST", Path: "/connectors", Expect: []byte(expected)}, reference)
			complaint(t, diff, c.want)
		})
	}
}

// What follows an answer that has no body is read by the next request of a connection that stays open.
func TestConformancePlayerSeesBodiesWhereThereAreNone(t *testing.T) {
	for _, c := range []struct{ method, answer, expected, want string }{
		{"DELETE", raw(204, nil, ""), `{"status":204,"content_type":null}`, ""},
		{"DELETE", raw(204, nil, "{}"), `{"status":204,"content_type":null}`, "2 bytes follow"},
		{"HEAD", raw(200, http.Header{"Content-Type": {"application/json"}}, "[]"), `{"status":200,"content_type":"application/json"}`, "2 bytes follow"},
		{"PUT", raw(202, nil, "x"), `{"status":202,"content_type":null}`, "body: want none"},
		{"PUT", raw(202, http.Header{"Location": {"/x"}}, ""), `{"status":202,"content_type":null,"location":null}`, "location: want null"},
		{"OPTIONS", raw(200, http.Header{"Allow": {"GET, HEAD"}}, ""), `{"status":200,"content_type":null,"allow":["GET","HEAD"]}`, ""},
		{"OPTIONS", raw(200, http.Header{"Allow": {"GET"}}, ""), `{"status":200,"content_type":null,"allow":["GET","HEAD"]}`, "allow"},
		{"GET", raw(404, http.Header{"Content-Type": {"application/json"}}, "{}"), `{"status":404,"content_type":null,"body":{}}`, ""}, // an error of routing
		{"GET", raw(404, http.Header{"Content-Type": {"text/html"}}, "{}"), `{"status":404,"content_type":null,"body":{}}`, "content-type"},
		{"GET", raw(200, http.Header{"Content-Type": {"application/json"}}, "{}"), `{"status":200,"content_type":null,"body":{}}`, "content-type"},
		{"GET", raw(200, nil, "{}"), `{"status":200,"content_type":null,"body":{"a":{"$is":"no such matcher"}}}`, "$.a"},
		{"GET", raw(200, nil, `{"a":1}`), `{"status":200,"content_type":null,"body":{"a":{"$is":"no such matcher"}}}`, "$.a"},
		{"GET", raw(200, nil, "{}"), `{"status":200,"content_type":null,"header":{}}`, "unknown field"},
	} {
		t.Run(c.method+" "+c.want, func(t *testing.T) {
			r := newRun("http://"+answering(t, func() string { return c.answer }), 0)
			complaint(t, r.play(step{Method: c.method, Path: "/", Expect: []byte(c.expected)}, reference), c.want)
		})
	}
}

func complaint(t *testing.T, diff []string, want string) {
	t.Helper()
	got := strings.Join(diff, "\n")
	if want == "" && got != "" || !strings.Contains(got, want) || want != "" && got == "" {
		t.Errorf("the player says %q, want %q", got, want)
	}
}

func set(key, value string) func(http.Header, int, string) (int, string) {
	return func(h http.Header, status int, body string) (int, string) {
		h.Set(key, value)
		if value == "" {
			h.Del(key)
		}
		return status, body
	}
}

func cut(from, to string) func(http.Header, int, string) (int, string) {
	return func(_ http.Header, status int, body string) (int, string) {
		return status, strings.Replace(body, from, to, 1)
	}
}

// raw is an answer as it stands on the wire, whether HTTP allows it or not.
func raw(status int, h http.Header, body string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d x\r\n", status)
	_ = h.Write(&b) // a builder takes everything
	fmt.Fprintf(&b, "Content-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
	return b.String()
}

// answering serves one answer for each connection.
func answering(t *testing.T, answer func() string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
			buf := make([]byte, 4096)
			_, _ = conn.Read(buf)
			_, _ = conn.Write([]byte(answer()))
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-served
	})
	return l.Addr().String()
}
