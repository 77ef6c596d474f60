package rest_test

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/rest"
)

const module = "org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule"

func mustWrite(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func noProperty(string) (string, bool) { return "", false }

func TestLoginConfigurationsThatAreRefused(t *testing.T) {
	users := mustWrite(t, "users.properties", "admin=s3cret\n")
	for _, c := range []struct{ name, config, want string }{
		{"no entry", `Other { ` + module + ` required file="` + users + `"; };`, "there is no login module for KafkaConnect"},
		{"an empty entry", `KafkaConnect { };`, "there is no login module for KafkaConnect"},
		{"another module", `KafkaConnect { com.acme.LdapLoginModule required; };`, "login module com.acme.LdapLoginModule is a Java class and is not supported"},
		{"another module beside ours", `KafkaConnect { ` + module + ` sufficient file="` + users + `"; com.acme.L required password="s3cret"; };`, "login module com.acme.L is"},
		{"no file", `KafkaConnect { ` + module + ` required; };`, "Property Credentials file must be specified"},
		{"a file that is not there", `KafkaConnect { ` + module + ` required file="/no/such/file"; };`, "open the file of users: open /no/such/file"},
		{"bad syntax", `KafkaConnect { ` + module + ` required password="s3cret" };`, "line 1: an option or ; is expected, but there is }"},
		{"an unknown variable", `KafkaConnect { ` + module + ` required file="${no.such}"; };`, "unable to expand property no.such"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := rest.LoadBasicAuth(mustWrite(t, "jaas.conf", c.config), noProperty)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			} else if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
	if _, _, err := rest.LoadBasicAuth("", noProperty); err == nil || !strings.Contains(err.Error(), "KAFKA_OPTS") {
		t.Errorf("without a file: got %v", err)
	}
	if _, _, err := rest.LoadBasicAuth("/no/such/jaas.conf", noProperty); err == nil || !strings.Contains(err.Error(), "/no/such/jaas.conf") {
		t.Errorf("a file that is not there: got %v", err)
	}
	broken := mustWrite(t, "broken.properties", `admin=s3cret\u12`)
	config := mustWrite(t, "jaas.conf", `KafkaConnect { `+module+` required file="`+broken+`"; };`)
	if _, _, err := rest.LoadBasicAuth(config, noProperty); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a broken file of users: got %v", err)
	}
}

func TestAnEmptyFileOfUsersIsTold(t *testing.T) {
	config := mustWrite(t, "jaas.conf", `KafkaConnect { `+module+` required file="`+mustWrite(t, "users", "# nobody\n")+`"; };`)
	_, notices, err := rest.LoadBasicAuth(config, noProperty)
	if err != nil || len(notices) != 1 || !strings.Contains(notices[0], "all requests will be permitted") {
		t.Errorf("got %q, %v", notices, err)
	}
}

// Java lets in whom one of the modules knows, for every pair of flags.
func TestEachModuleMayLetIn(t *testing.T) {
	first, second := mustWrite(t, "first", "admin=s3cret\n"), mustWrite(t, "second", "other=t0o\n")
	flags := []string{"required", "requisite", "sufficient", "optional"}
	for _, f := range flags {
		for _, g := range flags {
			config := mustWrite(t, "jaas.conf", `KafkaConnect { `+module+` `+f+` file="`+first+`"; `+module+` `+g+` file="`+second+`"; };`)
			auth, _, err := rest.LoadBasicAuth(config, noProperty)
			if err != nil {
				t.Fatal(err)
			}
			s, _ := newServer(t, fake{connectors: func() []string { return nil }}, func(o *rest.Options) { o.BasicAuth = auth })
			for user, status := range map[string]int{"admin:s3cret": 200, "other:t0o": 200, "admin:t0o": 401, "other:s3cret": 401, "nobody:": 401} {
				w := call(s, http.MethodGet, "/connectors", "", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user)))
				if w.Code != status {
					t.Errorf("%s and %s: %s gets %d, want %d", f, g, user, w.Code, status)
				}
			}
		}
	}
}

// A mistake in wiring must not open the API.
func TestTheZeroBasicAuthLetsNobodyIn(t *testing.T) {
	s, logs := newServer(t, fake{connectors: func() []string { return nil }}, func(o *rest.Options) { o.BasicAuth = &rest.BasicAuth{} })
	w := call(s, http.MethodGet, "/connectors", "", "Authorization", "Basic OjpzM2NyZXQ=")
	if w.Code != http.StatusUnauthorized || w.Body.String() != "User cannot access the resource." || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("got %d %s %v", w.Code, w.Body, w.Header())
	}
	if logs.lines() != 0 {
		t.Error("a refusal is logged: whoever mistypes a password would fill the log")
	}
}
