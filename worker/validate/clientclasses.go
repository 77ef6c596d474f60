package validate

import (
	"slices"
	"strings"
)

// isClientClass reports whether a Kafka worker has the class, which a setting of its clients may then name: Kafka's own serializers,
// partitioners and security classes, and the login of Amazon MSK, which is not Kafka's but which so many install.
//
// Differs: classes that somebody has put beside a Kafka worker are not found here, as they would not be there without them.
func isClientClass(name string) bool {
	if kind, ok := strings.CutPrefix(name, "org.apache.kafka.common.serialization."); ok {
		for _, suffix := range []string{"Serializer", "Deserializer"} {
			if of, ok := strings.CutSuffix(kind, suffix); ok && slices.Contains(serializedTypes, of) {
				return true
			}
		}
	}
	return slices.Contains(clientClasses, name)
}

var serializedTypes = []string{"Boolean", "ByteArray", "ByteBuffer", "Bytes", "Double", "Float", "Integer", "List", "Long", "Short", "String", "UUID", "Void"}

var clientClasses = []string{
	"org.apache.kafka.clients.producer.RoundRobinPartitioner",
	"org.apache.kafka.clients.producer.UniformStickyPartitioner",
	"org.apache.kafka.clients.producer.internals.DefaultPartitioner",
	"org.apache.kafka.common.security.authenticator.DefaultLogin",
	"org.apache.kafka.common.security.authenticator.SaslClientCallbackHandler",
	"org.apache.kafka.common.security.kerberos.KerberosClientCallbackHandler",
	"org.apache.kafka.common.security.kerberos.KerberosLogin",
	"org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
	"org.apache.kafka.common.security.oauthbearer.internals.OAuthBearerRefreshingLogin",
	"org.apache.kafka.common.security.oauthbearer.internals.OAuthBearerSaslClientCallbackHandler",
	"org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler",
	"org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerLoginCallbackHandler",
	"org.apache.kafka.common.security.ssl.CommonNameLoggingSslEngineFactory",
	"org.apache.kafka.common.security.ssl.DefaultSslEngineFactory",
	"software.amazon.msk.auth.iam.IAMClientCallbackHandler",
	"software.amazon.msk.auth.iam.IAMOAuthBearerLoginCallbackHandler",
}
