package dynamodb

import "iter"

// TableItemCount answers the number of items in a table, -1 if there is no such table.
func (s *Server) TableItemCount(name string) int64 {
	t := s.table(name)
	if t == nil {
		return -1
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count
}

// Item is one item of a table, as it was when it was read.
type Item struct {
	doc   []byte
	names *dictionary
}

// String answers the attribute's text if it is of type S.
func (i Item) String(attribute string) (text string, ok bool) { return i.scalar(attribute, kindString) }

// Number answers the attribute's canonical decimal text ("100", never "1E+2") if it is of type N.
func (i Item) Number(attribute string) (text string, ok bool) { return i.scalar(attribute, kindNumber) }

func (i Item) scalar(attribute string, k kind) (string, bool) {
	r := newItemReader(i.doc, i.names)
	for {
		name, ok := r.name()
		if !ok {
			return "", false
		}
		if name != attribute {
			r.skip()
			continue
		}
		v := r.value()
		return v.text, v.kind == k
	}
}

// Attributes answers the names of the item's attributes and their types ("S", "N", "BOOL", "M").
func (i Item) Attributes() map[string]string {
	out := make(map[string]string)
	for _, f := range decodeItem(i.doc, i.names) {
		out[f.name] = f.val.kind.String()
	}
	return out
}

// MarshalJSON is the item as it stands on the wire: {"account_id":{"N":"1000000001"},...}.
func (i Item) MarshalJSON() ([]byte, error) { return appendItemJSON(nil, i.doc, i.names, nil), nil }

// Items answers every item of a table, in no useful order, as the table was when the iteration
// began; a table that does not exist has none. The table may be written meanwhile.
func (s *Server) Items(table string) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		t := s.table(table)
		if t == nil {
			return
		}
		for _, doc := range t.docs() {
			if !yield(Item{doc, t.names}) {
				return
			}
		}
	}
}

// docs answers the encoded items of the table. They are never changed in place, so they may be
// read without the lock.
func (t *table) docs() [][]byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	docs := make([][]byte, 0, t.count)
	for _, it := range t.items {
		for ; it != nil; it = it.next {
			docs = append(docs, it.doc)
		}
	}
	return docs
}
