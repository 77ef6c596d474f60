package fraud

import "testing"

func BenchmarkDecodeTransaction(b *testing.B) {
	in := []byte(plainTransaction)
	b.ReportAllocs()
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if _, _, err := DecodeTransaction(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeTransactionComplete(b *testing.B) {
	in := []byte(plainTransaction)
	var row rawRow
	b.ReportAllocs()
	for b.Loop() {
		if _, err := transactionSchema.scanComplete(in, &row); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendValue(b *testing.B) {
	tr := wantPlain()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = tr.AppendValue(tr.AppendKey(buf[:0]))
	}
}
