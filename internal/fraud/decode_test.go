package fraud

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// The golden table of the detector holds what a real Flink job made of some
// 300 records; it runs in package detector. Here is what that table leaves out.

const plainTransaction = `{"account_id": 1000000001, "customer_id": "C1000000001", "merchant_type": "Online", "transaction_id": "0123456789ABCDEF", "transaction_type": "Grocery_Store", "transaction_amount": 12.34, "transaction_date": "2023-08-14 12:00:01.500000"}`

func wantPlain() Transaction {
	return Transaction{
		AccountID:       Of[int64](1000000001),
		CustomerID:      Of("C1000000001"),
		MerchantType:    Of("Online"),
		TransactionID:   Of("0123456789ABCDEF"),
		TransactionType: Of("Grocery_Store"),
		Amount:          Of[Cents](1234),
		Date:            Of(Timestamp(time.Date(2023, 8, 14, 12, 0, 1, 500e6, time.UTC).UnixMilli())),
	}
}

func TestDecodeTransaction(t *testing.T) {
	got, ok, err := DecodeTransaction([]byte(plainTransaction))
	if want := wantPlain(); err != nil || !ok || got != want {
		t.Errorf("got %+v, %v, %v\nwant %+v", got, ok, err, want)
	}
}

func TestDecodeFlaggedAccount(t *testing.T) {
	got, ok, err := DecodeFlaggedAccount([]byte(`{"account_id": 1000000001, "flag_date": "1970-01-01 00:00:01.234567"}`))
	if want := (FlaggedAccount{AccountID: Of[int64](1000000001), FlagDate: Of[Timestamp](1234)}); err != nil || !ok || got != want {
		t.Errorf("got %+v, %v, %v\nwant %+v", got, ok, err, want)
	}
}

// customer reads the value of a customer_id given as JSON text.
func customer(json string) (string, error) {
	tr, _, err := DecodeTransaction([]byte(`{"customer_id":` + json + `}`))
	return tr.CustomerID.Value, err
}

func TestStringsAreDecodedAsJacksonDoes(t *testing.T) {
	for _, c := range []struct{ name, json, want string }{
		{"overlong slash", "\"\xE0\x80\xAF\"", "/"},
		{"overlong NUL", "\"\xC0\x80\"", "\x00"},
		{"single surrogate in three bytes", "\"\xED\xA0\xBDx\"", "?x"},
		{"surrogate pair in six bytes", "\"\xED\xA0\xBD\xED\xB8\x80\"", "😀"},
		{"high surrogate escaped, low one raw", "\"\\ud83d\xED\xB8\x80\"", "😀"},
		{"high surrogate raw, low one escaped", "\"\xED\xA0\xBD\\ude00\"", "😀"},
		{"two high ones, then a low one", `"\ud83d\ud83d\ude00"`, "?😀"},
		{"beyond U+10FFFF", "\"\xF4\x90\x80\x80\"", "??"},
		{"high surrogate in front of what is beyond U+10FFFF", "\"\\ud800\xF4\x90\x80\x80\"", "\U00010000?"},
		{"overlong four bytes", "\"\xF0\x80\x80\x80\"", "\uFFC0?"},
		{"a Hangul syllable, which shares its first byte with surrogates", `"한\ud800국"`, "한?국"},
		{"container with lone surrogates", `["\ud800", {"\udc00": "\ud83d\ude00"}]`, `["?",{"?":"😀"}]`},
		{"members that differ in a lone surrogate only", `{"\ud800":1,"\ud801":2}`, `{"?":1,"?":2}`},
		{"empty containers", `[ {} , [ ] ]`, `[{},[]]`},
		{"minus zero", `-0`, "0"},
		{"minus zero in a container", `[-0, -0.0]`, "[0,0]"},
	} {
		if got, err := customer(c.json); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.name, got, err, c.want)
		}
	}
	for _, json := range []string{"\"\x80\"", "\"\xBF\"", "\"\xF8\x88\x80\x80\x80\"", "\"\xFF\"", "\"\xC3\"", "\"\xE2\x82\"", "\"\xC3\\u0080\"", `"\ud83`, `"\u+123"`, `"\u12_3"`} {
		if got, err := customer(json); err == nil {
			t.Errorf("%q: accepted as %q", json, got)
		}
	}
}

func TestFloatsBecomeTextAsBigDecimalDoes(t *testing.T) {
	for _, c := range []struct{ json, want string }{
		{"1e-6", "0.000001"}, {"1e-7", "1E-7"}, {"1.0e-6", "0.000001"}, {"12e-8", "1.2E-7"},
		{"123.4500", "123.45"}, {"1e1", "1E+1"}, {"12.5e2", "1.25E+3"}, {"12.5e1", "125"}, {"0.0e5", "0"},
		{"0.10", "0.1"}, {"-0.0012", "-0.0012"}, {"100.001", "100.001"}, {"1e308", "1E+308"}, {"1e309", "Infinity"},
		{"0.0000000001e320", "Infinity"}, {"0.000000000001e320", "1E+308"}, {"1e-2147483647", "1E-2147483647"},
	} {
		if got, err := customer(c.json); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.json, got, err, c.want)
		}
	}
	// Not infinite, and not a BigDecimal either: Jackson fails, even if nobody wants the member.
	for _, json := range []string{"1e-2147483648", "0e99999999999", "0.1e-2147483647"} {
		if _, _, err := DecodeTransaction([]byte(`{"x":` + json + `}`)); err == nil {
			t.Errorf("%s was accepted in a transaction", json)
		}
		if _, _, err := DecodeFlaggedAccount([]byte(`{"x":` + json + `}`)); err != nil {
			t.Errorf("%s in a flagged account, where floats are doubles: %v", json, err)
		}
	}
}

func TestAmounts(t *testing.T) {
	for _, c := range []struct {
		json string
		want Nullable[Cents]
	}{
		{`"1e999999999"`, Nullable[Cents]{}},
		{`"-1e2147483647"`, Nullable[Cents]{}},
		{`"1e-999999999"`, Of[Cents](0)},
		{`"0e999999999"`, Of[Cents](0)},
		{`"٠.٥"`, Of[Cents](50)},
		{`"𝟏"`, Nullable[Cents]{Value: -1}}, // a digit beyond the basic plane is none
		{`99999999.994`, Of[Cents](9999999999)},
		{`-99999999.995`, Nullable[Cents]{}},
		{`99999999.990`, Of[Cents](9999999999)},
		{`0.00500`, Of[Cents](1)},
		{`0.00499`, Of[Cents](0)},
		{`0.0005`, Of[Cents](0)},
		{`9.995`, Of[Cents](1000)},
		{`123456789`, Nullable[Cents]{}},
		{`12345678`, Of[Cents](1234567800)},
		{`"+.5"`, Of[Cents](50)},
		{`"5."`, Of[Cents](500)},
		{`"000000000000000000000000000012.34"`, Of[Cents](1234)},
		{`"1e00000000000000001"`, Of[Cents](1000)},
		{`"."`, Nullable[Cents]{Value: -1}},
		{`"1e+"`, Nullable[Cents]{Value: -1}},
		{`"1.2e3.4"`, Nullable[Cents]{Value: -1}},
	} {
		tr, _, err := DecodeTransaction([]byte(`{"transaction_amount":` + c.json + `}`))
		if fails := c.want.Value == -1; fails != (err != nil) {
			t.Errorf("%s: %v, want failure %v", c.json, err, fails)
		} else if !fails && tr.Amount != c.want {
			t.Errorf("%s: got %+v, want %+v", c.json, tr.Amount, c.want)
		}
	}
}

func TestAccountsAtTheEdges(t *testing.T) {
	for _, c := range []struct {
		json             string
		transaction      int64
		transactionFails bool
		flag             int64
		flagFails        bool
	}{
		{"9223372036854775807.0", 9223372036854775807, false, 9223372036854775807, false},
		{"9007199254740993.0", 9007199254740993, false, 9007199254740992, false},
		{"-9223372036854775808.0", -9223372036854775808, false, -9223372036854775808, false},
		{"-9223372036854775808.5", 0, true, -9223372036854775808, false},
		{"9223372036854777856.0", 0, true, 0, true},
		{"-0.9", 0, false, 0, false},
		{"1e18", 1000000000000000000, false, 1000000000000000000, false},
		{"1e-400", 0, false, 0, false},
		{"-0", 0, false, 0, false},
		{`"-0009223372036854775808"`, -9223372036854775808, false, -9223372036854775808, false},
		{`"9223372036854775808"`, 0, true, 0, true},
		{`"\u00a01"`, 0, true, 0, true},
	} {
		tr, _, err := DecodeTransaction([]byte(`{"account_id":` + c.json + `}`))
		if c.transactionFails != (err != nil) || tr.AccountID.Value != c.transaction {
			t.Errorf("transaction %s: got %d, %v", c.json, tr.AccountID.Value, err)
		}
		f, _, err := DecodeFlaggedAccount([]byte(`{"account_id":` + c.json + `}`))
		if c.flagFails != (err != nil) || f.AccountID.Value != c.flag {
			t.Errorf("flag %s: got %d, %v", c.json, f.AccountID.Value, err)
		}
	}
}

func TestNullRecordEndsWhereAWordWould(t *testing.T) {
	for _, in := range []string{"null", " null ", "null garbage", "null{", "null,", "null$", "null\x00", "null\xE2\x86\x92" /* → */, "\xEF\xBB\xBFnull", "n\x00u\x00l\x00l\x00", "\x00 ", " \x00"} {
		if _, ok, err := DecodeTransaction([]byte(in)); ok || err != nil {
			t.Errorf("%q: got row %v, error %v, want neither", in, ok, err)
		}
	}
	for _, in := range []string{"nullx", "null1", "null_", "nullé", "null\x7F", "null\xFF", "null\xC3", "NULL", "nul"} {
		if _, ok, err := DecodeTransaction([]byte(in)); ok || err == nil {
			t.Errorf("%q: got row %v and no error", in, ok)
		}
	}
}

func TestEncodingsAreSniffed(t *testing.T) {
	text := strings.Replace(plainTransaction, "Online", "é😀", 1)
	want := wantPlain()
	want.MerchantType = Of("é😀")
	encode := func(width int, big, bom bool) []byte {
		var out []byte
		put := func(u uint32) {
			for i := range width {
				shift := 8 * i
				if big {
					shift = 8 * (width - 1 - i)
				}
				out = append(out, byte(u>>shift))
			}
		}
		if bom {
			put(0xFEFF)
		}
		if width == 2 {
			for _, u := range utf16.Encode([]rune(text)) {
				put(uint32(u))
			}
			return out
		}
		for _, r := range text {
			put(uint32(r))
		}
		return out
	}
	for _, width := range []int{2, 4} {
		for _, big := range []bool{false, true} {
			for _, bom := range []bool{false, true} {
				in := encode(width, big, bom)
				name := fmt.Sprintf("UTF-%d, big endian %v, mark %v", 8*width, big, bom)
				if got, ok, err := DecodeTransaction(in); err != nil || !ok || got != want {
					t.Errorf("%s: got %+v, %v, %v", name, got, ok, err)
				}
				if _, _, err := DecodeTransaction(in[:len(in)-width-1]); err == nil {
					t.Errorf("%s, cut short: accepted", name)
				}
			}
		}
	}
	if got, _, err := DecodeTransaction([]byte("\xEF\xBB\xBF" + text)); err != nil || got != want {
		t.Errorf("UTF-8 with mark: got %+v, %v", got, err)
	}
}

func TestUTF16DamageIsReplaced(t *testing.T) {
	units := func(us ...uint16) []byte {
		var in []byte
		for _, u := range append(append(utf16.Encode([]rune(`{"customer_id":"`)), us...), utf16.Encode([]rune(`"}`))...) {
			in = append(in, byte(u), byte(u>>8))
		}
		return in
	}
	for _, c := range []struct {
		in   []byte
		want string
	}{
		{units('a', 0xDC00, 'b'), "a\uFFFDb"},
		{units('a', 0xD800, 'b', 'c'), "a\uFFFDc"}, // a high surrogate takes the next unit with it
		{units(0xFFFE), "\uFFFD"},
		{units(0xFFFF), "\uFFFF"},
	} {
		if tr, _, err := DecodeTransaction(c.in); err != nil || tr.CustomerID.Value != c.want {
			t.Errorf("got %q, %v, want %q", tr.CustomerID.Value, err, c.want)
		}
	}
}

func TestErrorsNameFieldAndReason(t *testing.T) {
	for _, c := range []struct{ in, field, message string }{
		{`{"transaction_amount": "abc"}`, "transaction_amount", `field transaction_amount: the string "abc" is not a decimal number: unexpected character`},
		{`{"account_id": true}`, "account_id", `field account_id: the boolean true is not a 64-bit integer`},
		{`{"transaction_date": "2023-02-30T10:00:00"}`, "transaction_date", `field transaction_date: the string "2023-02-30T10:00:00" is not a timestamp: not of the form yyyy-MM-dd HH:mm:ss.SSS`},
		{`{"account_id": 1`, "", `malformed record: ends after 16 bytes where a comma or the end of the object was expected`},
		{`[]`, "", `malformed record: the value is an array, not an object`},
		{`{"account_id": "` + strings.Repeat("x", 1000) + `"}`, "account_id", `field account_id: the string "` + strings.Repeat("x", 48) + `"… (1000 bytes) is not a 64-bit integer`},
	} {
		_, _, err := DecodeTransaction([]byte(c.in))
		var e *Error
		if !errors.As(err, &e) || e.Field != c.field || err.Error() != c.message {
			t.Errorf("%.40s\n got %v\nwant %s", c.in, err, c.message)
		}
	}
}

// Each of these is quick and small, or the test binary would not survive it.
func TestHostileRecordsCostNoMoreThanTheirLength(t *testing.T) {
	const size = 2 << 20
	deep := func(open, shut string, n int) string { return strings.Repeat(open, n) + strings.Repeat(shut, n) }
	members := func(name func(i int) string) string {
		var b strings.Builder
		for i := range 50_000 {
			fmt.Fprintf(&b, `%s:1,`, name(i))
		}
		return "{" + b.String() + `"z":1}`
	}
	for _, c := range []struct {
		name, json string
		fails      bool
	}{
		{"nesting at the limit", deep("[", "]", maxDepth-1), false},
		{"nesting beyond the limit", deep("[", "]", maxDepth), true},
		{"endless array", strings.Repeat("[", size), true},
		{"endless object", strings.Repeat(`{"a":`, size/5), true},
		{"long string", `"` + strings.Repeat("x", size) + `"`, false},
		{"long string of escapes", `"` + strings.Repeat(`\u00e9`, size/6) + `"`, false},
		{"long number", strings.Repeat("9", size), false},
		{"long fraction", "0." + strings.Repeat("9", size), false},
		{"many different members", members(func(i int) string { return fmt.Sprintf(`"m%d"`, i) }), false},
		{"one member many times", members(func(int) string { return `"m"` }), false},
	} {
		for _, field := range []string{"x", "customer_id", "transaction_amount"} {
			start := time.Now()
			_, _, err := DecodeTransaction([]byte(`{"` + field + `":` + c.json + `}`))
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("%s in %s took %v", c.name, field, took)
			}
			if field != "transaction_amount" && c.fails != (err != nil) {
				t.Errorf("%s in %s: %.200v, want failure %v", c.name, field, err, c.fails)
			}
		}
	}
}

func TestRowDoesNotReferToTheRecord(t *testing.T) {
	in := []byte(plainTransaction)
	got, _, _ := DecodeTransaction(in)
	copy(in, bytes.Repeat([]byte("#"), len(in)))
	if want := wantPlain(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
