package tlsconfig_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"maps"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/internal/tlsconfig"
)

func file(name string) string { return filepath.Join("testdata", name) }

func text(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(file(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func mustParse(t testing.TB, props map[string]string) *tlsconfig.Settings {
	t.Helper()
	s, err := tlsconfig.Parse(props, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustServer(t testing.TB, props map[string]string) *tls.Config {
	t.Helper()
	config, err := mustParse(t, props).Server()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func mustClient(t testing.TB, props map[string]string) *tls.Config {
	t.Helper()
	config, err := mustParse(t, props).Client()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// shake lets a server and a client meet, and returns what each saw or why it gave up.
func shake(t testing.TB, server, client *tls.Config) (atServer, atClient tls.ConnectionState, serverErr, clientErr error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []net.Conn{a, b} {
		if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	s, c := tls.Server(a, server), tls.Client(b, client)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if serverErr = s.Handshake(); serverErr == nil {
			_, serverErr = s.Write([]byte("x")) // with TLS 1.3 the client knows only by reading whether its certificate was taken
		}
		a.Close()
	}()
	if clientErr = c.Handshake(); clientErr == nil {
		_, clientErr = c.Read(make([]byte, 1))
	}
	b.Close()
	<-done
	return s.ConnectionState(), c.ConnectionState(), serverErr, clientErr
}

// trusting are the settings of a client that trusts the test's CA.
func trusting() map[string]string {
	return map[string]string{"ssl.truststore.location": file("truststore.jks"), "ssl.truststore.password": "store-secret"}
}

func jksServer() map[string]string {
	return map[string]string{"ssl.keystore.location": file("server.jks"), "ssl.keystore.password": "store-secret", "ssl.key.password": "key-secret"}
}

func with(props map[string]string, more ...string) map[string]string {
	props = maps.Clone(props)
	for i := 0; i < len(more); i += 2 {
		props[more[i]] = more[i+1]
	}
	return props
}

func localhost(config *tls.Config) *tls.Config {
	config.ServerName = "localhost"
	return config
}

func TestKeystores(t *testing.T) {
	oneLine := strings.NewReplacer("\r", "", "\n", "")
	inline := func(key string, more ...string) map[string]string {
		return with(map[string]string{"ssl.keystore.type": "PEM", "ssl.keystore.key": key, "ssl.keystore.certificate.chain": text(t, "modern.chain")}, more...)
	}
	whole := filepath.Join(t.TempDir(), "keystore.pem")
	if err := os.WriteFile(whole, []byte("Bag Attributes\n"+text(t, "modern.chain")+text(t, "modern.aes256.key")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		props map[string]string
		peer  string
	}{
		{"JKS with a key password", jksServer(), "server"},
		{"JKS under the name of PKCS12", with(jksServer(), "ssl.keystore.type", "PKCS12"), "server"},
		{"PKCS12", map[string]string{"ssl.keystore.type": "PKCS12", "ssl.keystore.location": file("modern.p12"), "ssl.keystore.password": "store-secret"}, "modern"},
		{"PKCS12 under the name of the default", map[string]string{"ssl.keystore.location": file("modern.p12"), "ssl.keystore.password": "store-secret", "ssl.key.password": "store-secret"}, "modern"},
		{"PEM file with an encrypted key", map[string]string{"ssl.keystore.type": "PEM", "ssl.keystore.location": whole, "ssl.key.password": "key-secret"}, "modern"},
		{"PEM inline", inline(text(t, "modern.key")), "modern"},
		{"PEM inline without line ends", with(inline(oneLine.Replace(text(t, "modern.key"))), "ssl.keystore.certificate.chain", oneLine.Replace(text(t, "modern.chain"))), "modern"},
		{"AES-256 and SHA-256", inline(text(t, "modern.aes256.key"), "ssl.key.password", "key-secret"), "modern"},
		{"AES-128 and SHA-1", inline(text(t, "modern.sha1.key"), "ssl.key.password", "key-secret"), "modern"},
		{"triple DES", inline(text(t, "modern.des3.key"), "ssl.key.password", "key-secret"), "modern"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, atClient, serverErr, clientErr := shake(t, mustServer(t, c.props), localhost(mustClient(t, trusting())))
			if serverErr != nil || clientErr != nil {
				t.Fatalf("server: %v, client: %v", serverErr, clientErr)
			}
			if got := atClient.PeerCertificates[0].Subject.CommonName; got != c.peer {
				t.Errorf("the server is %s, want %s", got, c.peer)
			}
			if len(atClient.PeerCertificates) != 2 {
				t.Errorf("the server sent %d certificates, want its own and the CA's", len(atClient.PeerCertificates))
			}
		})
	}
}

func TestTruststores(t *testing.T) {
	for name, props := range map[string]map[string]string{
		"JKS":                                  trusting(),
		"JKS without a password":               {"ssl.truststore.location": file("truststore.jks")},
		"JKS key store":                        {"ssl.truststore.location": file("server.jks"), "ssl.truststore.password": "store-secret"}, // its key has another password
		"JKS key store without a password":     {"ssl.truststore.location": file("server.jks")},
		"PKCS12":                               {"ssl.truststore.type": "PKCS12", "ssl.truststore.location": file("truststore.p12"), "ssl.truststore.password": "store-secret"},
		"PKCS12 under the name of the default": {"ssl.truststore.location": file("truststore.p12"), "ssl.truststore.password": "store-secret"},
		"PEM file":                             {"ssl.truststore.type": "PEM", "ssl.truststore.location": file("ca.pem")},
		"PEM inline":                           {"ssl.truststore.type": "PEM", "ssl.truststore.certificates": text(t, "ca.pem")},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, serverErr, clientErr := shake(t, mustServer(t, jksServer()), localhost(mustClient(t, props))); serverErr != nil || clientErr != nil {
				t.Errorf("server: %v, client: %v", serverErr, clientErr)
			}
		})
	}
}

// newAuthority returns the PEM texts of a certificate that signed itself, and of its key.
func newAuthority(t testing.TB, name string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, DNSNames: []string{name},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", keyDER)
}

func TestWhoIsTrusted(t *testing.T) {
	strange, strangeKey := newAuthority(t, "stranger")
	stranger := map[string]string{"ssl.keystore.type": "PEM", "ssl.keystore.key": strangeKey, "ssl.keystore.certificate.chain": strange}
	known := map[string]string{"ssl.keystore.location": file("modern.p12"), "ssl.keystore.password": "store-secret"}
	for _, c := range []struct {
		name           string
		server, client map[string]string
		fails          bool
	}{
		{"no client certificate is asked for", jksServer(), trusting(), false},
		{"a strange one that nobody asked for", jksServer(), with(stranger, trustingPairs()...), false},
		{"requested, none given", with(jksServer(), "ssl.client.auth", "requested"), trusting(), false},
		{"requested, a known one given", with(jksServer(), "ssl.client.auth", "requested"), with(known, trustingPairs()...), false},
		{"requested, a strange one given", with(jksServer(), "ssl.client.auth", "requested"), with(stranger, trustingPairs()...), true},
		{"required, none given", with(jksServer(), "ssl.client.auth", "required"), trusting(), true},
		{"required, a known one given", with(jksServer(), "ssl.client.auth", "required"), with(known, trustingPairs()...), false},
		{"required, known by a trust store", with(jksServer(), append(trustingPairs(), "ssl.client.auth", "required")...), with(known, trustingPairs()...), false},
		{"required, not in the trust store", with(jksServer(), "ssl.client.auth", "required", "ssl.truststore.type", "PEM", "ssl.truststore.certificates", strange), with(known, trustingPairs()...), true},
		{"a server that the client does not know", stranger, trusting(), true},
		{"a server with another name", stranger, map[string]string{"ssl.truststore.type": "PEM", "ssl.truststore.certificates": strange}, true},
		{"another name that is not checked", stranger, map[string]string{"ssl.truststore.type": "PEM", "ssl.truststore.certificates": strange, "ssl.endpoint.identification.algorithm": ""}, false},
		{"an unknown server whose name is not checked", stranger, with(trusting(), "ssl.endpoint.identification.algorithm", ""), true},
		{"an unknown server, no trust store", jksServer(), map[string]string{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := localhost(mustClient(t, c.client))
			if len(client.Certificates) > 0 { // sent whether or not the server says that it knows the issuer
				client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &client.Certificates[0], nil }
			}
			_, _, serverErr, clientErr := shake(t, mustServer(t, c.server), client)
			if failed := serverErr != nil || clientErr != nil; failed != c.fails {
				t.Errorf("server: %v, client: %v", serverErr, clientErr)
			}
		})
	}
}

func trustingPairs() []string {
	var out []string
	for k, v := range trusting() {
		out = append(out, k, v)
	}
	return out
}

func TestProtocolsAndSuites(t *testing.T) {
	const (
		old  = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
		all3 = "TLS_AES_128_GCM_SHA256,TLS_AES_256_GCM_SHA384,TLS_CHACHA20_POLY1305_SHA256"
	)
	for _, c := range []struct {
		name    string
		props   []string
		version uint16
		suite   uint16 // 0: any
	}{
		{"by default", nil, tls.VersionTLS13, 0},
		{"1.2 alone", []string{"ssl.enabled.protocols", "TLSv1.2"}, tls.VersionTLS12, 0},
		{"Kafka's old default", []string{"ssl.enabled.protocols", "TLSv1.2, TLSv1.1,TLSv1"}, tls.VersionTLS12, 0},
		{"ssl.protocol bounds", []string{"ssl.protocol", "TLSv1.2"}, tls.VersionTLS12, 0},
		{"ssl.protocol TLS does not", []string{"ssl.protocol", "TLS"}, tls.VersionTLS13, 0},
		{"a suite of 1.2 rules 1.3 out", []string{"ssl.cipher.suites", old}, tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
		{"with the signal that is no suite", []string{"ssl.cipher.suites", old + ",TLS_EMPTY_RENEGOTIATION_INFO_SCSV"}, tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
		{"all of 1.3", []string{"ssl.cipher.suites", all3}, tls.VersionTLS13, 0},
		{"both", []string{"ssl.cipher.suites", all3 + "," + old}, tls.VersionTLS13, 0},
		{"one of 1.3 where it is not spoken", []string{"ssl.cipher.suites", "TLS_AES_256_GCM_SHA384," + old, "ssl.enabled.protocols", "TLSv1.2"}, tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, side := range []string{"server", "client"} {
				server, client := jksServer(), trusting()
				if side == "server" {
					server = with(server, c.props...)
				} else {
					client = with(client, c.props...)
				}
				_, state, serverErr, clientErr := shake(t, mustServer(t, server), localhost(mustClient(t, client)))
				if serverErr != nil || clientErr != nil {
					t.Fatalf("%s: server: %v, client: %v", side, serverErr, clientErr)
				}
				if state.Version != c.version || c.suite != 0 && state.CipherSuite != c.suite {
					t.Errorf("%s: got %s with %s", side, tls.VersionName(state.Version), tls.CipherSuiteName(state.CipherSuite))
				}
			}
		})
	}
	if got := mustParse(t, map[string]string{"ssl.enabled.protocols": "TLSv1.2,TLSv1.1"}).Notices(); len(got) != 1 || !strings.Contains(got[0], "TLSv1.1") {
		t.Errorf("notices: %v", got)
	}
}

func TestRefusals(t *testing.T) {
	chain, key := text(t, "modern.chain"), text(t, "modern.key")
	for _, c := range []struct {
		name  string
		props map[string]string
		want  string
	}{
		{"an unknown suite", with(jksServer(), "ssl.cipher.suites", "TLS_NONSENSE"), "Invalid value TLS_NONSENSE for configuration ssl.cipher.suites: the cipher suite TLS_NONSENSE is not available"},
		{"one suite of TLS 1.3", with(jksServer(), "ssl.cipher.suites", "TLS_AES_256_GCM_SHA384"), "cannot be chosen singly"},
		{"suites of no enabled protocol", with(jksServer(), "ssl.cipher.suites", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ssl.enabled.protocols", "TLSv1.3"), "none of the cipher suites belongs"},
		{"an unknown protocol", with(jksServer(), "ssl.enabled.protocols", "TLSv1.4"), "there is no protocol TLSv1.4"},
		{"only old protocols", with(jksServer(), "ssl.enabled.protocols", "TLSv1.1"), "none of the protocols is spoken any more"},
		{"an old ssl.protocol", with(jksServer(), "ssl.protocol", "SSL"), "Invalid value SSL for configuration ssl.protocol: must be TLSv1.3, TLSv1.2 or TLS"},
		{"protocols that exclude each other", with(jksServer(), "ssl.protocol", "TLSv1.2", "ssl.enabled.protocols", "TLSv1.3"), "none of the protocols is allowed by ssl.protocol=TLSv1.2"},
		{"a provider", with(jksServer(), "ssl.provider", "BCFIPS"), "Invalid value BCFIPS for configuration ssl.provider"},
		{"an engine", with(jksServer(), "ssl.engine.factory.class", "a.B"), "Invalid value a.B for configuration ssl.engine.factory.class"},
		{"a type", with(jksServer(), "ssl.keystore.type", "BCFKS"), "Invalid value BCFKS for configuration ssl.keystore.type: must be JKS, PKCS12 or PEM"},
		{"client auth", with(jksServer(), "ssl.client.auth", "Required"), "Invalid value Required for configuration ssl.client.auth: String must be one of: required, requested, none"},
		{"an algorithm for names", with(jksServer(), "ssl.endpoint.identification.algorithm", "ldaps"), "ssl.endpoint.identification.algorithm"},
		{"no key store", map[string]string{}, "Invalid value null for configuration ssl.keystore.location: a listener for https needs a key store"},
		{"a password without a store", map[string]string{"ssl.keystore.password": "store-secret"}, "SSL key store is not specified, but key store password is specified."},
		{"a store without a password", map[string]string{"ssl.keystore.location": file("server.jks")}, "SSL key store is specified, but key store password is not specified."},
		{"a key for JKS", map[string]string{"ssl.keystore.key": key}, "Invalid value [hidden] for configuration ssl.keystore.key: SSL private key can be specified only for PEM, but key store type is JKS."},
		{"a key without a chain", map[string]string{"ssl.keystore.type": "PEM", "ssl.keystore.key": key}, "SSL private key is specified, but certificate chain is not specified."},
		{"a chain without a key", map[string]string{"ssl.keystore.type": "PEM", "ssl.keystore.certificate.chain": chain}, "SSL certificate chain is specified, but private key is not specified"},
		{"a key twice", map[string]string{"ssl.keystore.type": "PEM", "ssl.keystore.key": key, "ssl.keystore.certificate.chain": chain, "ssl.keystore.location": "x"}, "Both SSL key store location and separate private key are specified."},
		{"a store password for PEM", map[string]string{"ssl.keystore.type": "PEM", "ssl.keystore.location": "x", "ssl.keystore.password": "store-secret"}, "SSL key store password cannot be specified with PEM format"},
		{"trusted certificates for JKS", with(jksServer(), "ssl.truststore.certificates", chain), "SSL trust store certs can be specified only for PEM, but trust store type is JKS."},
		{"trusted certificates twice", with(jksServer(), "ssl.truststore.type", "PEM", "ssl.truststore.certificates", chain, "ssl.truststore.location", "x"), "Both SSL trust store location and separate trust certificates are specified."},
		{"a trust store password for PEM", with(jksServer(), "ssl.truststore.type", "PEM", "ssl.truststore.location", "x", "ssl.truststore.password", "store-secret"), "SSL trust store password cannot be specified for PEM format."},
		{"a trust store password alone", with(jksServer(), "ssl.truststore.password", "store-secret"), "SSL trust store is not specified, but trust store password is specified."},
		{"a file that is not there", with(jksServer(), "ssl.keystore.location", "no-such-file.jks"), "Invalid value no-such-file.jks for configuration ssl.keystore.location: cannot read the key store: stat no-such-file.jks"},
		{"a file that is no store", with(jksServer(), "ssl.keystore.location", file("README.md")), "neither a JKS nor a PKCS12 store"},
		{"a wrong store password", with(jksServer(), "ssl.keystore.password", "wrong-secret"), "the store's password is wrong, or the store is damaged"},
		{"a wrong key password", with(jksServer(), "ssl.key.password", "wrong-secret"), `key "server": the key's password is wrong`},
		{"a wrong PKCS12 password", map[string]string{"ssl.keystore.location": file("modern.p12"), "ssl.keystore.password": "wrong-secret"}, "the store's password is wrong"},
		{"another key password in PKCS12", map[string]string{"ssl.keystore.location": file("modern.p12"), "ssl.keystore.password": "store-secret", "ssl.key.password": "key-secret"}, "the password of a key in a PKCS12 store is that of the store"},
		{"a trust store as key store", with(jksServer(), "ssl.keystore.location", file("truststore.jks")), "it holds no private key"},
		{"client auth with nobody to trust", map[string]string{"ssl.keystore.location": file("modern.p12"), "ssl.keystore.password": "store-secret", "ssl.client.auth": "required"}, "there is no certificate to trust, and ssl.client.auth is required"},
		{"an encrypted key without a password", pemServer(t, "modern.aes256.key", ""), "the private key is encrypted, and ssl.key.password is not set"},
		{"an encrypted key with a wrong password", pemServer(t, "modern.aes256.key", "wrong-secret"), "the password is wrong, or the key is damaged"},
		{"PBES1", pemServer(t, "modern.pbe1.key", "key-secret"), "encryption 1.2.840.113549.1.12.1.3 is not supported: convert the key with openssl"},
		{"scrypt", pemServer(t, "modern.scrypt.key", "key-secret"), "key derivation 1.3.6.1.4.1.11591.4.11 is not supported: convert the key with openssl"},
		{"no key in the text", pemServer(t, "ca.pem", ""), "the PEM text has 0 private keys"},
		{"a key of somebody else", with(pemServer(t, "modern.key", ""), "ssl.keystore.certificate.chain", text(t, "ca.pem")), "none of the certificates belongs to the private key"},
		{"an old encrypted key", with(pemServer(t, "modern.key", ""), "ssl.keystore.key", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nc2VjcmV0\n-----END RSA PRIVATE KEY-----"), "OpenSSL's old encryption"},
		{"not base64", with(pemServer(t, "modern.key", ""), "ssl.keystore.key", "-----BEGIN PRIVATE KEY-----\nsecret!\n-----END PRIVATE KEY-----"), "the PRIVATE KEY is not base64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := tlsconfig.Parse(c.props, "")
			if err == nil {
				_, err = s.Server()
			}
			var bad *tlsconfig.Error
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v\nwant %s", err, c.want)
			}
			for _, secret := range []string{"store-secret", "key-secret", "wrong-secret", "secret!", "c2VjcmV0", "MIG"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows a secret: %v", err)
				}
			}
		})
	}
	_, err := mustParse(t, with(jksServer(), "ssl.keystore.location", "no-such-file.jks")).Server()
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func pemServer(t testing.TB, key, password string) map[string]string {
	props := map[string]string{"ssl.keystore.type": "PEM", "ssl.keystore.key": text(t, key), "ssl.keystore.certificate.chain": text(t, "modern.chain")}
	if password != "" {
		props["ssl.key.password"] = password
	}
	return props
}

func TestAPrefixReplacesAllPlainSettings(t *testing.T) {
	const prefix = "listeners.https."
	props := map[string]string{"ssl.keystore.location": file("modern.p12"), "ssl.keystore.password": "store-secret", "ssl.client.auth": "nonsense"}
	if _, err := tlsconfig.Parse(props, prefix); err == nil || !strings.Contains(err.Error(), "configuration ssl.client.auth") {
		t.Errorf("without a setting behind the prefix: got %v", err)
	}
	for k, v := range jksServer() {
		props[prefix+k] = v
	}
	s, err := tlsconfig.Parse(props, prefix)
	if err != nil {
		t.Fatal(err)
	}
	config, err := s.Server()
	if err != nil {
		t.Fatal(err)
	}
	if got := config.Certificates[0].Leaf.Subject.CommonName; got != "server" {
		t.Errorf("got the key of %s", got)
	}
	delete(props, prefix+"ssl.keystore.password")
	if _, err := tlsconfig.Parse(props, prefix); err == nil || !strings.Contains(err.Error(), "configuration "+prefix+"ssl.keystore.password") {
		t.Errorf("got %v, want an error about the password behind the prefix: the plain one does not count", err)
	}
}

// What a store's bytes say must not crash the reader, whatever they are.
func FuzzStores(f *testing.F) {
	for _, name := range []string{"server.jks", "modern.p12", "truststore.p12", "modern.aes256.key", "modern.chain"} {
		f.Add([]byte(text(f, name)))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "store")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"JKS", "PEM"} {
			props := map[string]string{"ssl.keystore.type": kind, "ssl.keystore.location": path, "ssl.key.password": "store-secret", "ssl.truststore.type": "PEM", "ssl.truststore.location": path}
			if kind == "JKS" {
				props["ssl.keystore.password"] = "store-secret"
			}
			s := mustParse(t, props)
			if config, err := s.Server(); err == nil && len(config.Certificates) == 0 {
				t.Error("a server without a certificate")
			}
			if config, err := s.Client(); err == nil && config.RootCAs == nil {
				t.Error("a trust store was set, and a client trusts the system")
			}
		}
	})
}
