package dynamodb

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"sluice/connect"
)

// modelRecord is a record: number tells it from all others and grows along a partition.
type modelRecord struct {
	number    int
	key       string
	unwanted  bool // the encoder refuses it
	malformed bool // the service rejects it

	op      operation
	field   int // that an update sets
	version int // 0: nothing is compared
}

// modelItem is an item: the numbers of the records that its fields are from. Nil: there is none.
type modelItem struct {
	version int
	fields  [3]int
}

// execute returns what the record makes of an item, if its condition holds.
func (m modelRecord) execute(old *modelItem) (*modelItem, bool) {
	switch {
	case m.op == insertItem && old != nil, m.op == updateItem && old == nil, m.version > 0 && old != nil && old.version >= m.version:
		return old, false
	case m.op == deleteItem:
		return nil, true
	}
	item := &modelItem{version: m.version}
	if m.op == putItem || m.op == insertItem {
		item.fields[0] = m.number
		return item, true
	}
	if old != nil {
		item.fields = old.fields
	}
	item.fields[m.field] = m.number
	return item, true
}

// holds reports whether the item is what the record leaves.
func (m modelRecord) holds(item *modelItem) bool {
	switch {
	case m.op == deleteItem || item == nil:
		return m.op == deleteItem && item == nil
	case m.version > 0:
		return item.version == m.version
	case m.op == insertItem:
		return *item == modelItem{fields: [3]int{m.number}}
	}
	return item.fields[m.field] == m.number
}

func (m modelRecord) conditional() bool {
	return m.version > 0 || m.op == insertItem || m.op == updateItem
}

// covers reports whether, by the rules, the record may be sent in the stead of an older one of its key.
func (m modelRecord) covers(older modelRecord, p policy) bool {
	if m.op != putItem && m.op != deleteItem || older.conditional() && p.onUnmet != skip {
		return false
	}
	return m.version == 0 || m.version > older.version
}

// write is what the composer makes of the record.
func (m modelRecord) write(r *connect.SinkRecord, p policy, transact bool) *write {
	w := newWrite(r, []byte("item"))
	w.op = m.op
	w.overwrites = m.op == deleteItem || m.op == putItem && m.op != insertItem
	if m.version > 0 {
		w.version = &version{kindN, fmt.Sprint(m.version)}
	}
	if m.conditional() {
		w.overwrites = w.overwrites && m.version > 0
		w.judged = p.onUnmet != skip
	}
	switch {
	case transact:
		w.route = transactRoute
	case m.conditional() && m.op == insertItem:
		w.route = statementRoute
	case m.conditional() || m.op == upsertItem:
		w.route = singleRoute
	}
	return w
}

// modelKind says which operations and conditions a schedule has.
type modelKind int

const (
	plainPuts modelKind = iota
	mixedOperations
	versionedWrites
	modelKinds
)

// record draws one. An update of what must exist is not the same twice: it may find an item that was made after it. So it is drawn only where
// nothing is read again.
func (k modelKind) record(r *rand.Rand, m modelRecord, steady bool) modelRecord {
	switch k {
	case mixedOperations:
		m.op = []operation{putItem, deleteItem, upsertItem, insertItem, updateItem}[r.IntN(5)]
		if m.op == updateItem && !steady {
			m.op = upsertItem
		}
		m.field = r.IntN(3)
	case versionedWrites:
		m.op = []operation{putItem, putItem, putItem, deleteItem, upsertItem}[r.IntN(5)]
		m.field = r.IntN(3)
		m.version = 1 + r.IntN(20)
	}
	return m
}

// carryOut is what the service does with a call that is answered, and what the client makes of it.
func (s *schedule) carryOut(writes []*write) []verdict {
	each := make([]verdict, len(writes))
	cancelled, answered := false, make([]bool, len(writes))
	for i, w := range writes {
		m := w.record.Value.(modelRecord)
		if s.chance.Float64() < s.faults.unprocessed {
			each[i].class = throttled
		} else if m.malformed {
			each[i] = verdict{class: rejected, err: connect.NewDataError("rejected")}
		} else if !s.transact {
			each[i] = s.apply(w)
		} else if _, met := m.execute(s.table[m.key]); !met {
			each[i], cancelled, answered[i] = s.apply(w), true, true // it changes nothing
		}
		cancelled = cancelled || each[i].class != done
	}
	if !s.transact {
		return each
	}
	for i, w := range writes {
		if !cancelled {
			each[i] = s.apply(w)
		} else if each[i].class == done && !answered[i] {
			each[i].class = again
		}
	}
	return each
}

// apply carries out one write and judges its condition.
func (s *schedule) apply(w *write) verdict {
	s.checkGiven(w)
	m := w.record.Value.(modelRecord)
	now := life{m.number, s.lives[w.record.Partition]}
	if last := s.lastLife[m.key]; last.life == now.life && last.number > now.number && s.policy.ordering != unordered {
		s.t.Errorf("key %s: record %d written after record %d", m.key, now.number, last.number)
	}
	s.lastLife[m.key] = now
	item, met := m.execute(s.table[m.key])
	if !met && !m.holds(item) {
		s.unmet[m.number] = true
		return verdict{class: unmetCondition, err: errors.New("the condition does not hold")}
	}
	s.table[m.key] = item
	s.written[m.number] = true
	return verdict{}
}

// durable reports whether a record was reported, carried out, or skipped because of its condition, or a record was that may be sent in its stead.
func (s *schedule) durable(m modelRecord) bool {
	if s.settled(m) || s.reported[m.number] {
		return true
	}
	if !s.policy.merge || s.policy.ordering == unordered { // without an order none of them waits long enough to be joined
		return false
	}
	for _, later := range s.byKey[m.key] {
		if later.number > m.number && later.covers(m, s.policy) && s.settled(later) {
			return true
		}
	}
	return false
}

func (s *schedule) settled(m modelRecord) bool {
	return s.written[m.number] || s.unmet[m.number] && s.policy.onUnmet == skip
}

// checkTable compares the table with one-by-one execution of the log.
func (s *schedule) checkTable() {
	want := map[string]*modelItem{}
	for key := range s.byKey {
		want[key] = nil
	}
	for _, log := range s.log {
		for _, m := range log {
			if !s.durable(m) && !m.malformed {
				s.t.Errorf("record %d came to nothing: %+v", m.number, m)
			}
			switch {
			case s.unmet[m.number], !s.reported[m.number] && !m.malformed && !m.unwanted:
				want[m.key], _ = m.execute(want[m.key])
			case s.reported[m.number] && s.table[m.key] != nil && s.table[m.key].fields[0] == m.number:
				want[m.key] = s.table[m.key] // tried for long enough; the last try may have got through, unnoticed
			case m.malformed && !s.reported[m.number] && !(s.policy.merge && s.policy.ordering != unordered): // else a newer one may have stood for it
				s.t.Errorf("record %d was rejected and never reported", m.number)
			}
		}
	}
	if s.policy.ordering == unordered { // the last one to come wins, whichever that is
		return
	}
	for key, item := range want {
		if got := s.table[key]; (got == nil) != (item == nil) || got != nil && *got != *item {
			s.t.Errorf("key %s ends with %+v, want %+v, of %+v", key, got, item, s.byKey[key])
		}
	}
}
