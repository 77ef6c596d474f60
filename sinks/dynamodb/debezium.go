package dynamodb

import (
	"strings"

	"sluice/connect"
)

// change is a change event as Debezium makes it of a row: {"op":"u","before":{…},"after":{…},"source":{…},"ts_ms":…}. What it says is done for the row
// that it holds, as if that were the record's value.
type change struct {
	op  string
	row any // after, or before where the row was deleted; nil: there is none
}

// Codes of operations. Of the others c(reate), r(ead, by a snapshot) and u(pdate) hold a row to be written.
const (
	rowDeleted     = "d"
	tableTruncated = "t"
	ownMessage     = "m" // of an application, by the database's log
)

// readChange reads the envelope of a change event. The error is one of the record's data.
func readChange(r *connect.SinkRecord) (change, error) {
	v, given := lookUp(r.Value, []string{"op"})
	code, ok := textOf(v)
	if !given || !ok {
		return change{}, connect.NewDataError("the record's value must be a change event of Debezium, with the members op, before and after: its op must be a text, found %s", foundMember(v, given))
	}
	c := change{op: code}
	name := "after"
	switch code {
	case tableTruncated, ownMessage:
		return c, nil
	case rowDeleted:
		name = "before"
	case "c", "r", "u":
	default:
		return change{}, connect.NewDataError("the op of the change event must be c, r, u, d, t or m, found %q", code)
	}
	row, given := lookUp(r.Value, []string{name})
	raw, text := row.(connect.RawJSON)
	switch absent := !given || text && string(raw) == "null"; {
	case isObject(row):
		c.row = row
	case !absent || code != rowDeleted:
		return change{}, connect.NewDataError("the member %q of the change event must be an object for op %q, found %s", name, code, foundMember(row, given))
	}
	return c, nil
}

// foundMember says what a member is, without showing it.
func foundMember(v any, given bool) string {
	if !given {
		return "nothing"
	}
	return tokenOf(v).kind.inWords()
}

// ignored reports whether nothing is done for a change.
func (c *change) ignored() bool { return c.op == tableTruncated || c.op == ownMessage }

// of returns the record with the row as its value.
func (c *change) of(r *connect.SinkRecord) *connect.SinkRecord {
	inner := *r
	inner.Value = c.row
	return &inner
}

// ignores reports whether there is nothing to do for a record, whichever its table.
func (s *settings) ignores(r *connect.SinkRecord) bool {
	if r.Value == nil {
		return s.handling.tombstones == tombstoneIgnored
	}
	if s.mapping.body != debeziumBody {
		return false
	}
	c, err := readChange(r)
	return err == nil && c.ignored()
}

// content returns the record that the item is made of, which is not the record itself where that is a change event.
func (s *settings) content(r *connect.SinkRecord) *connect.SinkRecord {
	if s.mapping.body != debeziumBody || r.Value == nil {
		return r
	}
	if c, err := readChange(r); err == nil {
		return c.of(r)
	}
	return r
}

// change is compose for a change event. A row that was deleted is known by the key in its state before, or, if the event has none, by the record's key.
func (c *composer) change(r *connect.SinkRecord) (*write, []byte, error) {
	table := c.encoder.table.name
	event, err := readChange(r)
	switch {
	case err != nil:
		return nil, nil, placed(connect.NewDataError("table %q: %v", table, err), table, "")
	case event.ignored():
		return nil, nil, nil
	case event.op == rowDeleted && event.row == nil:
		return c.byRecordKey(r, deleteItem)
	}
	op := c.settings.operation
	if event.op == rowDeleted {
		op = deleteItem
	}
	item, key, err := c.encoder.encodeFor(event.of(r), op)
	if err != nil {
		return nil, nil, placed(err, table, operationNames[op])
	}
	w, err := c.write(r, op, item)
	return w, key, placed(err, table, operationNames[op])
}

// checkDebezium refuses what contradicts change events, and has the tombstones that Debezium sends after a deletion ignored, unless the settings say what is
// to be done for them.
func checkDebezium(c connect.Config, s *settings) []*connect.ConfigError {
	if s.mapping.body != debeziumBody {
		return nil
	}
	var errs []*connect.ConfigError
	for _, key := range []string{operationFieldConfig, operationHeaderConfig} {
		if c.Given(key) {
			errs = append(errs, wrongValue(c, key, "has no effect with "+bodyModeConfig+"=debezium, where the event's op counts"))
		}
	}
	if s.mapping.input == typedInput {
		errs = append(errs, wrongValue(c, inputFormatConfig, "contradicts "+bodyModeConfig+"=debezium"))
	}
	if v := s.handling.condition.versionOf; v != "" && !strings.HasPrefix(v, "__") {
		errs = append(errs, wrongValue(c, versionFieldConfig, "must be "+offsetVersion+" or "+timestampVersion+" with "+bodyModeConfig+"=debezium: a row that is deleted has no newer version of its own"))
	}
	if !c.Given(onNullValuesConfig) {
		s.handling.tombstones = tombstoneIgnored
	}
	s.handling.onlyKey = false
	return errs
}
