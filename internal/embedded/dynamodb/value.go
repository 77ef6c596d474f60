package dynamodb

import (
	"encoding/base64"
	"slices"
	"strings"
)

// kind is the type of an attribute value. The letter also marks the value in an encoded item.
type kind byte

const (
	kindString    kind = 'S'
	kindNumber    kind = 'N'
	kindBinary    kind = 'B'
	kindStringSet kind = 's'
	kindNumberSet kind = 'n'
	kindBinarySet kind = 'b'
	kindTrue      kind = 'T'
	kindFalse     kind = 'F'
	kindNull      kind = '0'
	kindList      kind = 'L'
	kindMap       kind = 'M'
)

// String is the name of the type as it stands on the wire.
func (k kind) String() string {
	switch k {
	case kindStringSet:
		return "SS"
	case kindNumberSet:
		return "NS"
	case kindBinarySet:
		return "BS"
	case kindTrue, kindFalse:
		return "BOOL"
	case kindNull:
		return "NULL"
	}
	return string(rune(k))
}

func (k kind) isSet() bool { return k == kindStringSet || k == kindNumberSet || k == kindBinarySet }

// member is the kind of a set's members.
func (k kind) member() kind {
	switch k {
	case kindStringSet:
		return kindString
	case kindNumberSet:
		return kindNumber
	}
	return kindBinary
}

func (k kind) orderable() bool { return k == kindString || k == kindNumber || k == kindBinary }

// value is a decoded attribute value. Expressions work on values; items at rest are encoded bytes.
type value struct {
	kind   kind
	text   string   // S: the text; N: the canonical number; B: the raw bytes
	set    []string // SS, NS, BS: members in order, as text
	list   []value  // L
	fields fields   // M
}

// fields is a map's members, or an item's attributes, in the order in which they came.
type fields []field

type field struct {
	name string
	val  value
}

func (f fields) get(name string) (value, bool) {
	for i := range f {
		if f[i].name == name {
			return f[i].val, true
		}
	}
	return value{}, false
}

// with answers the fields with one member set. The receiver is not changed.
func (f fields) with(name string, v value) fields {
	out := slices.Clone(f)
	for i := range out {
		if out[i].name == name {
			out[i].val = v
			return out
		}
	}
	return append(out, field{name, v})
}

// without answers the fields less one member. The receiver is not changed.
func (f fields) without(name string) fields {
	return slices.DeleteFunc(slices.Clone(f), func(m field) bool { return m.name == name })
}

func boolValue(b bool) value {
	if b {
		return value{kind: kindTrue}
	}
	return value{kind: kindFalse}
}

// equal compares by value: sets and maps without regard to order, numbers by magnitude (they are
// canonical, so equal magnitude is equal text).
func (v value) equal(w value) bool {
	if v.kind != w.kind || v.text != w.text || len(v.list) != len(w.list) || len(v.fields) != len(w.fields) {
		return false
	}
	for i := range v.list {
		if !v.list[i].equal(w.list[i]) {
			return false
		}
	}
	for _, m := range v.fields {
		other, ok := w.fields.get(m.name)
		if !ok || !m.val.equal(other) {
			return false
		}
	}
	return slices.Equal(v.set, w.set)
}

// compare orders two values of the same orderable kind.
func (v value) compare(w value) int {
	if v.kind == kindNumber {
		return compareNumbers(v.text, w.text)
	}
	return strings.Compare(v.text, w.text)
}

// has reports whether a set holds the member.
func (v value) has(member string) bool { return slices.Contains(v.set, member) }

// size is the value's share of an item's size in bytes.
func (v value) size() int {
	switch v.kind {
	case kindString, kindBinary:
		return len(v.text)
	case kindNumber:
		return mustDecimal(v.text).size()
	case kindList:
		n := containerSize
		for _, e := range v.list {
			n += 1 + e.size()
		}
		return n
	case kindMap:
		n := containerSize
		for _, m := range v.fields {
			n += 1 + len(m.name) + m.val.size()
		}
		return n
	case kindTrue, kindFalse, kindNull:
		return 1
	}
	n := 0
	for _, m := range v.set {
		n += value{kind: v.kind.member(), text: m}.size()
	}
	return n
}

// depth counts the levels of lists and maps, itself included.
func (v value) depth() int {
	deepest := 0
	for _, e := range v.list {
		deepest = max(deepest, e.depth())
	}
	for _, f := range v.fields {
		deepest = max(deepest, f.val.depth())
	}
	if v.kind == kindList || v.kind == kindMap {
		deepest++
	}
	return deepest
}

// containerSize is what a list or map weighs when it is empty.
const containerSize = 3

// size is the item's size in bytes, names included.
func (f fields) size() int {
	n := 0
	for _, m := range f {
		n += len(m.name) + m.val.size()
	}
	return n
}

// sortSet brings the members of a set into their canonical order.
func sortSet(k kind, members []string) {
	if k == kindNumberSet {
		slices.SortFunc(members, compareNumbers)
		return
	}
	slices.Sort(members)
}

// debug is the value as the service prints it in an error text.
func (v value) debug() string {
	text := v.text
	switch v.kind {
	case kindTrue:
		text = "true"
	case kindFalse:
		text = "false"
	case kindNull:
		text = "true"
	case kindBinary:
		text = base64.StdEncoding.EncodeToString([]byte(v.text))
	}
	return "{" + v.kind.String() + ":" + text + "}"
}
