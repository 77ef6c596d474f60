package tlsconfig

import (
	"bytes"
	"crypto/sha1"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/pavlo-v-chernykh/keystore-go/v4"
)

// readJKS reads Java's own format. Without a store password its integrity is not checked, without a key password the keys are left out. What
// it trusts are its trusted entries, and of each key entry the key's own certificate, as in Java.
func readJKS(data []byte, password, keyPassword *string) (*store, error) {
	storePassword, err := jksPassword(password)
	if err != nil {
		return nil, err
	}
	if data, err = checkJKS(data, storePassword, password != nil); err != nil {
		return nil, err
	}
	ks := keystore.New(keystore.WithOrderedAliases(), keystore.WithCaseExactAliases())
	if err := ks.Load(bytes.NewReader(data), storePassword); err != nil {
		return nil, err
	}
	st := &store{}
	for _, alias := range ks.Aliases() {
		if ks.IsTrustedCertificateEntry(alias) {
			entry, err := ks.GetTrustedCertificateEntry(alias)
			if err != nil {
				return nil, err
			}
			c, err := x509.ParseCertificate(entry.Certificate.Content)
			if err != nil {
				return nil, fmt.Errorf("certificate %q: %w", alias, err)
			}
			st.trusted = append(st.trusted, c)
			continue
		}
		if err := st.addJKSKey(ks, alias, keyPassword); err != nil {
			return nil, fmt.Errorf("key %q: %w", alias, err)
		}
	}
	return st, nil
}

func (st *store) addJKSKey(ks keystore.KeyStore, alias string, password *string) error {
	entries, err := ks.GetPrivateKeyEntryCertificateChain(alias)
	if err != nil {
		return err
	}
	var chain []*x509.Certificate
	for _, entry := range entries {
		c, err := x509.ParseCertificate(entry.Content)
		if err != nil {
			return err
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return errors.New("it has no certificate")
	}
	st.trusted = append(st.trusted, chain[0])
	if password == nil {
		return nil
	}
	keyPassword, err := jksPassword(password)
	if err != nil {
		return err
	}
	entry, err := ks.GetPrivateKeyEntry(alias, keyPassword)
	if err != nil {
		return fmt.Errorf("the key's password is wrong, or the key is damaged: %w", err)
	}
	key, err := x509.ParsePKCS8PrivateKey(entry.PrivateKey)
	if err != nil {
		return err
	}
	p, err := pair(key, chain)
	if err != nil {
		return err
	}
	st.keys = append(st.keys, p)
	return nil
}

// jksSalt goes into the digest at the end of a store, between the password and the data.
const jksSalt = "Mighty Aphrodite"

// checkJKS compares the digest of a store with its data before anybody takes a length in the data for true. Of a store that is to be read
// without a password it returns a copy with the digest that the reader will compute.
func checkJKS(data, password []byte, verify bool) ([]byte, error) {
	body, digest := data[:max(0, len(data)-sha1.Size)], data[max(0, len(data)-sha1.Size):]
	h := sha1.New()
	for _, b := range password {
		h.Write([]byte{0, b}) // a hash never fails
	}
	h.Write([]byte(jksSalt))
	h.Write(body)
	sum := h.Sum(nil)
	if !verify {
		return append(bytes.Clone(body), sum...), nil
	}
	if subtle.ConstantTimeCompare(sum, digest) != 1 {
		return nil, errors.New("the store's password is wrong, or the store is damaged")
	}
	return data, nil
}

// jksPassword returns the bytes that stand for a password's characters, one each; nil has none.
func jksPassword(password *string) ([]byte, error) {
	if password == nil {
		return nil, nil
	}
	var out []byte
	for _, r := range *password {
		if r > 0xFF {
			return nil, errors.New("a password of a JKS store has a character beyond ISO-8859-1, which is not supported")
		}
		out = append(out, byte(r))
	}
	return out, nil
}
