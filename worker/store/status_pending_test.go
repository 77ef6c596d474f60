package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"sluice/connect"
)

// slowLog takes records at once and hands them out when the test says so, in the order of the test: partitions are read independently.
type slowLog struct {
	onRecord func(Record)
	refuse   error
	sent     []Record
}

func (l *slowLog) Start(context.Context) error { return nil }
func (l *slowLog) Send(_ context.Context, key string, value []byte) error {
	if l.refuse != nil {
		return l.refuse
	}
	l.sent = append(l.sent, Record{Offset: int64(len(l.sent)), Key: key, Value: value})
	return nil
}
func (l *slowLog) ReadToEnd(context.Context) error { return nil }
func (l *slowLog) Failed() <-chan struct{}         { return nil }
func (l *slowLog) Err() error                      { return nil }
func (l *slowLog) Close(context.Context) error     { return nil }

// read hands out the numbered records, once all that is queued was sent.
func (l *slowLog) read(numbers ...int) {
	synctest.Wait()
	for _, n := range numbers {
		l.onRecord(l.sent[n])
	}
}

func newSlowStore(t *testing.T) (*StatusStore, *slowLog) {
	log := &slowLog{}
	s := newStatusStore(func(onRecord func(Record)) (keyedLog, error) { log.onRecord = onRecord; return log, nil }, nil)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s, log
}

// view prints what the store tells of connector x.
func view(s *StatusStore) string {
	st, ok := s.Connector("x")
	text := "none"
	if ok {
		text = string(st.State)
	}
	for _, t := range s.Tasks("x") {
		text += fmt.Sprintf(" %d:%s", t.ID.Task, t.State)
	}
	return text
}

func TestOwnWritesShowBeforeTheyAreReadBack(t *testing.T) {
	task := connect.TaskID{Connector: "x", Task: 0}
	ours := func(state State) Status { return Status{State: state, WorkerID: "a", Generation: 5} }
	theirs := func(state State, generation int) Record {
		return Record{Key: connectorStatusKey("x"), Value: encodeStatus(Status{State: state, WorkerID: "b", Generation: generation})}
	}
	theirsOf := func(id connect.TaskID, state State) Record {
		return Record{Key: taskStatusKey(id), Value: encodeStatus(Status{State: state, WorkerID: "b", Generation: 6})}
	}
	for _, tc := range []struct {
		name string
		run  func(s *StatusStore, l *slowLog, expect func(string))
	}{
		{"a write shows at once and stays when it is read", func(s *StatusStore, l *slowLog, expect func(string)) {
			s.PutConnector("x", ours(Running))
			expect("RUNNING")
			l.read(0)
			expect("RUNNING")
		}},
		{"the latest of several shows while the first are read", func(s *StatusStore, l *slowLog, expect func(string)) {
			s.PutConnector("x", ours(Running))
			s.PutConnector("x", ours(Unassigned))
			s.PutConnector("x", ours(Restarting))
			expect("RESTARTING")
			l.read(0)
			expect("RESTARTING")
			l.read(1, 2)
			expect("RESTARTING")
		}},
		{"another worker's later write shows once ours was read", func(s *StatusStore, l *slowLog, expect func(string)) {
			s.PutConnector("x", ours(Running))
			expect("RUNNING")
			l.onRecord(theirs(Failed, 6)) // before ours in the log
			expect("RUNNING")
			l.read(0)
			l.onRecord(theirs(StatePaused, 6))
			expect("PAUSED")
		}},
		{"another worker's later write shows though ours on another partition was not read", func(s *StatusStore, l *slowLog, expect func(string)) {
			s.PutConnector("x", ours(Running))
			s.PutTask(task, ours(Running))
			l.read(1)
			l.onRecord(theirsOf(task, Failed))
			expect("RUNNING 0:FAILED")
			s.PutTask(task, ours(Restarting))
			expect("RUNNING 0:RESTARTING")
			l.read(0)
			expect("RUNNING 0:RESTARTING")
			l.read(2)
			l.onRecord(theirsOf(task, Failed))
			expect("RUNNING 0:FAILED")
		}},
		{"a removal that is read late leaves another worker's later write", func(s *StatusStore, l *slowLog, expect func(string)) {
			s.DeleteConnector("x")
			s.PutTask(task, ours(Running))
			l.read(1)
			l.onRecord(theirsOf(task, Failed))
			expect("none 0:FAILED")
			l.read(0)
			expect("none 0:FAILED")
		}},
		{"another worker's removal takes what was read along, and nothing else", func(s *StatusStore, l *slowLog, expect func(string)) {
			s.PutTask(connect.TaskID{Connector: "x", Task: 1}, ours(Running))
			s.PutTask(task, ours(Running))
			l.read(1)
			l.onRecord(Record{Key: connectorStatusKey("x")})
			expect("none 1:RUNNING")
			l.read(0)
			expect("none 1:RUNNING")
		}},
		{"a farewell does not hide that the task runs", func(s *StatusStore, l *slowLog, expect func(string)) {
			s.PutTask(task, ours(Running))
			s.PutTask(task, ours(Unassigned))
			expect("none 0:RUNNING")
			l.read(0, 1)
			expect("none 0:RUNNING")
		}},
		{"a removal shows at once, also of the tasks", func(s *StatusStore, l *slowLog, expect func(string)) {
			s.PutConnector("x", ours(Running))
			s.PutTask(task, ours(Running))
			l.read(0, 1)
			s.DeleteConnector("x")
			expect("none")
			if names := s.Connectors(); len(names) > 0 {
				expect("no connectors")
			}
			l.read(2)
			expect("none")
		}},
		{"a new task's state survives that the removal before it is read later", func(s *StatusStore, l *slowLog, expect func(string)) {
			s.PutTask(task, ours(Failed))
			s.PutConnector("x", ours(Running))
			l.read(0, 1)
			s.DeleteTask(task)
			s.DeleteConnector("x")
			s.PutConnector("x", ours(Running))
			s.PutTask(task, ours(Running))
			expect("RUNNING 0:RUNNING")
			l.read(2, 5) // the task's partition first
			expect("RUNNING 0:RUNNING")
			l.read(3, 4)
			expect("RUNNING 0:RUNNING")
		}},
		{"a write that is given up does not show", func(s *StatusStore, l *slowLog, expect func(string)) {
			s.PutConnector("x", ours(Running))
			expect("RUNNING")
			l.read(0)
			l.refuse = errors.New("never")
			s.PutConnector("x", ours(StatePaused))
			expect("RUNNING")
		}},
		{"a record that is in the log twice counts by its last place", func(s *StatusStore, l *slowLog, expect func(string)) {
			s.PutConnector("x", ours(Running))
			expect("RUNNING")
			l.read(0)
			l.onRecord(theirs(Failed, 6))
			l.read(0)
			expect("RUNNING")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, log := newSlowStore(t)
				tc.run(s, log, func(want string) {
					t.Helper()
					synctest.Wait()
					if got := view(s); got != want {
						t.Errorf("got %q, want %q", got, want)
					}
				})
				synctest.Wait()
				s.mu.Lock()
				defer s.mu.Unlock()
				if n := len(s.pending["x"]); n > 0 && log.refuse != nil {
					t.Errorf("%d writes are remembered that will not be made", n)
				}
			})
		})
	}
}

func TestStatesOfWhatIsNotConfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newSlowStore(t)
		m := newConfigModel()
		for i, r := range []Record{
			{Key: "connector-x", Value: []byte(`{"properties":{}}`)},
			{Key: "task-x-0", Value: []byte(`{"properties":{}}`)},
			{Key: "commit-x", Value: []byte(`{"tasks":1}`)},
		} {
			r.Offset = int64(i)
			if _, err := m.apply(r); err != nil {
				t.Fatal(err)
			}
		}
		st := Status{State: Running, WorkerID: "a"}
		for _, name := range []string{"x", "gone"} {
			s.PutConnector(name, st)
			s.PutTask(connect.TaskID{Connector: name, Task: 0}, st)
			s.PutTask(connect.TaskID{Connector: name, Task: 1}, st)
		}
		s.PutTask(connect.TaskID{Connector: "lost", Task: 0}, st)
		connectors, tasks := s.Unconfigured(m.snapshot())
		if want := []string{"gone"}; !slices.Equal(connectors, want) {
			t.Errorf("connectors %v, want %v", connectors, want)
		}
		if want := []connect.TaskID{{Connector: "gone", Task: 0}, {Connector: "gone", Task: 1}, {Connector: "lost", Task: 0}, {Connector: "x", Task: 1}}; !slices.Equal(tasks, want) {
			t.Errorf("tasks %v, want %v", tasks, want)
		}
	})
}

func TestTaskWithANegativeNumberHasNoState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newSlowStore(t)
		s.PutConnector("x", Status{State: Running, WorkerID: "a"})
		if st, ok := s.Task(connect.TaskID{Connector: "x", Task: -1}); ok {
			t.Errorf("got %+v", st)
		}
	})
}
