package transform_test

import (
	"testing"

	"sluice/connect"
	"sluice/connect/converter"
)

// flagged is a value as the detector writes it.
const flagged = `{"account_id":1000000001,"customer_id":"C1000000001","merchant_type":"Online","transaction_id":"A0B1C2D3E4F56789",` +
	`"transaction_type":"Food and Beverage","transaction_amount":6252.83,"transaction_date":"2026-11-23 10:20:30.123456","flagged":true}`

// BenchmarkInsertAndCast measures what becomes of a value of JSON without a schema on its way to a sink: it is converted, a field is inserted
// unless it is a tombstone, and one is cast to text.
func BenchmarkInsertAndCast(b *testing.B) {
	mustConfigured := func(class string, settings map[string]string) (connect.Transform, connect.Predicate) {
		smt, predicate, err := configured(b, "org.apache.kafka.connect.transforms."+class, settings)
		if err != nil {
			b.Fatal(err)
		}
		return smt, predicate
	}
	_, tombstone := mustConfigured("predicates.RecordIsTombstone", nil)
	insert, _ := mustConfigured("InsertField$Value", map[string]string{"topic.field": "from"})
	cast, _ := mustConfigured("Cast$Value", map[string]string{"spec": "account_id:string"})
	json := converter.NewJSON()
	if err := json.Configure(map[string]string{"schemas.enable": "false"}, false); err != nil {
		b.Fatal(err)
	}
	data := []byte(flagged)
	var r connect.SinkRecord
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r = connect.SinkRecord{Topic: "flagged-transactions"}
		v, err := json.ToConnect(r.Topic, nil, data)
		if err != nil {
			b.Fatal(err)
		}
		r.Value = v.Value
		if is, _ := tombstone.Test(&r); !is {
			if _, err := insert.Apply(&r); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := cast.Apply(&r); err != nil {
			b.Fatal(err)
		}
	}
	if text := converter.JavaString(r.Value); len(text) < 200 {
		b.Fatal(text)
	}
}
