package task_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/worker/task"
)

// ours is what a task does otherwise than Java's, by script and step, on purpose; DESIGN.md says why.
var ours = map[string]map[string]string{
	// What the plugin has declared durable before it failed to close is committed.
	"fail-close": {"stop": "preCommit p0=1 p1=0\nclose p0 p1\nstop\nstatus UNASSIGNED\ncommitted p0=1 p1=0"},
	"fail-close-on-revoke": {
		// Java's consumer polls on for up to a commit interval before the failure shows.
		"join":   "preCommit p1=1\nclose p1\npreCommit p0=1\nclose p0\nstop\nstatus FAILED\ncommitted p0=1 p1=1",
		"delete": "",
	},
	"fail-preCommit-on-revoke": {"delete": "preCommit p0=1\nclose p0\nstop\nstatus UNASSIGNED"},
	// The same: the failure shows at once.
	"fail-open": {"start": "start\nopen p0 p1\npreCommit p0=0 p1=0\nclose p0 p1\nstop\nstatus RUNNING\nstatus FAILED", "produce 0 a": ""},
	// A task that is resumed says so, though a batch waits.
	"refuse-and-pause": {"resume": "status RUNNING"},
	// Java closes partition 1 a second time, after it has gone to the other member.
	"refuse-and-join-eagerly": {"stop": "preCommit p0=2\nclose p0\nstop\nstatus UNASSIGNED\ncommitted p0=2 p1=0"},
	// Java says it twice.
	"restart-while-paused": {"resume": "start\nopen p0 p1\nstatus RUNNING"},
}

// Each script of testdata/lifecycle is played to a task, and what happens is what happened in Kafka Connect.
func TestLifecyclesAreJavas(t *testing.T) {
	files, err := filepath.Glob("testdata/lifecycle/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d scripts, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) { playLifecycle(t, string(text), ours[name]) })
		})
	}
}

func playLifecycle(t *testing.T, script string, differs map[string]string) {
	l := &lifecycle{t: t, settings: map[string]string{}, reader: newFakeReader()}
	defer l.end()
	for _, part := range strings.Split("\n"+script, "\n> ")[1:] {
		step, recorded, _ := strings.Cut(part, "\n")
		words := strings.Fields(step)
		if words[0] == "set" {
			key, value, _ := strings.Cut(words[1], "=")
			l.settings[key] = value
			continue
		}
		l.do(words)
		time.Sleep(2500 * time.Millisecond) // for as long as it was waited for more in Kafka Connect
		synctest.Wait()
		want := strings.TrimSpace(strings.ReplaceAll(recorded+"\n", "status none\n", "")) // the status that the herder takes away
		if own, ok := differs[step]; ok {
			want = own
		}
		if got := l.happened(); got != want {
			t.Errorf("after %q:\n got\n%s\nwant\n%s", step, got, want)
		}
	}
}

// lifecycle is a connector's only task, and its successors.
type lifecycle struct {
	t        *testing.T
	settings map[string]string
	reader   *fakeReader
	paused   bool

	task *task.Task
	done chan struct{}

	mu       sync.Mutex
	events   []string
	statuses []string
	at       string
	tries    map[string]int
}

func (l *lifecycle) do(words []string) {
	switch words[0] {
	case "start", "resume":
		l.paused = false
		if l.task == nil {
			l.start()
		} else {
			l.task.Resume()
		}
	case "start-paused": // there are no tasks yet
	case "pause":
		l.paused = true
		l.task.Pause()
	case "produce":
		n, err := strconv.Atoi(words[1])
		if err != nil {
			l.t.Fatal(err)
		}
		l.reader.produce(kafka.TopicPartition{Topic: "t", Partition: int32(n)}, words[2:]...)
	case "restart":
		l.end()
		l.start()
	case "stop", "delete":
		l.end()
	case "join":
		if l.cooperative() {
			l.reader.revoke(tp1)
			return
		}
		l.reader.revoke(tp0, tp1)
		l.reader.assign(tp0)
	case "leave":
		if !l.cooperative() {
			l.reader.revoke(tp0)
		}
		l.reader.assign(tp0, tp1)
	default:
		l.t.Fatalf("unknown step %q", words)
	}
}

func (l *lifecycle) cooperative() bool {
	return strings.HasSuffix(l.settings["consumer.override.partition.assignment.strategy"], "CooperativeStickyAssignor")
}

// start runs a task whose group consists of it alone.
func (l *lifecycle) start() {
	l.tries = map[string]int{}
	l.reader.set(func() {
		l.reader.closed, l.reader.steps = false, nil
		clear(l.reader.paused)
	})
	l.reader.assign(tp0, tp1)
	cfg := config(l.t, &scriptedSink{l: l}, l.reader, (*lifecycleStatuses)(l), slog.New(slog.DiscardHandler))
	cfg.Paused = l.paused
	var err error
	if l.task, err = task.New(cfg); err != nil {
		l.t.Fatal(err)
	}
	l.done = make(chan struct{})
	go func() {
		defer close(l.done)
		_ = l.task.Run(l.t.Context()) // a failure shows in its status
	}()
}

func (l *lifecycle) end() {
	if l.task != nil {
		l.task.Stop()
		<-l.done
		l.task = nil
	}
}

func (l *lifecycle) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, strings.TrimSpace(fmt.Sprintf(format, args...)))
}

// happened returns what has happened since the last call, in the words of the record.
func (l *lifecycle) happened() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := append(l.events, l.statuses...)
	l.events, l.statuses = nil, nil
	var committed string
	l.reader.set(func() {
		at := map[connect.TopicPartition]int64{}
		for tp, offset := range l.reader.committed {
			at[connect.TopicPartition(tp)] = offset
		}
		committed = offsetsText(at)
	})
	if committed != l.at {
		l.at = committed
		lines = append(lines, "committed "+committed)
	}
	return strings.Join(lines, "\n")
}

// lifecycleStatuses is the task.Listener of a lifecycle.
type lifecycleStatuses lifecycle

func (s *lifecycleStatuses) add(state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses = append(s.statuses, "status "+state)
}

func (s *lifecycleStatuses) Startup(connect.TaskID)           { s.add("RUNNING") }
func (s *lifecycleStatuses) Paused(connect.TaskID)            { s.add("PAUSED") }
func (s *lifecycleStatuses) Resumed(connect.TaskID)           { s.add("RUNNING") }
func (s *lifecycleStatuses) Failed(connect.TaskID, error)     { s.add("FAILED") }
func (s *lifecycleStatuses) Shutdown(connect.TaskID)          { s.add("UNASSIGNED") }
func (s *lifecycleStatuses) TopicSeen(connect.TaskID, string) {}

// scriptedSink does what testdata/lifecycle/ScriptedSink.java does.
type scriptedSink struct {
	l          *lifecycle
	ctx        connect.SinkTaskContext
	failsFlush bool
	held       []connect.TopicPartition
}

func (s *scriptedSink) failIn(method string) error {
	if s.l.settings["fail.in"] == method {
		return errors.New(method + " fails")
	}
	return nil
}

func (s *scriptedSink) Start(_ context.Context, tc connect.SinkTaskContext, _ map[string]string) error {
	s.ctx = tc
	s.l.note("start")
	return s.failIn("start")
}

func (s *scriptedSink) Open(_ context.Context, parts []connect.TopicPartition) error {
	s.l.note("open %s", partitionsText(parts))
	return s.failIn("open")
}

func (s *scriptedSink) Close(_ context.Context, parts []connect.TopicPartition) error {
	s.l.note("close %s", partitionsText(parts))
	return s.failIn("close")
}

func (s *scriptedSink) PreCommit(_ context.Context, offsets map[connect.TopicPartition]int64, _ bool) (map[connect.TopicPartition]int64, error) {
	s.l.note("preCommit %s", offsetsText(offsets))
	if s.failsFlush {
		s.failsFlush = false
		return nil, errors.New("preCommit fails once")
	}
	return offsets, s.failIn("preCommit")
}

func (s *scriptedSink) Put(_ context.Context, records []connect.SinkRecord) error {
	s.l.note("put %s", strings.ReplaceAll(texts(records), ",", " "))
	for _, r := range records {
		tp := r.TopicPartition()
		key := fmt.Sprintf("%s@%d", tp, r.Offset)
		s.l.tries[key]++
		first := s.l.tries[key] == 1
		say := strings.Split(r.Value.(string), ":")
		number := func(i int) int64 {
			n, err := strconv.ParseInt(say[i], 10, 64)
			if err != nil {
				s.l.t.Error(err)
			}
			return n
		}
		switch say[0] {
		case "refuse":
			if int64(s.l.tries[key]) <= number(1) {
				s.ctx.Timeout(time.Duration(number(2)) * time.Millisecond)
				return connect.Retriable(errors.New("refused"))
			}
		case "fail":
			return errors.New("put fails")
		case "timeout":
			if first {
				s.ctx.Timeout(time.Duration(number(1)) * time.Millisecond)
			}
		case "rewind":
			if first {
				s.ctx.Rewind(map[connect.TopicPartition]int64{tp: number(1)})
			}
		case "commit":
			s.ctx.RequestCommit()
		case "hold":
			s.ctx.Pause(tp)
			s.held = append(s.held, tp)
		case "release":
			s.ctx.Resume(s.held...)
		case "failflush":
			if first {
				s.failsFlush = true
				s.ctx.RequestCommit()
			}
		}
	}
	return nil
}

func (s *scriptedSink) Stop(context.Context) error {
	s.l.note("stop")
	return s.failIn("stop")
}

func partitionsText(parts []connect.TopicPartition) string {
	var words []string
	for _, tp := range parts {
		words = append(words, fmt.Sprintf("p%d", tp.Partition))
	}
	return strings.Join(words, " ")
}

func offsetsText(offsets map[connect.TopicPartition]int64) string {
	var words []string
	for _, tp := range sortedOf(offsets) {
		words = append(words, fmt.Sprintf("p%d=%d", tp.Partition, offsets[tp]))
	}
	return strings.Join(words, " ")
}

func sortedOf(offsets map[connect.TopicPartition]int64) []connect.TopicPartition {
	all := map[kafka.TopicPartition]int64{}
	for tp, offset := range maps.All(offsets) {
		all[kafka.TopicPartition(tp)] = offset
	}
	var parts []connect.TopicPartition
	for _, tp := range sorted(all) {
		parts = append(parts, connect.TopicPartition(tp))
	}
	return parts
}
