package avro_test

import (
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
		{401, 40101, false}, {403, 40301, false}, {422, 42201, false}, {404, 404, false},
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
	for _, body := range []string{"<html>", strings.Repeat(" ", 65<<20)} {
		s := newStub(t, nil)
		s.fail(func(w http.ResponseWriter, _ *http.Request) bool { w.Write([]byte(body)); return true })
		if _, err := newConverter(t, s).ToConnect("t", nil, message(7, 0)); err == nil {
			t.Errorf("%.10q: got no error", body)
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

func TestTheNextURLIsTried(t *testing.T) {
	s := newStub(t, nil)
	s.add(7, "t-value", noteSchema)
	got, err := newConverter(t, s, avro.URLConfig, "http://127.0.0.1:1,"+s.URL).ToConnect("t", nil, message(7, text("hello")...))
	wantNote(t, got, err)
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
