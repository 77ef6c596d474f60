package dynamodb

import (
	"fmt"
	"strconv"
	"strings"

	"sluice/connect"
)

// operation is what is done for a record.
type operation uint8

const (
	putItem    operation = iota // the item is replaced
	deleteItem                  // the item of the record's key is deleted
	upsertItem                  // the record's attributes are set, the item's others stay; the item is made if it is missing
	updateItem                  // the same, but only if the item exists
	insertItem                  // the item is made, but only if it is missing
)

// camelOperations are the names of operations in Camel's sink.
var camelOperations = map[string]operation{"PutItem": putItem, "DeleteItem": deleteItem, "UpdateItem": upsertItem}

// operationOf reads what a record asks for: the name of an operation, ours or Camel's, or the code of a change event: c(reate), r(ead), u(pdate),
// for which usual is done, or d(elete).
func operationOf(name string, usual operation) (operation, bool) {
	if op, ok := camelOperations[name]; ok {
		return op, true
	}
	switch strings.ToLower(name) {
	case "c", "r", "u":
		return usual, true
	case "d", "delete":
		return deleteItem, true
	case "put":
		return putItem, true
	case "upsert":
		return upsertItem, true
	case "update":
		return updateItem, true
	case "insert":
		return insertItem, true
	}
	return 0, false
}

// nullFate is what an update does with attributes that are null.
type nullFate uint8

const (
	setNull    nullFate = iota // they are set to NULL
	removeNull                 // they are removed from the item
	ignoreNull                 // they stay as they are
)

// tombstoneFate is what is done for a record without a value.
type tombstoneFate uint8

const (
	tombstoneFails   tombstoneFate = iota // it is a bad record
	tombstoneDeletes                      // the item of the record's key is deleted
	tombstoneIgnored
	tombstoneUpserts // an item that has the record's key and nothing else is put
)

// writeAPI says which of the service's calls are used.
type writeAPI uint8

const (
	autoAPI     writeAPI = iota // batches of puts and deletes, and a call for each record that asks for more
	singleAPI                   // a call for each record
	partiqlAPI                  // as auto, but statements in batches for what one statement can say
	transactAPI                 // each batch as a whole or not at all
)

// handling is what is done for records, beside what their items are.
type handling struct {
	onlyKey bool // a record whose item is to be deleted has the key and nothing else, as Camel's sink wants it

	operationField  []string // path of the member of a value that names the record's operation; nil: none
	operationHeader string   // likewise, of a header; "": none

	tombstones tombstoneFate
	updateNull nullFate
	condition  condition
	api        writeAPI
}

// composer makes writes of records: it decides what is done for a record and has the encoder read it. One goroutine uses it.
type composer struct {
	settings *settings
	encoder  *encoder
}

// compose returns the write for a record and the canonical key of its item, which is valid until the next call. No write means that there is nothing
// to do. An error wraps a [*connect.DataError], and says which table and operation it is about.
func (c *composer) compose(r *connect.SinkRecord) (*write, []byte, error) {
	table := c.encoder.table.name
	if err := c.encoder.checkHeaders(r); err != nil {
		return nil, nil, placed(err, table, "")
	}
	if r.Value == nil && c.settings.handling.tombstones != tombstoneFails {
		return c.tombstone(r)
	}
	if c.settings.mapping.body == debeziumBody && r.Value != nil {
		return c.change(r)
	}
	op, err := c.operation(r)
	if err != nil {
		return nil, nil, placed(err, table, "")
	}
	item, key, err := c.encoder.encodeFor(r, op)
	if err != nil {
		return nil, nil, placed(err, table, operationNames[op])
	}
	w, err := c.write(r, op, item)
	return w, key, placed(err, table, operationNames[op])
}

// operation returns what is done for a record that has a value.
func (c *composer) operation(r *connect.SinkRecord) (operation, error) {
	h := &c.settings.handling
	table, usual := c.encoder.table.name, c.settings.operation
	if h.operationHeader != "" {
		for i := len(r.Headers) - 1; i >= 0; i-- {
			if r.Headers[i].Key != h.operationHeader {
				continue
			}
			name, ok := textOf(r.Headers[i].Value)
			op, known := operationOf(name, usual)
			if !ok || !known {
				return 0, connect.NewDataError("table %q: the record's header %q must name an operation (put, upsert, update, insert, delete, or c, r, u, d), found %q", table, h.operationHeader, name)
			}
			return op, nil
		}
	}
	if h.operationField != nil {
		v, given := lookUp(r.Value, h.operationField)
		if raw, ok := v.(connect.RawJSON); !given || ok && string(raw) == "null" {
			return usual, nil
		}
		name, ok := textOf(v)
		op, known := operationOf(name, usual)
		if !ok || !known {
			return 0, connect.NewDataError("table %q: the record's member %q must name an operation (put, upsert, update, insert, delete, or c, r, u, d), found %q",
				table, strings.Join(h.operationField, "."), name)
		}
		return op, nil
	}
	return usual, nil
}

func (c *composer) tombstone(r *connect.SinkRecord) (*write, []byte, error) {
	if c.settings.handling.tombstones == tombstoneIgnored {
		return nil, nil, nil
	}
	op := deleteItem
	if c.settings.handling.tombstones == tombstoneUpserts {
		op = putItem
	}
	return c.byRecordKey(r, op)
}

// byRecordKey makes the write of an item that has the attributes of the record's key and nothing else.
func (c *composer) byRecordKey(r *connect.SinkRecord, op operation) (*write, []byte, error) {
	item, key, err := c.encoder.encodeRecordKey(r)
	if err != nil {
		return nil, nil, placed(err, c.encoder.table.name, operationNames[op])
	}
	w, err := c.write(r, op, item)
	return w, key, placed(err, c.encoder.table.name, operationNames[op])
}

// write makes the write of an encoded item.
func (c *composer) write(r *connect.SinkRecord, op operation, item []byte) (*write, error) {
	h := &c.settings.handling
	if !h.condition.applies(op) && h.api == autoAPI && op == putItem { // the usual case
		w := newWrite(r, item)
		w.units = writeUnits(c.encoder.writer.size)
		return w, nil
	}
	v, item, err := h.condition.version(r, op, item, c.encoder.table.name)
	if err != nil {
		return nil, err
	}
	if size := c.encoder.writer.size + maxVersionSize; h.condition.fromKafka() && op != deleteItem && size > maxItemSize {
		return nil, connect.NewDataError("table %q: an item may have at most %d bytes, found %d with its version", c.encoder.table.name, maxItemSize, size)
	}
	if err := h.condition.check(item, c.encoder.table.name, op); err != nil {
		return nil, err
	}
	conditional := h.condition.applies(op) || op == insertItem || op == updateItem
	route := h.route(op, conditional, item)
	if op == deleteItem && !conditional {
		item = c.encoder.table.keyText(item)
	}
	w := newWrite(r, item)
	w.op, w.route, w.version, w.units = op, route, v, writeUnits(c.encoder.writer.size)
	w.overwrites = op == deleteItem || op == putItem
	if conditional {
		w.overwrites = w.overwrites && h.condition.kind == newerWins
		w.judged = c.settings.policy.onUnmet != skip
	}
	return w, nil
}

// route chooses the call for an operation. DESIGN.md has the reasons.
func (h *handling) route(op operation, conditional bool, item []byte) route {
	switch {
	case h.api == transactAPI:
		return transactRoute
	case h.api == singleAPI:
		return singleRoute
	case !conditional && (op == putItem || op == deleteItem):
		return batchRoute
	case h.api == partiqlAPI && h.states(op) && statementSize(item) <= maxStatement:
		return statementRoute
	}
	return singleRoute
}

// states reports whether one PartiQL statement says what the operation does. UPDATE changes only an item that is there, and INSERT makes only one
// that is not; no statement replaces an item, or makes one if need be.
func (h *handling) states(op operation) bool {
	switch op {
	case insertItem:
		return h.condition.kind == noCondition || h.condition.kind == insertOnly
	case putItem:
		return h.condition.kind == insertOnly
	case updateItem:
		return h.condition.kind == noCondition
	}
	return false
}

// textOf returns a text, given as a Connect value or as a header's bytes.
func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	case connect.RawJSON:
		if len(v) >= 2 && v[0] == '"' {
			return string(appendUnescaped(nil, v[1:len(v)-1])), true
		}
		return string(v), false
	}
	return fmt.Sprint(v), false
}

// offsetVersion and timestampVersion stand, as the version's name, for the record's place in Kafka. The attribute has that name then.
const (
	offsetVersion    = "__offset"
	timestampVersion = "__timestamp"
)

// maxVersionSize is the size of such an attribute, from above: its name, and a number of up to 19 digits with a minus.
const maxVersionSize = len(timestampVersion) + 12

// kafkaVersion returns the number that stands for a record's place.
func kafkaVersion(r *connect.SinkRecord, name string) string {
	if name == offsetVersion {
		return strconv.FormatInt(r.Offset, 10)
	}
	return strconv.FormatInt(r.Timestamp, 10)
}
