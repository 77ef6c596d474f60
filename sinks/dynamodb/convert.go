package dynamodb

import (
	"encoding/base64"
	"fmt"
	"slices"
	"unicode/utf8"
)

// token is a value without members as a reader found it: S with its text, N with its decimal text, BOOL with the text true or false, B with
// its bytes. Any other kind has no text.
type token struct {
	kind kind
	text []byte
}

// mark is a point that the item writer can go back to, as long as the same objects are open.
type mark struct{ out, size, faults int }

func (w *itemWriter) mark() mark { return mark{len(w.out), w.size, len(w.faults)} }

// rewind forgets everything that was written since the mark.
func (w *itemWriter) rewind(m mark) {
	w.out, w.size, w.faults = w.out[:m.out], m.size, w.faults[:m.faults]
	for i := range w.found {
		if w.found[i].kind != absent && w.found[i].start >= m.out {
			w.found[i] = foundAt{}
		}
	}
}

// atField reports whether the value that comes next is that of a field, and no member of a list.
func (w *itemWriter) atField() bool { return w.out[len(w.out)-1] == ':' }

// dropField takes back the last field of the open object, with or without its value.
func (w *itemWriter) dropField() {
	last := len(w.fields) - 1
	f, open := w.fields[last], &w.frames[len(w.frames)-1]
	if open.index != nil {
		delete(open.index, string(w.out[f.start:f.end]))
	}
	from := f.start
	if last > open.base {
		from-- // the comma
	}
	w.fields = w.fields[:last]
	n := len(w.faults)
	for n > 0 && w.faults[n-1].at >= f.start {
		n--
	}
	w.rewind(mark{from, f.sizeWas, n})
	w.at = -1
}

// wanted is the type that the table declares for the attribute whose value comes next, absent if it declares none.
func (w *itemWriter) wanted() kind {
	if w.at < 0 {
		return absent
	}
	return w.table.attributes[w.at].kind
}

// isSparse reports whether the attribute whose value comes next may be left out because it is empty.
func (w *itemWriter) isSparse() bool { return w.rules.sparse && w.at >= w.table.keys }

// mapNumber writes a number by the rules, and reports false if they want it as it is.
func (w *itemWriter) mapNumber(n number, text []byte) bool {
	want := w.wanted()
	switch {
	case w.rules.coerceKeys && want == kindS:
		putText(w, n.appendLiteral(nil, text))
		return true
	case want == kindN && (w.rules.coerceKeys || w.rules.numbers == stringNumbers):
		return false
	case w.rules.numbers == stringNumbers:
		putText(w, n.appendLiteral(nil, text))
		return true
	case w.rules.numbers == camelNumbers:
		literal, isInt := camelNumber(text)
		if !isInt {
			putText(w, literal)
			return true
		}
		n, _ = measureNumber(literal)
		w.putNumber(n, literal)
		return true
	}
	if n.check() == "" {
		return false
	}
	switch w.rules.overflow {
	case overflowString:
		putText(w, n.appendLiteral(nil, text))
		return true
	case overflowRounds:
		rounded := n.appendRounded(nil, text)
		n, _ = measureNumber(rounded)
		w.putNumber(n, rounded)
		return true
	}
	return false
}

// mapString writes a string by the rules, and reports false if they want it as it is. Text is what the string says.
func (w *itemWriter) mapString(text []byte) bool {
	if len(text) == 0 && w.isSparse() {
		w.dropField()
		return true
	}
	if !w.rules.coerceKeys {
		return false
	}
	switch w.wanted() {
	case kindN:
		if n, ok := measureNumber(text); ok {
			w.putNumber(n, text)
			return true
		}
	case kindB:
		if b, err := base64.StdEncoding.AppendDecode(nil, text); err == nil {
			w.binary(b)
			return true
		}
	}
	return false
}

// putText writes S with a text that may need escapes.
func putText[T string | []byte](w *itemWriter, text T) {
	w.out = append(w.out, `{"S":"`...)
	start := len(w.out)
	w.out = appendEscaped(w.out, text)
	w.note(kindS, start, len(w.out))
	w.out = append(w.out, `"}`...)
	w.size += len(text)
}

// convert writes a value in the type that is asked for. What cannot have that type is a fault.
func (w *itemWriter) convert(to conversion, t token) {
	switch to.kind {
	case kindS:
		if t.kind == kindS || t.kind == kindN || t.kind == kindBool || t.kind == kindB && utf8.Valid(t.text) {
			putText(w, t.text)
			return
		}
	case kindN:
		if n, ok := measureNumber(t.text); ok && (t.kind == kindN || t.kind == kindS) {
			w.putNumber(n, t.text)
			return
		}
	case kindB:
		if b, ok := to.bytes(t); ok {
			w.binary(b)
			return
		}
	}
	w.wrongType(to, t)
}

// wrongType notes that a value cannot be given the type. Something must stand in its place.
func (w *itemWriter) wrongType(to conversion, t token) {
	w.fault(fmt.Sprintf("the settings give it type %s, which %s cannot have", to.kind, t.kind.inWords()))
	w.null()
}

// bytes returns what a binary value is made of.
func (c conversion) bytes(t token) ([]byte, bool) {
	switch {
	case t.kind == kindB:
		return t.text, true
	case t.kind != kindS:
		return nil, false
	case !c.base64:
		return t.text, true
	}
	b, err := base64.StdEncoding.AppendDecode(nil, t.text)
	return b, err == nil
}

// openSet, member and closeSet write a set. Strict sets are refused if a member comes twice; others take it once.
func (w *itemWriter) openSet(k kind) {
	w.note(k, len(w.out), len(w.out))
	w.out = append(append(append(w.out, `{"`...), k.String()...), `":[`...)
	w.set = w.set[:0]
}

func (w *itemWriter) member(to conversion, t token, strict bool) {
	key, ok := w.memberKey(to, t)
	if !ok {
		w.fault(fmt.Sprintf("the settings give it type %s, whose members cannot be %s", to.kind, t.kind.inWords()))
		return
	}
	if slices.Contains(w.set, key) {
		if strict {
			w.fault("a set must not have the same member twice")
		}
		return
	}
	if len(w.set) > 0 {
		w.out = append(w.out, ',')
	}
	w.set = append(w.set, key)
	w.out = append(w.out, '"')
	switch to.kind {
	case kindNS:
		n, _ := measureNumber(t.text)
		if broken := n.check(); broken != "" {
			w.fault(broken)
			n, t.text = number{}, nil
		}
		w.out = n.appendLiteral(w.out, t.text)
		w.size += n.size()
	case kindBS:
		w.out = base64.StdEncoding.AppendEncode(w.out, []byte(key))
		w.size += len(key)
	default:
		w.out = appendEscaped(w.out, key)
		w.size += len(key)
	}
	w.out = append(w.out, '"')
}

// memberKey returns what tells a set's members apart.
func (w *itemWriter) memberKey(to conversion, t token) (string, bool) {
	switch to.kind {
	case kindNS:
		n, ok := measureNumber(t.text)
		if !ok || t.kind != kindN && t.kind != kindS {
			return "", false
		}
		return string(n.appendCanonical(nil, t.text)), true
	case kindBS:
		b, ok := to.bytes(t)
		return string(b), ok
	}
	return string(t.text), t.kind == kindS || t.kind == kindN || t.kind == kindBool || t.kind == kindB && utf8.Valid(t.text)
}

func (w *itemWriter) closeSet() {
	if len(w.set) == 0 {
		w.fault("a set must have a member, found an empty one")
	}
	w.out = append(w.out, `]}`...)
}
