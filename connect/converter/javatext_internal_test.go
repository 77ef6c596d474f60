package converter

import (
	"testing"

	"sluice/connect"
)

// FuzzJavaTextOfJSON compares the text that is made without a tree with the tree's.
func FuzzJavaTextOfJSON(f *testing.F) {
	for _, text := range []string{
		`null`, `true`, `[]`, `{}`, `""`, `"a"`, `"a\"b\u00e4\n"`, ` [ 1 , false , null , "x" ] `, `{"a":{"b":{"c":{"d":{"e":{"f":1}}}}}}`, `[[[[[[[{"z":1,"a":2}]]]]]]]`,
		`{"a":1,"b":2,"a":3}`, `{"\u0061":1,"a":2}`, `{"ä":1,"😀":"😀","transaction_id":"x","zz":[{"b":1,"a":2}]}`, `{ "a" : 1 , "b" : { } }`,
		`{"AaAa":1,"BBBB":2,"AaBB":3,"BBAa":4}`, // of one hash code
		`{"a":0,"b":1,"c":2,"d":3,"e":4,"f":5,"g":6,"h":7,"i":8,"j":9,"k":10,"l":11,"m":12,"n":13}`,
		`{"a":0,"b":1,"c":2,"d":3,"e":4,"f":5,"g":6,"h":7,"i":8,"j":9,"k":10,"l":11,"m":12,"n":13,"o":0,"p":1,"q":2,"r":3,"s":4,"t":5,"u":6,"v":7,"w":8,"x":9,"y":10,"z":11}`,
		`[0,-0,1,-1,007,00,-007,123456789012345678,1234567890123456789,12345678901234567890,-9223372036854775808,9223372036854775808]`,
		`[0.0,-0.0,1.0,1.50,-1.5,0.5,0.001,0.0001,01.5,1234567.8,12345678.9,9999999.99999999,99999999999999999999.5,6252.83,1.2345678901234,1.23456789012345,1.234567890123456,1.00]`,
		`[1e3,1E-3,1.5e300,1e400,-1e400,1.5e0,123456.0,1234567.0,12345678.0,4.35,0.1,2.675]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := NewJSON()
		if err := c.Configure(map[string]string{SchemasEnableConfig: "false"}, false); err != nil {
			t.Fatal(err)
		}
		v, err := c.ToConnect("t", nil, data)
		if err != nil || v.Value == nil {
			return
		}
		raw := v.Value.(connect.RawJSON)
		if got, want := string(AppendJavaString([]byte(">"), raw)), ">"+JavaString(readTree(raw)); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", raw, got, want)
		}
	})
}

// The text of a transaction makes no garbage.
func TestJavaTextWithoutGarbage(t *testing.T) {
	raw := any(connect.RawJSON(`{"account_id":1000000001,"customer_id":"C1","amount":6252.83,"tags":["a",1],"more":{"b":null,"a":true}}`))
	tree := any(map[string]any{"account_id": int64(1), "customer_id": "C1", "amount": 6252.83, "tags": []any{"a", int64(1)}})
	out := make([]byte, 0, 1024)
	for _, v := range []any{raw, tree} {
		if n := testing.AllocsPerRun(100, func() { out = AppendJavaString(out[:0], v) }); n != 0 {
			t.Errorf("%s: %v allocations", out, n)
		}
	}
}
