package rest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/internal/tlsconfig"
	"sluice/rest"
)

// newPEM returns a certificate for localhost that signed itself, and its key.
func newPEM(t testing.TB, name string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

func mustSettings(t testing.TB, props map[string]string, prefix string) *tlsconfig.Settings {
	t.Helper()
	s, err := tlsconfig.Parse(props, prefix)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newTLSClient trusts the server with the certificate, and shows its own if it has one.
func newTLSClient(t *testing.T, trusted, certificate, key string) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(trusted))
	config := &tls.Config{RootCAs: pool, NextProtos: []string{"h2", "http/1.1"}}
	if certificate != "" {
		pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
		if err != nil {
			t.Fatal(err)
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

func TestListenersOfBothProtocols(t *testing.T) {
	mainCert, mainKey := newPEM(t, "main")
	adminCert, adminKey := newPEM(t, "admin")
	clientCert, clientKey := newPEM(t, "client")
	strangeCert, strangeKey := newPEM(t, "stranger")
	props := map[string]string{
		"listeners.https.ssl.keystore.type": "PEM", "listeners.https.ssl.keystore.certificate.chain": mainCert, "listeners.https.ssl.keystore.key": mainKey,
		"listeners.https.ssl.truststore.type": "PEM", "listeners.https.ssl.truststore.certificates": clientCert, "listeners.https.ssl.client.auth": "required",
		"admin.listeners.https.ssl.keystore.type": "PEM", "admin.listeners.https.ssl.keystore.certificate.chain": adminCert, "admin.listeners.https.ssl.keystore.key": adminKey,
	}
	admin := []string{"https://127.0.0.1:0"}
	s, _ := newServer(t, newModel(t), func(o *rest.Options) { o.AdminListeners = admin })
	l, err := rest.Listen(t.Context(), rest.ListenerOptions{
		Listeners: []string{"https://127.0.0.1:0", "http://127.0.0.1:0"}, AdminListeners: admin,
		TLS: mustSettings(t, props, "listeners.https."), AdminTLS: mustSettings(t, props, "admin.listeners.https."),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	secure, plain, adminURL := "https://"+l.Addrs()[0].String(), "http://"+l.Addrs()[1].String(), "https://"+l.AdminAddrs()[0].String()
	if want := "http://127.0.0.1:" + strconv.Itoa(l.Addrs()[1].(*net.TCPAddr).Port) + "/"; l.AdvertisedURL() != want {
		t.Errorf("advertised %s, want the plain listener %s", l.AdvertisedURL(), want)
	}

	known := newTLSClient(t, mainCert, clientCert, clientKey)
	for _, c := range []struct {
		client *http.Client
		url    string
		status int
	}{
		{known, secure + "/connectors", 200},
		{newClient(t), plain + "/connectors", 200},
		{known, secure + "/admin/loggers", 404},
		{newTLSClient(t, adminCert, "", ""), adminURL + "/admin/loggers", 200},
		{newTLSClient(t, adminCert, "", ""), adminURL + "/connectors", 404},
	} {
		if status, body := get(t, c.client, c.url); status != c.status {
			t.Errorf("%s: got %d %s, want %d", c.url, status, body, c.status)
		}
	}
	res, err := known.Get(secure + "/connectors")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.Proto != "HTTP/1.1" {
		t.Errorf("the listener speaks %s", res.Proto)
	}
	for name, client := range map[string]*http.Client{
		"no certificate":             newTLSClient(t, mainCert, "", ""),
		"a strange certificate":      newTLSClient(t, mainCert, strangeCert, strangeKey),
		"a client that wants others": newTLSClient(t, adminCert, clientCert, clientKey),
	} {
		if res, err := client.Get(secure + "/connectors"); err == nil {
			res.Body.Close()
			t.Errorf("%s: got %d", name, res.StatusCode)
		}
	}
}

func TestListenNamesTheSettingOfABadStore(t *testing.T) {
	props := map[string]string{"listeners.https.ssl.keystore.location": "no-such.jks", "listeners.https.ssl.keystore.password": "s3cret"}
	_, err := rest.Listen(t.Context(), rest.ListenerOptions{Listeners: []string{"http://127.0.0.1:0", "https://127.0.0.1:0"}, TLS: mustSettings(t, props, "listeners.https.")})
	if err == nil || !strings.Contains(err.Error(), "Invalid value no-such.jks for configuration listeners.https.ssl.keystore.location") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}
