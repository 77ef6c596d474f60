package avro_test

import (
	"errors"
	"testing"

	"sluice/connect"
	"sluice/connect/avro"
)

// fuzzSchema has every type.
const fuzzSchema = `{"type":"record","name":"All","fields":[
	{"name":"next","type":["null","All"]},{"name":"union","type":["null","int","string",{"type":"fixed","name":"F","size":3}]},
	{"name":"array","type":{"type":"array","items":["null",{"type":"map","values":"All"}]}},
	{"name":"empty","type":{"type":"array","items":{"type":"record","name":"E","fields":[]}}},
	{"name":"entries","type":{"type":"array","items":{"type":"record","name":"MapEntry","namespace":"io.confluent.connect.avro","fields":[{"name":"key","type":"long"},{"name":"value","type":"bytes"}]}}},
	{"name":"decimal","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},{"name":"enum","type":{"type":"enum","name":"N","symbols":["A","B"]}},
	{"name":"date","type":{"type":"int","logicalType":"date"}},{"name":"time","type":{"type":"int","logicalType":"time-millis"}},
	{"name":"ts","type":{"type":"long","logicalType":"timestamp-millis"}},{"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"b","type":"boolean"}]}`

// Whatever the bytes are, they are a value that can be written again, or bad data.
func FuzzData(f *testing.F) {
	s := newStub(f, nil)
	s.add(1, "t-value", fuzzSchema)
	c := newConverter(f, s)
	f.Add([]byte{0, 0, 0, 0, 0, 2, 5, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{2, 0, 2, 4, 4, 2, 0, 0, 3, 8, 0, 0, 0})
	f.Add([]byte{0, 4, 2, 'x', 1, 2, 2, 2, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := c.ToConnect("t", nil, message(1, data...))
		if err != nil {
			var bad *connect.DataError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want bad data", err)
			}
			return
		}
		if _, err := c.FromConnect("t", got); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	})
}

// Whatever a registry says is a schema, it is used or refused.
func FuzzSchema(f *testing.F) {
	f.Add(fuzzSchema, []byte{0})
	f.Add(`["null",{"type":"bytes","logicalType":"decimal","scale":3}]`, []byte{2, 2, 1})
	f.Add(`{"type":"int","connect.parameters":{"a":"b"},"connect.default":1,"connect.version":2}`, []byte{2})
	f.Add(`{"type":"record","name":"A","fields":[{"name":"a","type":{"type":"record","name":"B","fields":[]},"default":{}}]}`, []byte{})
	f.Fuzz(func(t *testing.T, schema string, data []byte) {
		if v, err := avro.ReadWith(schema, data); err != nil && err.Error() == "" {
			t.Errorf("got %v and an error without a text", v)
		}
	})
}
