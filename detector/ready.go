package detector

import (
	"sync"

	"sluice/internal/kafka"
)

// readiness finds the moment from which everything this process was given first
// is joined live. Its methods may be called from any goroutine.
type readiness struct {
	closed chan struct{}

	mu      sync.Mutex // guards what follows
	done    bool
	waiting map[kafka.TopicPartition]bool // nil before the first assignment
}

func newReadiness() *readiness { return &readiness{closed: make(chan struct{})} }

// assigned notes what the group has given; only the first time counts.
func (r *readiness) assigned(parts map[kafka.TopicPartition]int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting != nil {
		return
	}
	r.waiting = make(map[kafka.TopicPartition]bool)
	for tp := range parts {
		r.waiting[tp] = true
	}
}

// settled notes that partitions are live, or others' by now.
func (r *readiness) settled(parts ...kafka.TopicPartition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil || r.done {
		return
	}
	for _, tp := range parts {
		delete(r.waiting, tp)
	}
	if len(r.waiting) == 0 {
		r.done = true
		close(r.closed)
	}
}
