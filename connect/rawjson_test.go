package connect_test

import (
	"math"
	"reflect"
	"testing"

	"sluice/connect"
)

func TestRawJSONDecodesWithConnectTypes(t *testing.T) {
	for _, c := range []struct {
		text string
		want any
	}{
		{`7`, int64(7)},
		{`007`, int64(7)},
		{`-007`, int64(-7)},
		{`0`, int64(0)},
		{`100.00`, 100.0},
		{`00100.050`, 100.05},
		{`1e2`, 100.0},
		{`1e400`, math.Inf(1)},
		{`-0.0`, 0.0},
		{`9223372036854775807`, int64(math.MaxInt64)},
		{`9223372036854775808`, int64(math.MinInt64)},
		{`18446744073709551617`, int64(1)},
		{`-9223372036854775809`, int64(math.MaxInt64)},
		{`"007 \" 08"`, `007 " 08`},
		{`true`, true},
		{`[1,2.5,null]`, []any{int64(1), 2.5, nil}},
		{`{"a":1,"a":2,"b":{"c":[001]}}`, map[string]any{"a": int64(2), "b": map[string]any{"c": []any{int64(1)}}}},
	} {
		got, err := connect.RawJSON(c.text).Decode()
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %#v, want %#v", c.text, got, c.want)
		}
		if f, ok := got.(float64); ok && f == 0 && math.Signbit(f) {
			t.Errorf("%s: got a negative zero", c.text)
		}
	}
}
