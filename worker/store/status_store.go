package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"sluice/connect"
)

// StatusStore keeps the observed states of connectors and tasks, and the topics that connectors have used, on a log.
//
// Its write methods only queue the record and return at once; one goroutine, from Start to Close, appends the records in the order of the
// calls and retries while Kafka cannot be reached, unless a newer record for the same key waits. The read methods show what has been
// read from the log, with this store's own writes on top that were not read back yet: nobody is told a state that this worker has left
// already. All methods may be called from any goroutine.
//
// Kafka: org.apache.kafka.connect.storage.KafkaStatusBackingStore.
type StatusStore struct {
	open   openLog
	logger *slog.Logger

	mu      sync.Mutex // guards the fields below
	model   *statusModel
	pending pendingStatuses
	topics  pendingTopics
	queue   *statusQueue // nil unless started

	topicEpoch atomic.Uint64 // see TopicEpoch
}

// NewTopicStatusStore returns a store on a Kafka topic. It connects when it is started.
func NewTopicStatusStore(topic Topic, logger *slog.Logger) (*StatusStore, error) {
	open, err := topic.open(0, logger)
	if err != nil {
		return nil, err
	}
	return newStatusStore(open, logger), nil
}

// NewMemoryStatusStore returns a store on a log in memory.
func NewMemoryStatusStore(log *MemoryLog, logger *slog.Logger) *StatusStore {
	return newStatusStore(log.open, logger)
}

func newStatusStore(open openLog, logger *slog.Logger) *StatusStore {
	return &StatusStore{open: open, logger: orDiscard(logger), model: newStatusModel(), pending: pendingStatuses{}, topics: pendingTopics{}}
}

// Start makes or checks the topic and reads it to its end. A store that failed to start may be started again.
func (s *StatusStore) Start(ctx context.Context) error {
	s.mu.Lock()
	s.model, s.pending, s.topics = newStatusModel(), pendingStatuses{}, pendingTopics{}
	s.mu.Unlock()
	log, err := s.open(s.onRecord)
	if err != nil {
		return err
	}
	if err := log.Start(ctx); err != nil {
		return errors.Join(fmt.Errorf("start status store: %w", err), log.Close(ctx))
	}
	queue := newStatusQueue(log, s.stillWanted, s.dropped, s.logger)
	s.mu.Lock()
	s.queue = queue
	s.mu.Unlock()
	queue.start()
	return nil
}

// Close writes what is queued, for as long as ctx allows, and stops reading the log. It is safe to call at any time, also twice; later
// writes are dropped.
func (s *StatusStore) Close(ctx context.Context) error {
	s.mu.Lock()
	queue := s.queue
	s.queue = nil
	s.mu.Unlock()
	if queue == nil {
		return nil
	}
	drained := queue.drain(ctx)
	queue.stop()
	return errors.Join(drained, queue.log.Close(ctx))
}

// Flush returns when everything queued before has been written and read back.
func (s *StatusStore) Flush(ctx context.Context) error {
	s.mu.Lock()
	queue := s.queue
	s.mu.Unlock()
	if queue == nil {
		return errNotStarted
	}
	if err := queue.drain(ctx); err != nil {
		return err
	}
	return queue.log.ReadToEnd(ctx)
}

// Failed is closed when the store, once started, does not learn of changes any more, for the reason that Err gives. It is nil before Start
// and after Close.
func (s *StatusStore) Failed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue == nil {
		return nil
	}
	return s.queue.log.Failed()
}

// Err returns why the store has failed, nil if it has not.
func (s *StatusStore) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue == nil {
		return nil
	}
	return s.queue.log.Err()
}

func (s *StatusStore) onRecord(r Record) {
	s.mu.Lock()
	forgotten := s.model.forgotten
	var err error
	if !strings.HasPrefix(r.Key, topicStatusPrefix) || s.topics.readBack(r.Key, r.Value) {
		err = s.model.apply(r)
	}
	if s.model.forgotten != forgotten {
		s.topicEpoch.Add(1)
	}
	if k, ok := parseStatusKey(r.Key); ok {
		again, ours := s.pending.readBack(k, r.Value)
		for _, w := range again {
			s.model.set(w.key, w.status, w.gone)
		}
		if now, known := s.model.status(k); !ours {
			s.pending.overtake(k, now, known)
		}
	}
	s.mu.Unlock()
	if err != nil {
		s.logger.Warn("status record skipped", "key", r.Key, "offset", r.Offset, "err", err)
	}
}

// PutConnector records a connector's state, whatever is known.
func (s *StatusStore) PutConnector(connector string, st Status) {
	s.put(statusKey{connector, itself}, st, false)
}

// PutConnectorSafe records a connector's state unless another worker has written a younger one.
func (s *StatusStore) PutConnectorSafe(connector string, st Status) {
	s.put(statusKey{connector, itself}, st, true)
}

// PutTask records a task's state, whatever is known.
func (s *StatusStore) PutTask(id connect.TaskID, st Status) {
	s.put(statusKey{id.Connector, id.Task}, st, false)
}

// PutTaskSafe records a task's state unless another worker has written a younger one.
func (s *StatusStore) PutTaskSafe(id connect.TaskID, st Status) {
	s.put(statusKey{id.Connector, id.Task}, st, true)
}

// DeleteConnector removes what is known of a connector's state. The states of its tasks need their own removal in the log.
func (s *StatusStore) DeleteConnector(connector string) { s.remove(statusKey{connector, itself}) }

// DeleteTask removes what is known of a task's state.
func (s *StatusStore) DeleteTask(id connect.TaskID) { s.remove(statusKey{id.Connector, id.Task}) }

func (s *StatusStore) put(k statusKey, st Status, safe bool) {
	st = st.bounded()
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.model.status(k); safe && !maySafely(known, ok, st) {
		return
	}
	s.write(&pendingStatus{key: k, status: st, value: encodeStatus(st)}, safe)
}

func (s *StatusStore) remove(k statusKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(&pendingStatus{key: k, gone: true}, false)
}

// write is called with the lock held.
func (s *StatusStore) write(w *pendingStatus, safe bool) {
	if s.enqueue(statusWrite{key: w.key.String(), value: w.value, state: w, safe: safe}) {
		s.pending.add(w)
	}
}

// enqueue is called with the lock held, which keeps the order of the queue that of the calls.
func (s *StatusStore) enqueue(w statusWrite) bool {
	if s.queue == nil {
		s.logger.Debug("status dropped: store is not running", "key", w.key)
		return false
	}
	s.queue.add(w)
	return true
}

// stillWanted tells the queue whether a write that failed is worth another try.
func (s *StatusStore) stillWanted(w statusWrite) bool {
	if !w.safe {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.model.status(w.state.key)
	return maySafely(known, ok, w.state.status)
}

// dropped is told by the queue of what is not going to be written.
func (s *StatusStore) dropped(w statusWrite) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case w.state != nil:
		s.pending.drop(w.state)
	case w.topic != nil:
		s.topics.drop(w.key, w.topic)
	}
}

// PutTopic records that a connector uses a topic, unless that is known.
func (s *StatusStore) PutTopic(t TopicStatus) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.model.topics[t.Task.Connector][t.Topic]; known {
		return
	}
	s.model.addTopic(t)
	s.writeTopic(topicStatusKey(t.Topic, t.Task.Connector), encodeTopicStatus(t))
}

// writeTopic is called with the lock held.
func (s *StatusStore) writeTopic(key string, value []byte) {
	w := &pendingTopic{value}
	if s.enqueue(statusWrite{key: key, value: value, topic: w}) {
		s.topics[key] = append(s.topics[key], w)
	}
}

// DeleteTopics forgets all topics that a connector has used.
func (s *StatusStore) DeleteTopics(connector string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, topic := range slices.Sorted(maps.Keys(s.model.topics[connector])) {
		s.writeTopic(topicStatusKey(topic, connector), nil)
	}
	delete(s.model.topics, connector)
	s.topicEpoch.Add(1)
}

// TopicEpoch changes when topics are forgotten, by this worker or another: whoever reports each topic once has to begin anew then. It
// takes no lock and may be called often.
func (s *StatusStore) TopicEpoch() uint64 { return s.topicEpoch.Load() }

// Connector returns a connector's state.
func (s *StatusStore) Connector(connector string) (Status, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending.on(s.model, connector).status(statusKey{connector, itself})
}

// Task returns a task's state.
func (s *StatusStore) Task(id connect.TaskID) (Status, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending.on(s.model, id.Connector).status(statusKey{id.Connector, id.Task})
}

// Tasks returns the states of a connector's tasks, by number.
func (s *StatusStore) Tasks(connector string) []TaskStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending.on(s.model, connector).taskStatuses(connector)
}

// Connectors returns the names of all connectors of which a state of their own or of a task is known, sorted.
func (s *StatusStore) Connectors() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := slices.Collect(s.names())
	slices.Sort(names)
	return names
}

// Unconfigured returns of what states are known although the cluster has not configured it: connectors, and tasks beyond the number that
// the cluster gives a connector. Both are sorted.
func (s *StatusStore) Unconfigured(cluster *Snapshot) (connectors []string, tasks []connect.TaskID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.names() {
		view := s.pending.on(s.model, name)
		if _, known := view.connectors[name]; known && !cluster.Contains(name) {
			connectors = append(connectors, name)
		}
		count := cluster.RunnableTasks(name)
		for n := range view.tasks[name] {
			if n >= count {
				tasks = append(tasks, connect.TaskID{Connector: name, Task: n})
			}
		}
	}
	slices.Sort(connectors)
	slices.SortFunc(tasks, connect.TaskID.Compare)
	return connectors, tasks
}

// names yields every connector of which a state is known, once. The lock is held.
func (s *StatusStore) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range s.model.connectors {
			if s.known(name) && !yield(name) {
				return
			}
		}
		for name := range s.model.tasks {
			if _, seen := s.model.connectors[name]; !seen && s.known(name) && !yield(name) {
				return
			}
		}
		for name := range s.pending {
			_, seen := s.model.connectors[name]
			if _, too := s.model.tasks[name]; !seen && !too && s.known(name) && !yield(name) {
				return
			}
		}
	}
}

func (s *StatusStore) known(connector string) bool {
	view := s.pending.on(s.model, connector)
	_, ok := view.connectors[connector]
	return ok || len(view.tasks[connector]) > 0
}

// Topics returns the names of the topics that a connector has used, sorted.
func (s *StatusStore) Topics(connector string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.model.topics[connector]))
}

// MaxGeneration returns the highest generation of any state, 0 if there is none.
func (s *StatusStore) MaxGeneration() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.model.maxGeneration()
}
