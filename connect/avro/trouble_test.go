package avro_test

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/avro"
)

func TestAnUnknownIDIsBadDataAndAskedForAgainLater(t *testing.T) {
	s := newStub(t, nil)
	c := newConverter(t, s)
	now := time.Unix(0, 0)
	c.SetClock(func() time.Time { return now })
	for range 3 {
		_, err := c.ToConnect("t", nil, message(7, text("hello")...))
		var bad *connect.DataError
		if !errors.As(err, &bad) || connect.IsRetriable(err) || !strings.Contains(err.Error(), "Error retrieving Avro value schema for id 7") ||
			!strings.Contains(err.Error(), "Schema 7 not found; error code: 40403") {
			t.Fatalf("got %v, want bad data with the id and the registry's reason", err)
		}
	}
	if n := len(s.asked()); n != 1 {
		t.Errorf("got %d requests, want 1", n)
	}
	s.add(7, "t-value", noteSchema)
	now = now.Add(avro.UnknownFor + 1)
	got, err := c.ToConnect("t", nil, message(7, text("hello")...))
	wantNote(t, got, err)
}

func TestARegistryThatIsNotThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	c := avro.New()
	if err := c.Configure(map[string]string{avro.URLConfig: "http://user:s3cret@" + address + "/path", avro.MaxRetriesConfig: "2"}, false); err != nil {
		t.Fatal(err)
	}
	var waits []time.Duration
	c.SetPause(func(d time.Duration) { waits = append(waits, d) })
	_, err = c.ToConnect("t", nil, message(7, 0))
	if !connect.IsRetriable(err) || !connect.IsUnavailable(err) {
		t.Errorf("got %v, want an error that is worth another try", err)
	}
	var network *avro.NetworkError
	if want := "Network connection error while deserializing data for topic t: schema registry at http://" + address + " cannot be reached: "; !errors.As(err, &network) ||
		!strings.HasPrefix(err.Error(), want) || network.JavaClass() != "org.apache.kafka.common.errors.NetworkException" {
		t.Errorf("got %q, want Confluent's words: %s", err, want)
	}
	if !strings.Contains(err.Error(), "http://"+address) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %q, want it with the address and without the password", err)
	}
	if want := []time.Duration{time.Second, 2 * time.Second}; !slices.Equal(waits, want) {
		t.Errorf("got waits %v, want %v", waits, want)
	}
}

func TestAnswersOfTheRegistry(t *testing.T) {
	for _, c := range []struct {
		status, code int
		retriable    bool
	}{
		{500, 50001, true}, {503, 50301, true}, {504, 50401, true}, {429, 429, true}, {408, 408, true}, {502, 502, true},
		{401, 40101, false}, {403, 40301, false}, {422, 42201, false}, {404, 404, false}, {501, 501, false},
	} {
		s := newStub(t, nil)
		s.fail(func(w http.ResponseWriter, _ *http.Request) bool {
			refuseWith(w, c.status, c.code, "because")
			return true
		})
		_, err := newConverter(t, s).ToConnect("t", nil, message(7, 0))
		if err == nil || connect.IsRetriable(err) != c.retriable || !strings.Contains(err.Error(), "because") {
			t.Errorf("%d: got %v, want the reason, retriable: %t", c.status, err, c.retriable)
		}
	}
}

func TestATryAfterATryThatFailed(t *testing.T) {
	s := newStub(t, nil)
	s.add(7, "t-value", noteSchema)
	failures := 2
	s.fail(func(w http.ResponseWriter, _ *http.Request) bool {
		if failures--; failures >= 0 {
			refuseWith(w, 503, 50301, "not now")
			return true
		}
		return false
	})
	c := newConverter(t, s, avro.MaxRetriesConfig, "3", avro.RetryWaitConfig, "0")
	got, err := c.ToConnect("t", nil, message(7, text("hello")...))
	wantNote(t, got, err)
}

func TestAnAnswerThatIsNoJSONOrTooLong(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"<html>", "the answer is not one of a schema registry: invalid character '<'"},
		{"", "the answer is not one of a schema registry"},
		{`{"schema":7}`, "the answer is not one of a schema registry"},
		{strings.Repeat(" ", 65<<20), "the answer has more than 67108864 bytes"},
	} {
		s := newStub(t, nil)
		s.fail(func(w http.ResponseWriter, _ *http.Request) bool { w.Write([]byte(c.body)); return true })
		_, err := newConverter(t, s).ToConnect("t", nil, message(7, 0))
		if err == nil || connect.IsRetriable(err) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), s.URL) {
			t.Errorf("%.10q: got %v, want %q and the address", c.body, err, c.want)
		}
	}
}

func TestCredentials(t *testing.T) {
	basic := func(r *http.Request) bool { u, p, ok := r.BasicAuth(); return ok && u == "kim" && p == "s3:cret" }
	for _, c := range []struct {
		name  string
		props []string
		allow func(*http.Request) bool
	}{
		{"USER_INFO", []string{avro.CredentialsConfig, "USER_INFO", avro.UserInfoConfig, "kim:s3:cret"}, basic},
		{"older name", []string{avro.CredentialsConfig, "USER_INFO", avro.OldUserInfoConfig, "kim:s3:cret", avro.UserInfoConfig, "x:y"}, basic},
		{"URL", []string{avro.URLConfig, "URL"}, basic}, // the password is not percent encoded: Confluent's client sends it as it is written
		{"bearer", []string{avro.BearerSourceConfig, "STATIC_TOKEN", avro.BearerTokenConfig, "abc", avro.BearerClusterConfig, "lsrc-1"}, func(r *http.Request) bool {
			return r.Header.Get("Authorization") == "Bearer abc" && r.Header.Get("target-sr-cluster") == "lsrc-1"
		}},
		{"header", []string{"request.header.X-Team", "data"}, func(r *http.Request) bool { return r.Header.Get("X-Team") == "data" }},
		{"user info without its source", []string{avro.UserInfoConfig, "kim:s3:cret"}, func(r *http.Request) bool { return r.Header.Get("Authorization") == "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStub(t, nil)
			s.add(7, "t-value", noteSchema)
			s.fail(func(w http.ResponseWriter, r *http.Request) bool {
				if c.allow(r) {
					return false
				}
				refuseWith(w, 401, 40101, "Unauthorized")
				return true
			})
			props := slices.Clone(c.props)
			if props[1] == "URL" {
				props[1] = strings.Replace(s.URL, "http://", "http://kim:s3:cret@", 1)
			}
			got, err := newConverter(t, s, props...).ToConnect("t", nil, message(7, text("hello")...))
			wantNote(t, got, err)
			_, err = newConverter(t, s, props[:0]...).ToConnect("t", nil, message(7, text("hello")...))
			if c.name != "user info without its source" && err == nil {
				t.Error("without credentials: got no error")
			}
		})
	}
}

func TestTLS(t *testing.T) {
	s := newStub(t, func(h http.Handler) *httptest.Server {
		server := httptest.NewUnstartedServer(h)
		server.Config.ErrorLog = log.New(io.Discard, "", 0) // it has words for the client that does not trust it
		server.StartTLS()
		return server
	})
	s.add(7, "t-value", noteSchema)
	certificate := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	c := newConverter(t, s, "schema.registry.ssl.truststore.type", "PEM", "schema.registry.ssl.truststore.certificates", certificate)
	got, err := c.ToConnect("t", nil, message(7, text("hello")...))
	wantNote(t, got, err)

	_, err = newConverter(t, s).ToConnect("t", nil, message(7, text("hello")...))
	if !connect.IsRetriable(err) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without trust: got %v, want an error about the certificate", err)
	}
}

func TestProxy(t *testing.T) {
	s := newStub(t, nil) // a proxy gets the whole URL; the stub looks at its path
	s.add(7, "t-value", noteSchema)
	u, _ := url.Parse(s.URL)
	c := newConverter(t, s, avro.URLConfig, "http://registry.invalid:8081", avro.ProxyHostConfig, u.Hostname(), avro.ProxyPortConfig, u.Port())
	got, err := c.ToConnect("t", nil, message(7, text("hello")...))
	wantNote(t, got, err)
}

// The next URL is asked if one cannot answer, and stays the first one to ask.
func TestTheNextURLIsTried(t *testing.T) {
	for _, status := range []int{0, 408, 429, 500, 502, 503, 504} { // 0: nobody is there
		down, up := newStub(t, nil), newStub(t, nil)
		up.add(7, "t-value", noteSchema)
		up.add(8, "t-value", `"string"`)
		down.fail(func(w http.ResponseWriter, _ *http.Request) bool {
			refuseWith(w, status, status, "not now")
			return true
		})
		if status == 0 {
			down.Close()
		}
		c := newConverter(t, up, avro.URLConfig, down.URL+","+up.URL)
		c.SetPause(func(d time.Duration) { t.Errorf("%d: it waits for %v", status, d) })
		got, err := c.ToConnect("t", nil, message(7, text("hello")...))
		wantNote(t, got, err)
		if n := len(down.asked()); n != min(status, 1) {
			t.Errorf("%d: the first URL was asked %d times", status, n)
		}
		if _, err := c.ToConnect("t", nil, message(8, text("hello")...)); err != nil {
			t.Errorf("%d: the next schema: %v", status, err)
		}
		if n := len(down.asked()); n != min(status, 1) {
			t.Errorf("%d: the first URL was asked again", status)
		}
	}
}

func TestAURLThatRefusesIsNotPassedOver(t *testing.T) {
	first, second := newStub(t, nil), newStub(t, nil)
	second.add(7, "t-value", noteSchema)
	_, err := newConverter(t, first, avro.URLConfig, first.URL+","+second.URL).ToConnect("t", nil, message(7, text("hello")...))
	if err == nil || !strings.Contains(err.Error(), "error code: 40403") || len(second.asked()) > 0 {
		t.Errorf("got %v and requests %v", err, second.asked())
	}
}

// A task that is told to stop is not held by its registry: neither by an answer that does not come nor by the wait for another try.
func TestTheEndOfTheContextEndsAllWaits(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter, r *http.Request){
		"for an answer":   func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"for another try": func(w http.ResponseWriter, _ *http.Request) { refuseWith(w, 503, 50301, "not now") },
		"for a slow one":  func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush(); <-r.Context().Done() },
		"for the rest of it": func(w http.ResponseWriter, r *http.Request) {
			w.Write([]byte(`{"sch`))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan struct{}, 1)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				select {
				case asked <- struct{}{}:
				default:
				}
				answer(w, r)
			}))
			defer s.Close()
			c := avro.New()
			if err := c.Configure(map[string]string{avro.URLConfig: s.URL, avro.RetryWaitConfig: "3600000", avro.RetryMaxWaitConfig: "3600000"}, false); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			c.UseContext(ctx)
			go func() {
				<-asked
				cancel()
			}()
			_, err := c.ToConnect("t", nil, message(7, 0))
			if !connect.IsRetriable(err) {
				t.Errorf("got %v, want an error that is worth another try", err)
			}
		})
	}
}

func TestRefusedSettings(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{avro.URLConfig, "mock://scope", "Invalid value mock://scope for configuration schema.registry.url: mock registries"},
		{avro.URLConfig, "", "at least one URL"},
		{avro.URLConfig, "ftp://u:s3cret@h", "Invalid value ftp://h for configuration schema.registry.url"},
		{avro.URLConfig, "ftp://u:1/s3cret@h", "Invalid value [hidden] for configuration schema.registry.url"},
		{avro.URLConfig, "http://u:s3cret@h:port", "Invalid value [hidden] for configuration schema.registry.url: not a URL"},
		{avro.CredentialsConfig, "SASL_INHERIT", "Invalid value SASL_INHERIT for configuration basic.auth.credentials.source"},
		{avro.CredentialsConfig, "USER_INFO", "UserInfo must be provided"},
		{avro.BearerSourceConfig, "OAUTHBEARER", "Invalid value OAUTHBEARER for configuration bearer.auth.credentials.source"},
		{avro.BearerSourceConfig, "STATIC_TOKEN", `"bearer.auth.token"`},
		{avro.ProxyHostConfig, "proxy", "proxy.port"},
		{avro.ValueStrategyConfig, "com.example.Mine", "value.subject.name.strategy"},
		{"use.latest.version", "true", "Invalid value true for configuration use.latest.version: not supported"},
		{"rule.executors", "x", "rule.executors"},
		{"specific.avro.reader", "true", "specific.avro.reader"},
		{"schema.registry.ssl.truststore.location", "/nowhere.jks", "schema.registry.ssl.truststore.location"},
		{"schema.registry.ssl.keystore.type", "BCFKS", "schema.registry.ssl.keystore.type"},
	} {
		props := map[string]string{avro.URLConfig: "http://localhost:8081", c.key: c.value}
		err := avro.New().Configure(props, true)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s=%s: got %v, want %q", c.key, c.value, err, c.want)
		}
	}
	for _, harmless := range [][2]string{
		{"use.latest.version", "false"}, {"latest.compatibility.strict", "false"}, {"rule.executors", ""}, {"use.schema.id", "-1"}, {"unheard.of", "x"},
		{"value.schema.id.deserializer", "io.confluent.kafka.serializers.schema.id.DualSchemaIdDeserializer"},
	} {
		if err := avro.New().Configure(map[string]string{avro.URLConfig: "http://localhost:8081", harmless[0]: harmless[1]}, true); err != nil {
			t.Errorf("%s=%s: %v", harmless[0], harmless[1], err)
		}
	}
}
