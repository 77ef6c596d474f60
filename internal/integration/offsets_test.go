package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// The recorded answers about offsets hold on real Kafka too (TestConformanceOfJava plays them against Java), and a connector that is resumed reads on
// from where its offsets were set to. Requests follow each other without a pause: nobody has to wait for the tasks to leave their group.
func TestOffsetsOnRealKafka(t *testing.T) {
	kafka := sharedKafka(t)
	topicOfTheScenarios(t, kafka)
	w := startWorker(t, newWorkerConfig(t, kafka, map[string]string{
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter",
	}))
	playOn(t, w.url, "./rest", "SLUICE_CONFORMANCE_URL", "TestOffsetsOfARunningWorker")

	name, topic := uniqueName("offsets"), uniqueName("offsets")
	file := filepath.Join(t.TempDir(), "lines.txt")
	mustCreateTopic(t, kafka, topic, 2)
	var records []record
	for i := range 10 {
		records = append(records, record{partition: int32(i % 2), value: []byte(fmt.Sprintf("line %d", i))})
	}
	produce(t, kafka, topic, records...) // the even ones are in partition 0
	w.create(t, fileSink(t, name, topic, file))
	awaitLines(t, file, 10)

	request := func(method, path, body string, want int) string {
		t.Helper()
		status, answer := w.call(t, method, "/connectors/"+name+path, body)
		if status != want {
			t.Fatalf("%s %s: %d %s, want %d", method, path, status, answer, want)
		}
		return answer
	}
	position := func(partition, offset int) string {
		return fmt.Sprintf(`{"partition":{"kafka_topic":%q,"kafka_partition":%d},"offset":{"kafka_offset":%d}}`, topic, partition, offset)
	}
	again := func(want string, change func()) {
		t.Helper()
		before := len(readLines(t, file))
		request(http.MethodPut, "/stop", "", http.StatusNoContent)
		change()
		request(http.MethodPut, "/resume", "", http.StatusAccepted)
		awaitLines(t, file, before+len(strings.Split(want, ",")))
		if got := sortedNumbers(readLines(t, file)[before:]); got != want {
			t.Errorf("read again: lines %s, want %s", got, want)
		}
	}
	again("6,7,8,9", func() {
		request(http.MethodPatch, "/offsets", `{"offsets":[`+position(0, 3)+`,`+position(1, 3)+`]}`, http.StatusOK)
	})
	again("0,2,4,6,8", func() {
		request(http.MethodPatch, "/offsets", fmt.Sprintf(`{"offsets":[{"partition":{"kafka_topic":%q,"kafka_partition":"0"},"offset":null}]}`, topic), http.StatusOK)
	})
	again("0,1,2,3,4,5,6,7,8,9", func() {
		request(http.MethodDelete, "/offsets", "", http.StatusOK)
		if answer := request(http.MethodGet, "/offsets", "", http.StatusOK); answer != `{"offsets":[]}` {
			t.Errorf("offsets after the reset: %s", answer)
		}
	})
	request(http.MethodPut, "/stop", "", http.StatusNoContent)
	var all struct{ Offsets []json.RawMessage }
	if err := json.Unmarshal([]byte(request(http.MethodGet, "/offsets", "", http.StatusOK)), &all); err != nil || len(all.Offsets) != 2 {
		t.Errorf("offsets of a connector that has stopped: %s, error %v, want two", all.Offsets, err)
	}
	stopCleanly(t, w.process)
}

// sortedNumbers are the numbers of the lines "line 7", in order: "7,8".
func sortedNumbers(lines []string) string {
	present := map[string]int{}
	for _, line := range lines {
		present[strings.TrimPrefix(line, "line ")]++
	}
	var out []string
	for i := range 10 {
		n := fmt.Sprint(i)
		for range present[n] {
			out = append(out, n)
		}
	}
	return strings.Join(out, ",")
}
