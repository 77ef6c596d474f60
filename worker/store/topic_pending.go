package store

import "bytes"

// pendingTopic is a record about a topic that a connector uses, or has ceased to use, which this worker has decided to write and has not
// read back.
type pendingTopic struct{ value []byte } // nil is a removal

// pendingTopics are this worker's own writes about topics, by the records' keys and in the order of the decisions. The model has the last of
// each key already; what is read back meanwhile is older than that.
type pendingTopics map[string][]*pendingTopic

// readBack notes that the log has a record, and reports whether it is to be applied: not while a decision that comes after it is still on
// its way there.
func (p pendingTopics) readBack(key string, value []byte) bool {
	all, ok := p[key]
	if !ok {
		return true
	}
	for i, w := range all {
		if bytes.Equal(w.value, value) {
			p.keep(key, all[i+1:]) // those before it were never written
			break
		}
	}
	return len(p[key]) == 0
}

// drop forgets a write that is not going to be made.
func (p pendingTopics) drop(key string, dropped *pendingTopic) {
	for i, w := range p[key] {
		if w == dropped {
			p.keep(key, append(p[key][:i:i], p[key][i+1:]...))
			return
		}
	}
}

func (p pendingTopics) keep(key string, rest []*pendingTopic) {
	if len(rest) == 0 {
		delete(p, key)
		return
	}
	p[key] = rest
}
