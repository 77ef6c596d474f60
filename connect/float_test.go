package connect_test

import (
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"sluice/connect"
)

func TestParseFloatOfManyDigits(t *testing.T) {
	nines := strings.Repeat("9", 1000)
	for text, want := range map[string]float64{
		"1.5": 1.5, "-1e400": math.Inf(-1), nines: math.Inf(1), nines + "e-1000": 1, "-" + nines + "e-990": -1e10, "+0." + nines: 1,
		strings.Repeat("0", 1000) + "1.5": 1.5, "0." + strings.Repeat("0", 1000) + "15E1001": 1.5, nines + "e-99999999999999999999": 0,
		"1" + strings.Repeat("0", 1000) + "e-1000": 1, "4" + strings.Repeat("0", 500) + "." + strings.Repeat("0", 500) + "e-500": 4,
		// between two numbers, of which the even one is nearer unless a digit follows somewhere
		"9007199254740993" + strings.Repeat("0", 900) + "e-900": 9007199254740992, "9007199254740993" + strings.Repeat("0", 900) + "1e-901": 9007199254740994,
	} {
		if got, _ := connect.ParseFloat(text, 64); got != want {
			t.Errorf("%.30s… of %d: got %v, want %v", text, len(text), got, want)
		}
	}
	if got, err := connect.RawJSON("[" + nines + "e-1000,0" + nines + "e-1000]").Decode(); err != nil || !reflect.DeepEqual(got, []any{1.0, 1.0}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{nines + "x", nines + "e", nines + ".1.1", nines + "-1"} {
		if _, err := connect.ParseFloat(text, 64); err == nil {
			t.Errorf("…%s: got no error", text[990:])
		}
	}
}

func FuzzParseFloat(f *testing.F) {
	f.Add(strings.Repeat("9", 900), 450, -900)
	f.Add("1"+strings.Repeat("0", 900)+"1", 3, -880)
	f.Fuzz(func(t *testing.T, digits string, point, exponent int) {
		if digits == "" || len(digits) > 3000 || strings.Trim(digits, "0123456789") != "" || exponent < -4000 || exponent > 4000 {
			return
		}
		point = ((point % len(digits)) + len(digits)) % len(digits)
		text := digits[:point] + "." + digits[point:]
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			return
		}
		scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(exponent, -exponent))), nil))
		if exponent < 0 {
			scale.Inv(scale)
		}
		want, _ := exact.Mul(exact, scale).Float64()
		if got, _ := connect.ParseFloat(text+"e"+big.NewInt(int64(exponent)).String(), 64); got != want {
			t.Errorf("%se%d: got %v, want %v", text, exponent, got, want)
		}
	})
}
