package dynamodb_test

import (
	"encoding/base64"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	sink "sluice/sinks/dynamodb"
)

// secured is the service, and STS, behind TLS, with a certificate that no system trusts.
type secured struct {
	*service
	tls *httptest.Server
	sts *httptest.Server
	pem string
}

func newSecured(t *testing.T) *secured {
	t.Helper()
	withoutAWS(t)
	s := &secured{service: newService(t)}
	s.tls, s.sts = httptest.NewTLSServer(s.service), httptest.NewTLSServer(&givers{})
	quiet := func(server *httptest.Server) { server.Config.ErrorLog = discarded() }
	quiet(s.tls)
	quiet(s.sts)
	t.Cleanup(s.tls.Close)
	t.Cleanup(s.sts.Close)
	s.pem = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.tls.Certificate().Raw}))
	t.Setenv("AWS_ENDPOINT_URL_STS", s.sts.URL)
	return s
}

func (s *secured) settings(more ...string) map[string]string {
	return s.service.settings(append([]string{prefix + "uriEndpointOverride", s.tls.URL, "aws.dynamodb.assume.role.arn", "arn:aws:iam::111122223333:role/writer"}, more...)...)
}

// Authorities that are set are trusted by the writes and by the calls of STS, and nobody else is.
func TestAuthorities(t *testing.T) {
	for name, c := range map[string]struct {
		props []string // FILE is a file with the certificate
		env   string   // AWS_CA_BUNDLE
		says  string   // in the log
	}{
		"file":                    {props: []string{"aws.dynamodb.ca.file", "FILE"}},
		"inline":                  {props: []string{"aws.dynamodb.ca.pem", "PEM"}},
		"environment":             {env: "FILE"},
		"file before environment": {props: []string{"aws.dynamodb.ca.file", "FILE"}, env: "/none"},
		"Camel's trustAllCertificates": {
			props: []string{"camel.component.aws2-ddb.trustAllCertificates", "true"},
			says:  "camel.component.aws2-ddb.trustAllCertificates is true: certificates are not checked",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSecured(t)
			file := filepath.Join(t.TempDir(), "ca.pem")
			if err := os.WriteFile(file, []byte(s.pem), 0o600); err != nil {
				t.Fatal(err)
			}
			in := strings.NewReplacer("FILE", file, "PEM", s.pem)
			if c.env != "" {
				t.Setenv("AWS_CA_BUNDLE", in.Replace(c.env))
			}
			props := s.settings(c.props...)
			for k, v := range props {
				props[k] = in.Replace(v)
			}
			w := started(t, sink.Options{}, props)
			w.mustPut(transaction("a", ``))
			w.untilCommitted()
			if !strings.Contains(w.log.String(), c.says) || c.says == "" && w.log.String() != "" {
				t.Errorf("the log:\n%s", w.log)
			}
		})
	}
}

func TestAuthoritiesThatDoNotFitFailTheTask(t *testing.T) {
	s := newSecured(t)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		props []string
		want  string
	}{
		"STS is not trusted":         {nil, "operation error STS: AssumeRole"},
		"the service is not trusted": {[]string{"aws.dynamodb.assume.role.arn", ""}, "certificate signed by unknown authority"},
		"no file":                    {[]string{"aws.dynamodb.ca.file", "/none"}, "read aws.dynamodb.ca.file: open /none: no such file"},
		"nothing in the file":        {[]string{"aws.dynamodb.ca.file", empty}, "Invalid value " + empty + " for configuration aws.dynamodb.ca.file: the file must hold certificates as PEM"},
		"nothing inline":             {[]string{"aws.dynamodb.ca.pem", "hunter2"}, "Invalid value [hidden] for configuration aws.dynamodb.ca.pem: must hold certificates as PEM"},
		"two":                        {[]string{"aws.dynamodb.ca.pem", s.pem, "aws.dynamodb.ca.file", empty}, "must not be set together with aws.dynamodb.ca.pem"},
	} {
		err := newWorker(t, sink.Options{}).start(s.settings(c.props...))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// tlsProxy is one for TLS that wants a user.
type tlsProxy struct {
	*httptest.Server
	mu     sync.Mutex
	closed bool // nobody is let through
	hosts  []string
}

func newTLSProxy(t *testing.T, start func(http.Handler) *httptest.Server) *tlsProxy {
	t.Helper()
	g := &tlsProxy{}
	g.Server = start(g)
	g.Config.ErrorLog = discarded()
	t.Cleanup(g.Close)
	return g
}

func (g *tlsProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	refused := g.closed || r.Header.Get("Proxy-Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("u:hunter2"))
	if !refused && !slices.Contains(g.hosts, r.Host) {
		g.hosts = append(g.hosts, r.Host)
	}
	g.mu.Unlock()
	switch {
	case refused:
		w.Header().Set("Proxy-Authenticate", "Basic")
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	case r.Method != http.MethodConnect:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	there, err := net.Dial("tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, rest, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(here, there)
		_ = here.Close()
	}()
	_, _ = io.Copy(there, rest)
	_ = there.Close()
	<-back
}

func (g *tlsProxy) reached() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(slices.Values(g.hosts))
}

// A proxy with TLS or without it, and its user in keys of their own or in the URL: writes and STS go through it.
func TestTLSGoesThroughTheProxy(t *testing.T) {
	for name, c := range map[string]struct {
		start func(http.Handler) *httptest.Server
		inURL bool
	}{
		"http":                        {httptest.NewServer, false},
		"https":                       {httptest.NewTLSServer, false},
		"http with a user in the URL": {httptest.NewServer, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSecured(t)
			g := newTLSProxy(t, c.start)
			props := s.settings("aws.dynamodb.ca.pem", s.pem, "aws.dynamodb.proxy.url", g.URL, "aws.dynamodb.proxy.user", "u", "aws.dynamodb.proxy.password", "hunter2")
			if c.inURL {
				delete(props, "aws.dynamodb.proxy.user")
				delete(props, "aws.dynamodb.proxy.password")
				props["aws.dynamodb.proxy.url"] = strings.Replace(g.URL, "://", "://u:hunter2@", 1)
			}
			w := started(t, sink.Options{}, props)
			w.mustPut(transaction("a", ``))
			w.untilCommitted()
			want := []string{s.tls.Listener.Addr().String(), s.sts.Listener.Addr().String()}
			slices.Sort(want)
			if got := g.reached(); !slices.Equal(got, want) {
				t.Errorf("through the proxy went calls for %v, want %v", got, want)
			}
			if text := w.log.String(); strings.Contains(text, "hunter2") || strings.Contains(text, "aws.dynamodb.proxy.url holds a user") != c.inURL {
				t.Errorf("the log:\n%s", text)
			}
		})
	}
}

// A proxy that does not know the user fails the task at once, when it starts and while it runs.
func TestAProxyThatRefusesFailsTheTask(t *testing.T) {
	s := newSecured(t)
	g := newTLSProxy(t, httptest.NewServer)
	props := func(password string) map[string]string {
		return s.settings("aws.dynamodb.assume.role.arn", "", "aws.dynamodb.ca.pem", s.pem, "aws.dynamodb.proxy.url", g.URL, "aws.dynamodb.proxy.user", "u", "aws.dynamodb.proxy.password", password)
	}
	const refusal = "the proxy refuses the connection: 407 Proxy Authentication Required"
	err := newWorker(t, sink.Options{}).start(props("hunter3"))
	if err == nil || !strings.Contains(err.Error(), refusal) || strings.Contains(err.Error(), "hunter3") {
		t.Errorf("at the start got %v", err)
	}
	w := started(t, sink.Options{}, props("hunter2"))
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	s.tls.CloseClientConnections()
	err = w.putUntilFailed(transaction("a", ``))
	if !strings.Contains(err.Error(), refusal) || !strings.Contains(err.Error(), "BatchWriteItem") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("while running got %v", err)
	}
	if got := w.committable(false); got != 0 {
		t.Errorf("offset %d may be committed", got)
	}
}

// discarded is a log for servers that are to have trouble.
func discarded() *log.Logger { return log.New(io.Discard, "", 0) }
