package integration

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The users of the secured broker are alice with this password, and whoever has a certificate of the test's authority.
const (
	alicesPassword = "alice-s3cret"
	wrongPassword  = "wrong-s3cret"
	storePassword  = "store-secret" // of the stores in internal/tlsconfig/testdata
)

// reauthentication is after how long the secured broker ends a session whose client has not logged in again.
const reauthentication = 2 * time.Second

// secureBroker is a broker with a listener for passwords and tokens, and one for certificates, beside the open one.
type secureBroker struct {
	*broker
	sasl, ssl string // addresses
}

func startSecureBroker(t *testing.T) secureBroker {
	t.Helper()
	needReal(t)
	b, err := newBroker()
	if err != nil {
		t.Fatal(err)
	}
	s := secureBroker{b, "127.0.0.1:" + mustFreePort(t), "127.0.0.1:" + mustFreePort(t)}
	store := testStore(t, "modern.p12")
	const module = "org.apache.kafka.common.security."
	b.formatArgs = []string{"--add-scram", "SCRAM-SHA-512=[name=alice,password=" + alicesPassword + "]"}
	b.properties = []string{ // the last of equal keys counts
		"listeners=PLAINTEXT://" + b.addr + ",SASL_SSL://" + s.sasl + ",SSL://" + s.ssl + ",CONTROLLER://" + b.controller,
		"advertised.listeners=PLAINTEXT://" + b.addr + ",SASL_SSL://" + s.sasl + ",SSL://" + s.ssl,
		"listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT",
		"ssl.keystore.location=" + store, "ssl.keystore.type=PKCS12", "ssl.keystore.password=" + storePassword,
		"ssl.truststore.location=" + store, "ssl.truststore.type=PKCS12", "ssl.truststore.password=" + storePassword,
		"listener.name.ssl.ssl.client.auth=required",
		"sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512,OAUTHBEARER",
		fmt.Sprintf("connections.max.reauth.ms=%d", reauthentication.Milliseconds()),
		`listener.name.sasl_ssl.plain.sasl.jaas.config=` + module + `plain.PlainLoginModule required user_alice="` + alicesPassword + `";`,
		`listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=` + module + `scram.ScramLoginModule required;`,
		`listener.name.sasl_ssl.oauthbearer.sasl.jaas.config=` + module + `oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
		`listener.name.sasl_ssl.oauthbearer.sasl.server.callback.handler.class=` + module + `oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler`,
	}
	startOrSkip(t, b)
	return s
}

func testStore(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "internal", "tlsconfig", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (s secureBroker) trusting(t *testing.T) map[string]string {
	return map[string]string{"ssl.truststore.location": testStore(t, "truststore.jks"), "ssl.truststore.password": storePassword}
}

// login returns the settings of a client that logs in with a mechanism.
func (s secureBroker) login(t *testing.T, mechanism, module, options string) map[string]string {
	settings := s.trusting(t)
	maps.Copy(settings, map[string]string{"security.protocol": "SASL_SSL", "sasl.mechanism": mechanism,
		"sasl.jaas.config": "org.apache.kafka.common.security." + module + " required " + options + ";"})
	return settings
}

func (s secureBroker) scram(t *testing.T, password string) map[string]string {
	return s.login(t, "SCRAM-SHA-512", "scram.ScramLoginModule", `username="alice" password="`+password+`"`)
}

// certificate returns the settings of a client that shows one.
func (s secureBroker) certificate(t *testing.T) map[string]string {
	settings := s.trusting(t)
	maps.Copy(settings, map[string]string{"security.protocol": "SSL", "ssl.keystore.location": testStore(t, "modern.p12"), "ssl.keystore.password": storePassword, "ssl.keystore.type": "PKCS12"})
	return settings
}

// forWorker gives settings to the worker's own clients and to consumers.
func forWorker(own, consumers map[string]string) map[string]string {
	all := map[string]string{"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter"}
	maps.Copy(all, own)
	for key, value := range consumers {
		all["consumer."+key] = value
	}
	return all
}

func TestSecuredKafka(t *testing.T) {
	b := startSecureBroker(t)
	for _, c := range []struct {
		name, addr string
		settings   map[string]string
	}{
		{"SCRAM", b.sasl, b.scram(t, alicesPassword)},
		{"PLAIN", b.sasl, b.login(t, "PLAIN", "plain.PlainLoginModule", `username="alice" password="`+alicesPassword+`"`)},
		{"OAUTHBEARER", b.sasl, b.login(t, "OAUTHBEARER", "oauthbearer.OAuthBearerLoginModule", `unsecuredLoginStringClaim_sub="alice"`)},
		{"certificates", b.ssl, b.certificate(t)},
	} {
		t.Run(c.name, func(t *testing.T) { recordsFlow(t, b, c.addr, c.settings) })
	}
	t.Run("refusals", func(t *testing.T) { refusals(t, b) })
	t.Run("task", func(t *testing.T) { taskIsRefused(t, b) })
	t.Run("producer", func(t *testing.T) { producerLogsIn(t, b) })
}

// recordsFlow runs a sink for as long as two sessions last, in which the broker wants to see the login again.
func recordsFlow(t *testing.T, b secureBroker, addr string, settings map[string]string) {
	w := startWorker(t, newWorkerConfig(t, addr, forWorker(settings, settings)))
	name, topic := uniqueName("secured"), uniqueName("secured")
	file := filepath.Join(t.TempDir(), "lines.txt")
	mustCreateTopic(t, b.addr, topic, 2)
	w.create(t, fileSink(t, name, topic, file))
	n := 0
	tick := time.NewTicker(reauthentication / 8)
	defer tick.Stop()
	for end := time.Now().Add(2 * reauthentication); time.Now().Before(end); <-tick.C {
		produce(t, b.addr, topic, record{partition: int32(n % 2), value: []byte(fmt.Sprintf("line %d", n))})
		n++
	}
	awaitLines(t, file, n)
	if lines := readLines(t, file); len(lines) != n {
		t.Errorf("%d lines of %d records", len(lines), n)
	}
	if status, answer := w.call(t, http.MethodGet, "/connectors/"+name+"/offsets", ""); status != http.StatusOK || strings.Contains(answer, "s3cret") {
		t.Errorf("offsets: %d %s", status, answer)
	}
	w.awaitRunning(t, name, 1)
	stopCleanly(t, w.process)
	for _, trouble := range []string{"cannot reach", "Authentication", "level=ERROR", "s3cret", storePassword} {
		if strings.Contains(w.output(), trouble) {
			t.Errorf("the log has %q; %s", trouble, w.tail())
		}
	}
}

// refusals are told by the worker's end, soon, in words that can be searched for.
func refusals(t *testing.T, b secureBroker) {
	stranger := b.trusting(t)
	maps.Copy(stranger, map[string]string{"security.protocol": "SSL"})
	distrustful := b.certificate(t)
	maps.DeleteFunc(distrustful, func(key, _ string) bool { return strings.HasPrefix(key, "ssl.truststore.") })
	for _, c := range []struct {
		name, addr string
		settings   map[string]string
		want       string
	}{
		{"a wrong password", b.sasl, b.scram(t, wrongPassword), "SCRAM-SHA-512: Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512"},
		{"a wrong password of PLAIN", b.sasl, b.login(t, "PLAIN", "plain.PlainLoginModule", `username="alice" password="`+wrongPassword+`"`), "PLAIN: Authentication failed: Invalid username or password"},
		{"a token without scope or use", b.sasl, b.login(t, "OAUTHBEARER", "oauthbearer.OAuthBearerLoginModule", `unsecuredLoginStringClaim_user="alice" unsecuredLoginPrincipalClaimName="user"`), `{"status":"invalid_token"`},
		{"another mechanism", b.sasl, b.login(t, "SCRAM-SHA-256", "scram.ScramLoginModule", `username="alice" password="`+alicesPassword+`"`), "Client SASL mechanism 'SCRAM-SHA-256' not enabled in the server, enabled mechanisms are ["},
		{"a login at a listener without", b.addr, withProtocol(b.scram(t, alicesPassword), "SASL_PLAINTEXT"), "Unexpected handshake request"},
		{"a login in the clear at a listener with TLS", b.sasl, withProtocol(b.scram(t, alicesPassword), "SASL_PLAINTEXT"), "this listener of the broker uses TLS"},
		{"no certificate", b.ssl, stranger, "SSL handshake failed: remote error: tls:"},
		{"a broker that nobody vouches for", b.ssl, distrustful, "SSL handshake failed: tls: failed to verify certificate: x509: certificate signed by unknown authority"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := startSluice(t, nil, "worker", newWorkerConfig(t, c.addr, forWorker(c.settings, c.settings)).file)
			if code := p.waitExit(t, 20*time.Second); code == 0 {
				t.Errorf("exit code %d", code)
			}
			if out := p.output(); !strings.Contains(out, c.want) || strings.Contains(out, "s3cret") || strings.Contains(out, "assuming that it exists") {
				t.Errorf("the log has not %q, or a secret, or a wrong guess; %s", c.want, p.tail())
			}
		})
	}
}

func withProtocol(settings map[string]string, protocol string) map[string]string {
	settings["security.protocol"] = protocol
	return settings
}

// taskIsRefused: a connector's own login fails its task alone, with the broker's words in the trace.
func taskIsRefused(t *testing.T, b secureBroker) {
	good := b.scram(t, alicesPassword)
	w := startWorker(t, newWorkerConfig(t, b.sasl, forWorker(good, good)))
	topic, name := uniqueName("refused"), uniqueName("refused")
	mustCreateTopic(t, b.addr, topic, 1)
	w.create(t, mustJSON(t, map[string]any{"name": name, "config": map[string]string{
		"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "tasks.max": "1", "topics": topic, "file": filepath.Join(t.TempDir(), "out"),
		"consumer.override.sasl.jaas.config": b.scram(t, wrongPassword)["sasl.jaas.config"],
	}}))
	trace := w.awaitFailure(t, name, 20*time.Second)
	if !strings.Contains(trace, "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512") || strings.Contains(trace, "s3cret") {
		t.Errorf("trace: %s", trace)
	}
	stopCleanly(t, w.process)
	if strings.Contains(w.output(), "s3cret") {
		t.Errorf("the log has a secret; %s", w.tail())
	}
}

func producerLogsIn(t *testing.T, b secureBroker) {
	file := filepath.Join(t.TempDir(), "client.properties")
	var lines strings.Builder
	for key, value := range b.scram(t, alicesPassword) {
		fmt.Fprintf(&lines, "%s=%s\n", key, value)
	}
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out := runSluice(t, 0, []string{"BOOTSTRAP_SERVERS=" + b.sasl, "DATE_TYPE=transaction"}, "producer", "--command-config="+file, "--rate=0", "--count=100")
	if !strings.Contains(out, "acknowledged=100") || strings.Contains(out, "s3cret") {
		t.Errorf("got %s", out)
	}
}
