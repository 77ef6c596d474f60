package integration

import (
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Kafka is down when the worker starts: it says so, tries again, and gives up at its client's own deadline.
func TestKafkaDownAtStart(t *testing.T) {
	needReal(t)
	const deadline = 3 * time.Second
	config := newWorkerConfig(t, "127.0.0.1:"+mustFreePort(t), map[string]string{"default.api.timeout.ms": "3000", "request.timeout.ms": "1000"})
	p := startSluice(t, nil, "worker", config.file)
	if code := p.waitExit(t, time.Minute); code != 2 {
		t.Errorf("exit code %d, want 2; %s", code, p.tail())
	}
	took := time.Since(p.began)
	t.Logf("gave up after %v", took.Round(time.Millisecond))
	if took < deadline*9/10 || took > 5*deadline {
		t.Errorf("gave up after %v, want about the deadline, %v", took, deadline)
	}
	if !regexp.MustCompile(`(?i)(retry|again)`).MatchString(p.output()) {
		t.Errorf("the log does not say that it tries again; %s", p.tail())
	}
}

// Kafka that comes up within the deadline is waited for.
func TestKafkaLateAtStart(t *testing.T) {
	needReal(t)
	b, err := newBroker()
	if err != nil {
		t.Fatal(err)
	}
	config := newWorkerConfig(t, b.addr, nil)
	p := startSluice(t, nil, "worker", config.file)
	startOrSkip(t, b)
	stopCleanly(t, awaitWorker(t, p, config.url).process)
}

func TestUnknownWorkerProperty(t *testing.T) {
	kafka := sharedKafka(t)
	w := startWorker(t, newWorkerConfig(t, kafka, map[string]string{"no.such.property": "7"}))
	for line := range strings.Lines(w.output()) {
		if strings.Contains(line, "no.such.property") && regexp.MustCompile(`(?i)warn`).MatchString(line) {
			return
		}
	}
	t.Errorf("no warning names the unknown property; %s", w.tail())
}

// A value that breaks its rule ends the worker before it starts, and is named with its key.
func TestBadWorkerValue(t *testing.T) {
	needReal(t)
	for _, c := range []struct{ key, value string }{
		{"offset.flush.interval.ms", "soon"},
		{"config.storage.replication.factor", "many"},
		{"listeners", "gopher://:70"},
		{"value.converter", "org.example.NoSuchConverter"},
	} {
		t.Run(c.key, func(t *testing.T) {
			config := newWorkerConfig(t, "127.0.0.1:1", map[string]string{c.key: c.value})
			out := runSluice(t, 1, nil, "worker", config.file)
			if !strings.Contains(out, c.key) || !strings.Contains(out, c.value) {
				t.Errorf("the error does not name %s and %s:\n%s", c.key, c.value, out)
			}
		})
	}
	t.Run("missing file", func(t *testing.T) {
		if out := runSluice(t, 1, nil, "worker", "no-such-file.properties"); !strings.Contains(out, "no-such-file.properties") {
			t.Errorf("the error does not name the file:\n%s", out)
		}
	})
}

// The same by way of the environment, which overrides the file.
func TestBadValueInEnvironment(t *testing.T) {
	needReal(t)
	config := newWorkerConfig(t, "127.0.0.1:1", nil)
	out := runSluice(t, 1, []string{"CONNECT_OFFSET_FLUSH_INTERVAL_MS=soon"}, "worker", config.file)
	if !strings.Contains(out, "offset.flush.interval.ms") || !strings.Contains(out, "soon") {
		t.Errorf("the error does not name the key and the value:\n%s", out)
	}
}

func TestPortTaken(t *testing.T) {
	kafka := sharedKafka(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	config := newWorkerConfig(t, kafka, map[string]string{"listeners": "http://127.0.0.1:" + port})
	if out := runSluice(t, 2, nil, "worker", config.file); !strings.Contains(out, port) {
		t.Errorf("the error does not name the port %s:\n%s", port, out)
	}
}

func TestBadMaxRun(t *testing.T) {
	needReal(t)
	out := runSluice(t, 1, []string{"BOOTSTRAP_SERVERS=127.0.0.1:1", "DATE_TYPE=transaction", "MAX_RUN=abc"}, "producer")
	if !strings.Contains(out, "MAX_RUN") || !strings.Contains(out, "abc") {
		t.Errorf("the error does not name MAX_RUN and abc:\n%s", out)
	}
}
