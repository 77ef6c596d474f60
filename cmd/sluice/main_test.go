package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// execute runs one command line in this process.
func execute(t *testing.T, vars map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out, errs bytes.Buffer
	var all []string
	for k, v := range vars {
		all = append(all, k+"="+v)
	}
	code = run(ctx, args, environment{stdout: &out, stderr: &errs, all: all, getenv: func(k string) (string, bool) { v, ok := vars[k]; return v, ok }})
	return code, out.String(), errs.String()
}

func propertiesFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "worker.properties")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// minimal is a worker's file that is complete, pointing where nobody listens.
func minimal(t *testing.T, more ...string) string {
	return propertiesFile(t, append([]string{
		"bootstrap.servers=127.0.0.1:1", "group.id=g", "listeners=http://127.0.0.1:0",
		"config.storage.topic=c", "offset.storage.topic=o", "status.storage.topic=s",
		"key.converter=org.apache.kafka.connect.json.JsonConverter", "value.converter=org.apache.kafka.connect.json.JsonConverter",
	}, more...)...)
}

func TestExitCodes(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		name string
		vars map[string]string
		args []string
		code int
		says []string // on stderr, or on stdout with code 0
	}{
		{"version", nil, []string{"version"}, 0, []string{"sluice ", "Kafka Connect 3.9.2", "go1."}},
		{"help", nil, []string{"--help"}, 0, []string{"demo", "worker", "detector", "producer", "table create"}},
		{"no command", nil, nil, 1, []string{"expected one of"}},
		{"an unknown flag", nil, []string{"version", "--loud"}, 1, []string{"--loud"}},
		{"a worker without a file", nil, []string{"worker"}, 1, []string{"<file>"}},
		{"a worker's file that is not there", nil, []string{"worker", "/nowhere/w.properties"}, 1, []string{"/nowhere/w.properties"}},
		{"a worker setting that is wrong", nil, []string{"worker", minimal(t, "offset.flush.interval.ms=soon")}, 1, []string{"offset.flush.interval.ms", "soon", "Not a number of type LONG"}},
		{"a worker setting that is missing", nil, []string{"worker", propertiesFile(t, "bootstrap.servers=127.0.0.1:1")}, 1, []string{"group.id"}},
		{"a worker setting from the environment", map[string]string{"CONNECT_OFFSET_FLUSH_INTERVAL_MS": "later"}, []string{"worker", minimal(t)}, 1, []string{"offset.flush.interval.ms", "later"}},
		{"a worker setting that is not built", nil, []string{"worker", minimal(t, "security.protocol=SASL_SSL")}, 1, []string{"sasl.mechanism", "Kerberos"}},
		{"a worker without Kafka", nil, []string{"worker", minimal(t, "default.api.timeout.ms=300")}, 2, []string{"127.0.0.1:1"}},
		{"a worker's port that is taken", nil, []string{"worker", minimal(t, "listeners=http://"+taken.Addr().String())}, 2, []string{taken.Addr().String(), "in use"}},
		{"MAX_RUN that is no number", map[string]string{"MAX_RUN": "abc"}, []string{"producer"}, 1, []string{"MAX_RUN", "abc"}},
		{"a producer's properties that are not there", nil, []string{"producer", "--command-config=/nowhere/c.properties"}, 1, []string{"/nowhere/c.properties"}},
		{"a producer's properties that are wrong", nil, []string{"producer", "--command-config=" + propertiesFile(t, "security.protocol=SASL_SSL", "sasl.mechanism=PLAIN", "sasl.jaas.config=a.B required;")}, 1, []string{"sasl.jaas.config", "[hidden]", "a.B does not go with PLAIN"}},
		{"a share beyond 1", nil, []string{"producer", "--flagged-share=1.5"}, 1, []string{"FlaggedShare", "1.5"}},
		{"a scenario that is not there", nil, []string{"producer", "--scenario=/nowhere/s.yaml"}, 1, []string{"/nowhere/s.yaml"}},
		{"a scenario and what it says itself", nil, []string{"producer", "--scenario=/nowhere/s.yaml", "--count=5"}, 1, []string{"--count"}},
		{"a truth without a scenario", nil, []string{"producer", "--truth=t.jsonl"}, 1, []string{"--scenario"}},
		{"a detector without its file", nil, []string{"detector", "--config=/nowhere/p.json"}, 1, []string{"/nowhere/p.json"}},
		{"a table's file that is not there", nil, []string{"table", "create", "/nowhere/t.json"}, 1, []string{"/nowhere/t.json"}},
		{"a demo's number that is wrong", nil, []string{"demo", "--records=-1"}, 1, []string{"--records=-1"}},
		{"a demo's port that is taken", nil, []string{"demo", "--kafka=" + taken.Addr().String()}, 2, []string{taken.Addr().String(), "in use"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, stdout, stderr := execute(t, c.vars, c.args...)
			out := stderr
			if c.code == 0 {
				out = stdout
			}
			if code != c.code {
				t.Errorf("got exit code %d, want %d", code, c.code)
			}
			for _, s := range c.says {
				if !strings.Contains(out, s) {
					t.Errorf("%q is missing in %q", s, out)
				}
			}
		})
	}
}

func TestDemoVerifies(t *testing.T) {
	code, stdout, stderr := execute(t, nil, "demo", "--records=500", "--kafka=127.0.0.1:0", "--dynamodb=127.0.0.1:0", "--rest=127.0.0.1:0")
	if code != 0 || !strings.Contains(stdout, "\nverified: 500 transactions, ") {
		t.Errorf("got exit code %d, %q, %q", code, stdout, stderr)
	}
}
