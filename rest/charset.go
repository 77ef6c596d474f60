package rest

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// decodeJSON returns the UTF-8 of a JSON text in any of the forms of Unicode, without its byte order mark. The form is told by the mark or,
// since the first character of JSON is an ASCII one, by the zeros around it; what the media type says of it does not count. What is no text in
// the form that it seems to have becomes U+FFFD, or stays as it is, and then is no JSON.
//
// Kafka: Jackson's ByteSourceJsonBootstrapper; Java's decoders.
func decodeJSON(data []byte) []byte {
	if len(data) < 2 {
		return data
	}
	if len(data) >= 4 {
		switch quad := binary.BigEndian.Uint32(data); {
		case quad == 0x0000feff:
			return fromUTF32(data[4:], binary.BigEndian)
		case quad == 0xfffe0000:
			return fromUTF32(data[4:], binary.LittleEndian)
		case quad>>16 == 0xfeff:
			return fromUTF16(data[2:], binary.BigEndian)
		case quad>>16 == 0xfffe:
			return fromUTF16(data[2:], binary.LittleEndian)
		case quad>>8 == 0:
			return fromUTF32(data, binary.BigEndian)
		case quad&0x00ffffff == 0:
			return fromUTF32(data, binary.LittleEndian)
		case quad&^0x00ff0000 == 0, quad&^0x0000ff00 == 0:
			return data // an order of bytes that nobody has
		}
	}
	switch {
	case data[0] == 0:
		return fromUTF16(data, binary.BigEndian)
	case data[1] == 0:
		return fromUTF16(data, binary.LittleEndian)
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
}

// fromUTF16 decodes as Java does: half a pair, with the unit that is not the other half, is one U+FFFD, and so is a byte too many.
func fromUTF16(data []byte, order binary.ByteOrder) []byte {
	out := make([]byte, 0, len(data)/2+utf8.UTFMax)
	for ; len(data) >= 2; data = data[2:] {
		c := rune(order.Uint16(data))
		if utf16.IsSurrogate(c) {
			second := rune(utf8.RuneError)
			if c < 0xdc00 && len(data) >= 4 { // the first half of a pair
				second = rune(order.Uint16(data[2:]))
				data = data[2:]
			}
			c = utf16.DecodeRune(c, second)
		}
		out = utf8.AppendRune(out, c)
	}
	if len(data) > 0 {
		out = utf8.AppendRune(out, utf8.RuneError)
	}
	return out
}

// fromUTF32 leaves a text as it is that has a number beyond Unicode, or bytes too many.
func fromUTF32(data []byte, order binary.ByteOrder) []byte {
	out := make([]byte, 0, len(data)/4+utf8.UTFMax)
	for rest := data; len(rest) > 0; rest = rest[4:] {
		if len(rest) < 4 || order.Uint32(rest) > utf8.MaxRune {
			return data
		}
		out = utf8.AppendRune(out, rune(order.Uint32(rest)))
	}
	return out
}
