package connect

import (
	"math/big"
	"strconv"
	"strings"
)

// Decimal is an exact decimal number: Unscaled times ten to the power of -Scale. The zero value is 0. A Decimal is not changed
// once built.
//
// Kafka: java.math.BigDecimal, the value of the logical type Decimal.
type Decimal struct {
	Unscaled *big.Int // nil is 0
	Scale    int
}

// mostZeros bounds the plain notation: a text of ten bytes can be a number of a billion digits.
const mostZeros = 10_000

// String returns the plain notation, without exponent: 12.50 for unscaled 1250 and scale 2. Only a number that would need more than 10,000 zeros for it has an
// exponent: 1e-20000.
func (d Decimal) String() string {
	if d.Unscaled == nil {
		return "0"
	}
	s := d.Unscaled.String()
	if d.Scale > len(s)+mostZeros || d.Scale < -mostZeros {
		return s + "e" + strconv.Itoa(-d.Scale)
	}
	if d.Scale <= 0 {
		if d.Unscaled.Sign() == 0 {
			return "0"
		}
		return s + strings.Repeat("0", -d.Scale)
	}
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	if len(s) <= d.Scale {
		s = strings.Repeat("0", d.Scale-len(s)+1) + s
	}
	return sign + s[:len(s)-d.Scale] + "." + s[len(s)-d.Scale:]
}
