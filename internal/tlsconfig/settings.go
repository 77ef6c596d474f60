package tlsconfig

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
)

// The settings, under Kafka's names. They may stand behind a prefix, see [Parse].
const (
	Protocol                        = "ssl.protocol"
	Provider                        = "ssl.provider"
	CipherSuites                    = "ssl.cipher.suites"
	EnabledProtocols                = "ssl.enabled.protocols"
	KeystoreType                    = "ssl.keystore.type"
	KeystoreKey                     = "ssl.keystore.key"
	KeystoreCertificateChain        = "ssl.keystore.certificate.chain"
	KeystoreLocation                = "ssl.keystore.location"
	KeystorePassword                = "ssl.keystore.password"
	KeyPassword                     = "ssl.key.password"
	TruststoreType                  = "ssl.truststore.type"
	TruststoreCertificates          = "ssl.truststore.certificates"
	TruststoreLocation              = "ssl.truststore.location"
	TruststorePassword              = "ssl.truststore.password"
	KeymanagerAlgorithm             = "ssl.keymanager.algorithm"
	TrustmanagerAlgorithm           = "ssl.trustmanager.algorithm"
	EndpointIdentificationAlgorithm = "ssl.endpoint.identification.algorithm"
	SecureRandomImplementation      = "ssl.secure.random.implementation"
	EngineFactoryClass              = "ssl.engine.factory.class"
	ClientAuth                      = "ssl.client.auth"
)

// secret are the settings whose values appear in no error.
var secret = []string{KeystoreKey, KeystoreCertificateChain, KeystorePassword, KeyPassword, TruststoreCertificates, TruststorePassword}

// hidden stands for a secret value.
const hidden = "[hidden]"

// Error refuses a setting. Its text is that of Kafka's ConfigException.
type Error struct {
	Key   string // prefix included
	Value string // as given; "[hidden]" for a password or key; "null" if the setting is missing
	Rule  string
	Err   error // why a store cannot be read; nil if the rule says it all
}

func (e *Error) Error() string {
	text := fmt.Sprintf("Invalid value %s for configuration %s: %s", e.Value, e.Key, e.Rule)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause, such as an [io/fs.ErrNotExist].
func (e *Error) Unwrap() error { return e.Err }

// Settings are ssl.* settings that make sense together. [Parse] makes them; they are only read afterwards.
type Settings struct {
	prefix     string
	props      map[string]string // without prefix, trimmed, none empty
	minVersion uint16
	maxVersion uint16
	suites     []uint16 // nil: Go's choice
	clientAuth tls.ClientAuthType
	verifyHost bool
	notices    []string
}

// Parse checks the ssl.* settings of properties. If any of the properties begins with prefix, those that do are all that counts and the
// others are not looked at, as in Kafka; prefix "" means the plain names. The error is an [*Error]. Stores are not opened.
//
// Kafka: AbstractConfig.valuesWithPrefixAllOrNothing.
func Parse(properties map[string]string, prefix string) (*Settings, error) {
	s := &Settings{props: map[string]string{}}
	for key := range properties {
		if prefix != "" && strings.HasPrefix(key, prefix) {
			s.prefix = prefix
			break
		}
	}
	for key, value := range properties {
		if name, ok := strings.CutPrefix(key, s.prefix); ok && strings.HasPrefix(name, "ssl.") {
			if value = strings.TrimSpace(value); value != "" || name == EndpointIdentificationAlgorithm {
				s.props[name] = value
			}
		}
	}
	for _, check := range []func() error{s.checkNames, s.checkVersions, s.checkSuites, s.checkKeystore, s.checkTruststore} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Notices tell about settings that were accepted and have less effect than their text says; the caller logs them.
func (s *Settings) Notices() []string { return s.notices }

// refuse makes an error about a setting.
func (s *Settings) refuse(key, rule string, cause error) error {
	value, given := s.props[key]
	switch {
	case !given:
		value = "null"
	case slices.Contains(secret, key):
		value = hidden
	}
	return &Error{Key: s.prefix + key, Value: value, Rule: rule, Err: cause}
}

func (s *Settings) has(key string) bool { return s.props[key] != "" }

// checkNames refuses what names a part of Java's TLS that has no counterpart.
func (s *Settings) checkNames() error {
	for _, c := range []struct {
		key     string
		allowed []string
		rule    string
	}{
		{Provider, []string{"SunJSSE"}, "security providers are Java classes; leave it out"},
		{KeymanagerAlgorithm, []string{"SunX509", "NewSunX509", "PKIX"}, "must be SunX509 or PKIX"},
		{TrustmanagerAlgorithm, []string{"PKIX", "SunX509"}, "must be PKIX"},
		{SecureRandomImplementation, []string{"NativePRNG", "NativePRNGBlocking", "NativePRNGNonBlocking", "DRBG", "SHA1PRNG", "PKCS11", "Windows-PRNG"}, "is not a source of random numbers of Java's; leave it out"},
		{EngineFactoryClass, []string{"org.apache.kafka.common.security.ssl.DefaultSslEngineFactory"}, "engine factories are Java classes; leave it out"},
		{KeystoreType, []string{typeJKS, typePKCS12, typePEM}, "must be JKS, PKCS12 or PEM"},
		{TruststoreType, []string{typeJKS, typePKCS12, typePEM}, "must be JKS, PKCS12 or PEM"},
		{EndpointIdentificationAlgorithm, []string{"https", ""}, "must be https, or empty for no check of the server's name"},
	} {
		value, given := s.props[c.key]
		if given && !slices.ContainsFunc(c.allowed, func(a string) bool { return strings.EqualFold(a, value) }) {
			return s.refuse(c.key, c.rule, nil)
		}
	}
	algorithm, given := s.props[EndpointIdentificationAlgorithm]
	s.verifyHost = !given || algorithm != ""
	switch s.props[ClientAuth] {
	case "", "none":
		s.clientAuth = tls.NoClientCert
	case "requested":
		s.clientAuth = tls.VerifyClientCertIfGiven
	case "required":
		s.clientAuth = tls.RequireAndVerifyClientCert
	default:
		return s.refuse(ClientAuth, "String must be one of: required, requested, none", nil)
	}
	return nil
}

// checkKeystore refuses combinations that leave open which key is meant.
//
// Kafka: DefaultSslEngineFactory.createKeystore, whose texts these are.
func (s *Settings) checkKeystore() error {
	isPEM := s.isPEM(KeystoreType)
	switch {
	case s.has(KeystoreKey) && !isPEM:
		return s.refuse(KeystoreKey, "SSL private key can be specified only for PEM, but key store type is "+s.storeType(KeystoreType)+".", nil)
	case s.has(KeystoreKey) && !s.has(KeystoreCertificateChain):
		return s.refuse(KeystoreCertificateChain, "SSL private key is specified, but certificate chain is not specified.", nil)
	case s.has(KeystoreKey) && s.has(KeystoreLocation):
		return s.refuse(KeystoreLocation, "Both SSL key store location and separate private key are specified.", nil)
	case s.has(KeystoreCertificateChain) && !s.has(KeystoreKey):
		return s.refuse(KeystoreKey, "SSL certificate chain is specified, but private key is not specified", nil)
	case isPEM && s.has(KeystorePassword):
		return s.refuse(KeystorePassword, "SSL key store password cannot be specified with PEM format, only key password may be specified.", nil)
	case !s.has(KeystoreLocation) && s.has(KeystorePassword):
		return s.refuse(KeystoreLocation, "SSL key store is not specified, but key store password is specified.", nil)
	case !isPEM && s.has(KeystoreLocation) && !s.has(KeystorePassword):
		return s.refuse(KeystorePassword, "SSL key store is specified, but key store password is not specified.", nil)
	}
	return nil
}

// checkTruststore does the same for those who are trusted.
//
// Kafka: DefaultSslEngineFactory.createTruststore.
func (s *Settings) checkTruststore() error {
	isPEM := s.isPEM(TruststoreType)
	switch {
	case s.has(TruststoreCertificates) && !isPEM:
		return s.refuse(TruststoreCertificates, "SSL trust store certs can be specified only for PEM, but trust store type is "+s.storeType(TruststoreType)+".", nil)
	case s.has(TruststoreCertificates) && s.has(TruststoreLocation):
		return s.refuse(TruststoreLocation, "Both SSL trust store location and separate trust certificates are specified.", nil)
	case isPEM && s.has(TruststorePassword):
		return s.refuse(TruststorePassword, "SSL trust store password cannot be specified for PEM format.", nil)
	case !s.has(TruststoreLocation) && s.has(TruststorePassword):
		return s.refuse(TruststoreLocation, "SSL trust store is not specified, but trust store password is specified.", nil)
	}
	return nil
}

func (s *Settings) storeType(key string) string {
	if t := s.props[key]; t != "" {
		return t
	}
	return typeJKS
}

func (s *Settings) isPEM(key string) bool { return strings.EqualFold(s.props[key], typePEM) }

// list splits a setting at its commas.
func (s *Settings) list(key string) []string {
	var out []string
	for part := range strings.SplitSeq(s.props[key], ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}
