package fraud

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// Text inside this package is WTF-8: UTF-8 in which a surrogate without its
// other half stands as three bytes. Java strings may hold such halves, and two
// that come from different spellings still make one character when they meet,
// so they must survive until the whole string is known.

// decodeUnicode returns the text of a record without its byte order mark. The
// encoding is guessed from the first four bytes. UTF-8 is returned as it is,
// unchecked: the scanner checks what it reads, by Jackson's rules. If the text
// ends early because of bad UTF-32, tail says why.
//
// Jackson: ByteSourceJsonBootstrapper.detectEncoding.
func decodeUnicode(in []byte) (text []byte, tail, err error) {
	const bom = "\xEF\xBB\xBF"
	if len(in) < 4 {
		// A lone byte order mark is not recognised.
		if len(in) >= 2 {
			switch {
			case in[0] == 0:
				return decodeUTF16(in, binary.BigEndian), nil, nil
			case in[1] == 0:
				return decodeUTF16(in, binary.LittleEndian), nil, nil
			}
		}
		return in, nil, nil
	}
	quad := binary.BigEndian.Uint32(in)
	switch {
	case quad == 0x0000FEFF:
		text, tail = decodeUTF32(in[4:], binary.BigEndian)
	case quad == 0xFFFE0000:
		text, tail = decodeUTF32(in[4:], binary.LittleEndian)
	case quad == 0x0000FFFE, quad == 0xFEFF0000:
		err = malformed("unsupported UCS-4 byte order")
	case quad>>16 == 0xFEFF:
		text = decodeUTF16(in[2:], binary.BigEndian)
	case quad>>16 == 0xFFFE:
		text = decodeUTF16(in[2:], binary.LittleEndian)
	case string(in[:3]) == bom:
		text = in[3:]
	case quad>>8 == 0:
		text, tail = decodeUTF32(in, binary.BigEndian)
	case quad&0x00FFFFFF == 0:
		text, tail = decodeUTF32(in, binary.LittleEndian)
	case quad&^0x00FF0000 == 0, quad&^0x0000FF00 == 0:
		err = malformed("unsupported UCS-4 byte order")
	case in[0] == 0:
		text = decodeUTF16(in, binary.BigEndian)
	case in[1] == 0:
		text = decodeUTF16(in, binary.LittleEndian)
	default:
		text = in
	}
	return text, tail, err
}

// decodeUTF16 decodes as Java's UTF-16BE and UTF-16LE decoders do when told to
// replace: a high surrogate takes what follows it with it, and U+FFFE is as bad
// as half a pair.
func decodeUTF16(in []byte, order binary.ByteOrder) []byte {
	const reversedMark = 0xFFFE
	out := make([]byte, 0, len(in)+len(in)/2)
	for len(in) >= 2 {
		u := order.Uint16(in)
		in = in[2:]
		switch {
		case isHigh(u):
			if len(in) < 2 {
				return utf8.AppendRune(out, utf8.RuneError)
			}
			low := order.Uint16(in)
			in = in[2:]
			if !isLow(low) {
				out = utf8.AppendRune(out, utf8.RuneError)
				continue
			}
			out = utf8.AppendRune(out, join(u, low))
		case isLow(u), u == reversedMark:
			out = utf8.AppendRune(out, utf8.RuneError)
		default:
			out = utf8.AppendRune(out, rune(u))
		}
	}
	if len(in) > 0 {
		out = utf8.AppendRune(out, utf8.RuneError)
	}
	return out
}

// decodeUTF32 decodes up to the first impossible character, which is an error
// only if the record is not complete before it. Surrogates pass.
//
// Jackson: UTF32Reader. Differs: Jackson decodes 4000 characters ahead, so it
// also fails on an impossible character soon after the end of the value.
func decodeUTF32(in []byte, order binary.ByteOrder) (out []byte, tail error) {
	out = make([]byte, 0, len(in)/2)
	for len(in) >= 4 {
		c := order.Uint32(in)
		if c > utf8.MaxRune {
			return out, malformed("impossible UTF-32 character %#x", c)
		}
		in = in[4:]
		if c <= 0xFFFF {
			out = appendUnit(out, len(out), uint16(c))
		} else {
			out = utf8.AppendRune(out, rune(c))
		}
	}
	if len(in) > 0 {
		return out, malformed("UTF-32 text ends in the middle of a character")
	}
	return out, nil
}

func isHigh(u uint16) bool { return u&0xFC00 == 0xD800 }
func isLow(u uint16) bool  { return u&0xFC00 == 0xDC00 }

// join makes one character of two surrogates.
func join(high, low uint16) rune {
	return 0x10000 + rune(high&0x3FF)<<10 + rune(low&0x3FF)
}

// appendUnit appends one UTF-16 unit to the string that begins at dst[start].
// A low surrogate joins a high one in front of it.
func appendUnit(dst []byte, start int, u uint16) []byte {
	switch {
	case u < 0x80:
		return append(dst, byte(u))
	case u < 0x800:
		return append(dst, 0xC0|byte(u>>6), 0x80|byte(u&0x3F))
	}
	if n := len(dst); isLow(u) && n-start >= 3 && dst[n-3] == surrogateLead && dst[n-2]&0xF0 == 0xA0 {
		high := 0xD000 | uint16(dst[n-2]&0x3F)<<6 | uint16(dst[n-1]&0x3F)
		return utf8.AppendRune(dst[:n-3], join(high, u))
	}
	return append(dst, 0xE0|byte(u>>12), 0x80|byte(u>>6&0x3F), 0x80|byte(u&0x3F))
}

// surrogateLead is the first byte of every three-byte surrogate.
const surrogateLead = 0xED

// appendUTF8 appends WTF-8 text as UTF-8: each lone surrogate becomes a
// question mark, as in Flink's binary strings.
func appendUTF8(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, surrogateLead)
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:i]...)
		if text[i+1] >= 0xA0 {
			dst = append(dst, '?')
		} else {
			dst = append(dst, text[i:i+3]...)
		}
		text = text[i+3:]
	}
}
