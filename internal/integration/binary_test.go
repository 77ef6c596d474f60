package integration

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// root is the repository, where commands find configs/ as an operator's do.
const root = "../.."

// buildBinary builds the binary once, with the words of the Dockerfile.
var buildBinary = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	binary := filepath.Join(scratch, "sluice")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "./cmd/sluice")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build ./cmd/sluice: %w\n%s", err, out)
	}
	return binary, nil
})

// startSluice starts a command of the binary in the repository's folder. Of this process's environment it gets nothing
// that says where Kafka or AWS are, only what env says.
func startSluice(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	binary, err := buildBinary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, args...)
	cmd.Dir = root
	cmd.Env = append(bareEnvironment(t), env...)
	p, err := startProcess("sluice-"+args[0], cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// bareEnvironment is this process's environment without what would lead a command elsewhere: a developer's own AWS
// profile is out of reach too.
func bareEnvironment(t *testing.T) []string {
	t.Helper()
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		for _, prefix := range []string{"AWS_", "CONNECT_", "SLUICE_", "BOOTSTRAP_SERVERS", "MAX_RUN", "DATE_TYPE", "DATA_TYPE"} {
			if strings.HasPrefix(name, prefix) {
				return true
			}
		}
		return name == "HOME"
	})
	return append(env, "HOME="+t.TempDir(), "AWS_EC2_METADATA_DISABLED=true")
}

// runSluice runs a command that ends by itself and expects its exit code. It returns what the command wrote.
func runSluice(t *testing.T, wantExit int, env []string, args ...string) string {
	t.Helper()
	p := startSluice(t, env, args...)
	if code := p.waitExit(t, 2*time.Minute); code != wantExit {
		t.Fatalf("sluice %s: exit code %d, want %d; %s", strings.Join(args, " "), code, wantExit, p.tail())
	}
	return p.output()
}

// uniqueName is a name for topics, groups, tables and connectors that no other test uses.
func uniqueName(prefix string) string {
	return fmt.Sprintf("%s-%x", prefix, time.Now().UnixNano())
}

// workerConfig is a worker's properties file: that of configs/ with some lines set otherwise.
type workerConfig struct {
	file string
	port string
	url  string
}

// newWorkerConfig writes a properties file for a Connect cluster of its own on a free port of 127.0.0.1. It serves
// several starts of a worker, which then finds its connectors again.
func newWorkerConfig(t *testing.T, kafka string, set map[string]string) workerConfig {
	t.Helper()
	cluster, port := uniqueName("cluster"), mustFreePort(t)
	lines := map[string]string{
		"bootstrap.servers":        kafka,
		"group.id":                 cluster,
		"config.storage.topic":     cluster + "-configs",
		"offset.storage.topic":     cluster + "-offsets",
		"status.storage.topic":     cluster + "-status",
		"offset.flush.interval.ms": "500",
		"listeners":                "http://127.0.0.1:" + port,
	}
	maps.Copy(lines, set)
	b, err := os.ReadFile(filepath.Join(root, "configs", "worker.properties"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for line := range strings.Lines(string(b)) {
		key, _, _ := strings.Cut(strings.TrimSpace(line), "=")
		if value, ok := lines[key]; ok {
			line = key + "=" + value + "\n"
			delete(lines, key)
		}
		out.WriteString(line)
	}
	for _, key := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintf(&out, "%s=%s\n", key, lines[key])
	}
	file := filepath.Join(t.TempDir(), "worker.properties")
	if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return workerConfig{file: file, port: port, url: "http://127.0.0.1:" + port}
}

// startWorker starts a worker and returns when its REST API answers.
func startWorker(t *testing.T, config workerConfig, env ...string) *worker {
	t.Helper()
	return awaitWorker(t, startSluice(t, env, "worker", config.file), config.url)
}

// awaitWorker waits for the REST API of a worker, of ours or Java's.
func awaitWorker(t *testing.T, p *process, url string) *worker {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := p.until(ctx, func() error { return answers(url+"/", 200) }); err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
	return &worker{process: p, rest: rest{url}}
}

// stopCleanly stops a process with SIGTERM and wants it gone in order, in time.
func stopCleanly(t *testing.T, p *process) {
	t.Helper()
	if code := p.stop(30 * time.Second); code != 0 {
		t.Errorf("%s: exit code %d after SIGTERM, want 0; %s", p.name, code, p.tail())
	}
}
