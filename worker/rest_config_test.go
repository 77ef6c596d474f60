package worker

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestHeaderRules(t *testing.T) {
	rules, err := parseHeaderRules(`set X-Frame-Options: DENY,"add Cache-Control: no-cache, \"no-store\"", setDate Expires:0, addDate Last-Modified: -1000,SET X-Upper:up,SETDATE X-Text:1,set X-Quotes: ""`)
	if err != nil {
		t.Fatal(err)
	}
	want := []HeaderRule{
		{Name: "X-Frame-Options", Value: "DENY"},
		{Name: "Cache-Control", Value: `no-cache, "no-store"`, Add: true},
		{Name: "Expires", Value: "0", Date: true},
		{Name: "Last-Modified", Value: "-1000", Add: true, Date: true, Offset: -time.Second},
		{Name: "X-Upper", Value: "up"},
		{Name: "X-Text", Value: "1"},
		{Name: "X-Quotes", Value: `""`},
	}
	if !reflect.DeepEqual(rules, want) {
		t.Errorf("got  %+v\nwant %+v", rules, want)
	}
	h := http.Header{}
	now := time.Date(2026, 11, 23, 14, 11, 7, 0, time.FixedZone("", 3600))
	for _, r := range append(rules, HeaderRule{Name: "cache-control", Value: "b", Add: true}, HeaderRule{Name: "x-upper", Value: "other"}) {
		r.Apply(h, now)
	}
	if got := h["Cache-Control"]; len(got) != 2 || h.Get("X-Upper") != "other" || h.Get("Expires") != "Mon, 23 Nov 2026 13:11:07 GMT" || h.Get("Last-Modified") != "Mon, 23 Nov 2026 13:11:06 GMT" {
		t.Errorf("got %v", h)
	}
}

// The texts are those of RestServerConfig.
func TestBadHeaderRules(t *testing.T) {
	for text, want := range map[string]string{
		"set":                  "Invalid format of header config 'set'. Expected: '[action] [header name]:[header value]'",
		"set A:b,":             "",
		"set A:b,,set C:d":     "Invalid format of header config ''. Expected: '[action] [header name]:[header value]'",
		"setX A:b":             "Invalid header config action: 'setX'. Expected one of [set, add, setDate, addDate]",
		"set A":                "Invalid format of header name and header value pair 'A'. Expected: '[header name]:[header value]'",
		"set A:":               "Invalid format of header name and header value pair 'A:'. Expected: '[header name]:[header value]'",
		"set Link: http://a":   "Invalid format of header name and header value pair 'Link: http://a'. Expected: '[header name]:[header value]'",
		"set :b":               "Invalid header name ''. The '[header name]' cannot contain whitespace",
		"set A B:c":            "Invalid header name 'A B'. The '[header name]' cannot contain whitespace",
		"set A@B:c":            "Invalid header name 'A@B'. It has a character that HTTP does not allow there",
		"setDate Expires: now": "Invalid header value 'now'. 'setDate' needs a number of milliseconds from now",
		`"set A: b, c`:         "",
		" ":                    "",
	} {
		_, err := parseHeaderRules(text)
		if got := errorText(err); got != want {
			t.Errorf("%q\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestSplitCSV(t *testing.T) {
	for text, want := range map[string][]string{
		"":                 nil,
		" a , b ":          {"a", "b"},
		`"a, b" , c`:       {"a, b", "c"},
		`"a" left out, c`:  {"a", "c"},
		`a "b, c"`:         {`a "b`, `c"`},
		`"open, to the en`: {"open, to the en"},
		`"\"",,`:           {`"`, ""},
		",a":               {"", "a"},
	} {
		if got := splitCSV(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestRESTSettings(t *testing.T) {
	c := mustLoad(t, minimal("access.control.allow.origin", "http://a.b, *", "access.control.allow.methods", "GET, PUT", "listeners", "http://:8083,HTTPS://:8443",
		"listeners.https.ssl.keystore.location", "server.jks", "listeners.https.ssl.keystore.password", "hush", "admin.listeners", "http://:8084"))
	if r := c.REST; !reflect.DeepEqual(r.AllowedOrigins, []string{"http://a.b", "*"}) || !reflect.DeepEqual(r.AllowedMethods, []string{"GET", "PUT"}) {
		t.Errorf("CORS: %+v", r)
	}
	if c.REST.TLS == nil || c.REST.AdminTLS != nil {
		t.Errorf("TLS settings: %v for the listeners, %v for the admin's, which are plain", c.REST.TLS, c.REST.AdminTLS)
	}
	for value, want := range map[string][]string{"": {}, "http://:1,http://:2": {"http://:1", "http://:2"}} {
		if got := mustLoad(t, minimal("admin.listeners", value)).REST.AdminListeners; got == nil || !reflect.DeepEqual(got, want) {
			t.Errorf("admin.listeners=%q: got %#v", value, got)
		}
	}
	if got := mustLoad(t, minimal()).REST; got.AdminListeners != nil || got.BasicAuth || got.AllowedOrigins != nil {
		t.Errorf("without settings: %+v", got)
	}
	_, _, err := LoadConfig(minimal("listeners", "https://:8443", "ssl.keystore.location", "a", "ssl.keystore.password", "hush", "ssl.cipher.suites", "TLS_NONSENSE"), nil)
	if err == nil || !strings.Contains(err.Error(), "TLS_NONSENSE is not available") || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
}

// ssl.* may be there for the listeners alone: clients of a broker without TLS are not to stumble over it.
func TestClientsWithoutTLSDoNotSeeItsSettings(t *testing.T) {
	c := mustLoad(t, minimal("ssl.keystore.location", "server.jks", "ssl.keystore.password", "hush", "ssl.truststore.location", "ca.jks"))
	for key := range c.internalAdmin() {
		if strings.HasPrefix(key, "ssl.") {
			t.Errorf("the clients are given %s", key)
		}
	}
}

func TestLoginConfig(t *testing.T) {
	for _, c := range []struct {
		name, property string
		environ        []string
		want           string
	}{
		{"not given", "", nil, ""},
		{"the worker's property", "/etc/own.conf", nil, "/etc/own.conf"},
		{"KAFKA_OPTS", "", []string{"KAFKA_OPTS=-Xmx1g  -Djava.security.auth.login.config=/etc/jaas.conf -Da=b"}, "/etc/jaas.conf"},
		{"KAFKA_OPTS before the property", "/etc/own.conf", []string{"KAFKA_OPTS=-Djava.security.auth.login.config=/etc/jaas.conf"}, "/etc/jaas.conf"},
		{"the last one", "", []string{"KAFKA_OPTS=-Djava.security.auth.login.config=/a -Djava.security.auth.login.config=/b"}, "/b"},
		{"two equals signs and a URL", "", []string{"KAFKA_OPTS=-Djava.security.auth.login.config==file:/etc/jaas.conf"}, "/etc/jaas.conf"},
		{"a URL with slashes", "file:///etc/jaas.conf", nil, "/etc/jaas.conf"},
		{"another option", "", []string{"KAFKA_OPTS=-Djava.security.auth=x"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			props := minimal("rest.extension.classes", BasicAuthExtension)
			if c.property != "" {
				props["java.security.auth.login.config"] = c.property
			}
			got := mustLoad(t, props, append(c.environ, "HOME=/home/kafka")...).REST
			if got.LoginConfig != c.want || !got.BasicAuth {
				t.Errorf("got %q, basic auth %v; want %q", got.LoginConfig, got.BasicAuth, c.want)
			}
			if got.SystemProperties["user.home"] != "/home/kafka" {
				t.Errorf("properties: %v", got.SystemProperties)
			}
		})
	}
}

// What is behind admin.listeners is the REST API's, though it has the prefix of the admin clients: nobody warns that it is ignored.
func TestAdminListenersAreNoClientSettings(t *testing.T) {
	c, notices, err := LoadConfig(minimal("admin.listeners", "https://127.0.0.1:0", "admin.listeners.https.ssl.keystore.type", "PEM",
		"admin.listeners.https.ssl.keystore.location", "worker.pem", "admin.request.timeout.ms", "7700"), nil)
	if err != nil || len(notices) > 0 {
		t.Fatalf("%v, notices %v", err, notices)
	}
	p := c.connectorAdmin("id", nil)
	if p["request.timeout.ms"] != "7700" {
		t.Errorf("got %q", p["request.timeout.ms"])
	}
	for k := range p {
		if strings.HasPrefix(k, "listeners") {
			t.Errorf("the admin client is given %s", k)
		}
	}
}

func FuzzHeaderRules(f *testing.F) {
	for _, s := range []string{"set A:b", `"add A: b, c", setDate D:-1`, `set A:"\`, ",", "addDate X:9223372036854775807"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rules, err := parseHeaderRules(text)
		if err != nil && rules != nil {
			t.Error("rules and an error")
		}
		for _, r := range rules {
			if r.Name == "" || strings.ContainsAny(r.Name, " \r\n:") || strings.Contains(r.Value, ":") && !strings.HasSuffix(r.Value, ":") {
				t.Errorf("%q: %+v", text, r)
			}
			r.Apply(http.Header{}, time.Now())
		}
	})
}
