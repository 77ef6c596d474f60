package examples_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	embedded "sluice/internal/embedded/kafka"
)

// deadline bounds every wait.
const deadline = 60 * time.Second

// shown finds a file on the page: its name in a comment, then the block.
var shown = regexp.MustCompile("(?s)<!-- examples/(\\S+) -->\n```\\w*\n(.*?)```\n")

// What the page shows is what is built and tested here, to the letter.
func TestThePageShowsTheExample(t *testing.T) {
	page, err := os.ReadFile("../docs/write-a-sink.md")
	if err != nil {
		t.Fatal(err)
	}
	onPage := map[string]string{}
	for _, m := range shown.FindAllStringSubmatch(string(page), -1) {
		onPage[m[1]] = m[2]
	}
	files, err := filepath.Glob("httpsink/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := onPage[name]; !ok {
			t.Errorf("%s is not on the page", name)
		} else if got != string(content) {
			t.Errorf("%s is not on the page as it is; the page has\n%s", name, got)
		}
	}
	if len(onPage) != len(files) {
		t.Errorf("the page shows %d files, the folder has %d", len(onPage), len(files))
	}
}

// Given the example in a module of its own, without a network, when its worker runs beside a broker and gets the connector of the page, then
// the values of the topic are posted, what the server refuses is skipped, and a signal ends the worker in order.
func TestAStrangersModule(t *testing.T) {
	worker := build(t)
	broker, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0", AutoCreateTopics: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := broker.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	posts := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "bad") {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		posts <- r.Header.Get("Authorization") + " " + string(body)
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()

	run := exec.CommandContext(ctx, worker, filepath.Join(filepath.Dir(worker), "worker.properties"))
	run.Env = append(os.Environ(), "CONNECT_BOOTSTRAP_SERVERS="+broker.Addr(), "CONNECT_LISTENERS=http://127.0.0.1:0")
	stderr, err := run.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	url, logged := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(logged)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			t.Log(lines.Text())
			if _, rest, ready := strings.Cut(lines.Text(), `msg="worker is ready"`); ready {
				_, rest, _ = strings.Cut(rest, "url=")
				at, _, _ := strings.Cut(rest, " ")
				url <- at
			}
		}
	}()
	defer func() { <-logged }()
	defer cancel()

	produce(t, ctx, broker.Addr(), `{"id":1}`, `{"id":"bad"}`, `{"id":2}`)
	select {
	case at := <-url:
		create(t, at, server.URL)
	case <-logged:
		t.Fatalf("the worker has ended: %v", run.Wait())
	}
	for _, want := range []string{`Bearer abracadabra {"id":1}`, `Bearer abracadabra {"id":2}`} {
		select {
		case got := <-posts:
			if got != want {
				t.Errorf("got post %q, want %q", got, want)
			}
		case <-ctx.Done():
			t.Fatalf("no post %q", want)
		}
	}
	if err := run.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-logged
	if err := run.Wait(); err != nil {
		t.Errorf("the worker's end: %v", err)
	}
}

// build makes the example a module of its own, as a stranger has it, and returns its binary. What the stranger's `go mod tidy` would find out is
// taken from this module, so that nothing is downloaded.
func build(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("httpsink")); err != nil {
		t.Fatal(err)
	}
	requirements, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	mod := strings.Replace(string(requirements), "module sluice\n", "module example.com/httpsink\n", 1) +
		fmt.Sprintf("\nrequire sluice v0.0.0\n\nreplace sluice => %s\n", root)
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"go.mod": []byte(mod), "go.sum": sums} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"vet", "./..."}, {"build", "-o", "myworker", "."}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
	}
	return filepath.Join(dir, "myworker")
}

func produce(t *testing.T, ctx context.Context, broker string, values ...string) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.AllowAutoTopicCreation())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, v := range values {
		if err := client.ProduceSync(ctx, &kgo.Record{Topic: "flagged-transactions", Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// create posts the connector of the page, with the server that there is.
func create(t *testing.T, worker, server string) {
	t.Helper()
	file, err := os.ReadFile("httpsink/http.json")
	if err != nil {
		t.Fatal(err)
	}
	var connector struct {
		Name   string            `json:"name"`
		Config map[string]string `json:"config"`
	}
	if err := json.Unmarshal(file, &connector); err != nil {
		t.Fatal(err)
	}
	connector.Config["http.url"] = server
	body, err := json.Marshal(connector)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(worker+"connectors", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(answer.Body)
		t.Fatalf("create the connector: %s %s", answer.Status, text)
	}
}
