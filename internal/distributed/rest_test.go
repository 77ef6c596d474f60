package distributed

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/worker"
)

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	must(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// freeAddr is where a listener may bind that a test has to know before.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	return l.Addr().String()
}

// What is set about the REST API reaches it.
func TestRESTSettingsTakeEffect(t *testing.T) {
	dir, admin := t.TempDir(), freeAddr(t)
	users := write(t, dir, "users.properties", "admin=s3cret\n")
	login := write(t, dir, "jaas.conf", `KafkaConnect { org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required file="`+users+`"; };`)
	o := stock(t, slog.New(slog.DiscardHandler),
		"rest.extension.classes", worker.BasicAuthExtension, "java.security.auth.login.config", login,
		"admin.listeners", "http://"+admin, "access.control.allow.origin", "*", "response.http.headers.config", "set X-Frame-Options: DENY")
	r := start(t, o, Run)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	for _, c := range []struct {
		url, user string
		status    int
		decorated bool
	}{
		{r.url, "", 401, true},
		{r.url, "admin", 200, true},
		{r.url + "admin/loggers", "admin", 404, true},
		{"http://" + admin + "/admin/loggers", "", 200, false},
		{"http://" + admin + "/", "", 404, false},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url, nil)
		must(t, err)
		req.Header.Set("Origin", "http://console.example.com")
		if c.user != "" {
			req.SetBasicAuth(c.user, "s3cret")
		}
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		must(t, res.Body.Close())
		if res.StatusCode != c.status {
			t.Errorf("%s as %q: got %d, want %d", c.url, c.user, res.StatusCode, c.status)
		}
		for _, header := range []string{"X-Frame-Options", "Access-Control-Allow-Origin"} {
			if got := res.Header.Get(header); (got != "") != c.decorated {
				t.Errorf("%s: %s is %q", c.url, header, got)
			}
		}
	}
	http.DefaultClient.CloseIdleConnections()
	r.stop()
	must(t, r.ended(t))
}

// A worker that cannot guard its API as it was told does not start, and says which setting it is.
func TestRESTSettingsThatRefuseTheStart(t *testing.T) {
	for name, c := range map[string]struct {
		settings []string
		want     string
	}{
		"no login configuration":                  {[]string{"rest.extension.classes", worker.BasicAuthExtension}, "java.security.auth.login.config"},
		"a login configuration that is not there": {[]string{"rest.extension.classes", worker.BasicAuthExtension, "java.security.auth.login.config", "/no/such/jaas.conf"}, "/no/such/jaas.conf"},
		"a key store that is not there":           {[]string{"listeners", "https://127.0.0.1:0", "ssl.keystore.location", "/no/such.jks", "ssl.keystore.password", "s3cret"}, "ssl.keystore.location"},
		"a listener of a bad form":                {[]string{"listeners", "http://127.0.0.1"}, "right format"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Run(t.Context(), stock(t, slog.New(slog.DiscardHandler), c.settings...))
			var refused *StartError
			if !errors.As(err, &refused) || !refused.Settings || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %v, want a refusal that names %s", err, c.want)
			}
		})
	}
}
