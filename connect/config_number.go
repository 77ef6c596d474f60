package connect

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// ParseInteger reads a number of so many bits, at most 64, as Java does: an optional sign and decimal digits of whatever script, no blanks. The
// error is one of [strconv.ParseInt].
//
// Kafka: java.lang.Integer.parseInt, Short.parseShort, Long.parseLong.
func ParseInteger(s string, bits int) (int64, error) {
	return strconv.ParseInt(strings.Map(asciiDigit, s), 10, bits)
}

// asciiDigit makes an ASCII digit of a digit of another script. Java reads UTF-16 units, and so knows only digits of the basic plane.
func asciiDigit(r rune) rune {
	if r < 0x80 || r > 0xffff || !unicode.Is(unicode.Nd, r) {
		return r
	}
	zero := r // each script's ten digits stand side by side, beginning with 0
	for unicode.Is(unicode.Nd, zero-1) && r-zero < 9 {
		zero--
	}
	return '0' + r - zero
}

// parseDouble reads a floating-point number as Java does: decimal or hexadecimal, with a suffix of d or f, NaN or Infinity. What is too large
// is infinite.
//
// Kafka: java.lang.Double.parseDouble.
func parseDouble(s string) (float64, error) {
	magnitude := strings.TrimLeft(s, "+-")
	if len(s)-len(magnitude) > 1 {
		return 0, strconv.ErrSyntax
	}
	if magnitude == "NaN" || magnitude == "Infinity" {
		return strconv.ParseFloat(strings.TrimSuffix(s, magnitude)+strings.ToLower(magnitude), 64)
	}
	if magnitude == "" || strings.ContainsFunc(magnitude, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF.xXpP+-", r) }) {
		return 0, strconv.ErrSyntax
	}
	hex := strings.HasPrefix(magnitude, "0x") || strings.HasPrefix(magnitude, "0X")
	if !hex || strings.ContainsAny(magnitude, "pP") {
		if last := magnitude[len(magnitude)-1]; strings.IndexByte("dDfF", last) >= 0 {
			s = s[:len(s)-1]
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if errors.Is(err, strconv.ErrRange) {
		err = nil
	}
	return f, err
}

// FloatText writes a number of 32 or 64 bits as Java does: 0.5, 100.0, 1.0E10, NaN. It is the shortest text that reads back the same, as from Java
// 19 on; older versions write a digit more for some.
//
// Kafka: java.lang.Double.toString, Float.toString.
func FloatText(f float64, bits int) string {
	switch magnitude := math.Abs(f); {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strconv.FormatFloat(f, 'f', -1, bits), "+") + "inity"
	case magnitude != 0 && (magnitude < 1e-3 || magnitude >= 1e7):
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, bits), "E")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		sign := ""
		if exponent[0] == '-' {
			sign = "-"
		}
		return mantissa + "E" + sign + strings.TrimLeft(exponent, "+-0")
	}
	text := strconv.FormatFloat(f, 'f', -1, bits)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
