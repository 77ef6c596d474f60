package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// rawJSON is one field's JSON text.
type rawJSON = json.RawMessage

// errUndecodable says that a value is not JSON at all. Such a record does not count for the config offset.
var errUndecodable = errors.New("value is not JSON")

// decodeObject reads the first JSON value of data, as Kafka Connect's JsonConverter without schemas does: what follows the value is
// ignored, and a value without any text is a null. isNull is true for a tombstone, a blank value and JSON null.
func decodeObject(data []byte) (fields map[string]rawJSON, isNull bool, err error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // Jackson skips a byte order mark
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, true, nil
	}
	if !utf8.Valid(data) {
		return nil, false, fmt.Errorf("%w: invalid UTF-8", errUndecodable)
	}
	var raw json.RawMessage
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&raw); err != nil {
		return nil, false, fmt.Errorf("%w: %w", errUndecodable, err)
	}
	if string(raw) == "null" {
		return nil, true, nil
	}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, false, errors.New("value is not a JSON object")
	}
	return fields, false, nil
}

// textField returns a field that must be a JSON text. A null is the empty text, and a field that is missing is an error.
func textField(fields map[string]rawJSON, name string) (string, error) {
	var s *string
	raw, ok := fields[name]
	if !ok {
		return "", fmt.Errorf("field %q is missing", name)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("field %q is not a text: %s", name, raw)
	}
	if s == nil {
		return "", nil
	}
	return *s, nil
}

// intField returns a field that must be a JSON integer: Java workers refuse 2.0 and "2".
func intField(fields map[string]rawJSON, name string) (int64, error) {
	raw, ok := fields[name]
	if !ok {
		return 0, fmt.Errorf("field %q is missing", name)
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("field %q is not an integer: %s", name, raw)
	}
	return n, nil
}

// appendText appends s as a JSON text the way Jackson writes it: only quotes, backslashes and control characters are escaped (hexadecimal
// digits in upper case), and characters beyond the basic plane are a pair of escaped surrogates.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\b':
			b = append(b, '\\', 'b')
		case r == '\t':
			b = append(b, '\\', 't')
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\f':
			b = append(b, '\\', 'f')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r < 0x20:
			b = appendEscape(b, r)
		case r > 0xffff:
			r -= 0x10000
			b = appendEscape(b, 0xd800+r>>10)
			b = appendEscape(b, 0xdc00+r&0x3ff)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

func appendEscape(b []byte, unit rune) []byte {
	const digits = "0123456789ABCDEF"
	return append(b, '\\', 'u', digits[unit>>12&15], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
}
