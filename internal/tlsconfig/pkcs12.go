package tlsconfig

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	pkcs12 "software.sslmate.com/src/go-pkcs12"
)

// readPKCS12Keys reads a PKCS12 store with one private key. It trusts nothing: which of the certificates beside a key Java would trust
// cannot be told, so whoever asks clients for certificates has to name a trust store.
func readPKCS12Keys(data []byte, password string) (*store, error) {
	key, first, others, err := pkcs12.DecodeChain(data, password)
	if err != nil {
		return nil, wrongPKCS12(err)
	}
	p, err := pair(key, append([]*x509.Certificate{first}, others...))
	if err != nil {
		return nil, err
	}
	return &store{keys: []tls.Certificate{p}}, nil
}

// readPKCS12Trusted reads a PKCS12 store of certificates that Java's keytool has marked as trusted.
func readPKCS12Trusted(data []byte, password string) (*store, error) {
	trusted, err := pkcs12.DecodeTrustStore(data, password)
	if err != nil {
		return nil, wrongPKCS12(err)
	}
	return &store{trusted: trusted}, nil
}

func wrongPKCS12(err error) error {
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return errors.New("the store's password is wrong, or the store is damaged")
	}
	return fmt.Errorf("read PKCS12: %w", err)
}
