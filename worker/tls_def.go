package worker

import (
	"sluice/connect"
	"sluice/internal/tlsconfig"
)

// tlsKeys are the settings of https listeners. Behind listeners.https. or admin.listeners.https. they are for those alone, and then all of
// them are taken from there. What they may be is for [tlsconfig.Parse] to say, when there is something that uses them.
//
// Kafka: org.apache.kafka.common.config.SslConfigs.addClientSslSupport.
func tlsKeys() []connect.ConfigKey {
	key := func(name string, t connect.ConfigType, preset any, importance connect.Importance, doc string) connect.ConfigKey {
		return connect.ConfigKey{Name: name, Type: t, Default: preset, Importance: importance, Doc: doc}
	}
	clientAuth := key(tlsconfig.ClientAuth, connect.TypeString, "none", connect.Low,
		"Whether clients of an https listener show a certificate: none, requested or required. One that is shown must be signed by somebody in the trust store.")
	clientAuth.Validator = connect.OneOf("required", "requested", "none")
	return []connect.ConfigKey{
		clientAuth,
		key(tlsconfig.KeystoreLocation, connect.TypeString, nil, connect.High, "File with the private key of https listeners and its certificates: JKS, PKCS12, or PEM if ssl.keystore.type says so."),
		key(tlsconfig.KeystorePassword, connect.TypePassword, nil, connect.High, "Password of the key store. PEM has none."),
		key(tlsconfig.KeyPassword, connect.TypePassword, nil, connect.High, "Password of the private key, if it is not that of the key store."),
		key(tlsconfig.KeystoreType, connect.TypeString, "JKS", connect.Medium, "JKS, PKCS12 or PEM. Which of the first two a file is shows in its bytes."),
		key(tlsconfig.KeystoreKey, connect.TypePassword, nil, connect.High, "Private key as PEM text, in place of a file."),
		key(tlsconfig.KeystoreCertificateChain, connect.TypePassword, nil, connect.High, "Certificates of the private key as PEM text, its own first."),
		key(tlsconfig.TruststoreLocation, connect.TypeString, nil, connect.High, "File with the certificates of those who are trusted. Without one, https listeners trust those in the key store."),
		key(tlsconfig.TruststorePassword, connect.TypePassword, nil, connect.High, "Password of the trust store. Without it a JKS store is read unchecked."),
		key(tlsconfig.TruststoreType, connect.TypeString, "JKS", connect.Medium, "JKS, PKCS12 or PEM, as for the key store."),
		key(tlsconfig.TruststoreCertificates, connect.TypePassword, nil, connect.High, "Certificates of those who are trusted as PEM text, in place of a file."),
		key(tlsconfig.EnabledProtocols, connect.TypeList, []string{"TLSv1.2", "TLSv1.3"}, connect.Medium, "Versions of TLS that are spoken; older ones than TLSv1.2 are left out."),
		key(tlsconfig.Protocol, connect.TypeString, "TLSv1.3", connect.Medium, "Highest version of TLS that is spoken."),
		key(tlsconfig.CipherSuites, connect.TypeList, nil, connect.Low, "Cipher suites that may be used, under Java's names. The three of TLS 1.3 come together or not at all."),
		key(tlsconfig.EndpointIdentificationAlgorithm, connect.TypeString, "https", connect.Low, "How clients check the name of a server: https, or empty for not at all."),
		key(tlsconfig.KeymanagerAlgorithm, connect.TypeString, "SunX509", connect.Low, "A setting of Java's TLS; its usual values are accepted and mean nothing."),
		key(tlsconfig.TrustmanagerAlgorithm, connect.TypeString, "PKIX", connect.Low, "A setting of Java's TLS; its usual values are accepted and mean nothing."),
		key(tlsconfig.Provider, connect.TypeString, nil, connect.Medium, "A setting of Java's TLS; SunJSSE is accepted and means nothing."),
		key(tlsconfig.SecureRandomImplementation, connect.TypeString, nil, connect.Low, "A setting of Java's TLS; its usual values are accepted and mean nothing."),
		key(tlsconfig.EngineFactoryClass, connect.TypeClass, nil, connect.Low, "A setting of Java's TLS; only Kafka's own factory is accepted."),
	}
}
