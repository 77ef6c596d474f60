package kafka_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/internal/kafka"
)

func scramOf(mechanism, password string) kafka.Properties {
	return secured("SASL_PLAINTEXT", "sasl.mechanism", mechanism, "sasl.jaas.config", strings.Replace(scramJAAS, "hunter2", password, 1))
}

func TestTLSConnects(t *testing.T) {
	ca := newAuthority(t)
	trusting := []string{"ssl.truststore.type", "PEM", "ssl.truststore.certificates", ca.pem}
	mutual := ca.server(t, "127.0.0.1")
	mutual.ClientAuth, mutual.ClientCAs = tls.RequireAndVerifyClientCert, newPool(ca)
	_, _, chain, key := sign(t, ca, "client", nil)
	for name, c := range map[string]struct {
		server *tls.Config
		pairs  []string
		want   string // in the error
	}{
		"to whom the trust store vouches for": {ca.server(t, "127.0.0.1"), trusting, ""},
		"not to a stranger":                   {newAuthority(t).server(t, "127.0.0.1"), trusting, "SSL handshake failed: tls: failed to verify certificate: x509: certificate signed by unknown authority"},
		"not to a certificate of another":     {ca.server(t, "kafka.example.com"), trusting, "SSL handshake failed: tls: failed to verify certificate: x509: cannot validate certificate for 127.0.0.1"},
		"to another if names do not matter":   {ca.server(t, "kafka.example.com"), append([]string{"ssl.endpoint.identification.algorithm", ""}, trusting...), ""},
		"with a certificate":                  {mutual, append([]string{"ssl.keystore.type", "PEM", "ssl.keystore.certificate.chain", chain, "ssl.keystore.key", key}, trusting...), ""},
		"not without the certificate":         {mutual, trusting, "SSL handshake failed: remote error: tls: certificate required"},
		"not without a common version":        {&tls.Config{Certificates: ca.server(t, "127.0.0.1").Certificates, MinVersion: tls.VersionTLS13}, append([]string{"ssl.enabled.protocols", "TLSv1.2"}, trusting...), "SSL handshake failed: remote error: tls: protocol version not supported"},
		"not without its store":               {ca.server(t, "127.0.0.1"), []string{"ssl.truststore.location", "/no/such/store"}, "ssl.truststore.location: cannot read the trust store"},
	} {
		t.Run(name, func(t *testing.T) {
			_, addr := newKfake(t, kfake.TLS(c.server))
			start := time.Now()
			topics, err := listTopics(t, at(addr, secured("SSL"), c.pairs...))
			var refused *kafka.AuthenticationError
			switch {
			case c.want == "" && (err != nil || !slices.Equal(topics, []string{"topic"})):
				t.Errorf("got %v, %v", topics, err)
			case c.want != "" && (!errors.As(err, &refused) || refused.Mechanism != "SSL" || refused.Broker != addr || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got  %v\nwant %s", err, c.want)
			case c.want != "" && (kafka.IsRetriable(err) || !kafka.IsAuthorization(err) || time.Since(start) > time.Second):
				t.Errorf("retried for %v: %v", time.Since(start), err)
			}
		})
	}
}

func TestPasswordsLogIn(t *testing.T) {
	ca := newAuthority(t)
	_, addr := newKfake(t, kfake.TLS(ca.server(t, "127.0.0.1")), kfake.EnableSASL(),
		kfake.Superuser("PLAIN", "alice", "hunter2"), kfake.Superuser("SCRAM-SHA-256", "alice", "hunter2"), kfake.Superuser("SCRAM-SHA-512", "alice", "hunter2"))
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		p := at(addr, scramOf(mechanism, "hunter2"), "security.protocol", "SASL_SSL", "ssl.truststore.type", "PEM", "ssl.truststore.certificates", ca.pem)
		topics, err := listTopics(t, p)
		if err != nil || !slices.Equal(topics, []string{"topic"}) {
			t.Errorf("%s: got %v, %v", mechanism, topics, err)
		}
	}
}

// Every kind of client logs in, on each of its connections.
func TestRecordsOverSASL(t *testing.T) {
	_, addr := newKfake(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "alice", "hunter2"))
	p := at(addr, scramOf("SCRAM-SHA-512", "hunter2"), "group.id", fresh("group"), "auto.offset.reset", "earliest")
	producer, err := kafka.NewProducer(kafka.ProducerConfig{Properties: p})
	if err != nil {
		t.Fatal(err)
	}
	ctx := testContext(t)
	if err := producer.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := producer.SendBatch(ctx, []kafka.OutRecord{{Topic: "topic", Value: []byte("v")}}); err != nil {
		t.Fatal(err)
	}
	if err := producer.Close(ctx); err != nil {
		t.Fatal(err)
	}
	reader, err := kafka.NewGroupReader(kafka.GroupReaderConfig{Properties: p, Topics: []string{"topic"}})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close(ctx)
	for {
		messages, err := reader.Poll(ctx, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if len(messages) == 0 {
			continue
		}
		if string(messages[0].Value) != "v" {
			t.Errorf("got %q", messages[0].Value)
		}
		tp := kafka.TopicPartition{Topic: "topic"}
		if err := reader.Commit(ctx, map[kafka.TopicPartition]kafka.OffsetAndMetadata{tp: {Offset: 1}}); err != nil {
			t.Error(err)
		}
		return
	}
}

func TestARefusedLoginEndsWithTheBrokersWords(t *testing.T) {
	const wrong = "Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256"
	c, addr := newKfake(t)
	var attempts atomic.Int32
	saslServer(c, "SCRAM-SHA-256", func([]byte) *kmsg.SASLAuthenticateResponse {
		attempts.Add(1)
		return refuse(wrong)
	})
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	props := func(mechanism string) kafka.Properties {
		return at(addr, scramOf(mechanism, "hunter2"), "group.id", "g")
	}
	for name, client := range map[string]func(ctx context.Context) error{
		"an admin": func(ctx context.Context) error {
			a, err := kafka.NewAdmin(kafka.AdminConfig{Properties: props("SCRAM-SHA-256"), Logger: logger})
			if err != nil {
				return err
			}
			defer a.Close()
			_, err = a.Topics(ctx)
			return err
		},
		"a producer": func(ctx context.Context) error {
			p, err := kafka.NewProducer(kafka.ProducerConfig{Properties: props("SCRAM-SHA-256"), Logger: logger})
			if err != nil {
				return err
			}
			defer p.Close(ctx)
			if err := p.Start(ctx); err != nil {
				return err
			}
			return p.SendBatch(ctx, []kafka.OutRecord{{Topic: "topic", Value: []byte("v")}})
		},
		"a group's reader": func(ctx context.Context) error {
			r, err := kafka.NewGroupReader(kafka.GroupReaderConfig{Properties: props("SCRAM-SHA-256"), Topics: []string{"topic"}, Logger: logger})
			if err != nil {
				return err
			}
			defer r.Close(ctx)
			for {
				if _, err := r.Poll(ctx, time.Second); err != nil {
					return err
				}
			}
		},
		"a topic's reader": func(ctx context.Context) error {
			r, err := kafka.NewTopicReader(kafka.TopicReaderConfig{Properties: props("SCRAM-SHA-256"), Topics: []string{"topic"}, Logger: logger})
			if err != nil {
				return err
			}
			defer r.Close()
			if err := r.Start(ctx); err != nil {
				return err
			}
			for {
				if _, err := r.Poll(ctx, time.Second); err != nil {
					return err
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			attempts.Store(0)
			err := client(testContext(t))
			var refused *kafka.AuthenticationError
			if !errors.As(err, &refused) || refused.Mechanism != "SCRAM-SHA-256" || refused.Broker != addr || refused.Err.Error() != wrong {
				t.Errorf("got %v", err)
			}
			if n := attempts.Load(); n > 2 { // a reader may begin to look for positions and for its group
				t.Errorf("%d attempts", n)
			}
			if text := log.String() + err.Error(); strings.Contains(text, "hunter2") {
				t.Errorf("the password is shown: %s", text)
			}
		})
	}
	if _, err := listTopics(t, props("PLAIN")); err == nil ||
		!strings.Contains(err.Error(), "Client SASL mechanism 'PLAIN' not enabled in the server, enabled mechanisms are [SCRAM-SHA-256]") {
		t.Errorf("another mechanism: got %v", err)
	}
}

// A broker that proves nothing could be anybody.
func TestSCRAMWantsTheBrokersProof(t *testing.T) {
	for name, c := range map[string]struct {
		answers []string
		want    string
	}{
		"no proof":      {[]string{"r=NONCE0,s=c2FsdA==,i=4096", "v=AAAA"}, "Authentication failed"},
		"too easy":      {[]string{"r=NONCE0,s=c2FsdA==,i=1"}, "too few iterations"},
		"another nonce": {[]string{"r=0,s=c2FsdA==,i=4096"}, "nonce"},
		"nonsense":      {[]string{"\x00\xff"}, "Authentication failed"},
	} {
		t.Run(name, func(t *testing.T) {
			cluster, addr := newKfake(t)
			step := 0
			saslServer(cluster, "SCRAM-SHA-256", func(message []byte) *kmsg.SASLAuthenticateResponse {
				resp := kmsg.NewPtrSASLAuthenticateResponse()
				if step < len(c.answers) {
					_, nonce, _ := strings.Cut(string(message), "r=")
					resp.SASLAuthBytes = []byte(strings.Replace(c.answers[step], "NONCE", nonce, 1))
				}
				step++
				return resp
			})
			_, err := listTopics(t, at(addr, scramOf("SCRAM-SHA-256", "hunter2")))
			var refused *kafka.AuthenticationError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// kfake does with a wrong password what brokers before 1.0 did: it hangs up, which may have other reasons and is tried again.
func TestAConnectionThatEndsDuringLoginIsTriedAgain(t *testing.T) {
	_, addr := newKfake(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "alice", "other"))
	_, err := listTopics(t, at(addr, scramOf("PLAIN", "hunter2")))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "the connection was closed during authentication with PLAIN") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestAListenerOfAnotherKind(t *testing.T) {
	ca := newAuthority(t)
	_, plain := newKfake(t)
	_, encrypted := newKfake(t, kfake.TLS(ca.server(t, "127.0.0.1")))
	trusting := []string{"ssl.truststore.type", "PEM", "ssl.truststore.certificates", ca.pem}
	for name, c := range map[string]struct {
		props kafka.Properties
		want  string
	}{
		"TLS to one without":        {at(plain, secured("SSL", "request.timeout.ms", "300"), trusting...), "the connection ended during the SSL handshake"},
		"a login to one with TLS":   {at(encrypted, scramOf("PLAIN", "hunter2")), "the connection was closed during authentication with PLAIN"},
		"no security to one of TLS": {at(encrypted, secured("PLAINTEXT")), "broker " + encrypted},
	} {
		if _, err := listTopics(t, c.props); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// connections.max.reauth.ms of the broker: the client logs in again on the same connection, in time.
func TestLoggingInAgain(t *testing.T) {
	c, addr := newKfake(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "alice", "hunter2"),
		kfake.BrokerConfigs(map[string]string{"connections.max.reauth.ms": "200"}))
	var logins, connections atomic.Int32
	c.ControlKey(17, func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		logins.Add(1)
		return nil, nil, false
	})
	c.ControlKey(18, func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		connections.Add(1)
		return nil, nil, false
	})
	a, err := kafka.NewAdmin(kafka.AdminConfig{Properties: at(addr, scramOf("SCRAM-SHA-256", "hunter2"))})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ctx := testContext(t)
	start := time.Now()
	for logins.Load() < 3 {
		if _, err := a.Topics(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(start); took < 2*170*time.Millisecond {
		t.Errorf("three logins in %v: sooner than 85%% of 200 ms each", took)
	}
	if n := connections.Load(); n != 2 { // before the login and after it
		t.Errorf("asked for API versions %d times, want 2: one connection", n)
	}
}

// A client whose password is changed under it is told so, whatever it is doing.
func TestAClientThatIsLockedOutEnds(t *testing.T) {
	for name, use := range map[string]func(t *testing.T, p kafka.Properties, lockOut func()) error{
		"a reader that fetches": func(t *testing.T, p kafka.Properties, lockOut func()) error {
			r, err := kafka.NewTopicReader(kafka.TopicReaderConfig{Properties: p, Topics: []string{"topic"}})
			if err != nil {
				return err
			}
			defer r.Close()
			if err := r.Start(testContext(t)); err != nil {
				return err
			}
			for lockOut(); ; {
				if _, err := r.Poll(testContext(t), time.Second); err != nil {
					return err
				}
			}
		},
		"a member that sends heartbeats": func(t *testing.T, p kafka.Properties, lockOut func()) error {
			var r *kafka.GroupReader
			r, err := kafka.NewGroupReader(kafka.GroupReaderConfig{Properties: p, Topics: []string{"topic"}, Listener: assigned(func() {
				r.Pause(kafka.TopicPartition{Topic: "topic"})
				lockOut()
			})})
			if err != nil {
				return err
			}
			defer r.Close(testContext(t))
			for {
				if _, err := r.Poll(testContext(t), time.Second); err != nil {
					return err
				}
			}
		},
		"a producer": func(t *testing.T, p kafka.Properties, lockOut func()) error {
			producer, err := kafka.NewProducer(kafka.ProducerConfig{Properties: p})
			if err != nil {
				return err
			}
			if err := producer.Start(testContext(t)); err != nil {
				return err
			}
			defer producer.Close(testContext(t))
			record := []kafka.OutRecord{{Topic: "topic", Value: []byte("v")}}
			if err := producer.SendBatch(testContext(t), record); err != nil {
				return err
			}
			for lockOut(); ; {
				if err := producer.SendBatch(testContext(t), record); err != nil {
					return err
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, addr := newKfake(t)
			var locked atomic.Bool
			saslServer(c, "PLAIN", func([]byte) *kmsg.SASLAuthenticateResponse {
				if locked.Load() {
					return refuse("Authentication failed: Invalid username or password")
				}
				resp := kmsg.NewPtrSASLAuthenticateResponse()
				resp.SessionLifetimeMillis = 1 // so that each request logs in
				return resp
			})
			p := at(addr, scramOf("PLAIN", "hunter2"), "group.id", "g", "heartbeat.interval.ms", "50", "fetch.max.wait.ms", "100", "max.block.ms", "5000")
			start := time.Now()
			err := use(t, p, func() { locked.Store(true) })
			var refused *kafka.AuthenticationError
			if !errors.As(err, &refused) || refused.Err.Error() != "Authentication failed: Invalid username or password" {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("after %v", took)
			}
		})
	}
}

// assigned is a Listener that calls a function when partitions come.
type assigned func()

func (f assigned) Assigned(context.Context, map[kafka.TopicPartition]int64) error { f(); return nil }
func (assigned) Revoked(context.Context, []kafka.TopicPartition) error            { return nil }
func (assigned) Lost(context.Context, []kafka.TopicPartition) error               { return nil }
