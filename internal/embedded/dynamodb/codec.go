package dynamodb

import (
	"encoding/base64"
	"encoding/binary"
	"maps"
	"sync"
	"sync/atomic"
)

// Items at rest are one slice of bytes each:
//
//	item  = *( name value )
//	name  = uvarint(id)               ; an attribute name that the table's dictionary knows, id > 0
//	      / 0 uvarint(len) bytes      ; any other
//	value = 'S'|'N'|'B' uvarint(len) bytes
//	      / 's'|'n'|'b' uvarint(count) *( uvarint(len) bytes )
//	      / 'T' / 'F' / '0'
//	      / 'L' uvarint(count) *value
//	      / 'M' uvarint(count) *( uvarint(len) bytes value )
//
// Numbers are canonical text, set members are sorted. An item is never changed in place, so a
// reader may keep the slice after it let go of the table's lock.

// dictionary numbers the attribute names of one table, so that an item need not repeat them. It
// only grows. Readers take a snapshot without locking.
type dictionary struct {
	mu   sync.Mutex // guards replacement of the snapshot
	snap atomic.Pointer[dictionarySnapshot]
}

type dictionarySnapshot struct {
	ids   map[string]uint64
	names []string // names[id]; names[0] is unused
}

// maxDictionary bounds the names that are numbered: a table whose items use ever new names (a map
// spread over attributes) writes the rest out in each item.
const maxDictionary = 512

func newDictionary() *dictionary {
	d := new(dictionary)
	d.snap.Store(&dictionarySnapshot{ids: map[string]uint64{}, names: []string{""}})
	return d
}

// id answers the number of a name, giving it one if there is room; 0 means none.
func (d *dictionary) id(name []byte) uint64 {
	snap := d.snap.Load()
	if id, ok := snap.ids[string(name)]; ok {
		return id
	}
	if len(snap.names) > maxDictionary {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	snap = d.snap.Load()
	if id, ok := snap.ids[string(name)]; ok {
		return id
	}
	id := uint64(len(snap.names))
	next := &dictionarySnapshot{ids: maps.Clone(snap.ids), names: append(snap.names[:id:id], string(name))}
	next.ids[string(name)] = id
	d.snap.Store(next)
	return id
}

// appendName writes an attribute's name. A nil dictionary writes it out.
func appendName(out []byte, d *dictionary, name []byte) []byte {
	if d != nil {
		if id := d.id(name); id != 0 {
			return binary.AppendUvarint(out, id)
		}
	}
	return appendBytes(append(out, 0), name)
}

func appendBytes[T string | []byte](out []byte, s T) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

func appendValue(out []byte, v value) []byte {
	out = append(out, byte(v.kind))
	switch v.kind {
	case kindString, kindNumber, kindBinary:
		out = appendBytes(out, v.text)
	case kindStringSet, kindNumberSet, kindBinarySet:
		out = binary.AppendUvarint(out, uint64(len(v.set)))
		for _, m := range v.set {
			out = appendBytes(out, m)
		}
	case kindList:
		out = binary.AppendUvarint(out, uint64(len(v.list)))
		for _, e := range v.list {
			out = appendValue(out, e)
		}
	case kindMap:
		out = binary.AppendUvarint(out, uint64(len(v.fields)))
		for _, m := range v.fields {
			out = appendBytes(out, m.name)
			out = appendValue(out, m.val)
		}
	}
	return out
}

// encodeItem is the item at rest.
func encodeItem(item fields, d *dictionary) []byte {
	out := make([]byte, 0, item.size()+3*len(item))
	for _, f := range item {
		out = appendName(out, d, []byte(f.name))
		out = appendValue(out, f.val)
	}
	return out
}

// itemReader walks an encoded item. The item is ours, so it is taken to be well formed.
type itemReader struct {
	data  []byte
	names []string
}

func newItemReader(data []byte, d *dictionary) itemReader {
	r := itemReader{data: data}
	if d != nil {
		r.names = d.snap.Load().names
	}
	return r
}

func (r *itemReader) uvarint() int {
	n, width := binary.Uvarint(r.data)
	r.data = r.data[width:]
	return int(n)
}

func (r *itemReader) bytes() []byte {
	n := r.uvarint()
	b := r.data[:n:n]
	r.data = r.data[n:]
	return b
}

func (r *itemReader) kind() kind {
	k := kind(r.data[0])
	r.data = r.data[1:]
	return k
}

// name answers the next attribute's name, false at the end of the item.
func (r *itemReader) name() (string, bool) {
	if len(r.data) == 0 {
		return "", false
	}
	if id := r.uvarint(); id != 0 {
		return r.names[id], true
	}
	return string(r.bytes()), true
}

func (r *itemReader) value() value {
	v := value{kind: r.kind()}
	switch v.kind {
	case kindString, kindNumber, kindBinary:
		v.text = string(r.bytes())
	case kindStringSet, kindNumberSet, kindBinarySet:
		v.set = make([]string, r.uvarint())
		for i := range v.set {
			v.set[i] = string(r.bytes())
		}
	case kindList:
		v.list = make([]value, r.uvarint())
		for i := range v.list {
			v.list[i] = r.value()
		}
	case kindMap:
		v.fields = make(fields, r.uvarint())
		for i := range v.fields {
			v.fields[i] = field{name: string(r.bytes()), val: r.value()}
		}
	}
	return v
}

// skip passes over a value.
func (r *itemReader) skip() {
	switch k := r.kind(); k {
	case kindString, kindNumber, kindBinary:
		r.bytes()
	case kindStringSet, kindNumberSet, kindBinarySet:
		for range r.uvarint() {
			r.bytes()
		}
	case kindList:
		for range r.uvarint() {
			r.skip()
		}
	case kindMap:
		for range r.uvarint() {
			r.bytes()
			r.skip()
		}
	}
}

// decodeItem answers the attributes of an encoded item.
func decodeItem(data []byte, d *dictionary) fields {
	r := newItemReader(data, d)
	var out fields
	for {
		name, ok := r.name()
		if !ok {
			return out
		}
		out = append(out, field{name, r.value()})
	}
}

// appendItemJSON writes an encoded item as it stands on the wire. If keep is not nil, only the
// attributes it approves of are written.
func appendItemJSON(out, data []byte, d *dictionary, keep func(name string) bool) []byte {
	r := newItemReader(data, d)
	out = append(out, '{')
	first := true
	for {
		name, ok := r.name()
		if !ok {
			return append(out, '}')
		}
		if keep != nil && !keep(name) {
			r.skip()
			continue
		}
		if !first {
			out = append(out, ',')
		}
		first = false
		out = appendJSONString(out, name)
		out = append(out, ':')
		out = r.appendJSON(out)
	}
}

// appendJSON writes the next value.
func (r *itemReader) appendJSON(out []byte) []byte {
	k := r.kind()
	out = append(out, '{', '"')
	out = append(out, k.String()...)
	out = append(out, '"', ':')
	switch k {
	case kindString, kindNumber, kindBinary:
		out = appendScalarJSON(out, k, r.bytes())
	case kindStringSet, kindNumberSet, kindBinarySet:
		out = append(out, '[')
		for i := range r.uvarint() {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendScalarJSON(out, k.member(), r.bytes())
		}
		out = append(out, ']')
	case kindTrue, kindNull:
		out = append(out, "true"...)
	case kindFalse:
		out = append(out, "false"...)
	case kindList:
		out = append(out, '[')
		for i := range r.uvarint() {
			if i > 0 {
				out = append(out, ',')
			}
			out = r.appendJSON(out)
		}
		out = append(out, ']')
	case kindMap:
		out = append(out, '{')
		for i := range r.uvarint() {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendJSONString(out, r.bytes())
			out = append(out, ':')
			out = r.appendJSON(out)
		}
		out = append(out, '}')
	}
	return append(out, '}')
}

func appendScalarJSON(out []byte, k kind, text []byte) []byte {
	if k == kindBinary {
		out = append(out, '"')
		out = base64.StdEncoding.AppendEncode(out, text)
		return append(out, '"')
	}
	return appendJSONString(out, text)
}

// appendFieldsJSON writes decoded attributes as they stand on the wire.
func appendFieldsJSON(out []byte, item fields) []byte {
	return appendItemJSON(out, encodeItem(item, nil), nil, nil)
}
