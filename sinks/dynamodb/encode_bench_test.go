package dynamodb

import (
	"testing"

	"sluice/connect"
)

// flaggedText is a record as the detector writes it, the load that the sink is made for.
const flaggedText = `{"account_id":1000000003,"customer_id":"a4f4ae5e-5a4e-4f2c-9c1d-1f6a2f3b9c11","merchant_type":"Online","transaction_id":"0f7bd1f2-3c5a-4a52-a1e0-5a1a4ba0f0d1","transaction_type":"Credit","transaction_amount":6252.83,"transaction_date":"2023-08-14 10:21:33.123456"}`

func BenchmarkEncode(b *testing.B) {
	e := newEncoder(flagged(), &settings{marshal: true, mapHeaders: true})
	r := record(connect.RawJSON(flaggedText))
	b.SetBytes(int64(len(flaggedText)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := e.encode(r); err != nil {
			b.Fatal(err)
		}
	}
}
