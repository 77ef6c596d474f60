package dynamodb

import (
	"math/big"
	"strings"
)

const (
	maxDigits      = 38   // significant digits of a stored number
	maxMagnitude   = 126  // a number is below 10 to this power
	minMagnitude   = -130 // and, unless it is zero, at least 10 to this one
	maxExponentLen = 10   // digits of an exponent that can be read at all
)

// decimal is a number in canonical parts: the value is 0.DIGITS times ten to the power exp. digits
// has neither a leading nor a trailing zero and is empty for zero.
type decimal struct {
	negative bool
	digits   []byte
	exp      int
}

func notNumericError(text []byte) *apiError {
	if len(text) == 0 {
		return validationError("The parameter cannot be converted to a numeric value")
	}
	return validationErrorf("The parameter cannot be converted to a numeric value: %s", text)
}

// parseDecimal reads text as the service does: an optional sign, digits with at most one point
// among or beside them, an optional exponent. buf is room for the digits. Precision and range are
// checked.
func parseDecimal(text, buf []byte) (decimal, *apiError) {
	d, err := scanDecimal(text, buf)
	if err != nil {
		return d, err
	}
	return d.checked()
}

// scanDecimal is parseDecimal without the limits of a stored number.
func scanDecimal(text, buf []byte) (decimal, *apiError) {
	var d decimal
	i := 0
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		d.negative = text[i] == '-'
		i++
	}
	digits := buf[:0]
	seen, point := 0, -1
	for ; i < len(text); i++ {
		b := text[i]
		if b == '.' && point < 0 {
			point = seen
			continue
		}
		if b < '0' || b > '9' {
			break
		}
		seen++
		digits = append(digits, b)
	}
	if seen == 0 {
		return d, notNumericError(text)
	}
	if point < 0 {
		point = seen
	}
	if i < len(text) {
		exp, ok := parseExponent(text[i:])
		if !ok {
			return d, notNumericError(text)
		}
		d.exp = exp
	}
	lead := 0
	for lead < len(digits) && digits[lead] == '0' {
		lead++
	}
	end := len(digits)
	for end > lead && digits[end-1] == '0' {
		end--
	}
	d.exp += point - lead
	d.digits = digits[lead:end]
	return d, nil
}

func parseExponent(text []byte) (int, bool) {
	if text[0] != 'e' && text[0] != 'E' {
		return 0, false
	}
	text = text[1:]
	negative := false
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		negative = text[0] == '-'
		text = text[1:]
	}
	for len(text) > 1 && text[0] == '0' {
		text = text[1:]
	}
	if len(text) == 0 || len(text) > maxExponentLen {
		return 0, false
	}
	n := 0
	for _, b := range text {
		if b < '0' || b > '9' {
			return 0, false
		}
		n = n*10 + int(b-'0')
	}
	if negative {
		n = -n
	}
	return n, n <= 1<<31-1 && n >= -1<<31
}

// checked applies the limits of a stored number.
func (d decimal) checked() (decimal, *apiError) {
	if len(d.digits) == 0 {
		return decimal{}, nil
	}
	switch {
	case len(d.digits) > maxDigits:
		return d, validationError("Attempting to store more than 38 significant digits in a Number")
	case d.exp > maxMagnitude:
		return d, validationError("Number overflow. Attempting to store a number with magnitude larger than supported range")
	case d.exp <= minMagnitude:
		return d, validationError("Number underflow. Attempting to store a number with magnitude smaller than supported range")
	}
	return d, nil
}

// appendText writes the number as the service returns it: plain digits, never an exponent.
func (d decimal) appendText(out []byte) []byte {
	if len(d.digits) == 0 {
		return append(out, '0')
	}
	if d.negative {
		out = append(out, '-')
	}
	if d.exp <= 0 {
		out = append(out, '0', '.')
		for range -d.exp {
			out = append(out, '0')
		}
		return append(out, d.digits...)
	}
	if d.exp >= len(d.digits) {
		out = append(out, d.digits...)
		for range d.exp - len(d.digits) {
			out = append(out, '0')
		}
		return out
	}
	out = append(out, d.digits[:d.exp]...)
	out = append(out, '.')
	return append(out, d.digits[d.exp:]...)
}

// size is the number's share of an item's size: one byte, one for each pair of digits, where the
// pairs are counted from the point, and one for a minus. (The guide says "approximately"; this is
// what DynamoDB Local counts.)
func (d decimal) size() int {
	if len(d.digits) == 0 {
		return 1
	}
	n := (len(d.digits)+d.exp&1+1)/2 + 1
	if d.negative {
		n++
	}
	return n
}

// appendKey writes the number so that the order of the bytes is the order of the numbers. The
// encoding marks its own end, so that other bytes may follow.
func (d decimal) appendKey(out []byte) []byte {
	if len(d.digits) == 0 {
		return append(out, 1)
	}
	from := len(out) + 1
	exp := d.exp - minMagnitude // never negative
	out = append(out, 2, byte(exp>>8), byte(exp))
	out = append(out, d.digits...)
	out = append(out, 0)
	if d.negative {
		out[from-1] = 0
		for i := from; i < len(out); i++ {
			out[i] = ^out[i]
		}
	}
	return out
}

// mustDecimal reads a number that is known to be canonical.
func mustDecimal(canonical string) decimal {
	d, _ := scanDecimal([]byte(canonical), make([]byte, 0, len(canonical)))
	return d
}

// compareNumbers orders two canonical numbers.
func compareNumbers(a, b string) int {
	if a == b {
		return 0
	}
	var x, y [maxDigits + 8]byte
	return strings.Compare(string(mustDecimal(a).appendKey(x[:0])), string(mustDecimal(b).appendKey(y[:0])))
}

// addNumbers answers a+b, or a-b if minus is set, exactly or as an error.
func addNumbers(a, b string, minus bool) (string, *apiError) {
	x, xs := mustDecimal(a).scaled()
	y, ys := mustDecimal(b).scaled()
	scale := min(xs, ys)
	raise(x, xs-scale)
	raise(y, ys-scale)
	if minus {
		y.Neg(y)
	}
	sum := x.Add(x, y)
	d, _ := scanDecimal(sum.Append(nil, 10), nil)
	d.exp += scale
	d, err := d.checked()
	if err != nil {
		return "", err
	}
	return string(d.appendText(nil)), nil
}

// scaled answers the number as an integer times ten to the power scale.
func (d decimal) scaled() (n *big.Int, scale int) {
	n = new(big.Int)
	if len(d.digits) == 0 {
		return n, 0
	}
	n.SetString(string(d.digits), 10)
	if d.negative {
		n.Neg(n)
	}
	return n, d.exp - len(d.digits)
}

func raise(n *big.Int, power int) {
	if power > 0 {
		n.Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(power)), nil))
	}
}
