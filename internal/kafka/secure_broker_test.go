package kafka_test

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
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/internal/kafka"
)

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	a.certificate, a.key, a.pem, _ = sign(t, nil, "authority", nil)
	return a
}

// sign makes a certificate, of its own authority if by is nil.
func sign(t *testing.T, by *authority, name string, hosts []string) (cert *x509.Certificate, key *ecdsa.PrivateKey, certPEM, keyPEM string) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA:        by == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	must(err)
	cert, err = x509.ParseCertificate(der)
	must(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	return cert, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

// server is how a broker listens that has a certificate for hosts.
func (a *authority) server(t *testing.T, hosts ...string) *tls.Config {
	t.Helper()
	_, _, certPEM, keyPEM := sign(t, a, "broker", hosts)
	pair, err := tls.X509KeyPair([]byte(certPEM), []byte(keyPEM))
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

// newKfake starts a bare broker, whose options include TLS and SASL.
func newKfake(t *testing.T, opts ...kfake.Opt) (*kfake.Cluster, string) {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(1, "topic")}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, c.ListenAddrs()[0]
}

// at returns p with another address.
func at(addr string, p kafka.Properties, pairs ...string) kafka.Properties {
	p["bootstrap.servers"], p["client.id"] = addr, "test"
	for i := 0; i < len(pairs); i += 2 {
		p[pairs[i]] = pairs[i+1]
	}
	return p
}

// listTopics asks a broker as a client with these properties would. What can be retried is, for a while.
func listTopics(t *testing.T, p kafka.Properties) ([]string, error) {
	t.Helper()
	for limit := 800 * time.Millisecond; ; limit *= 2 {
		topics, err := listTopicsWithin(t, p, limit)
		// On a slow machine nothing may have come of the first attempt to connect, which is no answer.
		if nothing := err != nil && strings.HasSuffix(err.Error(), "fetch metadata: "+context.DeadlineExceeded.Error()); !nothing || limit > 20*time.Second {
			return topics, err
		}
	}
}

func listTopicsWithin(t *testing.T, p kafka.Properties, limit time.Duration) ([]string, error) {
	t.Helper()
	a, err := kafka.NewAdmin(kafka.AdminConfig{Properties: p, Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return a.Topics(ctx)
}

// saslServer makes a broker play a mechanism that kfake has not: answer gets what clients send and returns the broker's answer.
func saslServer(c *kfake.Cluster, mechanism string, answer func(message []byte) *kmsg.SASLAuthenticateResponse) {
	c.ControlKey(17, func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		resp := req.ResponseKind().(*kmsg.SASLHandshakeResponse)
		resp.SupportedMechanisms = []string{mechanism}
		if req.(*kmsg.SASLHandshakeRequest).Mechanism != mechanism {
			resp.ErrorCode = 33
		}
		return resp, nil, true
	})
	c.ControlKey(36, func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		resp := answer(req.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes)
		resp.Version = req.GetVersion()
		return resp, nil, true
	})
}

// refuse is a broker's answer to what it does not believe.
func refuse(text string) *kmsg.SASLAuthenticateResponse {
	resp := kmsg.NewPtrSASLAuthenticateResponse()
	resp.ErrorCode, resp.ErrorMessage = 58, &text
	return resp
}

func newPool(a *authority) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}
