package worker

import (
	"fmt"
	"sync"
	"time"
)

// stages remembers what the worker is doing and did last, for those who wait too long for it. The zero value is ready; it may be used by any
// goroutine.
//
// Kafka: org.apache.kafka.connect.util.Stage.
type stages struct {
	mu      sync.Mutex // guards the fields below
	current []*stage   // oldest first
	last    *stage
}

type stage struct {
	text         string
	began, ended time.Time
}

// begin notes that something has begun; the result is to be called when it is over.
func (s *stages) begin(text string) (over func()) {
	st := &stage{text: text, began: time.Now()}
	s.mu.Lock()
	s.current = append(s.current, st)
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		st.ended = time.Now()
		s.last = st
		for i := range s.current {
			if s.current[i] == st {
				s.current = append(s.current[:i:i], s.current[i+1:]...)
				return
			}
		}
	}
}

// summary says in Kafka's words what the worker is doing since the longest time, or did last; it is empty if it never did anything.
func (s *stages) summary() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.current) > 0:
		st := s.current[0]
		return fmt.Sprintf("The worker is currently %s, which began at %s.", st.text, instant(st.began))
	case s.last != nil:
		return fmt.Sprintf("The last operation the worker completed was %s, which began at %s and completed at %s.", s.last.text, instant(s.last.began), instant(s.last.ended))
	}
	return ""
}

// instant prints a time as java.time.Instant does.
func instant(t time.Time) string { return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano) }
