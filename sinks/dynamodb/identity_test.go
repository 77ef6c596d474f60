package dynamodb_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	sink "sluice/sinks/dynamodb"
)

// signatures collects whose keys and tokens the requests to a service were signed with.
type signatures struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (g *signatures) see(_ http.ResponseWriter, r *http.Request, _ []byte) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen == nil {
		g.seen = make(map[string]bool)
	}
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, _, _ := strings.Cut(scope, "/")
	g.seen[key+" "+r.Header.Get("X-Amz-Security-Token")] = true
	return false
}

// want fails the test unless all requests were signed so.
func (g *signatures) want(t *testing.T, signed string) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.seen) != 1 || !g.seen[signed] {
		t.Errorf("requests were signed with %v, want %s", g.seen, signed)
	}
}

func TestARoleIsAssumedWithTheKeysThatThereAre(t *testing.T) {
	s := newService(t)
	var seen signatures
	asked := make(chan string, 16)
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- string(body) + " " + r.Header.Get("Authorization")
		_, _ = io.WriteString(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>`+
			`<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>`+
			`</Credentials></AssumeRoleResult></AssumeRoleResponse>`)
	}))
	t.Cleanup(sts.Close)
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	w := newWorker(t, sink.Options{})
	w.task = sink.ConfluentPlugin(sink.Options{}).NewSink().NewTask()
	const provider = "aws.dynamodb.credentials.provider."
	err := w.start(map[string]string{
		"aws.dynamodb.endpoint": s.behind(t, seen.see), "aws.access.key.id": "AKIABASE", "aws.secret.access.key": "base-secret", "table.name.format": tableName,
		"aws.dynamodb.pk.hash": "value.transaction_id", "aws.dynamodb.pk.sort": "value.transaction_date",
		provider + "class": "io.confluent.connect.aws.dynamodb.auth.AwsAssumeRoleCredentialsProvider", provider + "sts.role.arn": "arn:aws:iam::1:role/writer",
		provider + "sts.role.external.id": "ext", provider + "sts.role.session.name": "sluice",
	})
	if err != nil {
		t.Fatal(err)
	}
	w.open()
	w.mustPut(transaction("a", ``))
	w.untilCommitted()
	seen.want(t, "ASIAROLE role-token")
	request := <-asked
	for _, want := range []string{"Action=AssumeRole", "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fwriter", "ExternalId=ext", "RoleSessionName=sluice", "Credential=AKIABASE/"} {
		if !strings.Contains(request, want) {
			t.Errorf("the role was asked for with %q, which lacks %s", request, want)
		}
	}
	if strings.Contains(w.log.String(), "secret") || strings.Contains(w.log.String(), "role-token") {
		t.Errorf("the log shows a secret:\n%s", w.log)
	}
}

func TestCamelsOtherCredentials(t *testing.T) {
	files := t.TempDir()
	shared := filepath.Join(files, "credentials")
	if err := os.WriteFile(shared, []byte("[writer]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = profile-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", shared)
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(files, "none"))
	for name, c := range map[string]struct {
		props []string
		want  string
	}{
		"session": {[]string{prefix + "useSessionCredentials", "true", prefix + "sessionToken", "a-token"}, "AKIAIOSFODNN7EXAMPLE a-token"},
		"profile": {[]string{prefix + "useProfileCredentialsProvider", "true", prefix + "profileCredentialsName", "writer"}, "AKIAPROFILE "},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			var seen signatures
			w := started(t, sink.Options{}, s.settings(append(c.props, prefix+"uriEndpointOverride", s.behind(t, seen.see))...))
			w.mustPut(transaction("a", ``))
			w.untilCommitted()
			seen.want(t, c.want)
		})
	}
}

func TestRequestsGoThroughTheProxy(t *testing.T) {
	for name, props := range map[string][]string{
		"native":  {"aws.dynamodb.proxy.url", "URL", "aws.dynamodb.proxy.user", "u", "aws.dynamodb.proxy.password", "hunter2"},
		"Camel's": {"camel.component.aws2-ddb.proxyHost", "HOST", "camel.component.aws2-ddb.proxyPort", "PORT", "camel.component.aws2-ddb.proxyProtocol", "HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			var mu sync.Mutex
			through := map[string]int{}
			onward := &http.Transport{}
			t.Cleanup(onward.CloseIdleConnections)
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				user, password, _ := parseProxyAuth(r)
				through[user+" "+password]++
				mu.Unlock()
				r.RequestURI = ""
				r.Header.Del("Proxy-Authorization")
				answer, err := onward.RoundTrip(r)
				if err != nil {
					w.WriteHeader(http.StatusBadGateway)
					return
				}
				defer answer.Body.Close()
				w.WriteHeader(answer.StatusCode)
				_, _ = io.Copy(w, answer.Body)
			}))
			t.Cleanup(front.Close)
			host, port, _ := strings.Cut(strings.TrimPrefix(front.URL, "http://"), ":")
			filled := strings.NewReplacer("URL", front.URL, "HOST", host, "PORT", port)
			for i := 1; i < len(props); i += 2 {
				props[i] = filled.Replace(props[i])
			}
			w := started(t, sink.Options{}, s.settings(props...))
			w.mustPut(transaction("a", ``))
			w.untilCommitted()
			mu.Lock()
			defer mu.Unlock()
			want := " "
			if name == "native" {
				want = "u hunter2"
			}
			if len(through) != 1 || through[want] < 2 {
				t.Errorf("through the proxy went %v, want DescribeTable and BatchWriteItem with %q", through, want)
			}
			if strings.Contains(w.log.String(), "hunter2") {
				t.Errorf("the log shows a secret:\n%s", w.log)
			}
		})
	}
}

func parseProxyAuth(r *http.Request) (user, password string, ok bool) {
	r.Header.Set("Authorization-Kept", r.Header.Get("Authorization"))
	defer func() {
		r.Header.Set("Authorization", r.Header.Get("Authorization-Kept"))
		r.Header.Del("Authorization-Kept")
	}()
	r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
	return r.BasicAuth()
}
