package kafka_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/internal/kafka"
)

// newTokenBroker plays OAUTHBEARER: accept looks at the client's first message, without its first and last bytes, and says what is wrong with it.
func newTokenBroker(t *testing.T, accept func(parts []string) string) (addr string) {
	t.Helper()
	c, addr := newKfake(t)
	reason := ""
	saslServer(c, "OAUTHBEARER", func(message []byte) *kmsg.SASLAuthenticateResponse {
		if string(message) == "\x01" { // the client has read the reason, and wants the end
			return refuse(reason)
		}
		resp := kmsg.NewPtrSASLAuthenticateResponse()
		inner, wrapped := strings.CutPrefix(string(message), "n,,\x01auth=Bearer ")
		inner, ended := strings.CutSuffix(inner, "\x01\x01")
		if !wrapped || !ended {
			return refuse(fmt.Sprintf("message %q", message))
		}
		if reason = accept(strings.Split(inner, "\x01")); reason != "" {
			resp.SASLAuthBytes = []byte(reason)
		}
		return resp
	})
	return addr
}

// claimsOf decodes a token.
func claimsOf(token string) map[string]any {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]any
	_ = json.Unmarshal(payload, &claims)
	return claims
}

func jwt(claims string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2lnbmVk"
}

func goodToken(lifetime time.Duration) string {
	return jwt(fmt.Sprintf(`{"sub":"alice","scope":["a"],"exp":%.3f}`, float64(time.Now().Add(lifetime).UnixMilli())/1000))
}

func TestUnsecuredTokens(t *testing.T) {
	var got []string
	addr := newTokenBroker(t, func(parts []string) string { got = parts; return "" })
	_, err := listTopics(t, at(addr, secured("SASL_PLAINTEXT", "sasl.mechanism", "OAUTHBEARER", "sasl.jaas.config",
		tokenJAAS+`unsecuredLoginStringClaim_user="al\"ice" unsecuredLoginPrincipalClaimName="user" unsecuredLoginLifetimeSeconds="60" unsecuredLoginNumberClaim_n="1.5" unsecuredLoginListClaim_scope="|a|b" unsecuredLoginExtension_trace="on";`)))
	if err != nil || len(got) != 2 || got[1] != "trace=on" || !strings.HasSuffix(got[0], ".") {
		t.Fatalf("got %q, %v", got, err)
	}
	claims := claimsOf(got[0])
	if claims["user"] != `al"ice` || claims["n"] != 1.5 || fmt.Sprint(claims["scope"]) != "[a b]" || claims["exp"].(float64)-claims["iat"].(float64) != 60 {
		t.Errorf("got %v", claims)
	}
}

func TestARefusedTokenEndsWithTheBrokersReason(t *testing.T) {
	addr := newTokenBroker(t, func([]string) string { return `{"status":"invalid_token"}` })
	_, err := listTopics(t, at(addr, secured("SASL_PLAINTEXT", "sasl.mechanism", "OAUTHBEARER", "sasl.jaas.config", tokenJAAS+`unsecuredLoginStringClaim_sub="alice";`)))
	var refused *kafka.AuthenticationError
	if !errors.As(err, &refused) || refused.Mechanism != "OAUTHBEARER" || !strings.Contains(err.Error(), `{"status":"invalid_token"}`) {
		t.Errorf("got %v", err)
	}
}

// endpointProps are those of a client that gets its tokens from url.
func endpointProps(addr, url string, options string, pairs ...string) kafka.Properties {
	return at(addr, secured("SASL_PLAINTEXT", "sasl.mechanism", "OAUTHBEARER", "sasl.login.callback.handler.class", tokenHandler,
		"sasl.oauthbearer.token.endpoint.url", url, "sasl.jaas.config", tokenJAAS+options+";", "sasl.login.retry.backoff.max.ms", "200"), pairs...)
}

const credentials = `clientId="id+1" clientSecret="hunter2"`

func TestTokensOfAServer(t *testing.T) {
	var form url.Values
	var basic string
	var status atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s := status.Load(); s != 0 {
			w.WriteHeader(int(s))
			return
		}
		_ = r.ParseForm()
		form, basic = r.PostForm, r.Header.Get("Authorization")
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer"}`, goodToken(time.Hour))
	}))
	defer server.Close()
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	trusting := ` ssl.truststore.type=PEM ssl.truststore.certificates="` + strings.ReplaceAll(ca, "\n", `\n`) + `"`
	var got []string
	addr := newTokenBroker(t, func(parts []string) string { got = parts; return "" })
	p := endpointProps(addr, server.URL+"/token", credentials+` scope="kafka all" extension_logicalCluster="lkc-1"`+trusting)
	if _, err := listTopics(t, p); err != nil {
		t.Fatal(err)
	}
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte("id+1:hunter2")); basic != want || form.Encode() != "grant_type=client_credentials&scope=kafka+all" {
		t.Errorf("the server got %q, %q", basic, form.Encode())
	}
	if len(got) != 2 || got[1] != "logicalCluster=lkc-1" || claimsOf(got[0])["sub"] != "alice" {
		t.Errorf("the broker got %q", got)
	}
	p["sasl.oauthbearer.header.urlencode"] = "true"
	if _, err := listTopics(t, p); err != nil || basic != "Basic "+base64.StdEncoding.EncodeToString([]byte("id%2B1:hunter2")) {
		t.Errorf("encoded: got %q, %v", basic, err)
	}
	// A server that nobody vouches for gets no secret.
	basic = ""
	_, err := listTopics(t, endpointProps(addr, server.URL, credentials))
	if err == nil || !strings.Contains(err.Error(), "x509") || basic != "" {
		t.Errorf("a stranger: got %v", err)
	}
}

func TestTokensThatCannotBeHad(t *testing.T) {
	wrongFile := filepath.Join(t.TempDir(), "passwords")
	if err := os.WriteFile(wrongFile, []byte("root:hunter2"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		status    int
		body      string
		want      string
		mostAsked int32 // 0: again and again
		url       string
	}{
		"a wrong secret":             {401, `{"error":"invalid_client","error_description":"no such client"}`, "401 Unauthorized: invalid_client (no such client)", 1, ""},
		"a refusal with a page":      {403, `<p>hunter2</p>`, "403 Forbidden", 1, ""},
		"a redirection":              {302, ``, "302 Found", 1, ""},
		"trouble that may pass":      {503, `hunter2`, "503 Service Unavailable", 0, ""},
		"no JSON":                    {200, `hunter2`, "the answer is not JSON", 1, ""},
		"no token":                   {200, `{}`, "the answer holds no access_token", 1, ""},
		"no JSON Web Token":          {200, `{"access_token":"hunter2"}`, "it is no JSON Web Token", 1, ""},
		"a token that never ends":    {200, `{"access_token":"` + jwt(`{"sub":"hunter2"}`) + `"}`, "the claim exp", 1, ""},
		"a token of nobody":          {200, `{"access_token":"` + jwt(`{"exp":4000000000}`) + `"}`, "the claim sub", 1, ""},
		"a file that is not there":   {0, "", "no such file", 0, "file:///no/such/token"},
		"a file with something else": {0, "", "it is no JSON Web Token", 0, "file://" + wrongFile},
		"a server that is not there": {0, "", "connection refused", 0, "http://127.0.0.1:1/"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.Header().Set("Location", "/again")
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			}))
			defer server.Close()
			if c.url == "" {
				c.url = server.URL
			}
			addr := newTokenBroker(t, func([]string) string { return "" })
			_, err := listTopics(t, endpointProps(addr, c.url, credentials))
			var refused *kafka.AuthenticationError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want an AuthenticationError with %q", err, c.want)
			}
			if n := asked.Load(); c.mostAsked > 0 && n > c.mostAsked || c.status == 503 && n < 2 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

// A token is kept for all logins, and renewed before it ends; while the server is away, the old one serves as long as it can.
func TestTokensAreKeptAndRenewed(t *testing.T) {
	var asked, logins atomic.Int32
	var lifetime atomic.Int64
	var away atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if away.Load() {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, `{"access_token":%q}`, goodToken(time.Duration(lifetime.Load())))
	}))
	defer server.Close()
	c, addr := newKfake(t)
	saslServer(c, "OAUTHBEARER", func([]byte) *kmsg.SASLAuthenticateResponse {
		logins.Add(1)
		resp := kmsg.NewPtrSASLAuthenticateResponse()
		resp.SessionLifetimeMillis = 1 // so that each request logs in
		return resp
	})
	newClient := func() (ask func() error) {
		a, err := kafka.NewAdmin(kafka.AdminConfig{Properties: endpointProps(addr, server.URL, credentials,
			"sasl.login.refresh.min.period.seconds", "0", "sasl.login.refresh.buffer.seconds", "0")})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { a.Close() })
		return func() error { _, err := a.Topics(testContext(t)); return err }
	}

	lifetime.Store(int64(time.Hour))
	for ask := newClient(); logins.Load() < 5; {
		if err := ask(); err != nil {
			t.Fatal(err)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("a token for an hour: asked %d times", n)
	}

	lifetime.Store(int64(400 * time.Millisecond))
	ask := newClient()
	for asked.Load() < 3 { // the first token, and the next
		if err := ask(); err != nil {
			t.Fatal(err)
		}
	}
	away.Store(true)
	served, err := 0, error(nil)
	for asked.Store(0); err == nil; {
		if err = ask(); err == nil && asked.Load() > 0 {
			served++
		}
	}
	var refused *kafka.AuthenticationError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "400 Bad Request") {
		t.Errorf("the token has ended: got %v", err)
	}
	if served == 0 {
		t.Error("the old token did not serve while the server was away")
	}
}

func TestAWSTokens(t *testing.T) {
	for key, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hunter2", "AWS_SESSION_TOKEN": "", "AWS_REGION": "eu-west-1", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": filepath.Join(t.TempDir(), "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(t.TempDir(), "none"), "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(key, value)
	}
	profiles := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(profiles, []byte("[prod]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	addr := newTokenBroker(t, func(parts []string) string { got = parts; return "" })
	msk := func(options string) kafka.Properties {
		return at(addr, secured("SASL_PLAINTEXT", "sasl.mechanism", "AWS_MSK_IAM", "sasl.jaas.config", mskJAAS+options+";",
			"sasl.client.callback.handler.class", "software.amazon.msk.auth.iam.IAMClientCallbackHandler"))
	}
	signed := func() *url.URL {
		text, err := base64.RawURLEncoding.DecodeString(got[0])
		if err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		u, err := url.Parse(string(text))
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	byTokens := msk("")
	maps.Copy(byTokens, kafka.Properties{"sasl.mechanism": "OAUTHBEARER", "sasl.client.callback.handler.class": "", "sasl.login.callback.handler.class": "software.amazon.msk.auth.iam.IAMOAuthBearerLoginCallbackHandler"})
	for name, p := range map[string]kafka.Properties{"AWS_MSK_IAM": msk(""), "OAUTHBEARER": byTokens} {
		if _, err := listTopics(t, p); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		u := signed()
		q := u.Query()
		if u.Host != "kafka.eu-west-1.amazonaws.com" || q.Get("Action") != "kafka-cluster:Connect" || !strings.HasPrefix(q.Get("X-Amz-Credential"), "AKIDEXAMPLE/") || q.Get("X-Amz-Signature") == "" {
			t.Errorf("%s: signed %s", name, u)
		}
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", profiles)
	if _, err := listTopics(t, msk(`awsProfileName="prod"`)); err != nil || !strings.HasPrefix(signed().Query().Get("X-Amz-Credential"), "AKIDPROFILE/") {
		t.Errorf("by profile: %v, %v", signed(), err)
	}
	_, err := listTopics(t, msk(`awsProfileName="absent"`))
	var refused *kafka.AuthenticationError
	if !errors.As(err, &refused) || refused.Mechanism != "AWS_MSK_IAM" || !strings.Contains(err.Error(), "absent") {
		t.Errorf("a profile that is not there: got %v", err)
	}
}

// A role is taken with the credentials at hand, at the STS of its own region.
func TestAWSRoles(t *testing.T) {
	var asked url.Values
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		asked = r.PostForm
		asked.Set("scope", r.Header.Get("Authorization"))
		fmt.Fprint(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
	}))
	defer sts.Close()
	for key, value := range map[string]string{"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_STS": sts.URL, "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(key, value)
	}
	var got []string
	addr := newTokenBroker(t, func(parts []string) string { got = parts; return "" })
	_, err := listTopics(t, at(addr, secured("SASL_PLAINTEXT", "sasl.mechanism", "AWS_MSK_IAM", "sasl.jaas.config", mskJAAS+
		`awsRoleArn="arn:aws:iam::123456789012:role/r" awsRoleSessionName="me" awsRoleExternalId="ext" awsStsRegion="us-east-2" awsRoleAccessKeyId="AKIDBASE" awsRoleSecretAccessKey="hunter2";`)))
	if err != nil {
		t.Fatal(err)
	}
	if asked.Get("RoleArn") != "arn:aws:iam::123456789012:role/r" || asked.Get("RoleSessionName") != "me" || asked.Get("ExternalId") != "ext" ||
		!strings.Contains(asked.Get("scope"), "AKIDBASE/") || !strings.Contains(asked.Get("scope"), "/us-east-2/sts/") {
		t.Errorf("STS got %v", asked)
	}
	if text, err := base64.RawURLEncoding.DecodeString(got[0]); err != nil || !strings.Contains(string(text), "AKIDROLE") {
		t.Errorf("the broker got %q, %v", text, err)
	}
}
