package transform

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"sluice/connect"
)

// parseInt reads a whole number as Integer.parseInt and Long.parseLong do.
func parseInt(s string, bits int) (int64, error) {
	n, err := connect.ParseInteger(s, bits)
	if err != nil {
		return 0, javaErr(numberFormatException, `For input string: "`+s+`"`)
	}
	return n, nil
}

// floatText is what Java reads as a floating point number, beside NaN and Infinity.
var floatText = regexp.MustCompile(`^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|0[xX](?:[\da-fA-F]+\.?[\da-fA-F]*|\.[\da-fA-F]+)[pP][+-]?\d+)[fFdD]?$`)

// twoPoints is where Java's parser stops for a reason of its own.
var twoPoints = regexp.MustCompile(`^[+-]?(?:\d*\.){2}`)

// parseFloat reads a number as Float.parseFloat and Double.parseDouble do: blanks around it do not count, beyond the range it is infinite.
func parseFloat(s string, bits int) (float64, error) {
	s = trim(s)
	switch unsigned := strings.TrimLeft(s, "+-"); {
	case len(s)-len(unsigned) > 1: // two signs
	case unsigned == "NaN":
		return math.NaN(), nil
	case unsigned == "Infinity" && s[0] == '-':
		return math.Inf(-1), nil
	case unsigned == "Infinity":
		return math.Inf(1), nil
	case floatText.MatchString(s):
		f, _ := connect.ParseFloat(strings.TrimRight(s, "fFdD"), bits) // the only error left is that of the range; hexadecimal digits end at the p
		return f, nil
	}
	text := `For input string: "` + s + `"`
	switch {
	case s == "":
		text = "empty String"
	case twoPoints.MatchString(s):
		text = "multiple points"
	}
	return 0, javaErr(numberFormatException, text)
}

// parseDecimal reads a number as java.math.BigDecimal does: digits with at most one point, and an exponent.
//
// Differs: digits of other scripts are no digits.
func parseDecimal(s string) (connect.Decimal, error) {
	fail := func(text string) (connect.Decimal, error) {
		return connect.Decimal{}, javaErr(numberFormatException, text)
	}
	if s == "" {
		return fail("")
	}
	rest := s
	if rest[0] == '+' || rest[0] == '-' {
		rest = rest[1:]
	}
	var digits strings.Builder
	point, scale, exponent := false, 0, int64(0)
scan:
	for i, c := range rest {
		switch {
		case c >= '0' && c <= '9':
			digits.WriteRune(c)
			if point {
				scale++
			}
		case c == '.' && point:
			return fail("Character array contains more than one decimal point.")
		case c == '.':
			point = true
		case c == 'e' || c == 'E':
			var problem error
			if exponent, problem = parseExponent(rest[i+1:]); problem != nil {
				return connect.Decimal{}, problem
			}
			break scan
		default:
			return fail("Character " + string(c) + ` is neither a decimal digit number, decimal point, nor "e" notation exponential mark.`)
		}
	}
	if digits.Len() == 0 {
		return fail("No digits found.")
	}
	total := int64(scale) - exponent
	if total != int64(int32(total)) {
		return fail("Scale out of range.")
	}
	unscaled, _ := new(big.Int).SetString(digits.String(), 10)
	if s[0] == '-' {
		unscaled.Neg(unscaled)
	}
	return connect.Decimal{Unscaled: unscaled, Scale: int(total)}, nil
}

// parseExponent reads what follows the e of a decimal.
func parseExponent(s string) (int64, error) {
	fail := func(text string) (int64, error) { return 0, javaErr(numberFormatException, text) }
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if s == "" {
		return fail("")
	}
	for len(s) > 10 && s[0] == '0' {
		s = s[1:]
	}
	if len(s) > 10 {
		return fail("Too many nonzero exponent digits.")
	}
	n, err := strconv.ParseUint(s, 10, 64)
	switch {
	case err != nil:
		return fail("Not a digit.")
	case n > math.MaxInt32 && !(negative && n == -math.MinInt32):
		return fail("Exponent overflow.")
	case negative:
		return -int64(n), nil
	}
	return int64(n), nil
}

// low64 returns the low 64 bits of the whole part of a decimal.
//
// Kafka: java.math.BigDecimal.longValue.
func low64(d connect.Decimal) int64 {
	if d.Unscaled == nil {
		return 0
	}
	digits := len(d.Unscaled.String())
	if d.Scale >= digits || d.Scale <= -64 {
		return 0 // a fraction; or a multiple of 10^64, which has 64 zero bits
	}
	whole := new(big.Int)
	if d.Scale >= 0 {
		whole.Quo(d.Unscaled, pow10(d.Scale))
	} else {
		whole.Mul(d.Unscaled, pow10(-d.Scale))
	}
	return int64(new(big.Int).And(whole, new(big.Int).SetUint64(math.MaxUint64)).Uint64())
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }
