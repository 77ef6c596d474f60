package fraud

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// decimal is an exact decimal number: digits × 10^-scale, negated if neg.
// Whatever its size, nothing done with it costs more than its digits: a
// literal such as 1e999999999 is decided from digit count and scale alone.
type decimal struct {
	neg    bool
	digits []byte // ASCII, neither leading nor trailing zeros; empty means zero
	scale  int64  // 0 if zero; otherwise within int32 but for the stripped zeros
}

// Errors of parseDecimal.
var (
	errNoDigits        = errors.New("no digits")
	errNotDecimal      = errors.New("unexpected character")
	errExponentMissing = errors.New("exponent without digits")
	errExponentRange   = errors.New("exponent out of range")
)

// parseDecimal reads what Java's BigDecimal(String) reads: an optional sign,
// digits with at most one dot anywhere, an optional exponent; any decimal digit
// of Unicode's basic plane counts as a digit. No blanks. Every float literal of
// JSON has this form, though not every one has an exponent in range.
func parseDecimal(text []byte) (decimal, error) {
	var d decimal
	i := 0
	if i < len(text) && (text[i] == '+' || text[i] == '-') {
		d.neg = text[i] == '-'
		i++
	}
	start := i
	digits, fraction, dots := 0, 0, 0
	plain := true // ASCII digits only, so that text itself may serve as digits
	for i < len(text) {
		c := text[i]
		if c == '.' {
			if dots++; dots > 1 {
				return d, errNotDecimal
			}
			i++
			continue
		}
		if c == 'e' || c == 'E' {
			break
		}
		_, size := digit(text[i:])
		if size == 0 {
			return d, errNotDecimal
		}
		plain = plain && size == 1
		digits++
		fraction += dots
		i += size
	}
	significand := text[start:i]
	var exponent int64
	if i < len(text) {
		var err error
		if exponent, err = parseExponent(text[i+1:]); err != nil {
			return d, err
		}
	}
	if digits == 0 {
		return d, errNoDigits
	}
	d.scale = int64(fraction)
	if exponent != 0 {
		d.scale -= exponent
		if d.scale != int64(int32(d.scale)) {
			return d, errExponentRange
		}
	}
	if !plain || dots > 0 {
		significand = asciiDigits(significand, digits)
	}
	d.digits = significand
	d.strip()
	return d, nil
}

// parseExponent reads the part after the e of a BigDecimal.
func parseExponent(text []byte) (int64, error) {
	neg := false
	if len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		neg = text[0] == '-'
		text = text[1:]
	}
	if len(text) == 0 {
		return 0, errExponentMissing
	}
	var n int64
	for len(text) > 0 {
		v, size := digit(text)
		if size == 0 {
			return 0, errNotDecimal
		}
		if n = n*10 + int64(v); n > math.MaxInt32+1 {
			n = math.MaxInt32 + 2 // stays out of range
		}
		text = text[size:]
	}
	if neg {
		n = -n
	}
	if n != int64(int32(n)) {
		return 0, errExponentRange
	}
	return n, nil
}

// strip removes the zeros at both ends of the digits.
func (d *decimal) strip() {
	for len(d.digits) > 0 && d.digits[0] == '0' {
		d.digits = d.digits[1:]
	}
	for n := len(d.digits); n > 0 && d.digits[n-1] == '0'; n-- {
		d.digits = d.digits[:n-1]
		d.scale--
	}
	if len(d.digits) == 0 {
		d.scale = 0
	}
}

// integerDigits returns how many digits d has before its point; zero or less
// means that d is below one.
func (d *decimal) integerDigits() int64 { return int64(len(d.digits)) - d.scale }

// prefix returns the first n digits of d as a number, with zeros where d has
// no more digits. n must be at most 19.
func (d *decimal) prefix(n int64) uint64 {
	var u uint64
	for i := range n {
		u *= 10
		if i < int64(len(d.digits)) {
			u += uint64(d.digits[i] - '0')
		}
	}
	return u
}

// appendText appends d as Java's BigDecimal.toString prints it once trailing
// zeros are stripped: plain, or in scientific form when the scale is negative
// or the number has more than five zeros behind its point.
func (d *decimal) appendText(dst []byte) []byte {
	if len(d.digits) == 0 {
		return append(dst, '0')
	}
	if d.neg {
		dst = append(dst, '-')
	}
	adjusted := d.integerDigits() - 1
	switch {
	case d.scale == 0:
		return append(dst, d.digits...)
	case d.scale > 0 && adjusted >= 0:
		point := d.integerDigits()
		dst = append(dst, d.digits[:point]...)
		dst = append(dst, '.')
		return append(dst, d.digits[point:]...)
	case d.scale > 0 && adjusted >= -6:
		dst = append(dst, "0.000000"[:1-adjusted]...)
		return append(dst, d.digits...)
	}
	dst = append(dst, d.digits[0])
	if len(d.digits) > 1 {
		dst = append(dst, '.')
		dst = append(dst, d.digits[1:]...)
	}
	dst = append(dst, 'E')
	if adjusted > 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, adjusted, 10)
}

// digit returns the value of the decimal digit at the start of text and its
// length in bytes, 0 if there is none. Java's Character.digit looks at one
// UTF-16 unit, so digits beyond the basic plane do not count.
func digit(text []byte) (value, size int) {
	if len(text) == 0 {
		return 0, 0
	}
	if c := text[0]; c < utf8.RuneSelf {
		if c < '0' || c > '9' {
			return 0, 0
		}
		return int(c - '0'), 1
	}
	r, size := utf8.DecodeRune(text)
	i, found := slices.BinarySearchFunc(unicode.Nd.R16, r, func(rg unicode.Range16, r rune) int {
		switch {
		case rune(rg.Hi) < r:
			return -1
		case rune(rg.Lo) > r:
			return 1
		}
		return 0
	})
	if !found {
		return 0, 0
	}
	// Each set of digits is ten characters in a row that begin with zero.
	return int(r-rune(unicode.Nd.R16[i].Lo)) % 10, size
}

// asciiDigits returns the n digits of a significand without its dot.
func asciiDigits(significand []byte, n int) []byte {
	out := make([]byte, 0, n)
	for len(significand) > 0 {
		if significand[0] == '.' {
			significand = significand[1:]
			continue
		}
		v, size := digit(significand)
		out = append(out, byte('0'+v))
		significand = significand[size:]
	}
	return out
}
