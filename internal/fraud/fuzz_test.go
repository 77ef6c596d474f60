package fraud

import (
	"errors"
	"testing"
	"unicode/utf8"
)

func addSeeds(f *testing.F) {
	for _, seed := range []string{
		"", " ", "null", "{}", plainTransaction, `[1]`, "\xEF\xBB\xBF{}", "{\x00}\x00", "\x00\x00\x00{\x00\x00\x00}",
		`{"account_id": "１", "customer_id": {"a":[1.50,{"b":1e400}],"a":"\ud800"}, "transaction_amount": "1e5"}`,
		`{"account_id": 1.9e3, "transaction_date": "-0001-02-30 24:00:00.", "customer_id": "é😀\u0000"}`,
		`{"account_id":1,"flag_date":"+292278994-08-17 07:12:55.807"} x`,
		"{\"customer_id\":\"\xED\xA0\xBD\xED\xB8\x80\xF4\x90\x80\x80\xC0\x80\"}",
		`{"transaction_amount":99999999.995,"transaction_amount":0.005,"x":-0.0}`,
	} {
		f.Add([]byte(seed))
	}
}

// FuzzScanners holds the fast scanner to the complete one, and every failure to
// an Error.
func FuzzScanners(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, s := range []*schema{&transactionSchema, &flagSchema} {
			var fast, complete rawRow
			ok, err := s.scanComplete(in, &complete)
			var e *Error
			if err != nil && !errors.As(err, &e) {
				t.Fatalf("error of type %T: %v", err, err)
			}
			if !scanFast(s, in, &fast) {
				continue
			}
			if !ok {
				t.Fatalf("the fast scanner accepts what the complete one answers with %v", err)
			}
			for i := range fast {
				if fast[i].kind != complete[i].kind || string(fast[i].text) != string(complete[i].text) {
					t.Fatalf("column %d: fast %d %q, complete %d %q", i, fast[i].kind, fast[i].text, complete[i].kind, complete[i].text)
				}
			}
		}
	})
}

// FuzzRoundTrip reads a transaction, writes it and reads it again.
func FuzzRoundTrip(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		first, ok, err := DecodeTransaction(in)
		if !ok {
			if first != (Transaction{}) {
				t.Fatalf("no row, but %+v", first)
			}
			return
		}
		if err != nil {
			t.Fatalf("a row and the error %v", err)
		}
		out := first.AppendValue(nil)
		if !utf8.Valid(out) {
			t.Fatalf("%q is not UTF-8", out)
		}
		second, ok, err := DecodeTransaction(out)
		if !ok || err != nil {
			t.Fatalf("%s cannot be read again: %v", out, err)
		}
		const beyondInt32Days = 1 << 31 * msPerDay // a date that Flink prints wrong
		if d := int64(first.Date.Value); d >= beyondInt32Days || d < -beyondInt32Days {
			first.Date = second.Date
		}
		if first != second {
			t.Fatalf("%q\nis     %+v\nreads  %+v", out, first, second)
		}
	})
}
