package transform

import (
	"bytes"
	"maps"
	"slices"

	"sluice/connect"
	"sluice/internal/jsonobject"
)

// object is a key or value without schema that has fields: the text of a JSON object, or a map. A transform opens it, looks fields up, says what
// becomes of them, and closes it:
//
//	open(value) ─> get, set, take … ─> close() = the new value
//
// What was opened is never changed, since the header, the key or the next try after an error may hold the same. Of a text only the fields that
// were asked for are decoded, and the new text is put together from the old one; if a field is to become what no JSON text stands for, an int32
// say, the object is decoded after all. So a get after a set still returns what was there before.
//
// The zero value is ready to be opened, as often as one likes; it is there to be used again.
type object struct {
	value   any             // as it was given
	text    connect.RawJSON // nil: fields is the object
	fields  map[string]any  // nil: text is the object
	changed map[string]any  // what becomes of fields, nil before the first change
	escapes bool            // the text has backslashes
	indexed bool            // members are those of the text
	members []jsonobject.Member
	edits   []edit
	written []byte // names, as JSON strings, and values of edits
	free    []byte // what is left of a piece of memory for new texts
}

// mostMembers bounds what an object keeps for the next one.
const mostMembers = 1 << 10

// open begins with a value. Anything that is no object, nil included, is a data error.
//
// Kafka: org.apache.kafka.connect.transforms.util.Requirements.requireMap.
func (o *object) open(v any, purpose string) (err error) {
	if cap(o.members) > mostMembers || cap(o.edits) > mostMembers || cap(o.written) > 16*mostMembers {
		o.members, o.edits, o.written = nil, nil, nil
	}
	o.members, o.edits, o.written = o.members[:0], o.edits[:0], o.written[:0]
	o.indexed, o.changed, o.fields, o.text = false, nil, nil, nil
	o.value = v
	if raw, ok := v.(connect.RawJSON); ok && len(raw) > 1 && raw[0] == '{' && raw[len(raw)-1] == '}' {
		o.text, o.escapes = raw, bytes.IndexByte(raw, '\\') >= 0
		return nil
	}
	o.fields, err = requireMap(v, purpose)
	return err
}

// index finds the members of the text. What this package cannot read is left to the decoder, so that afterwards there may be no text.
func (o *object) index() error {
	if o.indexed || o.text == nil {
		return nil
	}
	if o.members, o.indexed = jsonobject.Append(o.members, o.text); !o.indexed {
		return o.decode()
	}
	return nil
}

// find returns the place of the last member with the name, which is the one that counts.
func (o *object) find(name string) int {
	for i := len(o.members) - 1; i >= 0; i-- {
		if o.isNamed(i, name) {
			return i
		}
	}
	return unknown
}

func (o *object) isNamed(member int, name string) bool {
	m := &o.members[member]
	inside := o.text[m.Name:m.NameEnd]
	if !o.escapes {
		return string(inside) == name
	}
	return jsonobject.Is(inside, name)
}

// get returns the value that a field had, nil if there was none.
func (o *object) get(name string) (any, error) {
	raw, v, err := o.lookUp(name)
	if raw != nil {
		return decodeField(raw)
	}
	return v, err
}

// undecoded is get, but what a text had is a [connect.RawJSON].
func (o *object) undecoded(name string) (any, error) {
	raw, v, err := o.lookUp(name)
	if raw != nil {
		return raw, nil
	}
	return v, err
}

// lookUp returns the text of a field, if the object is one, or its value.
func (o *object) lookUp(name string) (connect.RawJSON, any, error) {
	if err := o.index(); err != nil {
		return nil, nil, err
	}
	if o.text == nil {
		return nil, o.fields[name], nil
	}
	if at := o.find(name); at != unknown {
		return o.valueOf(at), nil, nil
	}
	return nil, nil, nil
}

// valueOf returns the text of a member's value, nil for a null.
func (o *object) valueOf(member int) connect.RawJSON {
	m := &o.members[member]
	if o.text[m.Value] == 'n' {
		return nil
	}
	return o.text[m.Value:m.ValueEnd:m.ValueEnd]
}

// set gives a field a value, a new one at the end if there is none of the name.
func (o *object) set(name string, v any) error {
	if o.text != nil {
		if set, err := o.setInText(name, v); set || err != nil {
			return err
		}
	}
	v, err := connect.Decode(v) // what was undecoded stands alone no more
	if err != nil {
		return causedBy(err, err.Error())
	}
	o.change()[name] = v
	return nil
}

// replace sets a field to what becomes of its value, which is nil if there is no such field.
func (o *object) replace(name string, become func(v any) (any, error)) error {
	v, err := o.get(name)
	if err == nil {
		v, err = become(v)
	}
	if err == nil {
		err = o.set(name, v)
	}
	return err
}

// take removes a field. It returns the value, as undecoded does, and whether there was such a field.
func (o *object) take(name string) (value any, found bool, err error) {
	if err := o.index(); err != nil {
		return nil, false, err
	}
	if o.text == nil {
		if value, found = o.fields[name]; found {
			delete(o.change(), name)
		}
		return value, found, nil
	}
	for i := range o.members { // all of them, or an earlier one would count
		if !o.isNamed(i, name) {
			continue
		}
		o.edit(edit{field: name, at: i})
		value, found = nil, true
		if raw := o.valueOf(i); raw != nil {
			value = raw
		}
	}
	return value, found, nil
}

// retain removes all but the named fields.
func (o *object) retain(names []string) error {
	if err := o.index(); err != nil {
		return err
	}
	for name := range o.fields {
		if !slices.Contains(names, name) {
			delete(o.change(), name)
		}
	}
	for i := range o.members {
		if !slices.ContainsFunc(names, func(name string) bool { return o.isNamed(i, name) }) {
			m := &o.members[i]
			o.edit(edit{field: string(jsonobject.AppendText(nil, o.text[m.Name:m.NameEnd])), at: i})
		}
	}
	return nil
}

// change returns the map that changes are made in.
func (o *object) change() map[string]any {
	if o.changed == nil {
		o.changed = make(map[string]any, len(o.fields)+1)
		maps.Copy(o.changed, o.fields)
	}
	return o.changed
}

// decode goes on with a map instead of the text.
func (o *object) decode() (err error) {
	if o.fields, err = requireMap(o.value, ""); err != nil {
		return err
	}
	o.text, o.members = nil, o.members[:0]
	for _, e := range o.edits {
		if e.from == e.to {
			delete(o.change(), e.field)
		} else if o.change()[e.field], err = decodeField(o.written[e.from:e.to]); err != nil {
			return err
		}
	}
	return nil
}

// close returns what has become of the value: the value itself if nothing has.
func (o *object) close() any {
	value := o.value
	switch {
	case o.changed != nil:
		value = o.changed
	case len(o.edits) > 0:
		value = o.rewritten()
	}
	o.value, o.text, o.fields, o.changed = nil, nil, nil, nil
	return value
}
