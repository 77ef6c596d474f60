package dynamodb_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sink "sluice/sinks/dynamodb"
)

// givers are the services that give credentials: STS, the metadata service of EC2, the agents of ECS and EKS, and single sign-on. It remembers what it was asked.
type givers struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newGivers(t *testing.T) *givers {
	t.Helper()
	g := &givers{}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *givers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	said := r.Method + " " + r.URL.Path
	note := func(name, value string) {
		if value != "" {
			said += " " + name + "=" + value
		}
	}
	for _, name := range []string{"Action", "RoleArn", "RoleSessionName", "ExternalId", "DurationSeconds", "WebIdentityToken"} {
		note(name, form.Get(name))
	}
	note("signed", accessKey(r))
	for _, name := range []string{"X-Aws-Ec2-Metadata-Token", "X-Amz-Sso_bearer_token"} {
		note(name, r.Header.Get(name))
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4") {
		note("Authorization", r.Header.Get("Authorization"))
	}
	note("role_name", r.URL.Query().Get("role_name"))
	g.mu.Lock()
	g.asked = append(g.asked, said)
	g.mu.Unlock()

	const expires = "2100-01-01T00:00:00Z"
	switch {
	case form.Get("Action") != "":
		arn := form.Get("RoleArn")
		writeRole(w, form.Get("Action"), "ASIAOF"+strings.ToUpper(arn[strings.LastIndex(arn, "/")+1:]), time.Now().Add(time.Hour))
	case r.URL.Path == "/latest/api/token":
		if r.Method != http.MethodPut || r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		_, _ = io.WriteString(w, "imds-token")
	case strings.HasPrefix(r.URL.Path, "/latest/meta-data/iam/security-credentials/"):
		if r.Header.Get("X-Aws-Ec2-Metadata-Token") != "imds-token" { // only version 2 is on
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if strings.HasSuffix(r.URL.Path, "/") {
			_, _ = io.WriteString(w, "instance-role")
			return
		}
		fmt.Fprintf(w, `{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"ASIAOFINSTANCE","SecretAccessKey":"x-secret","Token":"token-of-ASIAOFINSTANCE","Expiration":%q}`, expires)
	case strings.HasPrefix(r.URL.Path, "/v2/credentials/"), r.URL.Path == "/v1/credentials":
		fmt.Fprintf(w, `{"AccessKeyId":"ASIAOFCONTAINER","SecretAccessKey":"x-secret","Token":"token-of-ASIAOFCONTAINER","Expiration":%q}`, expires)
	case r.URL.Path == "/federation/credentials":
		fmt.Fprintf(w, `{"roleCredentials":{"accessKeyId":"ASIAOFSSO","secretAccessKey":"x-secret","sessionToken":"token-of-ASIAOFSSO","expiration":4102444800000}}`)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// requests are what was asked, each once.
func (g *givers) requests() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var once []string
	for _, said := range g.asked {
		if !slices.Contains(once, said) {
			once = append(once, said)
		}
	}
	return once
}

// reaching is a client that finds the givers at the addresses that they have in the cloud.
func (g *givers) reaching(t *testing.T, hosts ...string) *http.Client {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if slices.Contains(hosts, address) {
			address = g.Listener.Addr().String()
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// sourceFiles are the SDK's files, and that of a web identity.
func sourceFiles(t *testing.T, g *givers) (folder string) {
	t.Helper()
	folder = t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("credentials", "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = x-secret\n")
	write("config", `
[profile writer]
role_arn = arn:aws:iam::111122223333:role/chained
source_profile = base
external_id = of-the-profile
role_session_name = in-the-profile
[profile ec2]
role_arn = arn:aws:iam::111122223333:role/chained
credential_source = Ec2InstanceMetadata
[profile process]
credential_process = echo '{"Version":1,"AccessKeyId":"ASIAOFPROCESS","SecretAccessKey":"x-secret","SessionToken":"token-of-ASIAOFPROCESS","Expiration":"2100-01-01T00:00:00Z"}'
[profile sso]
sso_start_url = https://start.example
sso_region = eu-west-1
sso_account_id = 111122223333
sso_role_name = reader
`)
	write("token", "web-token")
	write("agent-token", "agent-secret-token")
	sum := sha1.Sum([]byte("https://start.example"))
	write(".aws/sso/cache/"+hex.EncodeToString(sum[:])+".json", `{"accessToken":"sso-bearer","expiresAt":"2100-01-01T00:00:00Z","region":"eu-west-1","startUrl":"https://start.example"}`)
	withoutAWS(t)
	t.Setenv("HOME", folder)
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(folder, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(folder, "credentials"))
	t.Setenv("AWS_ENDPOINT_URL_STS", g.URL)
	t.Setenv("AWS_ENDPOINT_URL_SSO", g.URL)
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", g.URL)
	return folder
}

// Each source of credentials is asked as AWS documents it, and what it gives is what the table's calls are signed with.
func TestSourcesOfCredentials(t *testing.T) {
	const (
		role     = "arn:aws:iam::111122223333:role/"
		imds     = "GET /latest/meta-data/iam/security-credentials/ X-Aws-Ec2-Metadata-Token=imds-token"
		settings = "aws.dynamodb."
	)
	instance := []string{"PUT /latest/api/token", imds, strings.Replace(imds, "credentials/ ", "credentials/instance-role ", 1)}
	for name, c := range map[string]struct {
		props  []string // FILES is the folder of files
		env    []string
		hosts  []string
		signed string // the access key; sessions have a token
		asked  []string
	}{
		"keys":              {props: []string{"aws.access.key.id", "AKIANATIVE", "aws.secret.access.key", "x-secret"}, signed: "AKIANATIVE"},
		"keys of a session": {props: []string{"aws.access.key.id", "ASIANATIVE", "aws.secret.access.key", "x-secret", "aws.session.token", "token-of-ASIANATIVE"}, signed: "ASIANATIVE"},
		"environment":       {props: []string{settings + "credentials.mode", "default"}, env: []string{"AWS_ACCESS_KEY_ID", "AKIAENV", "AWS_SECRET_ACCESS_KEY", "x-secret"}, signed: "AKIAENV"},
		"profile":           {props: []string{settings + "profile", "base"}, env: []string{"AWS_ACCESS_KEY_ID", "AKIAENV", "AWS_SECRET_ACCESS_KEY", "x-secret"}, signed: "AKIABASE"},
		"profile with a role of another profile": {
			props: []string{settings + "profile", "writer"}, signed: "ASIAOFCHAINED",
			asked: []string{"POST / Action=AssumeRole RoleArn=" + role + "chained RoleSessionName=in-the-profile ExternalId=of-the-profile DurationSeconds=900 signed=AKIABASE"},
		},
		"chain of roles": {
			props: []string{settings + "profile", "writer", settings + "assume.role.arn", role + "second", settings + "assume.role.session.name", "sluice"}, signed: "ASIAOFSECOND",
			asked: []string{
				"POST / Action=AssumeRole RoleArn=" + role + "chained RoleSessionName=in-the-profile ExternalId=of-the-profile DurationSeconds=900 signed=AKIABASE",
				"POST / Action=AssumeRole RoleArn=" + role + "second RoleSessionName=sluice DurationSeconds=900 signed=ASIAOFCHAINED",
			},
		},
		"profile with a process": {props: []string{settings + "profile", "process"}, signed: "ASIAOFPROCESS"},
		"single sign-on":         {props: []string{settings + "profile", "sso"}, signed: "ASIAOFSSO", asked: []string{"GET /federation/credentials X-Amz-Sso_bearer_token=sso-bearer role_name=reader"}},
		"role": {
			props: []string{
				"aws.access.key.id", "AKIANATIVE", "aws.secret.access.key", "x-secret", settings + "assume.role.arn", role + "writer",
				settings + "assume.role.external.id", "tenant:7", settings + "assume.role.session.name", "sluice", settings + "assume.role.duration.seconds", "3600",
			},
			signed: "ASIAOFWRITER",
			asked:  []string{"POST / Action=AssumeRole RoleArn=" + role + "writer RoleSessionName=sluice ExternalId=tenant:7 DurationSeconds=3600 signed=AKIANATIVE"},
		},
		"web identity": {
			props: []string{settings + "web.identity.file", "FILES/token", settings + "web.identity.role.arn", role + "pod", settings + "web.identity.session.name", "sluice"}, signed: "ASIAOFPOD",
			asked: []string{"POST / Action=AssumeRoleWithWebIdentity RoleArn=" + role + "pod RoleSessionName=sluice WebIdentityToken=web-token"},
		},
		"web identity of the environment": {
			props: []string{settings + "credentials.mode", "default"}, signed: "ASIAOFPOD",
			env:   []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "FILES/token", "AWS_ROLE_ARN", role + "pod", "AWS_ROLE_SESSION_NAME", "of-env"},
			asked: []string{"POST / Action=AssumeRoleWithWebIdentity RoleArn=" + role + "pod RoleSessionName=of-env WebIdentityToken=web-token"},
		},
		"web identity by its name, and a role of another account": {
			props: []string{settings + "credentials.mode", "WEB-IDENTITY", settings + "assume.role.arn", role + "writer", settings + "assume.role.session.name", "sluice"}, signed: "ASIAOFWRITER",
			env: []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "FILES/token", "AWS_ROLE_ARN", role + "pod", "AWS_ROLE_SESSION_NAME", "of-env", "AWS_ACCESS_KEY_ID", "AKIAENV", "AWS_SECRET_ACCESS_KEY", "x-secret"},
			asked: []string{
				"POST / Action=AssumeRoleWithWebIdentity RoleArn=" + role + "pod RoleSessionName=of-env WebIdentityToken=web-token",
				"POST / Action=AssumeRole RoleArn=" + role + "writer RoleSessionName=sluice DurationSeconds=900 signed=ASIAOFPOD",
			},
		},
		"ECS": {
			props: []string{settings + "credentials.mode", "container"}, hosts: []string{"169.254.170.2:80"}, signed: "ASIAOFCONTAINER",
			env:   []string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/task", "AWS_ACCESS_KEY_ID", "AKIAENV", "AWS_SECRET_ACCESS_KEY", "x-secret"},
			asked: []string{"GET /v2/credentials/task"},
		},
		"ECS by the default chain": {
			props: []string{settings + "credentials.mode", "default"}, hosts: []string{"169.254.170.2:80"}, signed: "ASIAOFCONTAINER",
			env: []string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/task"}, asked: []string{"GET /v2/credentials/task"},
		},
		"EKS Pod Identity": {
			props: []string{settings + "credentials.mode", "container"}, hosts: []string{"169.254.170.23:80"}, signed: "ASIAOFCONTAINER",
			env:   []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "FILES/agent-token"},
			asked: []string{"GET /v1/credentials Authorization=agent-secret-token"},
		},
		"instance": {
			props: []string{settings + "credentials.mode", "instance"}, signed: "ASIAOFINSTANCE", asked: instance,
			env: []string{"AWS_ACCESS_KEY_ID", "AKIAENV", "AWS_SECRET_ACCESS_KEY", "x-secret"},
		},
		"instance by the default chain": {props: []string{settings + "credentials.mode", "default"}, signed: "ASIAOFINSTANCE", asked: instance},
		"profile with a role of the instance": {
			props: []string{settings + "profile", "ec2", settings + "assume.role.arn", role + "writer", settings + "assume.role.session.name", "sluice"}, signed: "ASIAOFWRITER",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGivers(t)
			folder := sourceFiles(t, g)
			in := strings.NewReplacer("FILES", folder)
			for i := 0; i < len(c.env); i += 2 {
				t.Setenv(c.env[i], in.Replace(c.env[i+1]))
			}
			s := newService(t)
			var seen signatures
			props := s.settings(prefix+"uriEndpointOverride", s.behind(t, seen.see))
			for i := 0; i < len(c.props); i += 2 {
				props[c.props[i]] = in.Replace(c.props[i+1])
			}
			var o sink.Options
			if c.hosts != nil {
				o.HTTPClient = g.reaching(t, c.hosts...)
			}
			w := started(t, o, props)
			w.mustPut(transaction("a", ``))
			w.untilCommitted()
			want := c.signed + " "
			if strings.HasPrefix(c.signed, "ASIA") {
				want += "token-of-" + c.signed
			}
			seen.want(t, want)
			if got := g.requests(); c.asked != nil && !slices.Equal(got, c.asked) {
				t.Errorf("was asked\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.asked, "\n"))
			}
			for _, secret := range []string{"x-secret", "token-of", "web-token", "sso-bearer", "agent-secret"} {
				if strings.Contains(w.log.String(), secret) {
					t.Errorf("the log shows %s:\n%s", secret, w.log)
				}
			}
		})
	}
}

// A source that lacks something is told by what it lacks when the task starts.
func TestSourcesThatAreIncompleteFailTheTask(t *testing.T) {
	for name, c := range map[string]struct {
		props []string
		env   []string
		want  string
	}{
		"no container":     {[]string{"aws.dynamodb.credentials.mode", "container"}, nil, "find credentials: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set"},
		"a far container":  {[]string{"aws.dynamodb.credentials.mode", "container"}, []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/c"}, "http is allowed only for this machine"},
		"no token file":    {[]string{"aws.dynamodb.credentials.mode", "web-identity"}, nil, "aws.dynamodb.web.identity.file is not set, and neither is AWS_WEB_IDENTITY_TOKEN_FILE"},
		"no role for it":   {[]string{"aws.dynamodb.web.identity.file", "/none"}, nil, "aws.dynamodb.web.identity.role.arn is not set"},
		"file is missing":  {[]string{"aws.dynamodb.web.identity.file", "/none", "aws.dynamodb.web.identity.role.arn", "arn:aws:iam::111122223333:role/r"}, nil, "/none: no such file"},
		"no such profile":  {[]string{"aws.dynamodb.profile", "none"}, nil, "none"},
		"process fails":    {[]string{"aws.dynamodb.profile", "failing"}, nil, "exit status 1"},
		"no role attached": {[]string{"aws.dynamodb.credentials.mode", "instance"}, []string{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "NOTHING"}, "no EC2 IMDS role found"},
		"nothing at all":   {[]string{"aws.dynamodb.credentials.mode", "default"}, []string{"AWS_EC2_METADATA_DISABLED", "true"}, `find credentials for table "flagged-transactions" in region ap-southeast-2`},
	} {
		t.Run(name, func(t *testing.T) {
			nothing := httptest.NewServer(http.NotFoundHandler())
			t.Cleanup(nothing.Close)
			withoutAWS(t)
			file := filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(file, []byte("[profile failing]\ncredential_process = false\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("AWS_CONFIG_FILE", file)
			for i := 0; i < len(c.env); i += 2 {
				t.Setenv(c.env[i], strings.ReplaceAll(c.env[i+1], "NOTHING", nothing.URL))
			}
			s := newService(t)
			err := newWorker(t, sink.Options{}).start(s.settings(c.props...))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
