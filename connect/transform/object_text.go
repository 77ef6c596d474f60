package transform

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"sluice/connect"
	"sluice/internal/jsonobject"
)

// edit is what becomes of one field of a text.
type edit struct {
	field          string
	at             int // the member that it is about, unknown for a new one
	name, from, to int // the name and the new value in written; from and to are the same if the field is removed
}

// unknown is the place of a member that the text does not have: behind all others.
const unknown = math.MaxInt

// setInText reports false if the object had to be decoded.
func (o *object) setInText(name string, v any) (bool, error) {
	e := edit{field: name, at: unknown, name: len(o.written)}
	if !utf8.ValidString(name) {
		return false, o.decode()
	}
	o.written = jsonobject.AppendString(o.written, name)
	if o.indexed || o.escapes || bytes.Contains(o.text, o.written[e.name+1:]) { // else the name is new without a closer look
		if err := o.index(); err != nil || o.text == nil {
			return false, err
		}
		e.at = o.find(name)
	}
	e.from = len(o.written)
	var ok bool
	if o.written, ok = appendJSON(o.written, v); !ok {
		return false, o.decode()
	}
	e.to = len(o.written)
	o.edit(e)
	return true, nil
}

// quote makes a string of a field of the text that is a whole number, by its digits; a string stays what it is. It reports false, and does nothing, if
// that is not what Java's text of the value would be, or not sure to be.
func (o *object) quote(name string) bool {
	if o.index() != nil || o.text == nil {
		return false
	}
	at := o.find(name)
	if at == unknown {
		return false
	}
	raw := o.valueOf(at)
	if len(raw) > 0 && raw[0] == '"' {
		return true
	}
	digits := bytes.TrimPrefix(raw, []byte("-"))
	if len(digits) == 0 || len(digits) > len("999999999999999999") || digits[0] == '0' {
		return false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
	}
	e := edit{field: name, at: at, name: len(o.written)}
	o.written = jsonobject.AppendString(o.written, name)
	e.from = len(o.written)
	o.written = append(append(append(o.written, '"'), raw...), '"')
	e.to = len(o.written)
	o.edit(e)
	return true
}

// edit notes an edit in the order of the text. It takes the place of an earlier one of the same field.
func (o *object) edit(e edit) {
	i := len(o.edits)
	for i > 0 && o.edits[i-1].at > e.at {
		i--
	}
	for k := i; k > 0 && o.edits[k-1].at == e.at; k-- { // new fields are all at the same place
		if o.edits[k-1].field == e.field {
			o.edits[k-1] = e
			return
		}
	}
	if o.edits = append(o.edits, e); i < len(o.edits)-1 {
		copy(o.edits[i+1:], o.edits[i:])
		o.edits[i] = e
	}
}

// rewritten returns the text with its edits.
func (o *object) rewritten() connect.RawJSON {
	size := len(o.text)
	for _, e := range o.edits {
		size += e.to - e.name + len(`,:`)
	}
	out := append(o.room(size), '{')
	next := 0 // the member that comes next
	copyUntil := func(member int) {
		if next < member {
			out = comma(out)
			out = append(out, o.text[o.members[next].Name-1:o.members[member-1].ValueEnd]...)
		}
		next = member
	}
	if !o.indexed { // there are new fields only
		out = append(out, bytes.TrimRight(o.text[1:len(o.text)-1], " \t\r\n")...)
	}
	for _, e := range o.edits {
		copyUntil(min(e.at, len(o.members)))
		if e.from < e.to {
			out = append(comma(out), o.written[e.name:e.from]...)
			out = append(out, ':')
			out = append(out, o.written[e.from:e.to]...)
		}
		if e.at != unknown {
			next++
		}
	}
	copyUntil(len(o.members))
	return append(out, '}')
}

// Texts of up to longestShared bytes stand in pieces of memory of roomSize, one after the other: a record that is kept keeps no more than that.
const (
	roomSize      = 8 << 10
	longestShared = roomSize / 8
)

// room returns an empty slice with the capacity for a text.
func (o *object) room(size int) []byte {
	if size > longestShared {
		return make([]byte, 0, size)
	}
	if len(o.free) < size {
		o.free = make([]byte, roomSize)
	}
	out := o.free[:0:size]
	o.free = o.free[size:]
	return out
}

// comma appends what stands between members.
func comma(out []byte) []byte {
	if len(out) > 1 {
		return append(out, ',')
	}
	return out
}

// appendJSON appends the JSON text that is decoded to exactly the given value. It reports false if there is none.
func appendJSON(out []byte, v any) ([]byte, bool) {
	switch v := v.(type) {
	case nil:
		return append(out, "null"...), true
	case bool:
		return strconv.AppendBool(out, v), true
	case string:
		if !utf8.ValidString(v) {
			return out, false
		}
		return jsonobject.AppendString(out, v), true
	case int64:
		return strconv.AppendInt(out, v, 10), true
	case float64:
		if math.IsInf(v, 0) || math.IsNaN(v) || v == 0 && math.Signbit(v) {
			return out, false
		}
		from := len(out)
		out = strconv.AppendFloat(out, v, 'g', -1, 64)
		if !slices.ContainsFunc(out[from:], func(c byte) bool { return c == '.' || c == 'e' }) {
			out = append(out, ".0"...) // without it the number would be a whole one
		}
		return out, true
	case connect.RawJSON:
		return append(out, v...), true
	case []any:
		return append(out, "[]"...), len(v) == 0
	case map[string]any:
		return append(out, "{}"...), len(v) == 0
	}
	return out, false
}

// decodeField decodes the text of a field. It knows the usual ones without the help of [connect.RawJSON.Decode].
func decodeField(raw connect.RawJSON) (any, error) {
	switch c := raw[0]; {
	case c == '"':
		inside := raw[1 : len(raw)-1]
		if bytes.IndexByte(inside, '\\') < 0 {
			return string(inside), nil
		}
		return string(jsonobject.AppendText(make([]byte, 0, len(inside)), inside)), nil
	case c >= '1' && c <= '9':
		if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
			return n, nil
		}
	}
	v, err := raw.Decode()
	if err != nil {
		return nil, causedBy(err, err.Error())
	}
	return v, nil
}
