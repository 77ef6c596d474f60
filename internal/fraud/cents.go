package fraud

import "strconv"

// Cents is a DECIMAL(10,2), the amount of a transaction in hundredths: 1234 is
// 12.34. Within ±9999999999.
type Cents int64

const maxCents = 99_999_999_99

// AppendText appends c as Flink writes a decimal with its default options:
// trailing zeros stripped, and in scientific form when that leaves a multiple
// of ten. 1234 is 12.34, 1200 is 12, 1000 is 1E+1, 152000 is 1.52E+3, 0 is 0.
func (c Cents) AppendText(dst []byte) []byte {
	if c == 0 {
		return append(dst, '0')
	}
	if c < 0 {
		dst = append(dst, '-')
		c = -c
	}
	scale := 2
	for c%10 == 0 {
		c /= 10
		scale--
	}
	if scale == 0 {
		return strconv.AppendUint(dst, uint64(c), 10)
	}
	start := len(dst)
	dst = strconv.AppendUint(dst, uint64(c), 10)
	digits := len(dst) - start
	if scale > 0 {
		for ; digits <= scale; digits++ { // 0.05 needs the zeros in front of its 5
			dst = append(dst, 0)
			copy(dst[start+1:], dst[start:])
			dst[start] = '0'
		}
		return insertPoint(dst, len(dst)-scale)
	}
	if digits > 1 {
		dst = insertPoint(dst, start+1)
	}
	dst = append(dst, "E+"...)
	return strconv.AppendInt(dst, int64(digits-1-scale), 10)
}

// insertPoint puts a dot in front of text[at].
func insertPoint(text []byte, at int) []byte {
	text = append(text, 0)
	copy(text[at+1:], text[at:])
	text[at] = '.'
	return text
}

// String returns c in the form of AppendText.
func (c Cents) String() string { return string(c.AppendText(nil)) }
