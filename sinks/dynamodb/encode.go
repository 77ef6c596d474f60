package dynamodb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"sluice/connect"
)

// encoder turns a record into what is sent for it. It is a pure function of the record and the settings, kept in a value only for its
// buffers; one goroutine uses it.
//
// What is written follows the body shapes of Camel's sink. A record's value is one object. If it has a member "key", that is the map of key
// attributes, otherwise the whole value is; if it has a member "item", that is the map of all attributes, otherwise
// the map of key attributes is. PutItem writes the item, DeleteItem deletes the key. So a plain object is its own item, and a
// business record that happens to have a field called key or item is unwrapped, exactly as by Camel.
type encoder struct {
	table    *table
	settings *settings

	writer itemWriter
	reader jsonReader
	plan   *plan
	now    func() time.Time
	op     operation // what is done for the record
	key    []byte
}

func newEncoder(t *table, s *settings) *encoder {
	e := &encoder{table: t, settings: s, now: time.Now}
	e.writer.rules = s.mapping.rules
	e.writer.plain = s.mapping.rules == valueRules{}
	names := make([]string, t.keys)
	for i := range names {
		names[i] = t.attributes[i].name
	}
	e.plan = s.mapping.plan.keeping(names)
	return e
}

// encode returns the item (or, to delete, its key attributes) in DynamoDB's JSON, and the primary key in canonical form. Both are valid until
// the next call. An error is a [*connect.DataError] that names the table and, where there is one, the attribute.
func (e *encoder) encode(r *connect.SinkRecord) (item, key []byte, err error) {
	return e.encodeFor(r, e.settings.operation)
}

// encodeFor is encode for a record whose operation is known. Of a record to delete, attributes besides the key are returned too, unless they are
// refused.
func (e *encoder) encodeFor(r *connect.SinkRecord, op operation) (item, key []byte, err error) {
	e.op = op
	e.writer.nullsGo = (op == upsertItem || op == updateItem) && e.settings.handling.updateNull != setNull
	e.writer.reset(e.table)
	if err := e.read(r.Value); err != nil {
		return nil, nil, e.dataError(r, err)
	}
	if !e.settings.mapping.derived.none() {
		if err := e.derive(r); err != nil {
			return nil, nil, e.dataError(r, err)
		}
	}
	e.writer.closeItem()
	e.writer.shrink(e.settings.mapping.tooLarge)
	if err := e.check(); err != nil {
		return nil, nil, err
	}
	e.key = e.writer.appendKey(e.key[:0])
	return e.writer.out, e.key, nil
}

// check returns the first rule that the finished item breaks. To delete, its key is all that has to be right.
func (e *encoder) check() error {
	switch {
	case e.op != deleteItem:
		return e.writer.check()
	case e.settings.handling.onlyKey:
		if err := e.writer.check(); err != nil {
			return err
		}
		return e.checkOnlyKey()
	}
	return e.writer.checkKey()
}

// encodeRecordKey is encode for a record without a value: the item is the key that the record's key says, and nothing else.
func (e *encoder) encodeRecordKey(r *connect.SinkRecord) (item, key []byte, err error) {
	e.writer.reset(e.table)
	e.writer.openItem()
	defer e.writer.exactly()()
	if err := e.deriveKey(r, true); err != nil {
		return nil, nil, e.dataError(r, err)
	}
	e.writer.closeItem()
	if err := e.writer.checkKey(); err != nil {
		return nil, nil, err
	}
	e.key = e.writer.appendKey(e.key[:0])
	return e.writer.out, e.key, nil
}

// read writes the fields of the item that a record's value says.
func (e *encoder) read(v any) error {
	if e.settings.mapping.input == typedInput {
		return e.encodeTyped(v)
	}
	switch v := v.(type) {
	case connect.RawJSON:
		return e.encodeText(v)
	case string, []byte:
		return e.encodeOpaque(v)
	}
	return e.encodeValue(v)
}

// encodeText reads JSON text in one pass; only an envelope with "key" or "item" is read a second time, from inside.
func (e *encoder) encodeText(text []byte) error {
	if err := e.reader.readItem(text, &e.writer, e.plan); err != nil {
		return err
	}
	if e.settings.mapping.body != camelBody {
		return nil
	}
	key, item := e.reader.key, e.reader.item
	if !key.given() && !item.given() {
		return nil
	}
	for _, s := range []span{key, item} {
		if s.given() && text[s.start] != '{' {
			return errNotObject
		}
	}
	chosen := e.choose(key.given(), item.given())
	if chosen == wholeBody {
		return nil
	}
	s := item
	if chosen == keyMember {
		s = key
	}
	e.writer.reset(e.table)
	err := e.reader.readItem(text[s.start:s.end], &e.writer, e.plan)
	if err == nil && chosen == bothMembers {
		err = e.reader.readMore(text[key.start:key.end], &e.writer, e.plan)
	}
	return err
}

// encodeOpaque reads a value that came through a converter for strings or bytes. Camel's sink reads it as JSON text, unless it is told to
// marshal it first, which leaves a JSON string and no object.
func (e *encoder) encodeOpaque(v any) error {
	text, ok := v.([]byte)
	if !ok {
		text = []byte(v.(string))
	}
	if e.settings.marshal {
		return errNotObject
	}
	if !utf8.Valid(text) || !json.Valid(text) {
		return errNotJSON
	}
	return e.encodeText(bytes.TrimSpace(text))
}

func (e *encoder) encodeValue(v any) error {
	if !isObject(v) {
		return errNotObject
	}
	values := valueReader{&e.writer, e.settings.mapping.times}
	if e.settings.mapping.body != camelBody {
		return values.readItem(v, e.plan)
	}
	key, keyGiven := member(v, "key")
	item, itemGiven := member(v, "item")
	for _, m := range []struct {
		v     any
		given bool
	}{{key, keyGiven}, {item, itemGiven}} {
		if m.given && !isObject(m.v) {
			return errNotObject
		}
	}
	switch e.choose(keyGiven, itemGiven) {
	case keyMember:
		v = key
	case itemMember:
		v = item
	case bothMembers:
		if err := values.readItem(item, e.plan); err != nil {
			return err
		}
		return values.members(key, e.plan)
	}
	return values.readItem(v, e.plan)
}

// shape is the part of a record's value that is sent.
type shape int

const (
	wholeBody shape = iota
	keyMember
	itemMember
	bothMembers // to update: the item's attributes and, over them, the key's
)

func (e *encoder) choose(key, item bool) shape {
	switch {
	case item && key && (e.op == upsertItem || e.op == updateItem):
		return bothMembers
	case item && (e.op == putItem || e.op == insertItem):
		return itemMember
	case key:
		return keyMember
	}
	return wholeBody
}

// checkOnlyKey refuses attributes besides the key, as the service does for a delete.
func (e *encoder) checkOnlyKey() error {
	var attributes map[string]json.RawMessage
	if err := json.Unmarshal(e.writer.out, &attributes); err != nil {
		return fmt.Errorf("read the key that was written: %w", err)
	}
	if len(attributes) > e.table.keys {
		return connect.NewDataError("table %q: to delete an item the record must hold its key %s and nothing else, found %d attributes",
			e.table.name, e.table.keyNames(), len(attributes))
	}
	return nil
}

// dataError names what stands where an item was expected.
func (e *encoder) dataError(r *connect.SinkRecord, err error) error {
	var data *connect.DataError
	switch {
	case errors.As(err, &data):
		return data
	case errors.Is(err, errNotObject):
		return connect.NewDataError("table %q: the record's value, and its members \"key\" and \"item\" if it has them, must be JSON objects, found %s", e.table.name, e.found(r.Value))
	case errors.Is(err, errNotJSON):
		return connect.NewDataError("table %q: the record's value must be a JSON object, found text that is not JSON", e.table.name)
	case errors.Is(err, errTooDeep):
		return connect.NewDataError("table %q, attribute %q: %s", e.table.name, e.writer.topLevelName(len(e.writer.out)), tooDeep)
	}
	return connect.NewDataError("table %q, attribute %q: %v", e.table.name, e.writer.topLevelName(len(e.writer.out)), err)
}

// found says what a record's value is, without showing it.
func (e *encoder) found(v any) string {
	switch v := v.(type) {
	case nil:
		return "no value (a tombstone)"
	case connect.RawJSON:
		if e.reader.key.given() || e.reader.item.given() {
			return "a member that is none"
		}
		return "JSON " + jsonKind(v)
	case string:
		return "a string"
	case []byte:
		return "bytes"
	case bool:
		return "a boolean"
	case int8, int16, int32, int64, float32, float64, connect.Decimal:
		return "a number"
	case []any:
		return "an array"
	case time.Time:
		return "a time"
	case map[string]any, *connect.Struct:
		return "a member that is none"
	default:
		return fmt.Sprintf("a value of type %T", v)
	}
}

func jsonKind(text []byte) string {
	if len(text) == 0 {
		return "text that is empty"
	}
	switch text[0] {
	case '"':
		return "string"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// isObject reports whether a Connect value has named members.
func isObject(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return v != nil
	case *connect.Struct:
		return v != nil
	case connect.RawJSON:
		return len(v) > 0 && v[0] == '{'
	}
	return false
}

// member returns a member of a map or struct, and whether there is one.
func member(v any, name string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		m, ok := v[name]
		return m, ok
	case *connect.Struct:
		m, ok := v.Get(name)
		return m, ok && m != nil // an optional field that is not set is as good as absent
	}
	return nil, false
}
