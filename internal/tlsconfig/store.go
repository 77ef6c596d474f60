package tlsconfig

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// Types of stores, as ssl.keystore.type names them.
const (
	typeJKS    = "JKS"
	typePKCS12 = "PKCS12"
	typePEM    = "PEM"
)

// maxStoreBytes bounds what is read as a store: a mistaken path should not fill the memory.
const maxStoreBytes = 16 << 20

// store is what a key or trust store holds.
type store struct {
	keys    []tls.Certificate
	trusted []*x509.Certificate
}

func (s *store) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range s.trusted {
		pool.AddCert(c)
	}
	return pool
}

// readKeystore opens the key store, which must hold a key.
func (s *Settings) readKeystore() (*store, error) {
	var st *store
	key, err := KeystoreLocation, error(nil)
	switch {
	case s.has(KeystoreKey):
		key = KeystoreKey
		st, err = pemKeystore([]byte(s.props[KeystoreKey]), []byte(s.props[KeystoreCertificateChain]), s.props[KeyPassword])
	case s.isPEM(KeystoreType):
		var data []byte
		if data, err = readFile(s.props[KeystoreLocation]); err == nil {
			st, err = pemKeystore(data, data, s.props[KeyPassword])
		}
	default:
		var data []byte
		if data, err = readFile(s.props[KeystoreLocation]); err == nil {
			st, err = s.openKeystore(data)
		}
	}
	if err == nil && len(st.keys) == 0 {
		err = errors.New("it holds no private key")
	}
	if err != nil {
		return nil, s.refuse(key, "cannot read the key store", err)
	}
	return st, nil
}

// openKeystore reads a JKS or PKCS12 store, whichever the data are.
func (s *Settings) openKeystore(data []byte) (*store, error) {
	password, keyPassword := s.props[KeystorePassword], cmp.Or(s.props[KeyPassword], s.props[KeystorePassword])
	switch storeTypeOf(data) {
	case typeJKS:
		return readJKS(data, &password, &keyPassword)
	case typePKCS12:
		if keyPassword != password {
			return nil, errors.New("the password of a key in a PKCS12 store is that of the store")
		}
		return readPKCS12Keys(data, password)
	default:
		return nil, errUnknownStore
	}
}

// readTruststore opens the trust store, which must hold a certificate. It returns nil if none is set.
func (s *Settings) readTruststore() (*store, error) {
	var st *store
	key, err := TruststoreLocation, error(nil)
	switch {
	case s.has(TruststoreCertificates):
		key = TruststoreCertificates
		st, err = pemTruststore([]byte(s.props[TruststoreCertificates]))
	case !s.has(TruststoreLocation):
		return nil, nil
	default:
		var data []byte
		if data, err = readFile(s.props[TruststoreLocation]); err == nil {
			st, err = s.openTruststore(data)
		}
	}
	if err == nil && len(st.trusted) == 0 {
		err = errors.New("it holds no certificate that is marked as trusted")
	}
	if err != nil {
		return nil, s.refuse(key, "cannot read the trust store", err)
	}
	return st, nil
}

func (s *Settings) openTruststore(data []byte) (*store, error) {
	if s.isPEM(TruststoreType) {
		return pemTruststore(data)
	}
	password, given := s.props[TruststorePassword]
	switch storeTypeOf(data) {
	case typeJKS:
		if !given {
			return readJKS(data, nil, nil)
		}
		return readJKS(data, &password, nil)
	case typePKCS12:
		return readPKCS12Trusted(data, password)
	default:
		return nil, errUnknownStore
	}
}

var errUnknownStore = errors.New("it is neither a JKS nor a PKCS12 store")

// storeTypeOf tells by the first bytes what a store is; "" is neither. Java does the same for both types (keystore.type.compat), which
// matters because JKS is the setting's default and PKCS12 is what keytool writes.
func storeTypeOf(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte{0xFE, 0xED, 0xFE, 0xED}):
		return typeJKS
	case bytes.HasPrefix(data, []byte{0x30}):
		return typePKCS12
	}
	return ""
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxStoreBytes {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxStoreBytes)
	}
	return os.ReadFile(path)
}

// pair puts a key and its certificates together, the key's own first and each one's issuer after it. Certificates of others in the list
// are left out.
func pair(key crypto.PrivateKey, certificates []*x509.Certificate) (tls.Certificate, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return tls.Certificate{}, fmt.Errorf("a private key of type %T cannot sign", key)
	}
	public, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok {
		return tls.Certificate{}, fmt.Errorf("a private key of type %T is not supported", key)
	}
	var leaf *x509.Certificate
	for _, c := range certificates {
		if public.Equal(c.PublicKey) {
			leaf = c
			break
		}
	}
	if leaf == nil {
		return tls.Certificate{}, errors.New("none of the certificates belongs to the private key")
	}
	pair := tls.Certificate{PrivateKey: key, Leaf: leaf, Certificate: [][]byte{leaf.Raw}}
	for last := leaf; len(pair.Certificate) <= len(certificates); {
		issuer := issuerOf(last, certificates)
		if issuer == nil {
			break
		}
		pair.Certificate = append(pair.Certificate, issuer.Raw)
		last = issuer
	}
	return pair, nil
}

// issuerOf finds who signed a certificate, nil if that is itself or nobody in the list.
func issuerOf(c *x509.Certificate, among []*x509.Certificate) *x509.Certificate {
	if bytes.Equal(c.RawIssuer, c.RawSubject) {
		return nil
	}
	for _, candidate := range among {
		if bytes.Equal(candidate.RawSubject, c.RawIssuer) && c.CheckSignatureFrom(candidate) == nil {
			return candidate
		}
	}
	return nil
}
