package kafka

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/internal/jaas"
)

const tokenModule = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"

// tokenLogin is RFC 7628: whoever bears a token that the broker trusts is let in.
//
// Kafka: org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule.
type tokenLogin struct {
	mechanism  string // as sasl.mechanism has it
	source     tokenSource
	extensions map[string]string // KIP-342, such as the logicalCluster of Confluent Cloud
}

// A tokenSource finds a token that is good for a while. It is safe for concurrent use.
type tokenSource interface {
	token(ctx context.Context, host string) (token, error)
}

type token struct {
	value   string
	expires time.Time // zero: not known
}

// newTokenLogin chooses the source of tokens by the class that Java would ask for them.
func newTokenLogin(p Properties, m jaas.Module) (login, string, string) {
	handler := p.get("sasl.login.callback.handler.class")
	wanted := tokenModule
	if handler == mskLoginHandler {
		wanted = mskModule
		if m.Class == tokenModule { // Amazon's documentation has both
			wanted = tokenModule
		}
	}
	if rule := requireModule(m, "OAUTHBEARER", wanted); rule != "" {
		return jaasRule("%s", rule)
	}
	l := &tokenLogin{mechanism: "OAUTHBEARER"}
	rule, prefix := "", "extension_"
	switch handler {
	case tokenLoginHandler, oldTokenLoginHandler:
		source, key, rule := newEndpointTokens(p, m.Options)
		if rule != "" {
			return nil, key, rule
		}
		l.source = source
	case mskLoginHandler:
		l.source, rule = newMSKTokens(m.Options)
	default:
		if p.get("sasl.oauthbearer.token.endpoint.url") != "" {
			return nil, "sasl.login.callback.handler.class", "must be " + tokenLoginHandler + " if sasl.oauthbearer.token.endpoint.url is set"
		}
		prefix = "unsecuredLoginExtension_"
		l.source, rule = newUnsecuredTokens(m.Options)
	}
	if rule == "" {
		l.extensions, rule = readExtensions(m.Options, prefix)
	}
	return l, "sasl.jaas.config", rule
}

var (
	extensionKey   = regexp.MustCompile(`^[A-Za-z]+$`)
	extensionValue = regexp.MustCompile(`^[\x21-\x7E \t\r\n]+$`)
)

// readExtensions collects the options with a prefix.
//
// Kafka: OAuthBearerClientInitialResponse.validateExtensions.
func readExtensions(options map[string]string, prefix string) (found map[string]string, rule string) {
	found = map[string]string{}
	for key, value := range options {
		name, is := strings.CutPrefix(key, prefix)
		switch {
		case !is:
			continue
		case name == "auth" || !extensionKey.MatchString(name):
			return nil, key + ": the name of a SASL extension has letters only, and is not auth"
		case !extensionValue.MatchString(value):
			return nil, key + ": the value of a SASL extension has printable characters only"
		}
		found[name] = value
	}
	return found, ""
}

func (l *tokenLogin) name() string   { return l.mechanism }
func (*tokenLogin) wireName() string { return "OAUTHBEARER" }

func (l *tokenLogin) begin(ctx context.Context, host string) (saslClient, error) {
	t, err := l.source.token(ctx, host)
	if err != nil {
		return nil, err
	}
	var message strings.Builder
	message.WriteString("n,,\x01auth=Bearer " + t.value)
	for _, name := range slices.Sorted(maps.Keys(l.extensions)) {
		message.WriteString("\x01" + name + "=" + l.extensions[name])
	}
	message.WriteString("\x01\x01")
	sent := false
	var refusal []byte
	return func(challenge []byte) ([]byte, bool, error) {
		switch {
		case !sent:
			sent = true
			return []byte(message.String()), false, nil
		case refusal != nil:
			return nil, false, fmt.Errorf("the broker does not accept the token: %s", refusal)
		case len(challenge) > 0:
			// The broker's reason, to which this is the answer: only then it ends the login, with that reason.
			refusal = challenge
			return []byte{1}, false, nil
		}
		return nil, true, nil
	}, nil
}

// unsecuredTokens makes tokens that nobody has signed, for brokers that are being tried out.
//
// Kafka: org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler.
type unsecuredTokens struct {
	claims   map[string]any
	lifetime time.Duration
}

func newUnsecuredTokens(options map[string]string) (*unsecuredTokens, string) {
	s := &unsecuredTokens{claims: map[string]any{}, lifetime: time.Hour}
	principal := "sub"
	for _, key := range slices.Sorted(maps.Keys(options)) {
		value := options[key]
		name, isClaim := strings.CutPrefix(key, "unsecuredLogin")
		kind, claim, _ := strings.Cut(name, "_")
		switch {
		case !isClaim:
		case name == "PrincipalClaimName":
			principal = value
		case name == "LifetimeSeconds":
			seconds, err := strconv.ParseInt(value, 10, 32)
			if err != nil || seconds < 1 {
				return nil, key + " must be a number of seconds, at least 1"
			}
			s.lifetime = time.Duration(seconds) * time.Second
		case kind == "StringClaim":
			s.claims[claim] = value
		case kind == "NumberClaim":
			number, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return nil, key + " must be a number"
			}
			s.claims[claim] = number
		case kind == "ListClaim":
			s.claims[claim] = []string{}
			if value != "" { // its first character stands between the items
				s.claims[claim] = strings.Split(value[1:], value[:1])
			}
		}
	}
	if _, isText := s.claims[principal].(string); !isText {
		return nil, "an unsecured token needs its principal: unsecuredLoginStringClaim_" + principal + " (for tokens of a server, set sasl.login.callback.handler.class to " + tokenLoginHandler + ")"
	}
	return s, ""
}

func (s *unsecuredTokens) token(context.Context, string) (token, error) {
	now := time.Now()
	t := token{expires: now.Add(s.lifetime)}
	claims := maps.Clone(s.claims)
	claims["iat"], claims["exp"] = float64(now.UnixMilli())/1000, float64(t.expires.UnixMilli())/1000
	payload, err := json.Marshal(claims)
	if err != nil {
		return t, fmt.Errorf("make an unsecured token: %w", err)
	}
	t.value = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
	return t, nil
}

// readToken looks at a token as Java's client does before it sends one: three parts, of which the middle is JSON that says when it ends and
// whom it is for. The signature is the broker's business. Errors hold nothing of the text, which may be anything, a wrong file included.
//
// Kafka: org.apache.kafka.common.security.oauthbearer.internals.secured.LoginAccessTokenValidator.
func readToken(text, subClaim, scopeClaim string) (token, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return token{}, errors.New("it is no JSON Web Token of three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	var claims map[string]any
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return token{}, errors.New("the claims of the JSON Web Token cannot be read")
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return token{}, errors.New("it holds characters that no JSON Web Token has")
	}
	expires, ok := claims["exp"].(float64)
	if !ok || expires <= 0 || expires > 1e12 {
		return token{}, errors.New("the claim exp of the JSON Web Token must be a time in seconds")
	}
	if sub, _ := claims[subClaim].(string); strings.TrimSpace(sub) == "" {
		return token{}, fmt.Errorf("the claim %s of the JSON Web Token must be present", subClaim)
	}
	switch claims[scopeClaim].(type) {
	case nil, string, []any:
	default:
		return token{}, fmt.Errorf("the claim %s of the JSON Web Token must be a text or a list", scopeClaim)
	}
	return token{text, time.UnixMilli(int64(expires * 1000))}, nil
}
