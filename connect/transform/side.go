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

// withHeader returns the record with one more header. The list of headers is a new one, since another record may share it.
func withHeader(r *connect.SinkRecord, h connect.Header) *connect.SinkRecord {
	r.Headers = append(r.Headers[:len(r.Headers):len(r.Headers)], h)
	return r
}
