package clients_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	mixVariable   = "SLUICE_TEST_MIX" // how long the mix goes on, such as 60s; 2s if not set
	mixClients    = 64
	mixConnectors = 24 // names that the clients share, so that they get in each other's way

	healthLimit = 5 * time.Second // for an answer of a herder that is never blocked, on a machine that has 64 clients and a Kafka to run
	heapLimit   = 16 << 20        // what may be left on the heap after the mix, without what the embedded Kafka keeps
)

// call is a request of the mix and the statuses that Kafka Connect may give to it, whatever the other clients do at the moment.
type call struct {
	request string // ${n} is one of the connectors
	body    string
	want    []int
	broken  []string // what a 500 may begin with; Java has such
}

// These are all endpoints, and some mistakes. The rule about 5xx: a 500 is right where its text is one that Java has for it, and nowhere else.
//
//   - malformed JSON, and a class that there is not, are 500 in Java
//   - offsets of a connector whose tasks are just ending, or whose group another client resets, cannot be changed, which Java finds out by
//     the broker's refusal
//   - a task that is restarted between a new tasks.max and the new task configs is one too many, and fails to start; so may a connector that
//     is deleted at that moment
var mix = []call{
	{request: "GET /", want: ok},
	{request: "GET /health", want: ok},
	{request: "GET /connectors", want: ok},
	{request: "GET /connectors?expand=info&expand=status", want: ok},
	{request: "HEAD /connectors/${n}", want: []int{200, 404}},
	{request: "OPTIONS /connectors/${n}", want: ok},
	{request: "GET /connectors/${n}", want: []int{200, 404}},
	{request: "GET /connectors/${n}/config", want: []int{200, 404}},
	{request: "GET /connectors/${n}/status", want: []int{200, 404}},
	{request: "GET /connectors/${n}/tasks", want: []int{200, 404}},
	{request: "GET /connectors/${n}/tasks-config", want: []int{200, 404}},
	{request: "GET /connectors/${n}/tasks/0/status", want: []int{200, 404}},
	{request: "GET /connectors/${n}/topics", want: ok},
	{request: "GET /connectors/${n}/offsets", want: []int{200, 404}},
	{request: "GET /connector-plugins?connectorsOnly=false", want: ok},
	{request: "GET /connector-plugins/FileStreamSink/config", want: ok},
	{request: "GET /admin/loggers", want: ok},
	{request: "GET /admin/loggers/root", want: ok},

	{request: "POST /connectors", body: create(mixConfig), want: []int{201, 409}},
	{request: "POST /connectors", body: create(mixConfig), want: []int{201, 409}},
	{request: "POST /connectors", body: `{"name":"${n}","config":` + mixConfig + `,"initial_state":"PAUSED"}`, want: []int{201, 409}},
	{request: "PUT /connectors/${n}/config", body: twoTasks, want: okOrCreated},
	{request: "PATCH /connectors/${n}/config", body: `{"tasks.max":"1","x":null}`, want: []int{200, 404}},
	{request: "PUT /connectors/${n}/pause", want: []int{202, 404}},
	{request: "PUT /connectors/${n}/resume", want: []int{202, 404}},
	{request: "PUT /connectors/${n}/stop", want: []int{204, 404}},
	{request: "POST /connectors/${n}/restart", want: []int{204, 404, 409}, broken: []string{"Failed to start connector"}},
	{request: "POST /connectors/${n}/restart?includeTasks=true", want: []int{202, 404, 409}},
	{request: "POST /connectors/${n}/restart?onlyFailed=true&includeTasks=true", want: []int{202, 404, 409}},
	{request: "POST /connectors/${n}/tasks/0/restart", want: []int{204, 404, 409}, broken: []string{"Failed to start task"}},
	{request: "PUT /connectors/${n}/topics/reset", want: accepted},
	{request: "PATCH /connectors/${n}/offsets", body: atOffset("1"), want: []int{200, 400, 404, 409}, broken: []string{"Failed to alter consumer group offsets for connector"}},
	{request: "DELETE /connectors/${n}/offsets", want: []int{200, 400, 404, 409}, broken: []string{"Failed to reset consumer group offsets for"}},
	{request: "DELETE /connectors/${n}", want: []int{204, 404}},
	{request: "PUT /connector-plugins/FileStreamSink/config/validate", body: sinkNamed, want: ok},
	{request: "PUT /connector-plugins/FileStreamSink/config/validate", body: withoutTopic, want: ok},
	{request: "PUT /admin/loggers/clients.mix", body: `{"level":"WARN"}`, want: ok},
	{request: "PUT /admin/loggers/clients.mix?scope=cluster", body: `{"level":"ERROR"}`, want: noContent},

	{request: "POST /connectors", body: `{"name":"${n}","config":{}}`, want: badRequest},
	{request: "POST /connectors", body: `{"name":`, broken: []string{""}},
	{request: "PUT /connectors/${n}/config", body: `{"connector.class":"no.such.Class"}`, broken: []string{"Failed to find any class that implements Connector"}},
	{request: "PUT /connectors/${n}/fence", want: badRequest},
	{request: "GET /nowhere", want: notFound},
	{request: "DELETE /connectors", want: []int{405}},
}

const mixConfig = `{"connector.class":"` + fileSinkClass + `","tasks.max":"1","topics":"mix","file":"/dev/null"}`

// 64 clients make all calls at once, while tasks run. Every answer is one that Java may give, the herder answers all the time, and
// afterwards nothing is left: no goroutine, no connection, no memory.
func TestManyClientsAtOnce(t *testing.T) {
	duration := 2 * time.Second
	if text := os.Getenv(mixVariable); text != "" {
		var err error
		if duration, err = time.ParseDuration(text); err != nil {
			t.Fatalf("%s: %v", mixVariable, err)
		}
	} else if testing.Short() {
		duration = time.Second / 2
	}
	broker := startBroker(t)
	m := newMixer(t, startWorker(t, broker))
	m.once(t) // what is made on first use and kept is no leak
	before := m.rest(t)

	running, cancel := context.WithTimeout(t.Context(), duration)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { feed(running, t, broker.Addr(), "mix") })
	wg.Go(func() { m.watchHealth(running, t) })
	for i := range mixClients {
		wg.Go(func() { m.client(running, t, rand.New(rand.NewPCG(uint64(i), 1))) })
	}
	wg.Wait()
	t.Logf("%d calls in %s, /health within %s; answers by status: %v", m.calls.Load(), duration, m.slowest, m.byStatus)

	m.deleteAll(t)
	var after leftovers
	eventually(t, "nothing is left", func() error {
		after = m.rest(t)
		return after.beyond(before)
	})
	t.Logf("before %+v, after %+v", before, after)
}

// mixer is what the clients share.
type mixer struct {
	url   string
	calls atomic.Int64

	mu       sync.Mutex // guards the fields below
	byStatus map[int]int
	slowest  time.Duration // answer of /health
}

func newMixer(t *testing.T, url string) *mixer {
	t.Helper()
	return &mixer{url: strings.TrimSuffix(url, "/"), byStatus: map[int]int{}}
}

// client makes calls until ctx ends.
func (m *mixer) client(ctx context.Context, t *testing.T, random *rand.Rand) {
	h := &http.Client{Transport: &http.Transport{}, Timeout: 95 * time.Second}
	defer h.CloseIdleConnections()
	for ctx.Err() == nil {
		c := mix[random.IntN(len(mix))]
		if err := m.call(t.Context(), h, c, random.IntN(mixConnectors)); err != nil {
			t.Error(err)
			return
		}
	}
}

// once makes each call one time.
func (m *mixer) once(t *testing.T) {
	t.Helper()
	h := &http.Client{Transport: &http.Transport{}, Timeout: 95 * time.Second}
	defer h.CloseIdleConnections()
	for n := range mixConnectors {
		for _, c := range mix {
			if n > 0 && !strings.HasPrefix(c.request, "POST") {
				continue
			}
			must(t, m.call(t.Context(), h, c, n))
		}
	}
	m.deleteAll(t)
	clear(m.byStatus)
	m.calls.Store(0)
}

// call makes a call and says what Java would not have answered.
func (m *mixer) call(ctx context.Context, h *http.Client, c call, n int) error {
	fill := strings.NewReplacer("${n}", fmt.Sprintf("mix-%d", n))
	method, path, _ := strings.Cut(fill.Replace(c.request), " ")
	r, err := http.NewRequestWithContext(ctx, method, m.url+path, strings.NewReader(fill.Replace(c.body)))
	if err != nil {
		return err
	}
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := h.Do(r)
	if err != nil {
		return fmt.Errorf("%s: %w", c.request, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("%s: %w", c.request, err)
	}
	m.calls.Add(1)
	m.mu.Lock()
	m.byStatus[res.StatusCode]++
	m.mu.Unlock()
	if slices.Contains(c.want, res.StatusCode) {
		return nil
	}
	var p problem
	if res.StatusCode == http.StatusInternalServerError && json.Unmarshal(body, &p) == nil && p.ErrorCode == http.StatusInternalServerError &&
		slices.ContainsFunc(c.broken, func(beginning string) bool { return strings.HasPrefix(p.Message, beginning) }) {
		return nil
	}
	return fmt.Errorf("%s: %d %s", c.request, res.StatusCode, body)
}

// watchHealth asks the herder all the time whether it is there.
func (m *mixer) watchHealth(ctx context.Context, t *testing.T) {
	h := &http.Client{Transport: &http.Transport{}, Timeout: healthLimit}
	defer h.CloseIdleConnections()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		began := time.Now()
		if err := m.call(t.Context(), h, call{request: "GET /health", want: ok}, 0); err != nil {
			t.Error(err)
			return
		}
		m.mu.Lock()
		m.slowest = max(m.slowest, time.Since(began))
		m.mu.Unlock()
		<-tick.C
	}
}

// deleteAll deletes the connectors and waits until their statuses are gone.
func (m *mixer) deleteAll(t *testing.T) {
	t.Helper()
	h := &http.Client{Transport: &http.Transport{}, Timeout: 95 * time.Second}
	defer h.CloseIdleConnections()
	for n := range mixConnectors {
		must(t, m.call(t.Context(), h, call{request: "DELETE /connectors/${n}", want: []int{204, 404}}, n))
	}
	eventually(t, "all statuses are gone", func() error {
		for n := range mixConnectors {
			if err := m.call(t.Context(), h, call{request: "GET /connectors/${n}/status", want: notFound}, n); err != nil {
				return err
			}
		}
		return nil
	})
}

// feed writes records until ctx ends, so that tasks have something to do.
func feed(ctx context.Context, t *testing.T, addr, topic string) {
	c, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.DefaultProduceTopic(topic))
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := c.ProduceSync(t.Context(), kgo.StringRecord("mix")).FirstErr(); err != nil {
			t.Error(err)
			return
		}
		<-tick.C
	}
}

// leftovers are what a leak would make more of.
type leftovers struct {
	Goroutines  int
	Descriptors int   // open files and connections; 0 where the system does not tell
	Heap        int64 // bytes that are in use, without the embedded Kafka's records
}

// rest measures when nobody asks for anything.
func (m *mixer) rest(t *testing.T) leftovers {
	t.Helper()
	runtime.GC()
	runtime.GC() // what the profile shows is from before the last one
	files, _ := os.ReadDir("/proc/self/fd")
	return leftovers{Goroutines: runtime.NumGoroutine(), Descriptors: len(files), Heap: heapInUse(t)}
}

// beyond says what there is more of than before.
func (l leftovers) beyond(before leftovers) error {
	if l.Goroutines > before.Goroutines || l.Descriptors > before.Descriptors || l.Heap > before.Heap+heapLimit {
		return fmt.Errorf("%+v, want not more than %+v; goroutines:\n%s", l, before, goroutines())
	}
	return nil
}

// heapInUse adds up the samples of the heap whose stack does not go through the embedded Kafka, which keeps every record that it gets.
func heapInUse(t *testing.T) int64 {
	t.Helper()
	records := make([]runtime.MemProfileRecord, 4096)
	for {
		n, complete := runtime.MemProfile(records, false)
		if complete {
			records = records[:n]
			break
		}
		records = make([]runtime.MemProfileRecord, 2*n)
	}
	var sum int64
	for _, r := range records {
		frames := runtime.CallersFrames(r.Stack())
		ofKafka := false
		for more := true; more && !ofKafka; {
			var frame runtime.Frame
			frame, more = frames.Next()
			ofKafka = strings.Contains(frame.Function, "/kfake.")
		}
		if n := r.InUseObjects(); n > 0 && !ofKafka {
			// One sample stands for as many bytes as go by between two; see runtime/pprof.
			size := float64(r.InUseBytes()) / float64(n)
			sum += int64(float64(r.InUseBytes()) / (1 - math.Exp(-size/float64(runtime.MemProfileRate))))
		}
	}
	return sum
}

// goroutines counts them by where they are.
func goroutines() string {
	buf := make([]byte, 4<<20)
	count := map[string]int{}
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if _, created, ok := strings.Cut(g, "created by "); ok {
			where, _, _ := strings.Cut(created, "\n")
			where, _, _ = strings.Cut(where, " in goroutine")
			count[where]++
		}
	}
	var b strings.Builder
	for _, where := range slices.SortedFunc(maps.Keys(count), func(x, y string) int { return count[y] - count[x] }) {
		fmt.Fprintf(&b, "%6d %s\n", count[where], where)
	}
	return b.String()
}
