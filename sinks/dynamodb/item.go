package dynamodb

import (
	"encoding/base64"
	"fmt"
	"slices"
	"unicode/utf8"
)

// itemWriter builds the text of one item in DynamoDB's JSON, for example {"id":{"S":"a"},"n":{"N":"1"}}, and keeps the books that
// the service keeps: the item's size, its nesting, and where the attributes stand that the table's keys and indexes need.
// It is fed by a reader of JSON text (json.go) or of Connect values (value.go), and used again for the next item.
//
// A name that occurs again in the same object replaces the earlier one: its text is cut out, with everything that was noted about it.
type itemWriter struct {
	table *table
	rules valueRules
	plain bool // the rules are the zero value: values go through as they are

	nullsGo bool // attributes that are null are not going to be stored
	out     []byte
	size    int
	depth   int // open lists and maps, the item itself not counted

	fields []field   // of the open objects, innermost last
	frames []frame   // the open objects, innermost last
	found  []foundAt // per table attribute
	at     int       // the table attribute whose value comes next, or -1
	faults []fault   // what the service would refuse, in order
	text   []byte    // scratch
	set    []string  // members of the open set, in the form that tells them apart
}

// field is a name that was written into an open object.
type field struct {
	start   int // of the opening quote in out
	end     int // after the closing quote
	sizeWas int // size before the field
}

// frame is an open object: its fields are those from base on.
type frame struct {
	base  int
	index map[string]struct{} // names, once there are too many to compare one by one
}

// foundAt is the value of a key attribute: the text between start and end in out, without quotes.
type foundAt struct {
	kind       kind
	start, end int
}

// fault is a rule that the value at a place in out breaks.
type fault struct {
	at      int
	message string
}

var tooDeep = fmt.Sprintf("lists and maps may be nested %d levels deep, found more", maxNesting)

// manyFields is the number of fields from which on an object gets an index of its names.
const manyFields = 24

func (w *itemWriter) reset(t *table) {
	w.table = t
	w.out, w.size, w.depth, w.at = w.out[:0], 0, 0, -1
	w.fields, w.frames, w.faults = w.fields[:0], w.frames[:0], w.faults[:0]
	w.found = slices.Grow(w.found[:0], len(t.attributes))[:len(t.attributes)]
	clear(w.found)
}

// openItem and closeItem enclose the fields of the item.
func (w *itemWriter) openItem()  { w.openObject() }
func (w *itemWriter) closeItem() { w.closeObject() }

func (w *itemWriter) openObject() {
	w.out = append(w.out, '{')
	w.frames = append(w.frames, frame{base: len(w.fields)})
}

func (w *itemWriter) closeObject() {
	w.out = append(w.out, '}')
	last := len(w.frames) - 1
	w.fields = w.fields[:w.frames[last].base]
	w.frames[last].index = nil
	w.frames = w.frames[:last]
}

// rawName begins a field whose name is given as it stands between the quotes of a JSON text; escaped tells whether it has a backslash.
// A value must follow.
func (w *itemWriter) rawName(raw []byte, escaped bool) {
	start := w.beginName()
	if escaped {
		w.text = appendUnescaped(w.text[:0], raw)
		w.out = appendEscaped(w.out, w.text)
		w.endName(start, len(w.text))
		return
	}
	w.out = append(w.out, raw...)
	w.endName(start, len(raw))
}

// name begins a field. A value must follow.
func (w *itemWriter) name(name string) {
	start := w.beginName()
	w.out = appendEscaped(w.out, name)
	w.endName(start, len(name))
}

func (w *itemWriter) beginName() int {
	if len(w.fields) > w.frames[len(w.frames)-1].base {
		w.out = append(w.out, ',')
	}
	w.out = append(w.out, '"')
	return len(w.out) - 1
}

func (w *itemWriter) endName(start, size int) {
	w.out = append(w.out, '"')
	f := &w.frames[len(w.frames)-1]
	if i := w.find(f, w.out[start:]); i >= 0 {
		start = w.cut(i, start)
	}
	w.fields = append(w.fields, field{start: start, end: len(w.out), sizeWas: w.size})
	if f.index != nil {
		f.index[string(w.out[start:])] = struct{}{}
	}
	if size == 0 {
		w.fault("an attribute name must not be empty")
	}
	w.size += size
	if w.depth == 0 {
		w.at = w.table.attribute(w.out[start+1 : len(w.out)-1])
	} else {
		w.size++ // one byte for each member of a map
	}
	w.out = append(w.out, ':')
}

// find returns the field of the open object that has the given quoted name, or -1.
func (w *itemWriter) find(f *frame, quoted []byte) int {
	own := w.fields[f.base:]
	if len(own) >= manyFields {
		if f.index == nil {
			f.index = make(map[string]struct{}, 2*len(own))
			for i := range own {
				f.index[string(w.out[own[i].start:own[i].end])] = struct{}{}
			}
		}
		if _, ok := f.index[string(quoted)]; !ok {
			return -1
		}
	}
	for i := range own {
		if n := own[i].end - own[i].start; n == len(quoted) && string(w.out[own[i].start:own[i].end]) == string(quoted) {
			return f.base + i
		}
	}
	return -1
}

// cut takes field i and its value out again, and returns where the name that begins at start stands now.
func (w *itemWriter) cut(i, start int) int {
	from, to, sizeTo := w.fields[i].start, start, w.size
	if i+1 < len(w.fields) {
		to, sizeTo = w.fields[i+1].start, w.fields[i+1].sizeWas
	}
	gone, sizeGone := to-from, sizeTo-w.fields[i].sizeWas
	w.out = append(w.out[:from], w.out[to:]...)
	w.size -= sizeGone
	w.fields = append(w.fields[:i], w.fields[i+1:]...)
	for j := i; j < len(w.fields); j++ {
		w.fields[j].start -= gone
		w.fields[j].end -= gone
		w.fields[j].sizeWas -= sizeGone
	}
	for j := range w.found {
		switch at := &w.found[j]; {
		case at.kind == absent || at.start < from:
		case at.start < to:
			*at = foundAt{}
		default:
			at.start -= gone
			at.end -= gone
		}
	}
	w.faults = slices.DeleteFunc(w.faults, func(f fault) bool { return f.at >= from && f.at < to })
	for j := range w.faults {
		if w.faults[j].at >= to {
			w.faults[j].at -= gone
		}
	}
	return start - gone
}

// fault notes that the value that begins here breaks a rule.
func (w *itemWriter) fault(message string) {
	w.faults = append(w.faults, fault{at: len(w.out) - 1, message: message})
}

// note keeps where the value of a key attribute stands.
func (w *itemWriter) note(k kind, start, end int) {
	if w.at >= 0 {
		w.found[w.at] = foundAt{kind: k, start: start, end: end}
		w.at = -1
	}
}

// rawString writes a string given as it stands between the quotes of a JSON text; size is the length of what it says in UTF-8.
func (w *itemWriter) rawString(raw []byte, size int) {
	if !w.plain && w.at >= 0 {
		w.text = appendUnescaped(w.text[:0], raw)
		if w.mapString(w.text) {
			return
		}
	}
	w.out = append(w.out, `{"S":"`...)
	start := len(w.out)
	w.out = append(w.out, raw...)
	w.note(kindS, start, len(w.out))
	w.out = append(w.out, `"}`...)
	w.size += size
}

// str writes a string. What is not UTF-8 is a fault.
func (w *itemWriter) str(s string) {
	if !utf8.ValidString(s) {
		w.fault("a string must be valid UTF-8")
		s = ""
	}
	if !w.plain && w.at >= 0 && w.mapString([]byte(s)) {
		return
	}
	putText(w, s)
}

// number writes a number given as a decimal text; it reports false if the text is none.
func (w *itemWriter) number(text []byte) bool {
	n, ok := measureNumber(text)
	if !ok {
		return false
	}
	if !w.plain && w.mapNumber(n, text) {
		return true
	}
	w.putNumber(n, text)
	return true
}

// putNumber writes N.
func (w *itemWriter) putNumber(n number, text []byte) {
	w.out = append(w.out, `{"N":"`...)
	if broken := n.check(); broken != "" {
		w.fault(broken)
		n, text = number{}, nil
	}
	start := len(w.out)
	w.out = n.appendLiteral(w.out, text)
	w.note(kindN, start, len(w.out))
	w.out = append(w.out, `"}`...)
	w.size += n.size()
}

func (w *itemWriter) boolean(b bool) {
	if b {
		w.out = append(w.out, `{"BOOL":true}`...)
	} else {
		w.out = append(w.out, `{"BOOL":false}`...)
	}
	w.note(kindBool, len(w.out), len(w.out))
	w.size++
}

func (w *itemWriter) null() {
	if !w.plain && (w.rules.omitNulls && w.atField() || w.isSparse()) {
		w.dropField()
		return
	}
	w.out = append(w.out, `{"NULL":true}`...)
	w.note(kindNull, len(w.out), len(w.out))
	w.size++
}

func (w *itemWriter) binary(b []byte) {
	if len(b) == 0 && w.isSparse() {
		w.dropField()
		return
	}
	w.out = append(w.out, `{"B":"`...)
	start := len(w.out)
	w.out = base64.StdEncoding.AppendEncode(w.out, b)
	w.note(kindB, start, len(w.out))
	w.out = append(w.out, `"}`...)
	w.size += len(b)
}

// openMap, closeMap, openList and closeList enclose the members of a map or list. Opening reports false when the nesting is too deep;
// nothing was written then.
func (w *itemWriter) openMap() bool {
	if !w.descend(kindM) {
		return false
	}
	w.out = append(w.out, `{"M":`...)
	w.openObject()
	return true
}

func (w *itemWriter) closeMap() {
	w.closeObject()
	w.out = append(w.out, '}')
	w.depth--
}

func (w *itemWriter) openList() bool {
	if !w.descend(kindL) {
		return false
	}
	w.out = append(w.out, `{"L":[`...)
	return true
}

func (w *itemWriter) closeList() {
	w.out = append(w.out, `]}`...)
	w.depth--
}

// element begins a member of a list; first tells that it is the first one.
func (w *itemWriter) element(first bool) {
	if !first {
		w.out = append(w.out, ',')
	}
	w.size++
}

// descend goes one level further than the service allows, because an item may stand inside an envelope (encode.go); what is
// too deep for an item is a fault of its attribute.
func (w *itemWriter) descend(k kind) bool {
	if w.depth > maxNesting {
		return false
	}
	w.note(k, len(w.out), len(w.out))
	w.depth++
	if w.depth == maxNesting+1 {
		w.fault(tooDeep)
	}
	w.size += 3 // what a list or map costs by itself
	return true
}
