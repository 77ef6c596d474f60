package converter

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// toUTF8 returns a JSON text in UTF-8 and the index behind its byte order mark. Like Jackson it looks at the first four bytes: UTF-16 and UTF-32 are known by
// their mark or by the zeros that ASCII has in them. Text that is UTF-8 already is returned as it is.
//
// Kafka: com.fasterxml.jackson.core.json.ByteSourceJsonBootstrapper.detectEncoding.
func toUTF8(data []byte) (text []byte, start int, err *SerializationError) {
	if len(data) < 2 || data[0] != 0 && data[1] != 0 && data[0] < 0xef {
		return data, 0, nil
	}
	if len(data) >= 4 {
		quad := binary.BigEndian.Uint32(data)
		switch {
		case quad == 0x0000feff:
			text, err = fromUTF32(data[4:], binary.BigEndian)
		case quad == 0xfffe0000:
			text, err = fromUTF32(data[4:], binary.LittleEndian)
		case quad == 0x0000fffe, quad&^0x0000ff00 == 0 && quad != 0:
			err = oddUTF32("2143")
		case quad == 0xfeff0000, quad&^0x00ff0000 == 0 && quad != 0:
			err = oddUTF32("3412")
		case quad>>16 == 0xfeff:
			text = fromUTF16(data[2:], binary.BigEndian)
		case quad>>16 == 0xfffe:
			text = fromUTF16(data[2:], binary.LittleEndian)
		case quad>>8 == 0xefbbbf:
			return data, 3, nil
		case quad>>8 == 0:
			text, err = fromUTF32(data, binary.BigEndian)
		case quad&0x00ffffff == 0:
			text, err = fromUTF32(data, binary.LittleEndian)
		}
		if text != nil || err != nil {
			return text, 0, err
		}
	}
	switch {
	case data[0] == 0:
		return fromUTF16(data, binary.BigEndian), 0, nil
	case data[1] == 0:
		return fromUTF16(data, binary.LittleEndian), 0, nil
	}
	return data, 0, nil
}

const conversionException = "java.io.CharConversionException"

func oddUTF32(order string) *SerializationError {
	return serializationError(conversionException, "Unsupported UCS-4 endianness ("+order+") detected")
}

// fromUTF16 writes what is not UTF-16 as U+FFFD, as Java does.
func fromUTF16(data []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, 0, len(data)/2)
	for ; len(data) >= 2; data = data[2:] {
		units = append(units, order.Uint16(data))
	}
	out := make([]byte, 0, len(units)+len(units)/2)
	for _, c := range utf16.Decode(units) {
		out = utf8.AppendRune(out, c)
	}
	if len(data) > 0 {
		out = utf8.AppendRune(out, utf8.RuneError)
	}
	return out
}

func fromUTF32(data []byte, order binary.ByteOrder) ([]byte, *SerializationError) {
	out := make([]byte, 0, len(data)/4)
	for ; len(data) >= 4; data = data[4:] {
		c := order.Uint32(data)
		if c > utf8.MaxRune {
			return nil, serializationError(conversionException, "Invalid UTF-32 character")
		}
		out = utf8.AppendRune(out, rune(c))
	}
	if len(data) > 0 {
		return nil, serializationError(conversionException, "Unexpected EOF in the middle of a 4-byte UTF-32 char")
	}
	return out, nil
}

// respell returns a checked JSON text with every sequence of bytes that has the shape of UTF-8 but is none (overlong forms, surrogates
// as some databases and old Java programs write them, values beyond Unicode) replaced by the \u escapes of the characters that Jackson reads
// it as. It is called for such texts only.
func respell(text []byte) []byte {
	out := make([]byte, 0, len(text)+16)
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		if c != utf8.RuneError || size > 1 {
			out = append(out, text[i:i+size]...)
			i += size
			continue
		}
		// The scanner has checked the shape: each byte after the first carries six bits.
		switch b := text[i]; {
		case b < 0xe0:
			out = appendEscape(out, uint32(b&0x1f)<<6|low6(text[i+1]))
			i += 2
		case b < 0xf0:
			out = appendEscape(out, uint32(b&0x0f)<<12|low6(text[i+1])<<6|low6(text[i+2]))
			i += 3
		default:
			v := uint32(b&0x07)<<18 | low6(text[i+1])<<12 | low6(text[i+2])<<6 | low6(text[i+3])
			v -= 0x10000
			out = appendEscape(out, 0xd800|v>>10)
			out = appendEscape(out, 0xdc00|v&0x3ff)
			i += 4
		}
	}
	return out
}

func low6(b byte) uint32 { return uint32(b & 0x3f) }

// appendEscape appends the JSON escape of a UTF-16 unit; higher bits are dropped.
func appendEscape(out []byte, unit uint32) []byte {
	const hex = "0123456789ABCDEF"
	return append(out, '\\', 'u', hex[unit>>12&15], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
}
