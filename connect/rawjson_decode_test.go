package connect

import (
	"reflect"
	"strings"
	"testing"
)

// FuzzDecodeJSON compares the decoder with that of the standard library: what it does not leave to it, it has to do alike.
func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":1,"b":[1,2.5,-0.0,1e400,9223372036854775808,007],"c":{"d":null,"e":"x\u00e9\ud83d\ude00\ud800\n\/"}}`, `{"a":1,"a":[{}],"":"","b":[]}`,
		`"\ud83d\ude00"`, `"\ud83d\n"`, `"\ud83d\ud83d\ude00"`, `"\u00"`, `"`, `"\`, `[`, `[1,`, `{"a"`, `{"a":}`, "\"\x01\"", "\"\xff\"", `1.`, `1e`, `-`, `.5`, `+1`, `01`, `1 2`, ` [ 1 , 2 ] `,
		`tru`, `truee`, `nul`, strings.Repeat("[", 300) + strings.Repeat("]", 300), `"\u0000"`, `"\x"`, `{"a":1,}`, `[1,]`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := decodeJSON([]byte(text))
		if !ok {
			return
		}
		want, err := RawJSON(text).decodeAny()
		if err != nil {
			t.Fatalf("%q: got %#v, the standard library refuses it: %v", text, got, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %#v, want %#v", text, got, want)
		}
	})
}

func TestUsualTextIsDecodedInOnePass(t *testing.T) {
	for _, text := range []string{transaction, `{"a":[1,-2,3.5e3,true,false,null,"\u00e9\"",{}]}`, `7`, `"x"`, `[]`, ` {} `} {
		if _, ok := decodeJSON([]byte(text)); !ok {
			t.Errorf("%s is left to the standard library", text)
		}
	}
	for _, text := range []string{`007`, `{"a":-01}`, strings.Repeat("[", 300) + strings.Repeat("]", 300), ``, `nope`} {
		if _, ok := decodeJSON([]byte(text)); ok {
			t.Errorf("%s is not left to the standard library", text)
		}
	}
}

const transaction = `{"account_id":1000000001,"customer_id":"C1000000001","merchant_type":"Online","transaction_id":"A0B1C2D3E4F56789",` +
	`"transaction_type":"Food and Beverage","transaction_amount":6252.83,"transaction_date":"2026-11-23 10:20:30.123456","flagged":true}`

func BenchmarkDecode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := RawJSON(transaction).Decode(); err != nil {
			b.Fatal(err)
		}
	}
}
