package kafka_test

import (
	"bufio"
	"errors"
	"os"
	"strings"
	"testing"

	"sluice/internal/kafka"
)

const (
	plainJAAS = `org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="hunter2";`
	scramJAAS = `org.apache.kafka.common.security.scram.ScramLoginModule required username="alice" password="hunter2";`
	tokenJAAS = `org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required `
	mskJAAS   = `software.amazon.msk.auth.iam.IAMLoginModule required `

	tokenHandler = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler"
)

// secured returns the properties of a client with security.protocol and key, value pairs.
func secured(protocol string, pairs ...string) kafka.Properties {
	p := kafka.Properties{"bootstrap.servers": "localhost:9092", "security.protocol": protocol}
	for i := 0; i < len(pairs); i += 2 {
		p[pairs[i]] = pairs[i+1]
	}
	return p
}

func TestSecurityThatJavaClientsUseIsAccepted(t *testing.T) {
	for name, props := range map[string]kafka.Properties{
		"TLS":               secured("SSL", "ssl.truststore.location", "/t.jks", "ssl.truststore.password", "p"),
		"in small letters":  secured("sasl_ssl", "sasl.mechanism", "PLAIN", "sasl.jaas.config", plainJAAS),
		"mutual TLS":        secured("SSL", "ssl.keystore.location", "/k.p12", "ssl.keystore.type", "PKCS12", "ssl.keystore.password", "p", "ssl.endpoint.identification.algorithm", ""),
		"PLAIN":             secured("SASL_SSL", "sasl.mechanism", "PLAIN", "sasl.jaas.config", plainJAAS),
		"SCRAM":             secured("SASL_PLAINTEXT", "sasl.mechanism", "SCRAM-SHA-256", "sasl.jaas.config", scramJAAS),
		"SCRAM by PLAIN":    secured("SASL_SSL", "sasl.mechanism", "SCRAM-SHA-512", "sasl.jaas.config", plainJAAS),
		"unsecured tokens":  secured("SASL_SSL", "sasl.mechanism", "OAUTHBEARER", "sasl.jaas.config", tokenJAAS+`unsecuredLoginStringClaim_sub="alice" unsecuredLoginNumberClaim_n="1" unsecuredLoginListClaim_scope=",a,b" unsecuredLoginLifetimeSeconds="60";`),
		"tokens of a file":  secured("SASL_SSL", "sasl.mechanism", "OAUTHBEARER", "sasl.jaas.config", tokenJAAS+";", "sasl.login.callback.handler.class", tokenHandler, "sasl.oauthbearer.token.endpoint.url", "file:///run/token"),
		"tokens of a cloud": secured("SASL_SSL", "sasl.mechanism", "OAUTHBEARER", "sasl.jaas.config", tokenJAAS+`clientId="a" clientSecret='b' scope="c" extension_logicalCluster="lkc-1";`, "sasl.login.callback.handler.class", tokenHandler, "sasl.oauthbearer.token.endpoint.url", "https://idp/token"),
		"MSK":               secured("SASL_SSL", "sasl.mechanism", "AWS_MSK_IAM", "sasl.jaas.config", mskJAAS+";", "sasl.client.callback.handler.class", "software.amazon.msk.auth.iam.IAMClientCallbackHandler"),
		"MSK with a role":   secured("SASL_SSL", "sasl.mechanism", "AWS_MSK_IAM", "sasl.jaas.config", mskJAAS+`awsProfileName=a awsRoleArn="arn:aws:iam::1:role/r" awsRoleSessionName="s" awsStsRegion="eu-west-1";`),
		"MSK by its tokens": secured("SASL_SSL", "sasl.mechanism", "OAUTHBEARER", "sasl.jaas.config", tokenJAAS+`awsProfileName="a";`, "sasl.login.callback.handler.class", "software.amazon.msk.auth.iam.IAMOAuthBearerLoginCallbackHandler"),
	} {
		t.Run(name, func(t *testing.T) {
			for _, role := range []kafka.Role{kafka.Consumer, kafka.ProducerRole, kafka.AdminRole} {
				if warnings, err := kafka.CheckProperties(props, role); err != nil || len(warnings) != 0 {
					t.Errorf("%s: got warnings %q, error %v; want none", role, warnings, err)
				}
			}
		})
	}
}

func TestSecurityThatCannotBeIsRefusedByName(t *testing.T) {
	sasl := func(mechanism string, pairs ...string) kafka.Properties {
		return secured("SASL_SSL", append([]string{"sasl.mechanism", mechanism}, pairs...)...)
	}
	endpoint := func(pairs ...string) kafka.Properties {
		return sasl("OAUTHBEARER", append([]string{"sasl.login.callback.handler.class", tokenHandler}, pairs...)...)
	}
	for _, c := range []struct {
		name, key, rule string
		props           kafka.Properties
	}{
		{"Kerberos, which is the default", "sasl.mechanism", "Kerberos is not supported by this version; known are AWS_MSK_IAM, OAUTHBEARER, PLAIN, SCRAM-SHA-256, SCRAM-SHA-512", secured("SASL_SSL")},
		{"another mechanism", "sasl.mechanism", "is not supported", sasl("EXTERNAL")},
		{"no login", "sasl.jaas.config", "Could not find a 'KafkaClient' entry in the JAAS configuration", sasl("PLAIN")},
		{"half a login", "sasl.jaas.config", "login configuration, line 1", sasl("PLAIN", "sasl.jaas.config", strings.TrimSuffix(plainJAAS, ";"))},
		{"two logins", "sasl.jaas.config", "there are 2 login modules", sasl("PLAIN", "sasl.jaas.config", plainJAAS+plainJAAS)},
		{"a login without a password", "sasl.jaas.config", "PlainLoginModule needs username and password", sasl("PLAIN", "sasl.jaas.config", `org.apache.kafka.common.security.plain.PlainLoginModule required username="hunter2";`)},
		{"somebody's own module", "sasl.jaas.config", "the login module a.B does not go with PLAIN", sasl("PLAIN", "sasl.jaas.config", `a.B required password="hunter2";`)},
		{"a delegation token", "sasl.jaas.config", "delegation tokens (tokenauth)", sasl("SCRAM-SHA-256", "sasl.jaas.config", strings.Replace(scramJAAS, ";", ` tokenauth="true";`, 1))},
		{"somebody's own handler", "sasl.login.callback.handler.class", "is a Java class", sasl("OAUTHBEARER", "sasl.jaas.config", tokenJAAS+";", "sasl.login.callback.handler.class", "a.B")},
		{"another own handler", "sasl.client.callback.handler.class", "is a Java class", sasl("PLAIN", "sasl.jaas.config", plainJAAS, "sasl.client.callback.handler.class", "a.B")},
		{"somebody's own login", "sasl.login.class", "is a Java class", sasl("PLAIN", "sasl.jaas.config", plainJAAS, "sasl.login.class", "a.B")},
		{"MSK's handler with another mechanism", "sasl.client.callback.handler.class", "is for sasl.mechanism=AWS_MSK_IAM", sasl("PLAIN", "sasl.jaas.config", plainJAAS, "sasl.client.callback.handler.class", "software.amazon.msk.auth.iam.IAMClientCallbackHandler")},
		{"nobody's token", "sasl.jaas.config", "unsecuredLoginStringClaim_sub", sasl("OAUTHBEARER", "sasl.jaas.config", tokenJAAS+";")},
		{"a server of tokens without its handler", "sasl.login.callback.handler.class", "must be " + tokenHandler, sasl("OAUTHBEARER", "sasl.jaas.config", tokenJAAS+";", "sasl.oauthbearer.token.endpoint.url", "https://idp/")},
		{"a handler without its server", "sasl.oauthbearer.token.endpoint.url", "must be set for", endpoint("sasl.jaas.config", tokenJAAS+`clientId=a clientSecret=hunter2;`)},
		{"no URL", "sasl.oauthbearer.token.endpoint.url", "must be a URL of https, http or file", endpoint("sasl.jaas.config", tokenJAAS+`clientId=a clientSecret=hunter2;`, "sasl.oauthbearer.token.endpoint.url", "ldap://x")},
		{"a wrong URL with a password", "sasl.oauthbearer.token.endpoint.url", "must be a URL of https, http or file", endpoint("sasl.jaas.config", tokenJAAS+`clientId=a clientSecret=b;`, "sasl.oauthbearer.token.endpoint.url", "ldap://me:hunter2@x")},
		{"no secret", "sasl.jaas.config", "needs clientId and clientSecret", endpoint("sasl.jaas.config", tokenJAAS+`clientId=a;`, "sasl.oauthbearer.token.endpoint.url", "https://x")},
		{"a wrong store of the token server", "sasl.jaas.config", "ssl.truststore.type", endpoint("sasl.jaas.config", tokenJAAS+`clientId=a clientSecret=hunter2 ssl.truststore.type=hunter;`, "sasl.oauthbearer.token.endpoint.url", "https://x")},
		{"an extension called auth", "sasl.jaas.config", "extension_auth", endpoint("sasl.jaas.config", tokenJAAS+`clientId=a clientSecret=hunter2 extension_auth=b;`, "sasl.oauthbearer.token.endpoint.url", "https://x")},
		{"a window out of range", "sasl.login.refresh.window.factor", "Value must be at least 0.5", sasl("PLAIN", "sasl.jaas.config", plainJAAS, "sasl.login.refresh.window.factor", "0.4")},
		{"half a pair of AWS keys", "sasl.jaas.config", "belong together", sasl("AWS_MSK_IAM", "sasl.jaas.config", mskJAAS+`awsRoleArn=r awsRoleSecretAccessKey="hunter2";`)},
		{"a region for no role", "sasl.jaas.config", "awsStsRegion needs awsRoleArn", sasl("AWS_MSK_IAM", "sasl.jaas.config", mskJAAS+`awsStsRegion="eu-west-1";`)},
		{"a store without password", "ssl.keystore.password", "key store password is not specified", secured("SSL", "ssl.keystore.location", "/k")},
		{"another rule for names", "ssl.endpoint.identification.algorithm", "must be https, or empty", secured("SSL", "ssl.endpoint.identification.algorithm", "ldaps")},
		{"a Java engine", "ssl.engine.factory.class", "engine factories are Java classes", secured("SSL", "ssl.engine.factory.class", "a.B")},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := kafka.CheckProperties(c.props, kafka.AdminRole)
			var refused *kafka.PropertyError
			if !errors.As(err, &refused) || refused.Key != c.key || !strings.Contains(refused.Rule, c.rule) {
				t.Fatalf("got %v\nwant a PropertyError for %s with %q", err, c.key, c.rule)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows a secret: %v", err)
			}
		})
	}
}

func TestSecurityWithoutUseIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		props kafka.Properties
		want  string // in the warning
	}{
		"a login over PLAINTEXT":    {secured("PLAINTEXT", "sasl.mechanism", "PLAIN", "sasl.jaas.config", plainJAAS), "without effect here: sasl.jaas.config, sasl.mechanism"},
		"a login beside SSL":        {secured("SSL", "sasl.mechanism", "PLAIN"), "without effect here: sasl.mechanism"},
		"a store without TLS":       {secured("PLAINTEXT", "ssl.truststore.location", "/t"), "without effect here: ssl.truststore.location"},
		"what is for brokers":       {secured("SASL_SSL", "sasl.mechanism", "PLAIN", "sasl.jaas.config", plainJAAS, "sasl.oauthbearer.expected.audience", "a"), "without effect here: sasl.oauthbearer.expected.audience"},
		"what nobody knows":         {secured("SSL", "ssl.truststore.loaction", "/t"), "unknown admin properties are ignored: ssl.truststore.loaction"},
		"the broker's ssl settings": {secured("SSL", "ssl.client.auth", "required"), "unknown admin properties are ignored: ssl.client.auth"},
	} {
		warnings, err := kafka.CheckProperties(c.props, kafka.AdminRole)
		if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], c.want) {
			t.Errorf("%s: got %q, %v; want a warning with %q", name, warnings, err, c.want)
		}
	}
}

// Every property of Kafka's clients is known, and none at Java's default is refused or reported.
func TestEveryPropertyOfKafkaIsKnown(t *testing.T) {
	f, err := os.Open("testdata/client-properties-3.9.2.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	roles := map[string]kafka.Role{"consumer": kafka.Consumer, "producer": kafka.ProducerRole, "admin": kafka.AdminRole}
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		roleName, property, _ := strings.Cut(lines.Text(), " ")
		role, isProperty := roles[roleName]
		if !isProperty {
			continue
		}
		n++
		key, value, hasDefault := strings.Cut(property, "=")
		switch key {
		case "bootstrap.servers":
			continue
		case "enable.auto.commit": // Connect turns it off, and so does this package
			value = "false"
		}
		props := kafka.Properties{"bootstrap.servers": "localhost:9092"}
		if hasDefault {
			props[key] = value
			if warnings, err := kafka.CheckProperties(props, role); err != nil || len(warnings) != 0 {
				t.Errorf("%s %s=%s: got %q, %v", role, key, value, warnings, err)
			}
			continue
		}
		props[key] = "x"
		if warnings, _ := kafka.CheckProperties(props, role); strings.Contains(strings.Join(warnings, " "), "unknown") {
			t.Errorf("%s %s: got %q", role, key, warnings)
		}
	}
	if n < 250 {
		t.Errorf("the list has %d properties", n)
	}
}

func FuzzLoginConfigurations(f *testing.F) {
	for _, seed := range []string{plainJAAS, scramJAAS, tokenJAAS + `unsecuredLoginStringClaim_sub=a unsecuredLoginListClaim_x="";`, mskJAAS + `awsStsRegion=x;`} {
		f.Add("OAUTHBEARER", tokenHandler, seed, "https://a/b")
		f.Add("AWS_MSK_IAM", "", seed, "")
		f.Add("PLAIN", "", seed, "file:///x")
	}
	f.Fuzz(func(t *testing.T, mechanism, handler, config, url string) {
		_, err := kafka.CheckProperties(secured("SASL_SSL", "sasl.mechanism", mechanism, "sasl.login.callback.handler.class", handler,
			"sasl.jaas.config", config, "sasl.oauthbearer.token.endpoint.url", url), kafka.AdminRole)
		var refused *kafka.PropertyError
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("%v is not a PropertyError", err)
		}
	})
}
