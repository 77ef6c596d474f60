package converter

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"sluice/internal/javahash"
)

// javaTexter writes a text of JSON, which a scanner has checked, as Java prints what it means. It goes through the text and makes no tree, so that a
// record costs a sink of lines no more than its bytes. What is rare is left to the tree: many members, names that occur twice or hold
// escapes, much depth.
type javaTexter struct{ treeReader }

const (
	fewMembers   = 24 // of an object whose order is found without a tree
	littleDepth  = 4  // up to which objects are gone through twice, once for the order of their members
	exactDigits  = 15 // of a decimal that are as many as a double keeps
	int64Digits  = 18 // of an integer that is one of 64 bits, whatever the digits
	plainDecimal = 7  // digits before the point of a double that is written without an exponent
)

// value appends the value at pos and moves behind it.
func (t *javaTexter) value(out []byte, depth int) []byte {
	switch t.peek() {
	case '{':
		return t.object(out, depth)
	case '[':
		if depth >= littleDepth {
			return AppendJavaString(out, t.treeReader.value())
		}
		t.pos++
		out = append(out, '[')
		for first := true; t.peek() != ']'; first = false {
			if !first {
				out = append(out, ", "...)
			}
			out = t.value(out, depth+1)
			t.skipComma()
		}
		t.pos++
		return append(out, ']')
	case '"':
		start := t.pos
		if t.skipText(); bytes.IndexByte(t.data[start:t.pos], '\\') < 0 {
			return append(out, t.data[start+1:t.pos-1]...)
		}
		t.pos = start
		return append(out, t.text()...)
	case 't', 'f', 'n':
		start := t.pos
		t.skip()
		return append(out, t.data[start:t.pos]...)
	}
	start := t.pos
	for t.pos < len(t.data) && isNumberByte(t.data[t.pos]) {
		t.pos++
	}
	return appendJavaDigits(out, t.data[start:t.pos])
}

// javaMember is one of an object: where its name begins and ends, and where its value begins.
type javaMember struct {
	name, nameEnd, value int
	hash                 int32
	place                int
}

// object appends an object: it finds its members first, and then appends them in the order in which Java lists them.
func (t *javaTexter) object(out []byte, depth int) []byte {
	start := t.pos
	var room [fewMembers]javaMember
	n := 0
	for t.pos++; t.peek() != '}'; n++ {
		if n == len(room) || depth == littleDepth || !t.member(room[:n], &room[n]) {
			t.pos = start
			return AppendJavaString(out, t.treeReader.value())
		}
	}
	t.pos++
	end := t.pos
	members, table := room[:n], javahash.Table(n)
	for i := range members { // by place, and within a place as they came
		m := members[i]
		m.place = javahash.Place(m.hash, table)
		k := i
		for ; k > 0 && members[k-1].place > m.place; k-- {
			members[k] = members[k-1]
		}
		members[k] = m
	}
	out = append(out, '{')
	for i := range members {
		if i > 0 {
			out = append(out, ", "...)
		}
		m := &members[i]
		out = append(out, t.data[m.name:m.nameEnd]...)
		out = append(out, '=')
		t.pos = m.value
		out = t.value(out, depth+1)
	}
	t.pos = end
	return append(out, '}')
}

// member reads one member and the comma behind it. It reports false if the name needs more than a look at its bytes: it has escapes, or is the
// name of an earlier member.
func (t *javaTexter) member(earlier []javaMember, m *javaMember) bool {
	m.name = t.pos + 1
	i, h, ascii := m.name, int32(0), byte(0)
	for ; t.data[i] != '"'; i++ {
		c := t.data[i]
		if c == '\\' {
			return false
		}
		h = 31*h + int32(c)
		ascii |= c
	}
	if ascii >= utf8.RuneSelf {
		h = javahash.String(string(t.data[m.name:i]))
	}
	m.nameEnd, m.hash = i, h
	for k := range earlier {
		if e := &earlier[k]; e.hash == h && bytes.Equal(t.data[e.name:e.nameEnd], t.data[m.name:i]) {
			return false
		}
	}
	t.pos = i + 1
	t.peek()
	t.pos++ // the colon
	t.peek()
	m.value = t.pos
	t.skip()
	t.skipComma()
	return true
}

// appendJavaNumber appends what Java prints of the number that Connect makes of one without a schema: a Long or a Double.
func appendJavaNumber(out []byte, n number) []byte {
	if n.integral() {
		return strconv.AppendInt(out, n.long(), 10)
	}
	return appendJavaFloat(out, n.float(), 64)
}

// appendJavaDigits is appendJavaNumber for the text of a number. Most are written as Java would write them, and then need not be read.
func appendJavaDigits(out, text []byte) []byte {
	if isJavaNumber(text) {
		return append(out, text...)
	}
	return appendJavaNumber(out, number(text))
}

// isJavaNumber reports whether a number's text is surely that which Java prints of it. Of a decimal with at most 15 digits that is so because a
// double holds them all, and no shorter text reads as the same double.
func isJavaNumber(text []byte) bool {
	if text[0] == '-' {
		text = text[1:]
	}
	point := bytes.IndexByte(text, '.')
	if point < 0 {
		return len(text) <= int64Digits && text[0] != '0' && allDigits(text)
	}
	whole, fraction := text[:point], text[point+1:]
	return len(whole) <= plainDecimal && len(whole)+len(fraction) <= exactDigits && whole[0] != '0' && allDigits(fraction) &&
		(fraction[len(fraction)-1] != '0' || len(fraction) == 1)
}

func allDigits(text []byte) bool {
	for _, c := range text {
		if !isDigit(c) {
			return false
		}
	}
	return true
}
