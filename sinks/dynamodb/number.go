package dynamodb

import (
	"bytes"
	"fmt"
	"strconv"
)

// Limits of a number in DynamoDB. The service refuses what is beyond them, with the whole batch.
const (
	maxNumberDigits    = 38
	maxNumberMagnitude = 125  // 9.99…E+125
	minNumberMagnitude = -130 // 1E-130
)

// number is what the service compares and counts of a decimal text: the span of its significant digits and the power of ten of the
// first one. So 1, 1.0, 1e0 and 01 are one number.
type number struct {
	negative    bool
	first, last int // positions of the first and last digit that is not zero; -1 for the number zero
	digits      int // significant digits; 0 for the number zero
	magnitude   int // power of ten of the first significant digit
}

// exponents beyond this are out of range whatever the digits say; they are cut so that they cannot overflow.
const exponentCap = 1 << 30

// measureNumber reads a decimal text: an optional minus, digits, an optional fraction and exponent, as in JSON but with leading zeros
// allowed. It reports false for any other text.
func measureNumber(text []byte) (number, bool) {
	n := number{first: -1, last: -1}
	i := 0
	if i < len(text) && text[i] == '-' {
		n.negative = true
		i++
	}
	firstOrdinal, lastOrdinal, ordinal, intDigits := 0, 0, 0, -1
scan:
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			if c != '0' {
				if n.first < 0 {
					n.first, firstOrdinal = i, ordinal
				}
				n.last, lastOrdinal = i, ordinal
			}
			ordinal++
		case c == '.' && intDigits < 0 && ordinal > 0:
			intDigits = ordinal
		default:
			break scan
		}
	}
	if ordinal == 0 || ordinal == intDigits { // no digit, or none after the point
		return n, false
	}
	if intDigits < 0 {
		intDigits = ordinal
	}
	exponent := 0
	if i < len(text) {
		e, ok := readExponent(text[i:])
		if !ok {
			return n, false
		}
		exponent = e
	}
	if n.first >= 0 {
		n.digits = lastOrdinal - firstOrdinal + 1
		n.magnitude = intDigits - 1 - firstOrdinal + exponent
	}
	return n, true
}

func readExponent(text []byte) (int, bool) {
	if len(text) < 2 || text[0] != 'e' && text[0] != 'E' {
		return 0, false
	}
	i, negative := 1, false
	if text[i] == '+' || text[i] == '-' {
		negative = text[i] == '-'
		i++
	}
	if i == len(text) {
		return 0, false
	}
	e := 0
	for ; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		if e < exponentCap {
			e = e*10 + int(text[i]-'0')
		}
	}
	e = min(e, exponentCap)
	if negative {
		e = -e
	}
	return e, true
}

// check returns the limit that the number breaks, or "".
func (n number) check() string {
	switch {
	case n.digits > maxNumberDigits:
		return fmt.Sprintf("a number may have at most %d significant digits, found %d", maxNumberDigits, n.digits)
	case n.digits > 0 && n.magnitude > maxNumberMagnitude:
		return "a number must be below 1E+126, found one beyond it"
	case n.digits > 0 && n.magnitude < minNumberMagnitude:
		return "a number that is not zero must be at least 1E-130, found one below it"
	}
	return ""
}

// size is what the service counts for the number: a byte, one for a minus, and one for each two digits from the first to the last significant
// one. Which two belong together is decided by the decimal point: 15 is one byte, 150 and 1.5 are two. (The documentation calls it an
// approximation; this is what DynamoDB Local counts.)
func (n number) size() int {
	if n.digits == 0 {
		return 1
	}
	last := n.magnitude - n.digits + 1
	size := 2 + n.magnitude>>1 - last>>1
	if n.negative {
		size++
	}
	return size
}

// appendLiteral appends the text that is sent: the digits as they came, without leading zeros. The service itself
// normalises what it stores (1E+2 is kept as 100); zero is sent as 0 because its exponent may be anything.
func (n number) appendLiteral(dst, text []byte) []byte {
	if n.digits == 0 {
		return append(dst, '0')
	}
	if n.negative {
		dst = append(dst, '-')
		text = text[1:]
	}
	for len(text) > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9' {
		text = text[1:]
	}
	return append(dst, text...)
}

// appendRounded appends the nearest number that has at most 38 digits, and 0 for one that is too small; halves are rounded away from zero. A
// number that is too large stays so.
func (n number) appendRounded(dst, text []byte) []byte {
	if n.digits == 0 || n.magnitude < minNumberMagnitude {
		return append(dst, '0')
	}
	digits := n.appendDigits(nil, text)
	exponent := n.magnitude - len(digits) + 1
	if len(digits) > maxNumberDigits {
		exponent += len(digits) - maxNumberDigits
		up := digits[maxNumberDigits] >= '5'
		digits = digits[:maxNumberDigits]
		i := len(digits) - 1
		for ; up && i >= 0 && digits[i] == '9'; i-- {
			digits[i] = '0'
		}
		switch {
		case up && i < 0:
			digits[0] = '1' // 99…9 and one more
			exponent++
		case up:
			digits[i]++
		}
	}
	if n.negative {
		dst = append(dst, '-')
	}
	dst = append(append(dst, digits...), 'e')
	return strconv.AppendInt(dst, int64(exponent), 10)
}

// appendDigits appends the significant digits.
func (n number) appendDigits(dst, text []byte) []byte {
	significant := text[n.first : n.last+1]
	if dot := bytes.IndexByte(significant, '.'); dot >= 0 {
		return append(append(dst, significant[:dot]...), significant[dot+1:]...)
	}
	return append(dst, significant...)
}

// appendCanonical appends a text that is the same for equal numbers and no others.
func (n number) appendCanonical(dst, text []byte) []byte {
	if n.digits == 0 {
		return append(dst, '0')
	}
	if n.negative {
		dst = append(dst, '-')
	}
	dst = append(n.appendDigits(dst, text), 'e')
	return strconv.AppendInt(dst, int64(n.magnitude), 10)
}
