package dynamodb

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

const (
	maxNesting   = 32         // levels of lists and maps in an item, the item itself counted
	maxNameBytes = 65535      // bytes of an attribute's name
	maxItemBytes = 400 * 1024 // bytes of an item, names and values
)

// attributeReader turns attribute values from JSON into their encoded form in one pass, checking
// every rule that does not need the table: types, numbers, sets, nesting. It is reused from call
// to call; what it answers is valid until reset.
type attributeReader struct {
	cursor
	out   []byte      // encoded items, one after the other
	names *dictionary // of the table the item is for; nil writes names out
	attrs []attribute // of the item last read
	size  int         // of the item last read, in bytes
	buf   [64]byte    // room for the digits of a number
}

// attribute is one attribute of the item last read: where its parts stand in out.
type attribute struct {
	name  []byte // part of the request, or freshly decoded
	start int    // of the encoded name
	value int    // of the encoded value
	end   int
}

func (r *attributeReader) reset(text []byte) {
	r.cursor = cursor{text: text}
	r.out = r.out[:0]
	r.attrs = r.attrs[:0]
	r.names = nil
	r.size = 0
}

// item reads an object of attributes, appends it to out and answers its place there.
func (r *attributeReader) item() (encoded []byte) {
	start := len(r.out)
	r.attrs = r.attrs[:0]
	r.size = 0
	r.open('{')
	first := true
	for {
		name, ok := r.member(&first)
		if !ok {
			break
		}
		r.checkName(name)
		if r.null() {
			r.fail(validationErrorf("The supplied Item contains a null AttributeValue: %s is null", name))
			break
		}
		a := attribute{name: name, start: len(r.out)}
		r.out = appendName(r.out, r.names, name)
		a.value = len(r.out)
		r.size += len(name) + r.value(1)
		a.end = len(r.out)
		r.attrs = append(r.attrs, a)
	}
	if r.err != nil {
		return nil
	}
	if r.repeated() {
		r.dropRepeated(start)
	}
	return r.out[start:]
}

func (r *attributeReader) checkName(name []byte) {
	switch {
	case len(name) == 0:
		r.fail(validationError("Empty attribute name"))
	case len(name) > maxNameBytes:
		r.fail(validationError("Attribute name is too large, must be less than 65536 bytes"))
	}
}

// repeated reports whether a name occurs twice in the item last read.
func (r *attributeReader) repeated() bool {
	var seen nameSet
	for _, a := range r.attrs {
		if !seen.add(a.name) {
			return true
		}
	}
	return false
}

// nameSet finds repeated names; a few are compared with each other, many need a map.
type nameSet struct {
	few  [16][]byte
	n    int
	many map[string]bool
}

// add reports whether the name is new.
func (s *nameSet) add(name []byte) bool {
	for i := range min(s.n, len(s.few)) {
		if bytes.Equal(s.few[i], name) {
			return false
		}
	}
	if s.n < len(s.few) {
		s.few[s.n] = name
		s.n++
		return true
	}
	if s.many == nil {
		s.many = make(map[string]bool)
	}
	if s.many[string(name)] {
		return false
	}
	s.many[string(name)] = true
	return true
}

// dropRepeated lets the last of equal names win, as JSON readers do.
func (r *attributeReader) dropRepeated(start int) {
	item := decodeItem(r.out[start:], r.names)
	last := item[:0:0]
	for _, f := range item {
		last = last.with(f.name, f.val)
	}
	kept := r.attrs[:0]
	encoded := r.out[:start]
	for _, f := range last {
		a := attribute{name: []byte(f.name), start: len(encoded)}
		encoded = appendName(encoded, r.names, a.name)
		a.value = len(encoded)
		encoded = appendValue(encoded, f.val)
		a.end = len(encoded)
		kept = append(kept, a)
	}
	r.out, r.attrs, r.size = encoded, kept, last.size()
}

// attribute answers the encoded value of one attribute of the item last read.
func (r *attributeReader) attribute(name string) (encoded []byte, ok bool) {
	for i := range r.attrs {
		if string(r.attrs[i].name) == name {
			return r.out[r.attrs[i].value:r.attrs[i].end], true
		}
	}
	return nil, false
}

// value reads one attribute value, {"TYPE": ...}, appends it and answers its size. depth counts
// the lists and maps around it, the item included.
func (r *attributeReader) value(depth int) (size int) {
	r.open('{')
	first := true
	types := 0
	for {
		name, ok := r.member(&first)
		if !ok {
			break
		}
		if r.null() {
			continue // a type with null is a type not given
		}
		k, known := wireKinds[string(name)]
		if !known {
			r.skip()
			continue
		}
		if types++; types > 1 {
			r.fail(validationError("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"))
			break
		}
		size = r.typed(k, depth)
	}
	if types == 0 && r.err == nil {
		r.fail(validationError("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"))
	}
	return size
}

var wireKinds = map[string]kind{
	"S": kindString, "N": kindNumber, "B": kindBinary,
	"SS": kindStringSet, "NS": kindNumberSet, "BS": kindBinarySet,
	"BOOL": kindTrue, "NULL": kindNull, "L": kindList, "M": kindMap,
}

// typed reads what stands behind the name of the type.
func (r *attributeReader) typed(k kind, depth int) (size int) {
	switch k {
	case kindString:
		s := r.string()
		r.out = appendBytes(append(r.out, byte(k)), s)
		return len(s)
	case kindNumber:
		return r.number(r.string())
	case kindBinary:
		b := r.binary()
		r.out = appendBytes(append(r.out, byte(k)), b)
		return len(b)
	case kindStringSet, kindNumberSet, kindBinarySet:
		return r.set(k)
	case kindTrue:
		r.out = append(r.out, byte(boolValue(r.boolean()).kind))
		return 1
	case kindNull:
		if !r.boolean() {
			r.fail(invalidParameter("Null attribute value types must have the value of true"))
		}
		r.out = append(r.out, byte(kindNull))
		return 1
	case kindList:
		return r.list(depth + 1)
	}
	return r.mapping(depth + 1)
}

func (r *attributeReader) number(text []byte) (size int) {
	if r.err != nil {
		return 0
	}
	d, err := parseDecimal(text, r.buf[:0])
	if err != nil {
		r.fail(err)
		return 0
	}
	r.out = append(r.out, byte(kindNumber))
	at := len(r.out)
	r.out = append(r.out, 0) // a number's text is at most 167 bytes: see the check below
	r.out = d.appendText(r.out)
	if n := len(r.out) - at - 1; n < 0x80 {
		r.out[at] = byte(n)
	} else {
		text := string(r.out[at+1:])
		r.out = appendBytes(r.out[:at], text)
	}
	return d.size()
}

func (r *attributeReader) binary() []byte {
	text := r.string()
	if r.err != nil {
		return nil
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(out, text)
	switch {
	case len(text)%4 != 0:
		r.fail(serializationError("Base64 encoded length is expected a multiple of 4 bytes but found: " + strconv.Itoa(len(text))))
	case err != nil || bytes.ContainsAny(text, "\r\n"):
		r.fail(serializationError("Invalid Base64 character"))
	}
	return out[:n]
}

func (r *attributeReader) set(k kind) (size int) {
	var members []string
	r.open('[')
	first := true
	for r.element(&first) {
		if r.null() {
			r.fail(invalidParameter("An %s set may not have a null string as a member", setNames[k]))
			return 0
		}
		switch k {
		case kindStringSet:
			members = append(members, string(r.string()))
		case kindBinarySet:
			members = append(members, string(r.binary()))
		default:
			text := r.string()
			if r.err != nil {
				return 0
			}
			d, err := parseDecimal(text, r.buf[:0])
			if err != nil {
				r.fail(err)
				return 0
			}
			members = append(members, string(d.appendText(nil)))
		}
	}
	if r.err != nil {
		return 0
	}
	if len(members) == 0 {
		if k == kindBinarySet {
			r.fail(invalidParameter("Binary sets should not be empty"))
		} else {
			r.fail(invalidParameter("An %s set  may not be empty", setNames[k]))
		}
		return 0
	}
	given := slices.Clone(members)
	sortSet(k, members)
	if len(slices.Compact(slices.Clone(members))) < len(members) {
		r.fail(duplicateMembers(k, given))
		return 0
	}
	v := value{kind: k, set: members}
	r.out = appendValue(r.out, v)
	return v.size()
}

var setNames = map[kind]string{kindStringSet: "string", kindNumberSet: "number", kindBinarySet: "binary"}

func duplicateMembers(k kind, given []string) *apiError {
	switch k {
	case kindStringSet:
		return invalidParameter("Input collection [%s] contains duplicates.", strings.Join(given, ", "))
	case kindNumberSet:
		return validationError("Input collection contains duplicates")
	}
	return invalidParameter("Input collection of type BS contains duplicates.")
}

func (r *attributeReader) list(depth int) (size int) {
	if !r.checkDepth(depth) {
		return 0
	}
	size = containerSize
	at := r.beginCount(kindList)
	count := 0
	r.open('[')
	first := true
	for r.element(&first) {
		if r.null() {
			r.fail(validationError("The supplied Item contains a null AttributeValue"))
			return 0
		}
		count++
		size += 1 + r.value(depth)
	}
	r.endCount(at, count)
	return size
}

func (r *attributeReader) mapping(depth int) (size int) {
	if !r.checkDepth(depth) {
		return 0
	}
	size = containerSize
	at := r.beginCount(kindMap)
	count, repeated := 0, false
	var seen nameSet
	r.open('{')
	first := true
	for {
		name, ok := r.member(&first)
		if !ok {
			break
		}
		r.checkName(name)
		if r.null() {
			r.fail(validationErrorf("The supplied Item contains a null AttributeValue: %s is null", name))
			return 0
		}
		repeated = !seen.add(name) || repeated
		count++
		r.out = appendBytes(r.out, name)
		size += 1 + len(name) + r.value(depth)
	}
	r.endCount(at, count)
	if repeated && r.err == nil {
		size = r.dropRepeatedMembers(at - 1)
	}
	return size
}

// dropRepeatedMembers lets the last of equal names in the map that starts at start win.
func (r *attributeReader) dropRepeatedMembers(start int) (size int) {
	reader := itemReader{data: r.out[start:]}
	v := reader.value()
	last := v.fields[:0:0]
	for _, f := range v.fields {
		last = last.with(f.name, f.val)
	}
	v.fields = last
	r.out = appendValue(r.out[:start], v)
	return v.size()
}

func (r *attributeReader) checkDepth(depth int) bool {
	if depth > maxNesting {
		r.fail(errNesting)
		return false
	}
	return r.err == nil
}

var errNesting = validationError("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")

// beginCount starts a container whose number of members is not known yet and answers the place of
// that number.
func (r *attributeReader) beginCount(k kind) (at int) {
	r.out = append(r.out, byte(k))
	return len(r.out)
}

func (r *attributeReader) endCount(at, count int) {
	if r.err != nil {
		return
	}
	var head [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(head[:], uint64(count))
	r.out = slices.Insert(r.out, at, head[:n]...)
}
