package tlsconfig

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// pemEntry finds an entry of a PEM text: its name, and what stands between its marks. Unlike encoding/pem it needs no line ends, because
// a PEM text that was put into a properties file with continued lines has none.
//
// Kafka: DefaultSslEngineFactory.PemParser.
var pemEntry = regexp.MustCompile(`(?s)-----BEGIN\s+([^-]*)-----(.*?)-----END\s+[^-]*-----`)

type pemBlock struct {
	name string // such as CERTIFICATE
	der  []byte
}

func pemBlocks(text []byte) ([]pemBlock, error) {
	var blocks []pemBlock
	for _, m := range pemEntry.FindAllSubmatch(text, -1) {
		name, body := strings.Join(strings.Fields(string(m[1])), " "), string(m[2])
		if strings.Contains(body, ":") { // Proc-Type and DEK-Info of OpenSSL's own encryption
			return nil, fmt.Errorf("the %s has headers, as OpenSSL's old encryption writes them: convert it with openssl pkcs8 -topk8", name)
		}
		der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(body), ""))
		if err != nil {
			return nil, fmt.Errorf("the %s is not base64", name) // the cause would show a part of it
		}
		blocks = append(blocks, pemBlock{name, der})
	}
	return blocks, nil
}

func pemCertificates(text []byte) ([]*x509.Certificate, error) {
	blocks, err := pemBlocks(text)
	if err != nil {
		return nil, err
	}
	var out []*x509.Certificate
	for _, b := range blocks {
		if !strings.HasSuffix(b.name, "CERTIFICATE") {
			continue
		}
		c, err := x509.ParseCertificate(b.der)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errors.New("the PEM text has no CERTIFICATE")
	}
	return out, nil
}

// pemKeystore reads a key and the chain of its certificates, which may be the same text. The key is PKCS8, encrypted or not; PKCS1 and SEC1,
// which Java refuses, are taken too.
func pemKeystore(key, chain []byte, password string) (*store, error) {
	certificates, err := pemCertificates(chain)
	if err != nil {
		return nil, err
	}
	private, err := pemKey(key, password)
	if err != nil {
		return nil, err
	}
	p, err := pair(private, certificates)
	if err != nil {
		return nil, err
	}
	return &store{keys: []tls.Certificate{p}, trusted: certificates[:1]}, nil
}

func pemTruststore(text []byte) (*store, error) {
	certificates, err := pemCertificates(text)
	if err != nil {
		return nil, err
	}
	return &store{trusted: certificates}, nil
}

func pemKey(text []byte, password string) (crypto.PrivateKey, error) {
	blocks, err := pemBlocks(text)
	if err != nil {
		return nil, err
	}
	var found []pemBlock
	for _, b := range blocks {
		if strings.HasSuffix(b.name, "PRIVATE KEY") {
			found = append(found, b)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("the PEM text has %d private keys, one is needed", len(found))
	}
	der := found[0].der
	switch found[0].name {
	case "ENCRYPTED PRIVATE KEY":
		if password == "" {
			return nil, errors.New("the private key is encrypted, and " + KeyPassword + " is not set")
		}
		if der, err = decryptPKCS8(der, password); err != nil {
			return nil, fmt.Errorf("decrypt the private key: %w", err)
		}
		key, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return nil, errors.New("decrypt the private key: the password is wrong, or the key is damaged")
		}
		return key, nil
	case "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(der)
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(der)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(der)
	default:
		return nil, fmt.Errorf("a %s is not supported: convert it with openssl pkcs8 -topk8", found[0].name)
	}
}
