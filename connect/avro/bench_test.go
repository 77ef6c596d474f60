package avro_test

import (
	"testing"

	"sluice/connect"
)

// flaggedSchema is that of a flagged transaction, a record of eleven fields.
const flaggedSchema = `{"type":"record","name":"Flagged","fields":[{"name":"transaction_id","type":"string"},{"name":"account_id","type":"string"},
	{"name":"amount","type":"double"},{"name":"currency","type":"string"},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}},
	{"name":"country","type":["null","string"]},{"name":"score","type":"int"},{"name":"reason","type":"string"},{"name":"seen","type":"long"},
	{"name":"blocked","type":"boolean"},{"name":"tags","type":{"type":"array","items":"string"}}]}`

func flagged() []byte {
	var data []byte
	data = append(data, text("txn-0000000123456789")...)
	data = append(data, text("account-00012345")...)
	data = append(data, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f)
	data = append(data, text("EUR")...)
	data = append(data, 0xf6, 0xa1, 0xf7, 0xaf, 0xf9, 0x62, 2)
	data = append(data, text("DE")...)
	data = append(data, 0x80, 0x05)
	data = append(data, text("velocity: six in a minute")...)
	data = append(data, 0xf6, 0xa1, 0xf7, 0xaf, 0xf9, 0x62, 1, 4)
	data = append(data, text("new")...)
	data = append(data, text("abroad")...)
	return message(1, append(data, 0)...)
}

func BenchmarkToConnect(b *testing.B) {
	s := newStub(b, nil)
	s.add(1, "t-value", flaggedSchema)
	c := newConverter(b, s)
	data := flagged()
	if _, err := c.ToConnect("t", nil, data); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.ToConnect("t", nil, data); err != nil {
			b.Fatal(err)
		}
	}
}

// A record costs its struct, its text, and what an interface holds that is more than a byte: not a copy of each text.
func TestAllocations(t *testing.T) {
	s := newStub(t, nil)
	s.add(1, "t-value", flaggedSchema)
	c := newConverter(t, s)
	data := flagged()
	if got := testing.AllocsPerRun(100, func() {
		if v, err := c.ToConnect("t", nil, data); err != nil || v.Value.(*connect.Struct).Values[0] != "txn-0000000123456789" {
			t.Fatal(err)
		}
	}); got > 17 {
		t.Errorf("got %v allocations for a record of eleven fields, want at most 17", got)
	}
}
