package connect_test

import (
	"math/big"
	"testing"

	"sluice/connect"
)

func TestDecimalIsPlainText(t *testing.T) {
	for _, c := range []struct {
		unscaled int64
		scale    int
		want     string
	}{
		{1250, 2, "12.50"}, {-5, 3, "-0.005"}, {0, 2, "0.00"}, {12, -2, "1200"}, {0, -3, "0"}, {7, 0, "7"}, {-125, 1, "-12.5"},
		{12, -999999999, "12e999999999"}, {-12, 999999999, "-12e-999999999"}, {0, 999999999, "0e-999999999"}, {0, -999999999, "0e999999999"},
	} {
		if got := (connect.Decimal{Unscaled: big.NewInt(c.unscaled), Scale: c.scale}).String(); got != c.want {
			t.Errorf("%d, scale %d: got %s, want %s", c.unscaled, c.scale, got, c.want)
		}
	}
	if got := (connect.Decimal{}).String(); got != "0" {
		t.Errorf("zero value: got %s", got)
	}
}
