package producer

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/internal/fraud"
	"sluice/internal/kafka"
)

// pythonRecord is a line of testdata/python.jsonl, which Python wrote.
type pythonRecord struct {
	AmountBeforeRounding string `json:"amount_before_rounding"`
	Microsecond          int
	TransactionKey       string `json:"transaction_key"`
	TransactionValue     string `json:"transaction_value"`
	FlagKey              string `json:"flag_key"`
	FlagValue            string `json:"flag_value"`
}

func mustReadPython(t testing.TB) []pythonRecord {
	t.Helper()
	f, err := os.Open("testdata/python.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var records []pythonRecord
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r pythonRecord
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	if len(records) < 250 {
		t.Fatalf("only %d records", len(records))
	}
	return records
}

func TestBytesAreThoseOfPython(t *testing.T) {
	for _, r := range mustReadPython(t) {
		var fields struct {
			Account         int64  `json:"account_id"`
			Merchant        string `json:"merchant_type"`
			ID              string `json:"transaction_id"`
			TransactionType string `json:"transaction_type"`
		}
		if err := json.Unmarshal([]byte(r.TransactionValue), &fields); err != nil {
			t.Fatal(err)
		}
		x, err := strconv.ParseFloat(r.AmountBeforeRounding, 64)
		if err != nil {
			t.Fatal(err)
		}
		date := time.Date(2023, 8, 14, 12, 0, 1, r.Microsecond*1000+999, time.UTC) // %f cuts
		tr := Transaction{
			AccountID: fields.Account, CustomerID: CustomerID(fields.Account), MerchantType: fields.Merchant,
			TransactionID: fields.ID, TransactionType: fields.TransactionType, Amount: roundCents(x), Date: date,
		}
		flag := Flag{AccountID: fields.Account, Date: date}
		for _, c := range []struct{ got, want string }{
			{string(tr.AppendValue(nil)), r.TransactionValue},
			{string(tr.AppendKey(nil)), r.TransactionKey},
			{string(flag.AppendValue(nil)), r.FlagValue},
			{string(flag.AppendKey(nil)), r.FlagKey},
		} {
			if c.got != c.want {
				t.Errorf("amount %v\n got %s\nwant %s", x, c.got, c.want)
			}
		}
	}
}

// FormatFloat rounds the exact value, ties to even, as Python does.
func TestRoundCentsAgreesWithTheStandardLibrary(t *testing.T) {
	check := func(x float64) {
		want, err := strconv.ParseInt(strings.Replace(strconv.FormatFloat(x, 'f', 2, 64), ".", "", 1), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got := roundCents(x); int64(got) != want {
			t.Errorf("round(%v, 2) = %d, want %d", x, got, want)
		}
	}
	for i := range 100_000 {
		half := float64(i)/100 + 0.005
		check(half)
		check(math.Nextafter(half, 0))
		check(math.Nextafter(half, math.Inf(1)))
		check(float64(i) / 8)
	}
}

func stoppedClock() time.Time { return time.Date(2023, 8, 14, 12, 0, 1, 500e6, time.UTC) }

func TestGeneratedTransactionsHaveTheOriginalsForm(t *testing.T) {
	form := regexp.MustCompile(`^\{"account_id": (10000000(?:0[1-9]|10)), "customer_id": "C(?:01|[1-9]0)00000001", "merchant_type": "(Online|In Store)", ` +
		`"transaction_id": "[0-9A-F]{16}", "transaction_type": "(Grocery_Store|Gas_Station|Shopping_Mall|City_Services|HealthCare_Service|Food and Beverage|Others)", ` +
		`"transaction_amount": (?:0|[1-9]\d{0,4})\.(?:\d|\d[1-9]), "transaction_date": "2023-08-14 12:00:01.500000"\}$`)
	g := NewGenerator(1, 10, stoppedClock)
	seen := map[string]int{}
	var sum fraud.Cents
	const n = 20_000
	for range n {
		tr := g.Next()
		value := tr.AppendValue(nil)
		m := form.FindSubmatch(value)
		if m == nil {
			t.Fatalf("%s", value)
		}
		for _, part := range m[1:] {
			seen[string(part)]++
		}
		sum += tr.Amount
		row, ok, err := fraud.DecodeTransaction(value)
		if want := tr.Row(); err != nil || !ok || row != want {
			t.Fatalf("%s\nis read as %+v, %v\nRow is     %+v", value, row, err, want)
		}
	}
	if len(seen) != 10+2+7 {
		t.Errorf("%d different accounts, merchant and transaction types: %v", len(seen), seen)
	}
	for value, count := range seen {
		if count < n/20 {
			t.Errorf("%s only %d times of %d", value, count, n)
		}
	}
	if mean := float64(sum) / n / 100; mean < 2450 || mean > 2600 {
		t.Errorf("mean amount %.2f, want about 2525", mean)
	}
}

func TestSameSeedSameRecords(t *testing.T) {
	records := func(seed uint64, accounts int) (values []string) {
		g := NewGenerator(seed, accounts, stoppedClock)
		for range 100 {
			tr := g.Next()
			values = append(values, string(tr.AppendKey(nil))+string(tr.AppendValue(nil)))
		}
		return values
	}
	first := records(7, 5000)
	if !slices.Equal(first, records(7, 5000)) {
		t.Error("the same seed made different records")
	}
	if slices.Equal(first, records(8, 5000)) {
		t.Error("different seeds made the same records")
	}
}

func TestFlags(t *testing.T) {
	for _, c := range []struct {
		accounts int
		share    float64
		want     []int64
	}{
		{10, 0.5, []int64{1000000001, 1000000003, 1000000005, 1000000007, 1000000009}},
		{4, 1, []int64{1000000001, 1000000002, 1000000003, 1000000004}},
		{4, 0, nil},
		{8, 0.25, []int64{1000000001, 1000000005}},
		{3, 0.1, []int64{1000000001}},
	} {
		var got []int64
		for f := range Flags(c.accounts, c.share, stoppedClock) {
			got = append(got, f.AccountID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d accounts, share %v: got %v, want %v", c.accounts, c.share, got, c.want)
		}
	}
	for f := range Flags(10, 0.5, stoppedClock) {
		row, ok, err := fraud.DecodeFlaggedAccount(f.AppendValue(nil))
		if want := f.Row(); err != nil || !ok || row != want {
			t.Errorf("read as %+v, %v, Row is %+v", row, err, want)
		}
		break
	}
}

// Each flag has a date of its own, and dates are those of the wall clock.
func TestDatesAreWallClockDates(t *testing.T) {
	zone := time.FixedZone("", 5*3600+1800)
	now := time.Date(2023, 8, 14, 12, 0, 0, 0, zone)
	clock := func() time.Time { now = now.Add(time.Millisecond); return now }
	var dates []string
	for f := range Flags(4, 0.5, clock) {
		dates = append(dates, f.Row().FlagDate.Value.String())
	}
	if want := []string{"2023-08-14 12:00:00.001", "2023-08-14 12:00:00.002"}; !slices.Equal(dates, want) {
		t.Errorf("got %q, want %q", dates, want)
	}
}

// From the reference: the partitions of the flag keys over two partitions.
func TestFlagKeysArePartitionedAsTheOriginals(t *testing.T) {
	for f := range Flags(10, 1, stoppedClock) {
		want := int32(1)
		if slices.Contains([]int64{1000000001, 1000000005, 1000000008, 1000000010}, f.AccountID) {
			want = 0
		}
		if got := kafka.Murmur2Partition(f.AppendKey(nil), 2); got != want {
			t.Errorf("account %d: partition %d, want %d", f.AccountID, got, want)
		}
	}
	tr := Transaction{AccountID: 1000000001, TransactionID: "0123456789ABCDEF"}
	if got := kafka.Murmur2Partition(tr.AppendKey(nil), 1<<30); got != 273449962 {
		t.Errorf("hash of a transaction key: %d", got)
	}
}

func BenchmarkGenerate(b *testing.B) {
	g := NewGenerator(1, 10, time.Now)
	b.ReportAllocs()
	for b.Loop() {
		t := g.Next()
		buf := t.AppendKey(make([]byte, 0, recordBytes))
		_ = t.AppendValue(buf)
	}
}
