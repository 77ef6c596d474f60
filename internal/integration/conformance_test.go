package integration

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/IBM/sarama"
)

// The recorded scenarios and the replays of clients, which the tests of rest and internal/clients play against the embedded Kafka, are played
// here against workers on real Kafka: ours, which must pass all of them twice in a row, and Java's, without which nobody would notice that a
// scenario or a replay asks for more than Kafka Connect gives.
func TestConformanceOnRealKafka(t *testing.T) {
	kafka := sharedKafka(t)
	topicOfTheScenarios(t, kafka)
	w := startWorker(t, newWorkerConfig(t, kafka, map[string]string{
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter",
	}))
	playOn(t, w.url, "./rest", "SLUICE_CONFORMANCE_URL", "TestConformanceOfARunningWorker")
	playOn(t, w.url, "./internal/clients", "SLUICE_CLIENTS_URL", "TestClients")
	stopCleanly(t, w.process)
}

// One round is enough for Java. The replays of clients are played when SLUICE_TEST_JAVA_CLIENTS says so, as .ci/long does: all at once on a busy
// machine they meet races of Java's own, such as a restart that fails right after another change.
func TestConformanceOfJava(t *testing.T) {
	java := sharedConnect(t)
	topicOfTheScenarios(t, sharedKafka(t))
	playOn(t, java.url, "./rest", "SLUICE_CONFORMANCE_URL", "TestConformanceOfARunningWorker/first_round")
	playOn(t, java.url, "./rest", "SLUICE_CONFORMANCE_URL", "TestOffsetsOfARunningWorker")
	if os.Getenv("SLUICE_TEST_JAVA_CLIENTS") != "" {
		playOn(t, java.url, "./internal/clients", "SLUICE_CLIENTS_URL", "TestClients")
	}
}

// topicOfTheScenarios makes the topic that the scenarios and replays name: they count on one partition.
func topicOfTheScenarios(t *testing.T, kafka string) {
	t.Helper()
	detail := &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: 1}
	if err := mustAdmin(t, kafka).CreateTopic("conformance", detail, false); err != nil && !errors.Is(err, sarama.ErrTopicAlreadyExists) {
		t.Fatal(err)
	}
}

// playOn runs a test of another package against a worker, and wants it to have run.
func playOn(t *testing.T, url, pkg, variable, test string) {
	t.Helper()
	t.Run(pkg, func(t *testing.T) {
		name, round, _ := strings.Cut(test, "/")
		pattern := "^" + name + "$"
		if round != "" {
			pattern += "/^" + round + "$"
		}
		cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-v", "-run", pattern, pkg)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), variable+"="+url)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: "+name+" ") {
			t.Errorf("%s against %s: %v\n%s", test, url, err, failures(string(out)))
		}
	})
}

// failures are the lines of a verbose test's output that do not only say that something began, went on or passed.
func failures(out string) string {
	var b strings.Builder
	for line := range strings.Lines(out) {
		word := strings.TrimSpace(line)
		if !strings.HasPrefix(word, "===") && !strings.HasPrefix(word, "--- PASS") {
			b.WriteString(line)
		}
	}
	return b.String()
}
