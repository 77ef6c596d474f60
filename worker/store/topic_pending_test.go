package store

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"sluice/connect"
)

func TestOwnWritesAboutTopicsCountBeforeTheyAreReadBack(t *testing.T) {
	uses := func(topic string, discovered int64) TopicStatus {
		return TopicStatus{Topic: topic, Task: connect.TaskID{Connector: "x"}, Discovered: discovered}
	}
	theirs := func(s TopicStatus, gone bool) Record {
		r := Record{Key: topicStatusKey(s.Topic, s.Task.Connector)}
		if !gone {
			r.Value = encodeTopicStatus(s)
		}
		return r
	}
	for _, tc := range []struct {
		name string
		run  func(s *StatusStore, l *slowLog, expect func(string))
	}{
		{"a reset stays though the records before it are read late", func(s *StatusStore, l *slowLog, expect func(string)) {
			s.PutTopic(uses("a", 1))
			s.DeleteTopics("x")
			expect("")
			l.read(0)
			expect("")
			l.read(1)
			expect("")
		}},
		{"a topic stays though the reset before it is read late", func(s *StatusStore, l *slowLog, expect func(string)) {
			s.PutTopic(uses("a", 1))
			s.DeleteTopics("x")
			s.PutTopic(uses("a", 2))
			epoch := s.TopicEpoch()
			l.read(0, 1)
			expect("a")
			if s.TopicEpoch() != epoch {
				t.Error("the epoch changed with an own reset that was read back")
			}
			l.read(2)
			expect("a")
		}},
		{"another worker's record counts once ours are read", func(s *StatusStore, l *slowLog, expect func(string)) {
			s.PutTopic(uses("a", 1))
			l.onRecord(theirs(uses("a", 0), true)) // before ours in the log
			expect("a")
			l.read(0)
			l.onRecord(theirs(uses("a", 0), true))
			expect("")
			l.onRecord(theirs(uses("b", 3), false))
			expect("b")
		}},
		{"what Kafka refuses is not waited for", func(s *StatusStore, l *slowLog, expect func(string)) {
			l.refuse = errors.New("never")
			s.PutTopic(uses("a", 1))
			synctest.Wait()
			l.onRecord(theirs(uses("a", 0), true))
			expect("")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, l := newSlowStore(t)
				tc.run(s, l, func(want string) {
					t.Helper()
					if got := strings.Join(s.Topics("x"), " "); got != want {
						t.Errorf("topics %q, want %q", got, want)
					}
				})
			})
		})
	}
}
