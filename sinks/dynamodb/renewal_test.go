package dynamodb_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	embedded "sluice/internal/embedded/dynamodb"
	sink "sluice/sinks/dynamodb"
)

// cloud answers for STS, for the metadata services of EC2 and ECS and for DynamoDB as one client reaches them. DynamoDB checks what the requests were signed with. It is used in virtual time.
type cloud struct {
	service *service

	mu       sync.Mutex
	lives    time.Duration // of credentials
	takes    time.Duration // of a call of DynamoDB
	down     bool          // STS answers 503
	denied   bool          // STS refuses
	assumed  int
	expires  map[string]time.Time // by access key
	expired  int                  // calls refused
	calls    int                  // calls carried out
	distinct map[string]bool      // access keys of these
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{expires: make(map[string]time.Time), distinct: make(map[string]bool)}
	server := embedded.New(embedded.Options{})
	c.service = &service{Server: server, table: tableName, url: "http://dynamodb.test"}
	c.service.client = dynamodb.New(dynamodb.Options{
		Region: "ap-southeast-2", BaseEndpoint: aws.String(c.service.url), HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) *http.Response { return recorded(server, r) })},
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	})
	c.service.createTable(t)
	return c
}

type roundTripper func(*http.Request) *http.Response

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return f(r), nil
}

// recorded lets a handler answer, without a network.
func recorded(h http.Handler, r *http.Request) *http.Response {
	r = r.Clone(r.Context())
	if r.Body == nil {
		r.Body = http.NoBody // as a server has it
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	answer := w.Result()
	answer.Request = r
	return answer
}

func (c *cloud) client() *http.Client {
	return &http.Client{Transport: roundTripper(func(r *http.Request) *http.Response {
		switch {
		case strings.HasPrefix(r.URL.Host, "sts."):
			time.Sleep(c.takes * 5)
			return recorded(http.HandlerFunc(c.sts), r)
		case strings.HasPrefix(r.URL.Host, "169.254."):
			time.Sleep(c.takes * 5)
			return recorded(http.HandlerFunc(c.metadata), r)
		}
		time.Sleep(c.takes)
		return recorded(http.HandlerFunc(c.dynamodb), r)
	})}
}

func (c *cloud) sts(w http.ResponseWriter, _ *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.down:
		w.WriteHeader(http.StatusServiceUnavailable)
	case c.denied:
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code>`+
			`<Message>User: arn:aws:iam::1:user/base is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/writer</Message></Error><RequestId>R</RequestId></ErrorResponse>`)
	default:
		key := c.session()
		writeRole(w, "AssumeRole", key, c.expires[key])
	}
}

// metadata is the service of EC2 and that of ECS.
func (c *cloud) metadata(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.down:
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.Method == http.MethodPut:
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		_, _ = io.WriteString(w, "imds-token")
	case strings.HasSuffix(r.URL.Path, "/"):
		_, _ = io.WriteString(w, "role")
	default:
		key := c.session()
		fmt.Fprintf(w, `{"Code":"Success","AccessKeyId":%q,"SecretAccessKey":"secret","Token":"token-of-%[1]s","Expiration":%[2]q}`, key, c.expires[key].UTC().Format(time.RFC3339Nano))
	}
}

// session makes an access key that lives for a while. The lock is held.
func (c *cloud) session() string {
	c.assumed++
	key := fmt.Sprintf("ASIAROLE%08d", c.assumed)
	c.expires[key] = time.Now().Add(c.lives)
	return key
}

// writeRole answers as STS with credentials of a role.
func writeRole(w io.Writer, action, key string, expires time.Time) {
	fmt.Fprintf(w, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult><AssumedRoleUser><Arn>arn:aws:sts::111122223333:assumed-role/writer/s</Arn><AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser><Credentials>`+
		`<AccessKeyId>%[2]s</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>token-of-%[2]s</SessionToken><Expiration>%[3]s</Expiration>`+
		`</Credentials></%[1]sResult></%[1]sResponse>`, action, key, expires.UTC().Format(time.RFC3339Nano))
}

func (c *cloud) dynamodb(w http.ResponseWriter, r *http.Request) {
	key := accessKey(r)
	c.mu.Lock()
	left := time.Until(c.expires[key])
	if left <= 0 || r.Header.Get("X-Amz-Security-Token") != "token-of-"+key {
		c.expired++
		c.mu.Unlock()
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"The security token included in the request is expired"}`)
		return
	}
	c.calls++
	c.distinct[key] = true
	c.mu.Unlock()
	c.service.ServeHTTP(w, r)
}

// accessKey is what a request is signed with.
func accessKey(r *http.Request) string {
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, _, _ := strings.Cut(scope, "/")
	return key
}

func (c *cloud) change(how func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	how()
}

// settings are those of a task that takes a role on.
func (c *cloud) settings() map[string]string {
	return c.service.settings(prefix+"uriEndpointOverride", c.service.url, "aws.dynamodb.assume.role.arn", "arn:aws:iam::111122223333:role/writer")
}

// withoutAWS hides from a test what its surroundings say to the SDK.
func withoutAWS(t *testing.T) {
	t.Helper()
	for _, one := range os.Environ() {
		if name, _, _ := strings.Cut(one, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
}

// inVirtualTime starts a task in virtual time, with credentials that live for three seconds, by default those of a role.
func inVirtualTime(t *testing.T, test func(t *testing.T, c *cloud, w *worker), more ...string) {
	t.Helper()
	withoutAWS(t)
	t.Setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/task")
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.lives, c.takes = 3*time.Second, 10*time.Millisecond
		props := c.settings()
		for i := 0; i < len(more); i += 2 {
			props[more[i]] = more[i+1]
		}
		test(t, c, started(t, sink.Options{HTTPClient: c.client()}, props))
	})
}

// Thirty sessions pass under load: no call is refused, none fails.
func TestCredentialsAreRenewedUnderLoad(t *testing.T) {
	load := func(t *testing.T, c *cloud, w *worker) {
		const n = 200
		for i := range n {
			values := make([]string, 50)
			for j := range values {
				values[j] = transaction(fmt.Sprintf("t%d-%d", i, j), ``)
			}
			w.mustPut(values...)
			time.Sleep(300 * time.Millisecond)
		}
		w.untilCommitted()
		if c.expired > 0 || len(c.distinct) < 20 || c.calls < 2*n {
			t.Errorf("%d calls with %d sessions, and %d refused", c.calls, len(c.distinct), c.expired)
		}
		if got := len(c.service.items(t)); got != n*50 || len(w.reports()) > 0 {
			t.Errorf("%d items, reports %v", got, w.reports())
		}
		if text := w.log.String(); strings.Contains(text, "WARN") || strings.Contains(text, "secret") || strings.Contains(text, "token-of") {
			t.Errorf("the log:\n%s", text)
		}
		for _, class := range []string{"transient", "throttled", "rejected", "fatal"} {
			if failed, _, _ := metricOf(t, w.metrics, "dynamodb_calls_failed_total", class); failed != 0 {
				t.Errorf("%v calls have failed as %s", failed, class)
			}
		}
	}
	const mode, role = "aws.dynamodb.credentials.mode", "aws.dynamodb.assume.role.arn"
	t.Run("role", func(t *testing.T) { inVirtualTime(t, load) })
	t.Run("container", func(t *testing.T) { inVirtualTime(t, load, mode, "container", role, "") })
	t.Run("instance", func(t *testing.T) { inVirtualTime(t, load, mode, "instance", role, "") })
	t.Run("role by the instance", func(t *testing.T) { inVirtualTime(t, load, mode, "instance") })
}

// All sessions end at once, in the middle of the calls: each call is signed anew and sent again, and nobody else learns of it.
func TestRevokedCredentialsFailNoCall(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, c *cloud, w *worker) {
		c.change(func() { c.lives = time.Hour })
		time.Sleep(4 * time.Second)
		for i := range 20 {
			values := make([]string, 500)
			for j := range values {
				values[j] = transaction(fmt.Sprintf("t%d-%d", i, j), ``)
			}
			w.mustPut(values...)
			time.Sleep(5 * time.Millisecond)
			c.change(func() { clear(c.expires) })
			time.Sleep(2 * time.Second)
		}
		w.untilCommitted()
		if got := len(c.service.items(t)); got != 10_000 || c.expired < 20 {
			t.Errorf("%d items, %d calls were refused", got, c.expired)
		}
		if text := w.log.String(); strings.Contains(text, "WARN") || len(w.reports()) > 0 {
			t.Errorf("reports %v, the log:\n%s", w.reports(), text)
		}
	})
}

// STS is down for longer than the credentials hold: the writes wait, and go on when it is back.
func TestAnOutageOfSTSIsWaitedFor(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, c *cloud, w *worker) {
		c.change(func() { c.down = true })
		time.Sleep(10 * time.Second)
		w.mustPut(transaction("a", ``))
		time.Sleep(time.Minute)
		if got := w.committable(false); got != 0 {
			t.Fatalf("offset %d may be committed", got)
		}
		if text := w.log.String(); strings.Count(text, "writes to the table fail, retrying until it works") != 1 || !strings.Contains(text, "operation error STS: AssumeRole") {
			t.Errorf("the log:\n%s", text)
		}
		c.change(func() { c.down = false })
		time.Sleep(20 * time.Second)
		w.untilCommitted()
		if len(c.service.items(t)) != 1 {
			t.Error("the item is missing")
		}
	})
}

// A role that may not be assumed any more fails the task once its last session is over, with the call and the principal.
func TestARefusalOfSTSFailsTheTask(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, c *cloud, w *worker) {
		c.change(func() { c.denied = true })
		time.Sleep(2500 * time.Millisecond)
		w.mustPut(transaction("a", ``))
		w.untilCommitted()
		time.Sleep(time.Minute)
		w.mustPut(transaction("b", ``))
		err := w.untilFailed()
		for _, want := range []string{"BatchWriteItem", "region ap-southeast-2", "endpoint http://dynamodb.test", "operation error STS: AssumeRole", "AccessDenied: User: arn:aws:iam::1:user/base is not authorized"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the error lacks %s: %v", want, err)
			}
		}
		if got := w.committable(false); got != 1 {
			t.Errorf("offset %d may be committed, want 1", got)
		}
	})
}

// A task that is started while STS is down begins when it is back.
func TestATaskStartsWhileSTSIsDown(t *testing.T) {
	withoutAWS(t)
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.lives, c.down = time.Hour, true
		w := started(t, sink.Options{HTTPClient: c.client()}, c.settings())
		w.mustPut(transaction("a", ``))
		time.Sleep(time.Minute)
		c.change(func() { c.down = false })
		time.Sleep(time.Minute)
		w.untilCommitted()
		if text := w.log.String(); !strings.Contains(text, "there are no credentials yet") || len(c.service.items(t)) != 1 {
			t.Errorf("the log:\n%s", text)
		}
		c = newCloud(t)
		c.denied = true
		err := newWorker(t, sink.Options{HTTPClient: c.client()}).start(c.settings())
		if err == nil || !strings.Contains(err.Error(), "AccessDenied: User: arn:aws:iam::1:user/base is not authorized") {
			t.Errorf("a role that may not be assumed: %v", err)
		}
	})
}
