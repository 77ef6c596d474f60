package jsonobject

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Is reports whether the inside of a JSON string stands for a text.
func Is(inside []byte, text string) bool {
	if string(inside) == text {
		return bytes.IndexByte(inside, '\\') < 0
	}
	// An escape is never shorter than what it stands for.
	if len(inside) <= len(text) || bytes.IndexByte(inside, '\\') < 0 {
		return false
	}
	return string(AppendText(nil, inside)) == text
}

// AppendText appends the text that the inside of a JSON string stands for. Half a character (an unpaired surrogate) is U+FFFD.
func AppendText(out, inside []byte) []byte {
	for {
		n := bytes.IndexByte(inside, '\\')
		if n < 0 || n == len(inside)-1 {
			return append(out, inside...)
		}
		out = append(out, inside[:n]...)
		c := inside[n+1]
		inside = inside[n+2:]
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r := hex(inside)
			inside = inside[min(4, len(inside)):]
			if utf16.IsSurrogate(r) {
				second := rune(utf8.RuneError)
				if bytes.HasPrefix(inside, []byte(`\u`)) {
					second = hex(inside[2:])
				}
				if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
					inside = inside[6:]
				}
			}
			out = utf8.AppendRune(out, r)
			continue
		}
		out = append(out, c)
	}
}

// hex reads four hexadecimal digits, U+FFFD if there are none.
func hex(in []byte) rune {
	if len(in) < 4 {
		return utf8.RuneError
	}
	var r rune
	for _, c := range in[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return utf8.RuneError
		}
		r = r<<4 | rune(c)
	}
	return r
}

// AppendString appends a text, which must be UTF-8, as a JSON string.
func AppendString(out []byte, text string) []byte {
	const digits = "0123456789abcdef"
	out = append(out, '"')
	written := 0
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		out = append(out, text[written:i]...)
		written = i + 1
		if c >= ' ' {
			out = append(out, '\\', c)
		} else {
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	out = append(out, text[written:]...)
	return append(out, '"')
}
