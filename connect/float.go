package connect

import (
	"strconv"
	"strings"
)

// mostDigits is how many digits of a number are looked at one by one. A number of 64 bits is decided by 767 of them at the most, and whether anything
// follows.
const mostDigits = 780

// ParseFloat is [strconv.ParseFloat] for numbers of any length. That one counts no more than 800 digits before the point, so that 1000 nines with the
// exponent e-1000 are 1e-200 to it.
func ParseFloat(s string, bits int) (float64, error) {
	if len(s) > mostDigits {
		s = shortened(s)
	}
	return strconv.ParseFloat(s, bits)
}

// shortened returns a text of the same number with fewer digits. What is no decimal number comes back as it is.
func shortened(s string) string {
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil || n < -1<<40 || n > 1<<40 {
			return s // beyond any range, or no number
		}
		mantissa, exponent = s[:i], n
	}
	sign := ""
	if mantissa != "" && (mantissa[0] == '-' || mantissa[0] == '+') {
		sign, mantissa = mantissa[:1], mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	if len(digits) <= mostDigits || strings.Trim(digits, "0123456789") != "" {
		return s
	}
	exponent += len(digits) - mostDigits - len(fraction)
	rest := ""
	if strings.Trim(digits[mostDigits:], "0") != "" {
		rest = "1" // something follows, which decides a tie
		exponent--
	}
	return sign + digits[:mostDigits] + rest + "e" + strconv.Itoa(exponent)
}
