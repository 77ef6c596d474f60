package fraud

import (
	"math"
	"testing"
	"time"
)

func TestCentsPrintAsFlinkPrintsThem(t *testing.T) {
	for c, want := range map[Cents]string{
		0: "0", 1: "0.01", 10: "0.1", 12: "0.12", 100: "1", 105: "1.05", 110: "1.1", 1000: "1E+1", 1200: "12",
		10000: "1E+2", 12000: "1.2E+2", 152000: "1.52E+3", 12050: "120.5", 1234560000: "1.23456E+7",
		maxCents: "99999999.99", -maxCents: "-99999999.99", -1: "-0.01", -10000: "-1E+2", 1000000: "1E+4",
	} {
		if got := c.String(); got != want {
			t.Errorf("Cents(%d) = %s, want %s", int64(c), got, want)
		}
	}
}

// The calendar of the standard library is a second opinion on ours.
func TestTimestampsAgreeWithPackageTime(t *testing.T) {
	for ms := int64(-62_167_219_200_000); ms < 253_402_300_800_000; ms += 86_399_999 * 37 { // years 0 to 9999
		ts := Timestamp(ms)
		want := time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.999")
		if got := ts.String(); got != want {
			t.Fatalf("Timestamp(%d) = %s, want %s", ms, got, want)
		}
		if back, err := parseTimestamp([]byte(want)); err != nil || back != ts {
			t.Fatalf("parse %s = %d, %v, want %d", want, back, err, ms)
		}
	}
}

func TestTimestampsBeyondTheCalendar(t *testing.T) {
	for _, c := range []struct {
		in, want string // empty: fails
	}{
		{"+00001-01-01 00:00:00", "0001-01-01 00:00:00"},
		{"-12345-06-07 08:09:10.011", "-12345-06-07 08:09:10.011"},
		{"-0000002023-01-01 00:00:00", "-2023-01-01 00:00:00"},
		{"-00000-01-01 00:00:00", ""},
		{"+999999999-12-31 24:00:00", ""},
		{"+1000000000-01-01 00:00:00", ""},
		{"-1000000000-01-01 00:00:00", ""},
		{"-123-01-01 00:00:00", ""},
	} {
		ts, err := parseTimestamp([]byte(c.in))
		if (err != nil) != (c.want == "") || err == nil && ts.String() != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.in, ts, err, c.want)
		}
	}
	for _, ts := range []Timestamp{math.MinInt64, math.MaxInt64} {
		_ = ts.String() // must only not panic
	}
}

func TestNullsAreWritten(t *testing.T) {
	var tr Transaction
	if got, want := string(tr.AppendValue(nil)), `{"account_id":null,"customer_id":null,"merchant_type":null,"transaction_id":null,"transaction_type":null,"transaction_amount":null,"transaction_date":null}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := string(tr.AppendKey(nil)), `{"account_id":null,"transaction_id":null}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAppendersAppend(t *testing.T) {
	tr := Transaction{Amount: Of[Cents](5), TransactionID: Of("\"")}
	const prefix = "12"
	if got, want := string(tr.AppendValue([]byte(prefix))), prefix+string(tr.AppendValue(nil)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := string(tr.AppendKey([]byte(prefix))), prefix+`{"account_id":null,"transaction_id":"\""}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
