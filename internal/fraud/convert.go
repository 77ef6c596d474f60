package fraud

import (
	"fmt"
	"math"
	"strconv"
)

// bigint converts a value to a BIGINT.
//
// Flink: JsonToRowDataConverters.convertToLong; Jackson: canConvertToLong.
func (s *schema) bigint(field string, v *rawValue) (Nullable[int64], error) {
	var n int64
	ok := false
	switch v.kind {
	case kindNull:
		return Nullable[int64]{}, nil
	case kindInteger:
		n, ok = parseInteger(v.text)
	case kindFloat:
		if s.exact {
			n, ok = truncateDecimal(v.text)
		} else {
			n, ok = truncateDouble(v.text)
		}
	case kindString:
		n, ok = parseJavaLong(trim(v.text))
	}
	if !ok {
		return Nullable[int64]{}, &Error{Field: field, Reason: v.describe() + " is not a 64-bit integer"}
	}
	return Of(n), nil
}

// parseInteger reads an integer literal of JSON.
func parseInteger(text []byte) (int64, bool) {
	if len(text) <= 18 { // always fits
		digits := text
		if digits[0] == '-' {
			digits = digits[1:]
		}
		var n int64
		for _, c := range digits {
			n = n*10 + int64(c-'0')
		}
		if text[0] == '-' {
			n = -n
		}
		return n, true
	}
	return parseJavaLong(text)
}

// parseJavaLong reads what Java's Long.parseLong reads.
func parseJavaLong(text []byte) (int64, bool) {
	neg := false
	if len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		neg = text[0] == '-'
		text = text[1:]
	}
	if len(text) == 0 {
		return 0, false
	}
	limit := uint64(math.MaxInt64)
	if neg {
		limit++
	}
	var n uint64
	for len(text) > 0 {
		v, size := digit(text)
		if size == 0 || n > limit/10 {
			return 0, false
		}
		if n = n*10 + uint64(v); n > limit {
			return 0, false
		}
		text = text[size:]
	}
	if neg {
		return int64(-n), true
	}
	return int64(n), true
}

// truncateDecimal cuts the fraction of a float literal that must lie within
// the range of an int64 before it is cut.
func truncateDecimal(text []byte) (int64, bool) {
	d, err := parseDecimal(text)
	if err != nil {
		return 0, false
	}
	point := d.integerDigits()
	if point <= 0 {
		return 0, true
	}
	if point > 19 {
		return 0, false
	}
	limit := uint64(math.MaxInt64)
	if d.neg {
		limit++
	}
	n := d.prefix(point)
	if n > limit || n == limit && int64(len(d.digits)) > point {
		return 0, false
	}
	if d.neg {
		return int64(-n), true
	}
	return int64(n), true
}

// truncateDouble is truncateDecimal for a table whose floats are doubles. The
// range check compares doubles, so 2^63 passes and becomes the largest int64.
func truncateDouble(text []byte) (int64, bool) {
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || f < math.MinInt64 || f > math.MaxInt64 {
		return 0, false
	}
	if f >= math.MaxInt64 {
		return math.MaxInt64, true
	}
	return int64(f), true
}

// trim removes the characters up to U+0020 from both ends, as String.trim does.
func trim(text []byte) []byte {
	for len(text) > 0 && text[0] <= ' ' {
		text = text[1:]
	}
	for len(text) > 0 && text[len(text)-1] <= ' ' {
		text = text[:len(text)-1]
	}
	return text
}

// appendVarchar appends the text of a value in a VARCHAR column, valid UTF-8.
// The declared length is not enforced. It reports false for NULL.
//
// Flink: JsonToRowDataConverters.convertToString.
func appendVarchar(dst []byte, field string, v *rawValue) (text []byte, valid bool, err error) {
	switch v.kind {
	case kindNull:
		return dst, false, nil
	case kindString:
		return appendUTF8(dst, v.text), true, nil
	case kindContainer:
		dst, err = appendContainer(dst, v.text)
		if err != nil {
			return dst, false, &Error{Field: field, Reason: err.Error()}
		}
		return dst, true, nil
	default:
		return appendScalar(dst, v), true, nil
	}
}

// appendScalar appends the text of a number or boolean, numbers normalised.
func appendScalar(dst []byte, v *rawValue) []byte {
	switch v.kind {
	case kindTrue:
		return append(dst, "true"...)
	case kindFalse:
		return append(dst, "false"...)
	case kindInteger:
		if string(v.text) == "-0" {
			return append(dst, '0')
		}
		return append(dst, v.text...)
	case kindInfinity:
		if v.text[0] == '-' {
			dst = append(dst, '-')
		}
		return append(dst, "Infinity"...)
	case kindFloat:
		// The scanner has seen to it that the literal is a decimal in range.
		if d, err := parseDecimal(v.text); err == nil {
			return d.appendText(dst)
		}
	}
	return append(dst, v.text...)
}

// decimalDigits is the precision of the DECIMAL(10,2) column.
const decimalDigits = 10

// cents converts a value to a DECIMAL(10,2): rounded half up (ties away from
// zero) from the exact decimal text, NULL if more than ten digits are left.
//
// Flink: JsonToRowDataConverters.convertToDecimal, DecimalData.fromBigDecimal.
// Differs: the JVM builds the whole number before it counts digits, and runs
// out of memory or range on the likes of "1e999999999"; here that is NULL.
func cents(field string, v *rawValue) (Nullable[Cents], error) {
	switch v.kind {
	case kindNull:
		return Nullable[Cents]{}, nil
	case kindInteger, kindFloat:
		if c, ok := shortCents(v.text); ok {
			return Of(c), nil
		}
	case kindString:
	default:
		return Nullable[Cents]{}, &Error{Field: field, Reason: v.describe() + " is not a decimal number"}
	}
	d, err := parseDecimal(v.text)
	if err != nil {
		return Nullable[Cents]{}, &Error{Field: field, Reason: fmt.Sprintf("%s is not a decimal number: %v", v.describe(), err)}
	}
	return d.cents(), nil
}

// shortCents reads the literals that nearly all amounts are: up to eight
// digits, at most two of them behind a dot, no exponent.
func shortCents(text []byte) (Cents, bool) {
	const widest = len("-12345678.90")
	if len(text) > widest {
		return 0, false
	}
	digits := text
	if digits[0] == '-' {
		digits = digits[1:]
	}
	var c Cents
	point := len(digits)
	for i, b := range digits {
		switch {
		case b == '.':
			point = i + 1
		case b >= '0' && b <= '9':
			c = c*10 + Cents(b-'0')
		default:
			return 0, false
		}
	}
	switch len(digits) - point {
	case 0:
		c *= 100
	case 1:
		c *= 10
	case 2:
	default:
		return 0, false
	}
	if c > maxCents {
		return 0, false
	}
	if text[0] == '-' {
		c = -c
	}
	return c, true
}

// cents rounds d to two places.
func (d *decimal) cents() Nullable[Cents] {
	n := d.integerDigits() + 2 // digits left after rounding, but for a carry
	switch {
	case len(d.digits) == 0 || n < 0:
		return Of(Cents(0))
	case n > decimalDigits:
		return Nullable[Cents]{}
	}
	c := Cents(d.prefix(n))
	if n < int64(len(d.digits)) && d.digits[n] >= '5' {
		c++
	}
	if c > maxCents {
		return Nullable[Cents]{}
	}
	if d.neg {
		c = -c
	}
	return Of(c)
}

// timestamp converts a value to a TIMESTAMP(3).
//
// Flink: JsonToRowDataConverters.convertToTimestamp with the SQL format.
func timestamp(field string, v *rawValue) (Nullable[Timestamp], error) {
	if v.kind == kindNull {
		return Nullable[Timestamp]{}, nil
	}
	if v.kind != kindString {
		// The text of a number or boolean never has the form of a date.
		return Nullable[Timestamp]{}, &Error{Field: field, Reason: v.describe() + " is not a timestamp of the form yyyy-MM-dd HH:mm:ss.SSS"}
	}
	t, err := parseTimestamp(v.text)
	if err != nil {
		return Nullable[Timestamp]{}, &Error{Field: field, Reason: fmt.Sprintf("%s is not a timestamp: %v", v.describe(), err)}
	}
	return Of(t), nil
}
