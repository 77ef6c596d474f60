package converter

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// decodeBase64 reads base64 in units of four characters, each of which may be padded, with blanks between them.
//
// Kafka: com.fasterxml.jackson.core.Base64Variant.decode of the variant MIME-NO-LINEFEEDS.
func decodeBase64(text string) ([]byte, error) {
	if !strings.ContainsAny(text, "\r\n") { // which Go skips wherever they are
		if out, err := base64.StdEncoding.DecodeString(text); err == nil {
			return out, nil
		}
	}
	out := make([]byte, 0, len(text)/4*3)
	for i := 0; i < len(text); {
		if text[i] <= ' ' {
			i++
			continue
		}
		unit := text[i:min(i+4, len(text))]
		for k, c := range []byte(unit) {
			if reason := misplaced(c, k, unit); reason != "" {
				return nil, brokenBase64(reason)
			}
		}
		if len(unit) < 4 {
			return nil, brokenBase64("Unexpected end of base64-encoded String: base64 variant 'MIME-NO-LINEFEEDS' expects padding" +
				" (one or more '=' characters) at the end. This Base64Variant might have been incorrectly configured")
		}
		b, err := base64.StdEncoding.DecodeString(unit)
		if err != nil {
			return nil, brokenBase64(err.Error()) // the characters are right, so this does not happen
		}
		out = append(out, b...)
		i += 4
	}
	return out, nil
}

// misplaced says why a character cannot stand at the k-th place of a unit, "" if it can.
func misplaced(c byte, k int, unit string) string {
	switch {
	case c <= ' ':
		return fmt.Sprintf("Illegal white space character (code 0x%x) as character #%d of 4-char base64 unit: can only used between units", c, k+1)
	case c == '=' && k < 2:
		return fmt.Sprintf("Unexpected padding character ('=') as character #%d of 4-char base64 unit: padding only legal as 3rd or 4th character", k+1)
	case c != '=' && k == 3 && unit[2] == '=':
		return "expected padding character '='"
	case c == '=', c == '+', c == '/', isDigit(c), c|0x20 >= 'a' && c|0x20 <= 'z':
		return ""
	}
	return fmt.Sprintf("Illegal character '%c' (code 0x%x) in base64 content", c, c)
}

func brokenBase64(reason string) error {
	return &javaError{class: "com.fasterxml.jackson.databind.exc.InvalidFormatException",
		text: "Cannot access contents of TextNode as binary due to broken Base64 encoding: " + reason}
}
