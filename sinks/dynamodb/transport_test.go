package dynamodb

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// throughFor names the proxies for some URLs, one a line.
func throughFor(t *transport) string {
	rule := t.proxy()
	var b strings.Builder
	for _, to := range []string{
		"https://dynamodb.eu-west-1.amazonaws.com/", "https://sts.eu-west-1.amazonaws.com/", "http://vpce.internal:8000/", "http://10.1.2.3/",
		"http://169.254.169.254/latest/api/token", "http://[fd00:ec2::254]/latest/api/token", "http://169.254.170.2/v2/credentials",
	} {
		u, err := url.Parse(to)
		if err != nil {
			panic(err)
		}
		p, err := rule(&http.Request{URL: u})
		fmt.Fprintln(&b, u.Hostname(), p, err)
	}
	return b.String()
}

const direct = `169.254.169.254 <nil> <nil>
fd00:ec2::254 <nil> <nil>
169.254.170.2 <nil> <nil>
`

func TestWhatGoesThroughTheProxyThatIsSet(t *testing.T) {
	got := throughFor(&transport{proxyURL: "https://proxy:3128", proxyUser: "u@x", proxyPassword: "p/w"})
	const through = "https://u%40x:p%2Fw@proxy:3128 <nil>\n"
	if want := "dynamodb.eu-west-1.amazonaws.com " + through + "sts.eu-west-1.amazonaws.com " + through + "vpce.internal " + through + "10.1.2.3 " + through + direct; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// The environment is read once in a process, so it takes another one.
func TestWhatGoesThroughTheProxyOfTheEnvironment(t *testing.T) {
	const asked = "SLUICE_TEST_PROXY"
	if os.Getenv(asked) != "" {
		fmt.Print(throughFor(&transport{}))
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestWhatGoesThroughTheProxyOfTheEnvironment$")
	cmd.Env = []string{asked + "=1", "HTTPS_PROXY=http://secure:1", "HTTP_PROXY=http://u:p@plain:2", "NO_PROXY=sts.eu-west-1.amazonaws.com,10.0.0.0/8"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := "dynamodb.eu-west-1.amazonaws.com http://secure:1 <nil>\nsts.eu-west-1.amazonaws.com <nil> <nil>\nvpce.internal http://u:p@plain:2 <nil>\n10.1.2.3 <nil> <nil>\n" + direct
	if !strings.HasPrefix(string(out), want) {
		t.Errorf("got\n%swant\n%s", out, want)
	}
}

func TestContainerEndpoints(t *testing.T) {
	for _, c := range []struct{ relative, full, want string }{
		{"/v2/credentials/x", "", "http://169.254.170.2/v2/credentials/x"},
		{"/v2/credentials/x", "http://127.0.0.1:5/y", "http://169.254.170.2/v2/credentials/x"},
		{"", "http://127.0.0.1:5/y", "http://127.0.0.1:5/y"},
		{"", "http://[::1]:5/y", "http://[::1]:5/y"},
		{"", "http://localhost:5/y", "http://localhost:5/y"},
		{"", "http://169.254.170.2/y", "http://169.254.170.2/y"},
		{"", "http://169.254.170.23/v1/credentials", "http://169.254.170.23/v1/credentials"},
		{"", "http://[fd00:ec2::23]/v1/credentials", "http://[fd00:ec2::23]/v1/credentials"},
		{"", "https://agent.internal/y", "https://agent.internal/y"},
		{"", "http://agent.internal/y", ""},
		{"", "http://169.254.169.254/y", ""},
		{"", "http://10.0.0.1/y", ""},
		{"", "ftp://127.0.0.1/y", ""},
		{"", "127.0.0.1:5/y", ""},
		{"", "", ""},
	} {
		if got, err := containerEndpoint(c.relative, c.full); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q, %q: got %q, %v; want %q", c.relative, c.full, got, err, c.want)
		}
	}
}

func TestAnswersOfProxiesAreJudged(t *testing.T) {
	for status, want := range map[int]class{407: fatal, 403: fatal, 401: fatal, 502: transient, 503: transient, 504: transient, 429: transient} {
		err := proxyAnswer(t.Context(), nil, nil, &http.Response{StatusCode: status, Status: http.StatusText(status)})
		var refused *proxyError
		if !errors.As(err, &refused) || refused.class() != want || mendable(fmt.Errorf("connect: %w", err)) != (want == fatal) {
			t.Errorf("%d: got %v", status, err)
		}
	}
	if err := proxyAnswer(t.Context(), nil, nil, &http.Response{StatusCode: 200}); err != nil {
		t.Error(err)
	}
}
