package converter

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

func encodeUTF8(s string) []byte { return []byte(s) }

// DecodeUTF8 returns the text with each malformed sequence replaced by one U+FFFD, where Java draws the line between sequences: a
// sequence that was well begun counts as one, and so does an encoded surrogate.
func DecodeUTF8(data []byte) string {
	if utf8.Valid(data) {
		return string(data)
	}
	out := make([]byte, 0, len(data)+8)
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		if c == utf8.RuneError && size == 1 {
			size = malformed(data[i:])
		}
		out = utf8.AppendRune(out, c)
		i += size
	}
	return string(out)
}

// malformed returns the length of the sequence at the start of d, which is not UTF-8, that one U+FFFD stands for.
func malformed(d []byte) int {
	more := 0 // bytes that may follow
	low, high := byte(0x80), byte(0xbf)
	switch c := d[0]; {
	case c >= 0xc2 && c <= 0xdf:
		more = 1
	case c >= 0xe0 && c <= 0xef:
		more = 2
		if c == 0xe0 {
			low = 0xa0
		}
	case c >= 0xf0 && c <= 0xf4:
		more = 3
		switch c {
		case 0xf0:
			low = 0x90
		case 0xf4:
			high = 0x8f
		}
	}
	n := 1
	for ; n <= more && n < len(d) && d[n] >= low && d[n] <= high; n++ {
		low, high = 0x80, 0xbf
	}
	return n
}

// decodeBelow reads a character set of which each byte below limit is the character of that number.
func decodeBelow(limit rune) func([]byte) string {
	return func(data []byte) string {
		out := make([]byte, 0, len(data))
		for _, b := range data {
			c := rune(b)
			if c >= limit {
				c = utf8.RuneError
			}
			out = utf8.AppendRune(out, c)
		}
		return string(out)
	}
}

// encodeBelow writes what the character set does not have as a question mark, as Java does.
func encodeBelow(limit rune) func(string) []byte {
	return func(s string) []byte {
		out := make([]byte, 0, len(s))
		for _, c := range s {
			if c >= limit {
				c = '?'
			}
			out = append(out, byte(c))
		}
		return out
	}
}

func decodeUTF16(order binary.ByteOrder) func([]byte) string {
	return func(data []byte) string { return string(fromUTF16(data, order)) }
}

// decodeMarkedUTF16 goes by the byte order mark; without one it is big-endian.
func decodeMarkedUTF16(data []byte) string {
	if len(data) >= 2 {
		switch binary.BigEndian.Uint16(data) {
		case 0xfeff:
			return string(fromUTF16(data[2:], binary.BigEndian))
		case 0xfffe:
			return string(fromUTF16(data[2:], binary.LittleEndian))
		}
	}
	return string(fromUTF16(data, binary.BigEndian))
}

// encodeUTF16 writes big-endian after a mark, except for the empty text.
func encodeUTF16(mark []byte) func(string) []byte {
	return func(s string) []byte {
		if s == "" {
			return []byte{}
		}
		return appendUTF16(append([]byte{}, mark...), s, binary.BigEndian)
	}
}

func encodeUTF16LE(s string) []byte { return appendUTF16([]byte{}, s, binary.LittleEndian) }

func appendUTF16(out []byte, s string, order binary.AppendByteOrder) []byte {
	for _, unit := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, unit)
	}
	return out
}
