package kafka

import (
	"context"

	"github.com/xdg-go/scram"

	"sluice/internal/jaas"
)

const (
	plainModule = "org.apache.kafka.common.security.plain.PlainLoginModule"
	scramModule = "org.apache.kafka.common.security.scram.ScramLoginModule"
)

// scramIterations is the least work that a broker may ask for; with less, whoever listens could guess the password from the answer.
//
// Kafka: ScramMechanism.minIterations.
const scramIterations = 4096

// scramHashes are the mechanisms of the SCRAM family.
var scramHashes = map[string]scram.HashGeneratorFcn{"SCRAM-SHA-256": scram.SHA256, "SCRAM-SHA-512": scram.SHA512}

// newPasswordLogin reads a login module with username and password. As in Java, either module serves for PLAIN and SCRAM.
func newPasswordLogin(p Properties, m jaas.Module) (login, string, string) {
	mechanism := p.get("sasl.mechanism")
	if rule := requireModule(m, mechanism, plainModule, scramModule); rule != "" {
		return jaasRule("%s", rule)
	}
	user, password := m.Options["username"], m.Options["password"]
	switch {
	case user == "" || password == "":
		return jaasRule("%s needs username and password", m.Class)
	case m.Options["tokenauth"] == "true":
		return jaasRule("delegation tokens (tokenauth) %s", unsupported)
	}
	if mechanism == "PLAIN" {
		return plainLogin{user, password}, "", ""
	}
	// Java takes both as they are, without SASLprep: another form would be another password to the broker.
	client, err := scramHashes[mechanism].NewClientUnprepped(user, password, "")
	if err != nil {
		return jaasRule("%v", err)
	}
	return scramLogin{mechanism, client.WithMinIterations(scramIterations)}, "", ""
}

// plainLogin is RFC 4616: the password itself, in one message.
//
// Kafka: org.apache.kafka.common.security.plain.PlainLoginModule.
type plainLogin struct{ user, password string }

func (plainLogin) name() string     { return "PLAIN" }
func (plainLogin) wireName() string { return "PLAIN" }

func (l plainLogin) begin(context.Context, string) (saslClient, error) {
	sent := false
	return func([]byte) ([]byte, bool, error) {
		if sent {
			return nil, true, nil
		}
		sent = true
		return []byte("\x00" + l.user + "\x00" + l.password), false, nil
	}, nil
}

// scramLogin is RFC 5802: both sides prove that they know the password, which does not leave the client.
//
// Kafka: org.apache.kafka.common.security.scram.internals.ScramSaslClient.
type scramLogin struct {
	mechanism string
	client    *scram.Client // keeps the keys that cost so much to derive
}

func (l scramLogin) name() string     { return l.mechanism }
func (l scramLogin) wireName() string { return l.mechanism }

func (l scramLogin) begin(context.Context, string) (saslClient, error) {
	conversation := l.client.NewConversation()
	return func(challenge []byte) ([]byte, bool, error) {
		response, err := conversation.Step(string(challenge))
		switch {
		case err != nil:
			return nil, false, refusal("Authentication failed: " + err.Error())
		case conversation.Done() && !conversation.Valid():
			return nil, false, refusal("Authentication failed: the broker does not know the password")
		}
		return []byte(response), conversation.Done(), nil
	}, nil
}
