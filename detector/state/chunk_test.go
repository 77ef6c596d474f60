package state

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"sluice/internal/fraud"
)

// rowOf draws a transaction with account and date; its columns are usual or not.
func rowOf(t *rapid.T, account int64) fraud.Transaction {
	text := func(label string, usual ...string) fraud.Nullable[string] {
		switch rapid.IntRange(0, 3).Draw(t, label+" kind") {
		case 0:
			return fraud.Nullable[string]{}
		case 1:
			return fraud.Of(rapid.String().Draw(t, label))
		}
		return fraud.Of(rapid.SampledFrom(usual).Draw(t, label))
	}
	row := fraud.Transaction{
		AccountID:       fraud.Of(account),
		Date:            fraud.Of(fraud.Timestamp(rapid.Int64().Draw(t, "date"))),
		CustomerID:      text("customer", "C1000000001", "C", ""),
		MerchantType:    text("merchant", merchantTypes...),
		TransactionType: text("type", transactionTypes...),
		TransactionID:   text("id", "0123456789ABCDEF", "FFFFFFFFFFFFFFFF", "0123456789abcdef", "0123456789ABCDE"),
	}
	if rapid.Bool().Draw(t, "amount given") {
		row.Amount = fraud.Of(fraud.Cents(rapid.Int64Range(-999999999999, 999999999999).Draw(t, "amount")))
	}
	return row
}

func TestChunkKeepsRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		account := rapid.SampledFrom([]int64{1000000001, 0, -5, math.MaxInt64, math.MinInt64}).Draw(t, "account")
		offset := rapid.Int64Range(0, 1<<40).Draw(t, "offset")
		var rows []fraud.Transaction
		var offsets []int64
		var c chunk
		for i := range rapid.IntRange(1, 8).Draw(t, "rows") {
			row := rowOf(t, account)
			if i == 0 {
				c.reset(offset, row.Date.Value)
			} else {
				offset += rapid.Int64Range(1, 1<<20).Draw(t, "distance")
			}
			c.add(offset, &row)
			rows, offsets = append(rows, row), append(offsets, offset)
		}
		var r rowReader
		r.open(account, offsets[0], c.appendTo(nil))
		latest := fraud.Timestamp(math.MinInt64)
		for i := range rows {
			if !r.next() || r.offset != offsets[i] || r.date != rows[i].Date.Value {
				t.Fatalf("row %d: offset %d, date %d, error %v, want %d and %d", i, r.offset, r.date, r.err, offsets[i], rows[i].Date.Value)
			}
			var got fraud.Transaction
			r.transaction(&got)
			if got != rows[i] {
				t.Fatalf("row %d: got %+v, want %+v", i, got, rows[i])
			}
			latest = max(latest, r.date)
		}
		if r.next() || r.err != nil || r.latest != latest {
			t.Errorf("behind the last row: error %v, latest %d, want %d", r.err, r.latest, latest)
		}
	})
}

func TestUsualRowsAreSmall(t *testing.T) {
	var c chunk
	c.reset(1_000_000, 1_700_000_000_000)
	row := fraud.Transaction{
		AccountID: fraud.Of(int64(1000000001)), Date: fraud.Of(fraud.Timestamp(1_700_000_000_000)), CustomerID: fraud.Of("C1000000001"),
		MerchantType: fraud.Of("Online"), TransactionType: fraud.Of("Others"), TransactionID: fraud.Of("0123456789ABCDEF"), Amount: fraud.Of(fraud.Cents(523411)),
	}
	for i := range 100 {
		row.Date.Value += 50
		c.add(1_000_000+int64(10*i), &row)
	}
	if size := len(c.appendTo(nil)); size > 1600 {
		t.Errorf("100 usual rows take %d bytes", size)
	}
}

// Whatever a store holds, reading it ends, without a crash.
func FuzzChunk(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte{0, 0, 0, headKnown, 2, 2, 0x16, 1, 2, 3, 4, 5, 6, 7, 8})
	f.Add([]byte{0, 0, 0, 0, 2, 0, 3, 'a', 'b', 0, 1})
	f.Add([]byte{0, 0, 1, 0, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1})
	f.Add([]byte{0, 0, 0, headUsualTypes, 0, 0, 0xFF})
	f.Fuzz(func(t *testing.T, value []byte) {
		var r rowReader
		var row fraud.Transaction
		rows := 0
		r.open(1000000001, 7, value)
		for r.next() {
			r.transaction(&row)
			if rows++; rows > len(value) {
				t.Fatalf("%d rows in %d bytes", rows, len(value))
			}
		}
	})
}

func FuzzPosition(f *testing.F) {
	p := Position{Base: 1, Next: 5, Emitted: 2, Partitions: 3, Flags: []Range{{0, 7}, {3, 3}}, Late: &Late{1, 4, 2}}
	text, err := p.Metadata()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(int64(5), text)
	f.Add(int64(0), "")
	f.Add(int64(0), metadataPrefix)
	f.Add(int64(0), metadataPrefix+"AAAA//////////8B")
	f.Fuzz(func(t *testing.T, next int64, metadata string) {
		p, err := ParsePosition(next, metadata)
		if err != nil {
			return
		}
		text, err := p.Metadata()
		if err != nil && len(metadata) > MaxMetadata {
			return
		}
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := ParsePosition(next, text)
		if err != nil {
			t.Fatal(err)
		}
		if text2, _ := again.Metadata(); text2 != text || again.Next != next {
			t.Errorf("%q became %q", text, text2)
		}
	})
}
