package kafka

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/jaas"
	"sluice/internal/tlsconfig"
)

// security is how the connections of a client are secured: security.protocol, ssl.* and sasl.* after parsing. The zero value is PLAINTEXT.
//
// Kafka: org.apache.kafka.common.network.ChannelBuilders.
type security struct {
	tls   *tlsconfig.Settings // nil: not encrypted
	login login               // nil: no SASL
}

// The values of security.protocol, in the order in which Kafka's refusal names them.
var securityProtocols = []string{"SASL_SSL", "PLAINTEXT", "SSL", "SASL_PLAINTEXT"}

func checkSecurityProtocol(value string) string {
	if slices.Contains(securityProtocols, strings.ToUpper(value)) {
		return ""
	}
	return "String must be one of (case insensitive): " + strings.Join(securityProtocols, ", ")
}

// usesTLS and usesSASL say what p's security.protocol is made of.
func (p Properties) usesTLS() bool {
	return strings.HasSuffix(strings.ToUpper(p.get("security.protocol")), "SSL")
}

func (p Properties) usesSASL() bool {
	return strings.HasPrefix(strings.ToUpper(p.get("security.protocol")), "SASL")
}

const (
	unsecuredLoginHandler = "org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler"
	tokenLoginHandler     = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler"
	oldTokenLoginHandler  = "org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerLoginCallbackHandler"
	mskLoginHandler       = "software.amazon.msk.auth.iam.IAMOAuthBearerLoginCallbackHandler"
	mskClientHandler      = "software.amazon.msk.auth.iam.IAMClientCallbackHandler"
	noOtherClass          = "is a Java class that has no counterpart here"
)

// Classes that may be named because they do what is done anyway, or what is built here under their name.
var (
	clientHandlers = []string{"", mskClientHandler,
		"org.apache.kafka.common.security.authenticator.SaslClientCallbackHandler",
		"org.apache.kafka.common.security.oauthbearer.internals.OAuthBearerSaslClientCallbackHandler"}
	loginHandlers = []string{"", unsecuredLoginHandler, tokenLoginHandler, oldTokenLoginHandler, mskLoginHandler,
		"org.apache.kafka.common.security.authenticator.AbstractLogin$DefaultLoginCallbackHandler"}
	loginClasses = []string{"", "org.apache.kafka.common.security.authenticator.DefaultLogin",
		"org.apache.kafka.common.security.oauthbearer.internals.OAuthBearerRefreshingLogin"}
)

// securityDefs are the sasl.* and ssl.* properties. What ssl.* may say is the business of tlsconfig; here are Java's defaults, at which a
// property that is not used is not worth a warning.
//
// Kafka: org.apache.kafka.common.config.SaslConfigs and SslConfigs of 3.9.2.
var securityDefs = map[string]propertyDef{
	"sasl.mechanism":                        {forAll, "GSSAPI", nil, false},
	"sasl.jaas.config":                      {forAll, "", nil, false},
	"sasl.client.callback.handler.class":    {forAll, "", oneOfClasses(clientHandlers), false},
	"sasl.login.callback.handler.class":     {forAll, "", oneOfClasses(loginHandlers), false},
	"sasl.login.class":                      {forAll, "", oneOfClasses(loginClasses), false},
	"sasl.login.connect.timeout.ms":         {forAll, "10000", intAtLeast(0), false},
	"sasl.login.read.timeout.ms":            {forAll, "30000", intAtLeast(0), false},
	"sasl.login.retry.backoff.ms":           {forAll, "100", longAtLeast(0), false},
	"sasl.login.retry.backoff.max.ms":       {forAll, "10000", longAtLeast(0), false},
	"sasl.login.refresh.window.factor":      {forAll, "0.8", between(0.5, 1.0), false},
	"sasl.login.refresh.window.jitter":      {forAll, "0.05", between(0.0, 0.25), false},
	"sasl.login.refresh.min.period.seconds": {forAll, "60", numberBetween("SHORT", 16, 0, 900), false},
	"sasl.login.refresh.buffer.seconds":     {forAll, "300", numberBetween("SHORT", 16, 0, 3600), false},
	"sasl.oauthbearer.token.endpoint.url":   {forAll, "", nil, false},
	"sasl.oauthbearer.header.urlencode":     {forAll, "false", checkBoolean, false},
	"sasl.oauthbearer.scope.claim.name":     {forAll, "scope", nil, false},
	"sasl.oauthbearer.sub.claim.name":       {forAll, "sub", nil, false},

	// For brokers, which check tokens; clients of Java have no use for them either.
	"sasl.oauthbearer.clock.skew.seconds":                 {forAll, "30", nil, true},
	"sasl.oauthbearer.expected.audience":                  {forAll, "", nil, true},
	"sasl.oauthbearer.expected.issuer":                    {forAll, "", nil, true},
	"sasl.oauthbearer.jwks.endpoint.url":                  {forAll, "", nil, true},
	"sasl.oauthbearer.jwks.endpoint.refresh.ms":           {forAll, "3600000", nil, true},
	"sasl.oauthbearer.jwks.endpoint.retry.backoff.ms":     {forAll, "100", nil, true},
	"sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms": {forAll, "10000", nil, true},

	// For Kerberos, which sasl.mechanism refuses.
	"sasl.kerberos.service.name":               {forAll, "", nil, true},
	"sasl.kerberos.kinit.cmd":                  {forAll, "/usr/bin/kinit", nil, true},
	"sasl.kerberos.min.time.before.relogin":    {forAll, "60000", nil, true},
	"sasl.kerberos.ticket.renew.jitter":        {forAll, "0.05", nil, true},
	"sasl.kerberos.ticket.renew.window.factor": {forAll, "0.8", nil, true},

	tlsconfig.Protocol:                        {forAll, "TLSv1.3", nil, false},
	tlsconfig.Provider:                        {forAll, "", nil, false},
	tlsconfig.CipherSuites:                    {forAll, "", nil, false},
	tlsconfig.EnabledProtocols:                {forAll, "TLSv1.2,TLSv1.3", nil, false},
	tlsconfig.KeystoreType:                    {forAll, "JKS", nil, false},
	tlsconfig.KeystoreKey:                     {forAll, "", nil, false},
	tlsconfig.KeystoreCertificateChain:        {forAll, "", nil, false},
	tlsconfig.KeystoreLocation:                {forAll, "", nil, false},
	tlsconfig.KeystorePassword:                {forAll, "", nil, false},
	tlsconfig.KeyPassword:                     {forAll, "", nil, false},
	tlsconfig.TruststoreType:                  {forAll, "JKS", nil, false},
	tlsconfig.TruststoreCertificates:          {forAll, "", nil, false},
	tlsconfig.TruststoreLocation:              {forAll, "", nil, false},
	tlsconfig.TruststorePassword:              {forAll, "", nil, false},
	tlsconfig.KeymanagerAlgorithm:             {forAll, "SunX509", nil, false},
	tlsconfig.TrustmanagerAlgorithm:           {forAll, "PKIX", nil, false},
	tlsconfig.EndpointIdentificationAlgorithm: {forAll, "https", nil, false},
	tlsconfig.SecureRandomImplementation:      {forAll, "", nil, false},
	tlsconfig.EngineFactoryClass:              {forAll, "", nil, false},
}

// definition returns what is known about a property.
func definition(key string) (propertyDef, bool) {
	if def, known := propertyDefs[key]; known {
		return def, true
	}
	def, known := securityDefs[key]
	return def, known
}

// isIdle says that a known property has no effect, because of what it is or because security.protocol leaves it without use.
func (p Properties) isIdle(key string, def propertyDef) bool {
	value := strings.TrimSpace(p[key])
	unused := strings.HasPrefix(key, "sasl.") && !p.usesSASL() || strings.HasPrefix(key, "ssl.") && !p.usesTLS()
	return (def.noEffect || unused) && value != def.fallback && value != otherDefaults[key] && !(unused && value == "")
}

// otherDefaults are Java's where one kind of client has another than the rest.
var otherDefaults = map[string]string{"receive.buffer.bytes": "32768", "connections.max.idle.ms": "300000"}

// parseSecurity reads how p's connections are secured. It opens no files; the error is a *PropertyError.
func parseSecurity(p Properties) (security, error) {
	var s security
	if p.usesTLS() {
		known := maps.Clone(p)
		maps.DeleteFunc(known, func(key, _ string) bool { _, isKnown := securityDefs[key]; return !isKnown })
		settings, err := tlsconfig.Parse(known, "")
		var refused *tlsconfig.Error
		switch {
		case errors.As(err, &refused):
			return s, &PropertyError{refused.Key, refused.Value, refused.Rule}
		case err != nil:
			return s, &PropertyError{"security.protocol", p["security.protocol"], err.Error()}
		}
		s.tls = settings
	}
	if p.usesSASL() {
		var err error
		if s.login, err = parseLogin(p); err != nil {
			return s, err
		}
	}
	return s, nil
}

// mechanisms are the values of sasl.mechanism, and how a client logs in by each. A rule that comes back is broken by the named key.
var mechanisms = map[string]func(p Properties, m jaas.Module) (l login, key, rule string){
	"PLAIN":         newPasswordLogin,
	"SCRAM-SHA-256": newPasswordLogin,
	"SCRAM-SHA-512": newPasswordLogin,
	"OAUTHBEARER":   newTokenLogin,
	"AWS_MSK_IAM":   newMSKLogin,
}

func parseLogin(p Properties) (login, error) {
	mechanism := p.get("sasl.mechanism")
	build, known := mechanisms[mechanism]
	if !known {
		rule := "is not supported by this version; known are " + strings.Join(slices.Sorted(maps.Keys(mechanisms)), ", ")
		if mechanism == "GSSAPI" {
			rule = "Kerberos " + rule
		}
		return nil, &PropertyError{"sasl.mechanism", mechanism, rule}
	}
	if p.get("sasl.jaas.config") == "" {
		return nil, &PropertyError{"sasl.jaas.config", "null",
			"Could not find a 'KafkaClient' entry in the JAAS configuration: " + p.get("security.protocol") + " needs a login module here"}
	}
	module, err := jaas.ParseLogin(p.get("sasl.jaas.config"))
	if err != nil {
		return nil, &PropertyError{"sasl.jaas.config", hidden, err.Error()}
	}
	if class := p.get("sasl.client.callback.handler.class"); class == mskClientHandler && mechanism != "AWS_MSK_IAM" {
		return nil, &PropertyError{"sasl.client.callback.handler.class", class, "is for sasl.mechanism=AWS_MSK_IAM"}
	}
	l, key, rule := build(p, module)
	if rule != "" {
		return nil, &PropertyError{key, hideSecret(key, p.get(key)), rule}
	}
	return l, nil
}

// jaasRule is a refusal of sasl.jaas.config.
func jaasRule(format string, args ...any) (login, string, string) {
	return nil, "sasl.jaas.config", fmt.Sprintf(format, args...)
}

// requireModule says which login modules go with a mechanism.
func requireModule(m jaas.Module, mechanism string, classes ...string) (rule string) {
	if slices.Contains(classes, m.Class) {
		return ""
	}
	return fmt.Sprintf("the login module %s does not go with %s, which needs %s", m.Class, mechanism, strings.Join(classes, " or "))
}

func oneOfClasses(classes []string) func(string) string {
	return func(value string) string {
		if slices.Contains(classes, value) || value == "null" {
			return ""
		}
		return noOtherClass
	}
}

func between(low, high float64) func(string) string {
	return func(value string) string {
		switch n, err := strconv.ParseFloat(value, 64); {
		case err != nil:
			return "Not a number"
		case !(n >= low):
			return fmt.Sprintf("Value must be at least %v", low)
		case n > high:
			return fmt.Sprintf("Value must be no more than %v", high)
		}
		return ""
	}
}

// fraction reads a key that has been checked to be a number.
func (p Properties) fraction(key string) float64 {
	n, _ := strconv.ParseFloat(p.get(key), 64)
	return n
}
