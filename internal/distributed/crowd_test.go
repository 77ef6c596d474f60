package distributed

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// crowdVariable is how long the crowd stays, as a Go duration; without it, a moment.
const crowdVariable = "SLUICE_TEST_CROWD"

// Sixty-four clients do all that the API offers at the same time, about a few connectors that run. Whatever they do to each other, no
// answer is one that Java would not give, none is late, and what they leave can be deleted and stopped in order.
func TestCrowd(t *testing.T) {
	long := 2 * time.Second
	if text := os.Getenv(crowdVariable); text != "" {
		var err error
		long, err = time.ParseDuration(text)
		must(t, err)
	}
	o := stock(t, slog.New(slog.DiscardHandler), "task.shutdown.graceful.timeout.ms", "2000")
	r := start(t, o, Run)
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()

	var (
		mu      sync.Mutex
		answers = map[string]int{}
		wg      sync.WaitGroup
	)
	end := time.Now().Add(long)
	for n := range 64 {
		rnd := rand.New(rand.NewPCG(uint64(n), 1))
		wg.Go(func() {
			for time.Now().Before(end) {
				method, path, body := anyRequest(rnd)
				status, answer, err := send(client, r.url, method, path, body)
				if err != nil {
					t.Errorf("%s %s: %v", method, path, err)
					return
				}
				mu.Lock()
				answers[fmt.Sprint(method, " ", status)]++
				mu.Unlock()
				// A paused connector that was told to have fewer tasks still has the others, and they may not start: Java's rule.
				if status >= 500 && !strings.Contains(answer, "Failed to start task") {
					t.Errorf("%s %s: %d %s", method, path, status, answer)
				}
			}
		})
	}
	wg.Wait()
	t.Log(answers)

	for n := range crowdNames {
		if status, answer, err := send(client, r.url, "DELETE", fmt.Sprintf("connectors/c%d", n), ""); err != nil || status != 204 && status != 404 {
			t.Errorf("delete c%d: %d %s, %v", n, status, answer, err)
		}
	}
	status, answer, err := send(client, r.url, "GET", "connectors?expand=status", "")
	if err != nil || status != 200 || answer != "{}" {
		t.Errorf("in the end there is %d %s, %v", status, answer, err)
	}
	r.stop()
	must(t, <-r.over)
}

// crowdNames is how many connectors the crowd knows.
const crowdNames = 8

// anyRequest draws one of the API's requests.
func anyRequest(rnd *rand.Rand) (method, path, body string) {
	name := fmt.Sprintf("c%d", rnd.IntN(crowdNames))
	config := fmt.Sprintf(`"connector.class":"FileStreamSink","topics":"crowd","file":%q,"tasks.max":"%d"`, os.DevNull, 1+rnd.IntN(3))
	requests := []struct{ method, path, body string }{
		{"POST", "connectors", fmt.Sprintf(`{"name":%q,"config":{%s}}`, name, config)},
		{"POST", "connectors", fmt.Sprintf(`{"name":%q,"initial_state":"PAUSED","config":{%s}}`, name, config)},
		{"PUT", "connectors/" + name + "/config", "{" + config + "}"},
		{"PATCH", "connectors/" + name + "/config", fmt.Sprintf(`{"x":"%d"}`, rnd.IntN(9))},
		{"DELETE", "connectors/" + name, ""},
		{"PUT", "connectors/" + name + "/pause", ""},
		{"PUT", "connectors/" + name + "/resume", ""},
		{"PUT", "connectors/" + name + "/stop", ""},
		{"POST", "connectors/" + name + "/restart", ""},
		{"POST", "connectors/" + name + "/restart?includeTasks=true", ""},
		{"POST", "connectors/" + name + "/restart?includeTasks=true&onlyFailed=true", ""},
		{"POST", "connectors/" + name + "/tasks/0/restart", ""},
		{"PUT", "connectors/" + name + "/topics/reset", ""},
		{"PUT", "connector-plugins/FileStreamSink/config/validate", "{" + config + "}"},
		{"GET", "", ""},
		{"GET", "health", ""},
		{"GET", "connectors", ""},
		{"GET", "connectors?expand=status&expand=info", ""},
		{"GET", "connectors/" + name, ""},
		{"GET", "connectors/" + name + "/config", ""},
		{"GET", "connectors/" + name + "/status", ""},
		{"GET", "connectors/" + name + "/tasks", ""},
		{"GET", "connectors/" + name + "/tasks/0/status", ""},
		{"GET", "connectors/" + name + "/topics", ""},
		{"GET", "connector-plugins", ""},
	}
	r := requests[rnd.IntN(len(requests))]
	return r.method, r.path, r.body
}

func send(client *http.Client, url, method, path, body string) (status int, answer string, err error) {
	req, err := http.NewRequest(method, url+path, bytes.NewBufferString(body))
	if err != nil {
		return 0, "", err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return res.StatusCode, string(data), err
}
