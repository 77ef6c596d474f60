package transform

import "sluice/connect"

// side is the part of a record that a transform works on.
type side int

const (
	ofValue side = iota
	ofKey
)

// get returns the part's schema, nil without one, and its value.
func (s side) get(r *connect.SinkRecord) (*connect.Schema, any) {
	if s == ofKey {
		return r.KeySchema, r.Key
	}
	return r.ValueSchema, r.Value
}

// set replaces the part and returns the record.
func (s side) set(r *connect.SinkRecord, schema *connect.Schema, value any) *connect.SinkRecord {
	if s == ofKey {
		r.KeySchema, r.Key = schema, value
	} else {
		r.ValueSchema, r.Value = schema, value
	}
	return r
}

// fieldwise is a transform of fields: of an object without a schema, or of a struct.
type fieldwise interface {
	// inObject returns what becomes of a value without a schema, which is not nil.
	inObject(r *connect.SinkRecord, value any) (any, error)
	// schema returns what becomes of the schema of a struct.
	schema(from *connect.Schema) (*connect.Schema, error)
	// inStruct sets the fields of a new struct, which has that schema.
	inStruct(r *connect.SinkRecord, to, from *connect.Struct) error
}

// apply sends the part through a transform of fields. A null is left alone.
func (s side) apply(r *connect.SinkRecord, t fieldwise, schemas *schemaCache, purpose string) (*connect.SinkRecord, error) {
	schema, value := s.get(r)
	switch {
	case value == nil:
		return r, nil
	case schema == nil:
		out, err := t.inObject(r, value)
		if err != nil {
			return nil, err
		}
		return s.set(r, nil, out), nil
	}
	from, err := requireStruct(value, purpose)
	if err != nil {
		return nil, err
	}
	updated, err := schemas.get(from.Schema, t.schema)
	if err != nil {
		return nil, err
	}
	to := connect.NewStruct(updated)
	if err := t.inStruct(r, to, from); err != nil {
		return nil, err
	}
	return s.set(r, updated, to), nil
}

// withHeader returns the record with more headers. The list of headers is a new one, since another record may share it.
func withHeader(r *connect.SinkRecord, h ...connect.Header) *connect.SinkRecord {
	r.Headers = append(r.Headers[:len(r.Headers):len(r.Headers)], h...)
	return r
}
