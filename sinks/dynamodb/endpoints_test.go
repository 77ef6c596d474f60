package dynamodb_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	sink "sluice/sinks/dynamodb"
)

// Which hosts are called, by the settings, the environment and the profile: DescribeTable, the writes and STS. Nothing of it leaves the test.
func TestEndpoints(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/writer"
	static := []string{"aws.access.key.id", "AKIABASE", "aws.secret.access.key", "x-secret"}
	assumed := append(static[:4:4], "aws.dynamodb.assume.role.arn", role)
	account := append(static[:4:4], "aws.account.id", "999988887777")
	for name, c := range map[string]struct {
		base    []string
		props   []string
		env     []string
		profile string
		want    []string // hosts, each once
		region  string   // that the writes are signed for, unless eu-west-1
		fails   string
	}{
		"plain":                            {base: static, want: []string{"dynamodb.eu-west-1.amazonaws.com"}},
		"China":                            {base: static, props: []string{"aws.dynamodb.region", "cn-north-1"}, want: []string{"dynamodb.cn-north-1.amazonaws.com.cn"}, region: "cn-north-1"},
		"role":                             {base: assumed, want: []string{"sts.eu-west-1.amazonaws.com", "111122223333.ddb.eu-west-1.amazonaws.com"}},
		"FIPS":                             {base: assumed, props: []string{"aws.dynamodb.use.fips.endpoint", "true"}, want: []string{"sts-fips.eu-west-1.amazonaws.com", "dynamodb-fips.eu-west-1.amazonaws.com"}},
		"FIPS by environment":              {base: static, env: []string{"AWS_USE_FIPS_ENDPOINT", "true"}, want: []string{"dynamodb-fips.eu-west-1.amazonaws.com"}},
		"FIPS by profile":                  {base: static, profile: "use_fips_endpoint = true", want: []string{"dynamodb-fips.eu-west-1.amazonaws.com"}},
		"FIPS, but not here":               {base: static, props: []string{"aws.dynamodb.use.fips.endpoint", "false"}, env: []string{"AWS_USE_FIPS_ENDPOINT", "true"}, want: []string{"dynamodb.eu-west-1.amazonaws.com"}},
		"dual stack":                       {base: assumed, props: []string{"aws.dynamodb.use.dualstack.endpoint", "true"}, want: []string{"sts.eu-west-1.api.aws", "111122223333.ddb.eu-west-1.api.aws"}},
		"dual stack by profile":            {base: static, profile: "use_dualstack_endpoint = true", want: []string{"dynamodb.eu-west-1.api.aws"}},
		"dual stack by environment":        {base: static, env: []string{"AWS_USE_DUALSTACK_ENDPOINT", "true"}, want: []string{"dynamodb.eu-west-1.api.aws"}},
		"both":                             {base: static, props: []string{"aws.dynamodb.use.fips.endpoint", "true", "aws.dynamodb.use.dualstack.endpoint", "true"}, want: []string{"dynamodb-fips.eu-west-1.api.aws"}},
		"account":                          {base: account, want: []string{"999988887777.ddb.eu-west-1.amazonaws.com"}},
		"account, disabled":                {base: account, props: []string{"aws.dynamodb.account.id.endpoint.mode", "disabled"}, want: []string{"dynamodb.eu-west-1.amazonaws.com"}},
		"account, disabled by environment": {base: account, env: []string{"AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled"}, want: []string{"dynamodb.eu-west-1.amazonaws.com"}},
		"account, disabled by profile":     {base: account, profile: "account_id_endpoint_mode = disabled", want: []string{"dynamodb.eu-west-1.amazonaws.com"}},
		"account of the environment's keys": {
			base: []string{"aws.dynamodb.credentials.mode", "default"}, env: []string{"AWS_ACCESS_KEY_ID", "AKIAENV", "AWS_SECRET_ACCESS_KEY", "s", "AWS_ACCOUNT_ID", "444455556666"},
			want: []string{"444455556666.ddb.eu-west-1.amazonaws.com"},
		},
		"account, required":                       {base: assumed, props: []string{"aws.dynamodb.account.id.endpoint.mode", "required"}, want: []string{"sts.eu-west-1.amazonaws.com", "111122223333.ddb.eu-west-1.amazonaws.com"}},
		"account, required, and no":               {base: static, props: []string{"aws.dynamodb.account.id.endpoint.mode", "required"}, fails: "accountID is required but not set"},
		"account, required, unseen":               {base: static, props: []string{"aws.dynamodb.account.id.endpoint.mode", "required", "aws.dynamodb.describe.table", "false", "aws.dynamodb.table.key", "transaction_id:S, transaction_date:S"}, fails: "accountID is required but not set"},
		"account, and FIPS":                       {base: account, props: []string{"aws.dynamodb.use.fips.endpoint", "true"}, want: []string{"dynamodb-fips.eu-west-1.amazonaws.com"}},
		"endpoint":                                {base: account, props: []string{"aws.dynamodb.endpoint", "https://vpce-1.dynamodb.eu-west-1.vpce.amazonaws.com"}, want: []string{"vpce-1.dynamodb.eu-west-1.vpce.amazonaws.com"}},
		"endpoint of all":                         {base: assumed, env: []string{"AWS_ENDPOINT_URL", "http://localstack:4566"}, want: []string{"localstack:4566"}},
		"endpoint of the service":                 {base: assumed, env: []string{"AWS_ENDPOINT_URL_DYNAMODB", "http://localstack:4566"}, want: []string{"sts.eu-west-1.amazonaws.com", "localstack:4566"}},
		"endpoint of the profile":                 {base: static, profile: "services = s\n[services s]\ndynamodb =\n  endpoint_url = http://localstack:4566", want: []string{"localstack:4566"}},
		"endpoint that is ignored":                {base: static, env: []string{"AWS_ENDPOINT_URL", "http://localstack:4566", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}, want: []string{"dynamodb.eu-west-1.amazonaws.com"}},
		"endpoint before that of the environment": {base: static, props: []string{"aws.dynamodb.endpoint", "http://here:8000"}, env: []string{"AWS_ENDPOINT_URL_DYNAMODB", "http://localstack:4566"}, want: []string{"here:8000"}},
	} {
		t.Run(name, func(t *testing.T) {
			withoutAWS(t)
			file := filepath.Join(t.TempDir(), "config")
			if err := os.WriteFile(file, []byte("[default]\n"+c.profile+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("AWS_CONFIG_FILE", file)
			for i := 0; i < len(c.env); i += 2 {
				t.Setenv(c.env[i], c.env[i+1])
			}
			s := newService(t)
			var mu sync.Mutex
			var hosts, regions []string
			client := &http.Client{Transport: roundTripper(func(r *http.Request) *http.Response {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				mu.Lock()
				if !slices.Contains(hosts, r.URL.Host) {
					hosts = append(hosts, r.URL.Host)
				}
				mu.Unlock()
				if bytes.Contains(body, []byte("Action=AssumeRole")) {
					return recorded(&givers{}, r)
				}
				mu.Lock()
				if scope := strings.Split(r.Header.Get("Authorization"), "/"); len(scope) > 2 && !slices.Contains(regions, scope[2]) {
					regions = append(regions, scope[2])
				}
				mu.Unlock()
				return recorded(s, r)
			})}
			props := map[string]string{prefix + "table": tableName, "aws.dynamodb.region": "eu-west-1"}
			for _, list := range [][]string{c.base, c.props} {
				for i := 0; i < len(list); i += 2 {
					props[list[i]] = list[i+1]
				}
			}
			w := newWorker(t, sink.Options{HTTPClient: client})
			err := w.start(props)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("got %v, want %s", err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			w.open()
			w.mustPut(transaction("a", ``))
			w.untilCommitted()
			mu.Lock()
			defer mu.Unlock()
			region := "eu-west-1"
			if c.region != "" {
				region = c.region
			}
			if !slices.Equal(hosts, c.want) || !slices.Equal(regions, []string{region}) {
				t.Errorf("called %v, signed for %v; want %v and %s", hosts, regions, c.want, region)
			}
		})
	}
}
