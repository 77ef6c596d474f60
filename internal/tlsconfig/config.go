package tlsconfig

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
)

// Server reads the stores and returns what a listener needs. A key store is a must. Clients are asked for certificates as ssl.client.auth
// says, and trusted if the trust store vouches for them; without one, the certificates of the key store do, as in Connect's REST server.
// The error is an [*Error].
func (s *Settings) Server() (*tls.Config, error) {
	if !s.has(KeystoreLocation) && !s.has(KeystoreKey) {
		return nil, s.refuse(KeystoreLocation, "a listener for https needs a key store", nil)
	}
	keys, err := s.readKeystore()
	if err != nil {
		return nil, err
	}
	config := s.base(keys)
	if config.ClientAuth = s.clientAuth; s.clientAuth == tls.NoClientCert {
		return config, nil
	}
	trusted, err := s.readTruststore()
	if err != nil {
		return nil, err
	}
	if trusted == nil {
		trusted = keys
	}
	if len(trusted.trusted) == 0 {
		return nil, s.refuse(TruststoreLocation, "there is no certificate to trust, and "+s.prefix+ClientAuth+" is "+s.props[ClientAuth], nil)
	}
	config.ClientCAs = trusted.pool()
	return config, nil
}

// Client reads the stores and returns what a client needs. Servers are trusted if the trust store vouches for them; without one, if the
// system does. The server's name is checked unless ssl.endpoint.identification.algorithm is empty; the caller sets ServerName where it
// does not follow from the address that is dialled. A key store is optional. The error is an [*Error].
func (s *Settings) Client() (*tls.Config, error) {
	keys := &store{}
	if s.has(KeystoreLocation) || s.has(KeystoreKey) {
		var err error
		if keys, err = s.readKeystore(); err != nil {
			return nil, err
		}
	}
	trusted, err := s.readTruststore()
	if err != nil {
		return nil, err
	}
	config := s.base(keys)
	if trusted != nil {
		config.RootCAs = trusted.pool()
	}
	if !s.verifyHost {
		verifyChainOnly(config)
	}
	return config, nil
}

func (s *Settings) base(keys *store) *tls.Config {
	return &tls.Config{MinVersion: s.minVersion, MaxVersion: s.maxVersion, CipherSuites: s.suites, Certificates: keys.keys}
}

// verifyChainOnly makes a client check who vouches for the server, but not the server's name.
func verifyChainOnly(config *tls.Config) {
	roots := config.RootCAs
	config.InsecureSkipVerify = true // replaced by what follows
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return errors.New("the server has sent no certificate")
		}
		options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, c := range state.PeerCertificates[1:] {
			options.Intermediates.AddCert(c)
		}
		if _, err := state.PeerCertificates[0].Verify(options); err != nil {
			return fmt.Errorf("verify the server's certificate: %w", err)
		}
		return nil
	}
}
