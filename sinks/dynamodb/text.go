package dynamodb

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// plainText tells the bytes that stand for themselves inside a JSON string.
var plainText = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= 0x20 && c != '"' && c != '\\'
	}
	return t
}()

// skipPlain returns the place of the first byte from i on that does not stand for itself, or the end. It looks at eight at a time.
func skipPlain(text []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(text); i += 8 {
		v := binary.LittleEndian.Uint64(text[i:])
		quote, backslash := v^ones*'"', v^ones*'\\'
		// A byte that is zero, or below a space, sets its high bit; the lowest one set is never a false one.
		if found := ((quote-ones)&^quote | (backslash-ones)&^backslash | (v-ones*' ')&^v) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	for i < len(text) && plainText[text[i]] {
		i++
	}
	return i
}

// appendEscaped appends text as the inside of a JSON string in one canonical form: only what must be escaped is.
func appendEscaped[T string | []byte](dst []byte, text T) []byte {
	const hex = "0123456789abcdef"
	start := 0
	for i := range len(text) {
		c := text[i]
		if plainText[c] {
			continue
		}
		dst = append(dst, text[start:i]...)
		if c == '"' || c == '\\' {
			dst = append(dst, '\\', c)
		} else {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		start = i + 1
	}
	return append(dst, text[start:]...)
}

// readEscape reads one escape of a JSON string, which starts with a backslash at text[0]. It returns the character and the length of
// the escape. A surrogate that is not half of a pair has no character: then r is -1. Text that is no escape is not ok.
func readEscape(text []byte) (r rune, length int, ok bool) {
	if len(text) < 2 {
		return 0, 0, false
	}
	switch text[1] {
	case '"', '\\', '/':
		return rune(text[1]), 2, true
	case 'b':
		return '\b', 2, true
	case 'f':
		return '\f', 2, true
	case 'n':
		return '\n', 2, true
	case 'r':
		return '\r', 2, true
	case 't':
		return '\t', 2, true
	case 'u':
		r, ok := readHex(text[2:])
		if !ok {
			return 0, 0, false
		}
		if !utf16.IsSurrogate(r) {
			return r, 6, true
		}
		if len(text) >= 12 && text[6] == '\\' && text[7] == 'u' {
			if low, ok := readHex(text[8:]); ok {
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					return pair, 12, true
				}
			}
		}
		return -1, 6, true
	}
	return 0, 0, false
}

func readHex(text []byte) (rune, bool) {
	if len(text) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range text[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// appendUnescaped appends the text that stands inside a JSON string, which must be well formed.
func appendUnescaped(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		r, n, ok := readEscape(raw[i:])
		if !ok {
			return append(dst, raw[i:]...)
		}
		dst = utf8.AppendRune(dst, r)
		raw = raw[i+n:]
	}
}
