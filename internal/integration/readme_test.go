package integration

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The commands of the README work as they stand there. Every fenced block of sh is run by bash, in the repository's
// folder, and must end with exit code 0. A comment on the line before a block says what it needs:
//
//	<!-- ci: with (kafka, dynamodb) -->            Kafka on localhost:9092, and DynamoDB where the environment says
//	<!-- ci: beside (go run ./cmd/sluice demo) --> a command that runs meanwhile, its connector's status being there
//	<!-- ci: skip (needs Docker) -->               not run
//
// A producer that would run for ever ends after two batches, since MAX_RUN=3 is set.
func TestReadme(t *testing.T) {
	needReal(t)
	b, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := shellBlocks(string(b))
	if len(blocks) == 0 {
		t.Fatal("the README has no block of sh")
	}
	for _, block := range blocks {
		name, _, _ := strings.Cut(block.script, "\n")
		if block.need == "skip" {
			t.Logf("not run (%s): %s ...", block.what, name)
			continue
		}
		t.Run(name, func(t *testing.T) { runBlock(t, block) })
	}
}

// shellBlock is a block of commands, with what its comment says: need is "", "with", "beside" or "skip", and what is the
// text in its brackets.
type shellBlock struct{ need, what, script string }

var shellBlockPattern = regexp.MustCompile("(?m)^(?:<!-- ci: (\\w+) \\((.*)\\) -->\n)?```sh\n((?s:.*?))^```$")

func shellBlocks(markdown string) (blocks []shellBlock) {
	for _, m := range shellBlockPattern.FindAllStringSubmatch(markdown, -1) {
		blocks = append(blocks, shellBlock{need: m[1], what: m[2], script: m[3]})
	}
	return blocks
}

func TestShellBlocks(t *testing.T) {
	got := shellBlocks("# T\n\n```sh\na\nb\n```\n\n```text\nno\n```\n<!-- ci: skip (needs Docker) -->\n```sh\nc\n```\n\n<!-- ci: with (kafka) -->\n```sh\nd\n```\n")
	want := []shellBlock{{"", "", "a\nb\n"}, {"skip", "needs Docker", "c\n"}, {"with", "kafka", "d\n"}}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("block %d: got %q, want %q", i, got[i], want[i])
		}
	}
}

func runBlock(t *testing.T, block shellBlock) {
	endpoint := sharedDynamoDB(t)
	env := append(awsEnvironment(endpoint), "MAX_RUN=3")
	eventually(t, 10*time.Second, "the ports of the README's commands are free", func() error {
		for _, port := range []string{"8000", "8083", "9092"} {
			l, err := net.Listen("tcp", "127.0.0.1:"+port)
			if err != nil {
				return err
			}
			l.Close()
		}
		return nil
	})
	switch block.need {
	case "with":
		b, err := newBroker()
		if err != nil {
			t.Fatal(err)
		}
		b.addr = "127.0.0.1:9092"
		startOrSkip(t, b)
		deleteTable(t, dynamoDBClient(endpoint), "flagged-transactions")
	case "beside":
		beside := startShell(t, "beside", block.what, nil)
		eventually(t, 3*time.Minute, block.what+" is up", func() error {
			if !beside.running() {
				t.Fatalf("it has ended; %s", beside.tail())
			}
			return answers("http://127.0.0.1:8083/connectors/transactions-sink/status", http.StatusOK)
		})
	case "":
	default:
		t.Fatalf("unknown word in the comment before the block: %q", block.need)
	}
	p := startShell(t, "readme", block.script, env)
	if code := p.waitExit(t, 5*time.Minute); code != 0 {
		t.Errorf("exit code %d, want 0; %s", code, p.tail())
	}
}

// endBackground has bash end what it runs in the background when it ends itself, and wait for it.
const endBackground = "trap 'kill $(jobs -p) 2>/dev/null || true; wait || true' EXIT\n"

// startShell runs the commands of a reader.
func startShell(t *testing.T, name, script string, env []string) *process {
	t.Helper()
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", endBackground+script)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), env...)
	p, err := startProcess(name, cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop(30 * time.Second) })
	return p
}
