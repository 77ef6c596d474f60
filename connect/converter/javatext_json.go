package converter

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"

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
		start := t.pos + 1
		if end, _ := plainText(t.data, start); t.data[end] == '"' {
			t.pos = end + 1
			return append(out, t.data[start:end]...)
		}
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

// javaMember is one of an object: where its name and its value begin and end in the text.
type javaMember struct {
	name, nameEnd, value, valueEnd int
	hash                           int32
	plain                          bool // the value is a text without escapes
}

// object appends an object: it finds its members first, and then appends them in the order in which Java lists them.
func (t *javaTexter) object(out []byte, depth int) []byte {
	start := t.pos
	var members [fewMembers]javaMember
	n := 0
	for t.pos++; t.peek() != '}'; n++ {
		if n == len(members) || depth == littleDepth || !t.member(members[:n], &members[n]) {
			t.pos = start
			return AppendJavaString(out, t.treeReader.value())
		}
	}
	end := t.pos + 1
	var places, order [fewMembers]uint8
	table := javahash.Table(n)
	for i := range n { // by place, and within a place as they came
		place := uint8(javahash.Place(members[i].hash, table))
		k := i
		for ; k > 0 && places[k-1] > place; k-- {
			places[k], order[k] = places[k-1], order[k-1]
		}
		places[k], order[k] = place, uint8(i)
	}
	out = append(out, '{')
	for i, at := range order[:n] {
		if i > 0 {
			out = append(out, ", "...)
		}
		m := &members[at]
		out = append(out, t.data[m.name:m.nameEnd]...)
		out = append(out, '=')
		if m.plain {
			out = append(out, t.data[m.value+1:m.valueEnd-1]...)
			continue
		}
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
	end, ascii := plainText(t.data, m.name)
	if t.data[end] != '"' {
		return false
	}
	name := t.data[m.name:end]
	m.nameEnd = end
	if ascii {
		m.hash = asciiHash(name)
	} else {
		m.hash = javahash.String(string(name))
	}
	for k := range earlier {
		if e := &earlier[k]; e.hash == m.hash && bytes.Equal(t.data[e.name:e.nameEnd], name) {
			return false
		}
	}
	t.pos = end + 1
	t.peek()
	t.pos++ // the colon
	c := t.peek()
	m.value = t.pos
	if c == '"' {
		end, _ := plainText(t.data, m.value+1)
		if m.plain = t.data[end] == '"'; m.plain {
			t.pos = end + 1
		}
	}
	if !m.plain {
		t.skip()
	}
	m.valueEnd = t.pos
	t.skipComma()
	return true
}

// plainText returns where a text that begins at start has its first quote or backslash, and whether all before are surely ASCII.
func plainText(d []byte, start int) (end int, ascii bool) {
	high := uint64(0)
	i := start
	for ; i+8 <= len(d); i += 8 {
		x := binary.LittleEndian.Uint64(d[i:])
		high |= x
		q, b := x^onesMask*'"', x^onesMask*'\\'
		if m := ((q-onesMask)&^q | (b-onesMask)&^b) & highsMask; m != 0 { // the lowest bit is right; the ones above may be not
			return i + bits.TrailingZeros64(m)/8, high&highsMask == 0
		}
	}
	for ; d[i] != '"' && d[i] != '\\'; i++ {
		high |= uint64(d[i])
	}
	return i, high&highsMask == 0
}

// asciiHash is [javahash.String] of a text of ASCII.
func asciiHash(s []byte) (h int32) {
	for ; len(s) >= 4; s = s[4:] { // so that one multiplication need not wait for the one before
		h = h*(31*31*31*31) + int32(s[0])*(31*31*31) + int32(s[1])*(31*31) + int32(s[2])*31 + int32(s[3])
	}
	for _, c := range s {
		h = 31*h + int32(c)
	}
	return h
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
