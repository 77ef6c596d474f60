// Package tlsconfig turns Kafka's ssl.* settings into a [tls.Config], for a server that listens and for a client that connects.
//
//	settings, err := tlsconfig.Parse(properties, "listeners.https.") // checks names and combinations, no I/O
//	config, err := settings.Server()                                 // reads the key and trust stores
//
// Stores are read as Java reads them: JKS, PKCS12 (which of the two a file is shows in its bytes, whatever ssl.keystore.type says, as Java
// does since version 9) and PEM, in files or in the settings themselves. What Go's TLS cannot do is refused by name, and so is every name
// that means nothing: a setting about security is never ignored. No error holds a password or a key.
//
// The package is not for who may do what: it ends where a connection is encrypted and its peer is known.
//
// Kafka: org.apache.kafka.common.config.SslConfigs, org.apache.kafka.common.security.ssl.DefaultSslEngineFactory,
// org.apache.kafka.connect.runtime.rest.util.SSLUtils.
package tlsconfig
