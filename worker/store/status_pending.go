package store

import (
	"bytes"
	"maps"
	"slices"
)

// pendingStatus is a state that this worker has decided to write and has not read back, or one that was read since and may have to be shown
// over one that was not.
type pendingStatus struct {
	key    statusKey
	status Status
	gone   bool   // it is a removal
	value  []byte // as it is written
	read   bool   // it is in the log; kept because a write before it was not read back yet
}

// pendingStatuses are this worker's own writes, by connector and in the order of the decisions. Readers are shown what has been read from the
// log with these on top: a worker that has stopped a task must not tell that it runs for as long as Kafka takes. As soon as a write is
// read back the order of the log counts, which other workers write too.
//
// Kafka: none; a Java worker tells the state before until it has read its own record.
type pendingStatuses map[string][]*pendingStatus

func (p pendingStatuses) add(w *pendingStatus) {
	p[w.key.connector] = append(p[w.key.connector], w)
}

// readBack notes that the log has a record, and reports whether it is one of these. It returns what has to be put into the model once more: a
// connector's removal takes the states of its tasks along, and as those are on other partitions, a younger one of a task may have been read
// before.
func (p pendingStatuses) readBack(k statusKey, value []byte) (again []*pendingStatus, ours bool) {
	all := p[k.connector]
	at := -1
	for i, w := range all {
		if w.key == k && !w.read && bytes.Equal(w.value, value) {
			at = i
			break
		}
	}
	if at < 0 {
		return nil, false
	}
	for _, w := range all[:at+1] { // one key's records come in order: those before it were never written
		w.read = w.read || w.key == k
	}
	if all[at].gone && k.task == itself {
		for _, w := range all[at+1:] {
			if w.read {
				again = append(again, w)
			}
		}
	}
	p.trim(k.connector)
	return again, true
}

// drop forgets a write that is not going to be made.
func (p pendingStatuses) drop(w *pendingStatus) {
	w.read = true
	p.trim(w.key.connector)
}

// overtake notes that the log has another worker's record, and with it a state or none. It comes after those of ours for the same key that are
// kept although they were read, and before those that were not.
func (p pendingStatuses) overtake(k statusKey, now Status, known bool) {
	all, ok := p[k.connector]
	if !ok {
		return
	}
	if !known {
		p[k.connector] = slices.DeleteFunc(all, func(w *pendingStatus) bool {
			return w.read && !w.gone && (w.key == k || k.task == itself) // a connector's removal takes the states of its tasks along
		})
		return
	}
	for i, w := range slices.Backward(all) {
		if w.read && w.key == k {
			p[k.connector] = slices.Insert(all, i+1, &pendingStatus{key: k, status: now, read: true})
			return
		}
	}
}

func (p pendingStatuses) trim(connector string) {
	all := p[connector]
	for len(all) > 0 && all[0].read {
		all = all[1:]
	}
	if len(all) == 0 {
		delete(p, connector)
		return
	}
	p[connector] = all
}

// on returns what is known of a connector with what is pending on top. The result is m itself if nothing is.
func (p pendingStatuses) on(m *statusModel, connector string) *statusModel {
	all := p[connector]
	if len(all) == 0 {
		return m
	}
	view := newStatusModel()
	if s, ok := m.connectors[connector]; ok {
		view.connectors[connector] = s
	}
	if tasks := m.tasks[connector]; len(tasks) > 0 {
		view.tasks[connector] = maps.Clone(tasks)
	}
	for _, w := range all {
		view.set(w.key, w.status, w.gone)
	}
	return view
}
