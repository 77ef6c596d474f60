// Package javabase64 reads base64 as Java does, and complains in Java's words: the REST API answers with them.
package javabase64

import (
	"encoding/base64"
	"fmt"
	"strings"
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// malformed is what is wrong with a text, in Java's words.
type malformed string

func (m malformed) Error() string { return string(m) }

// Decode takes the texts that Java's basic decoder takes: the padding may be there or be missing altogether, bits that are left over are
// dropped, line ends are not skipped. The error for any other text is Java's, whole.
//
// Kafka: java.util.Base64.Decoder.decode.
func Decode(text string) ([]byte, error) {
	if len(text) == 1 {
		return nil, malformed("Input byte[] should at least have 2 bytes for base64 bytes")
	}
	end := 0
	for end < len(text) && strings.IndexByte(alphabet, text[end]) >= 0 {
		end++
	}
	rest, left := text[end:], end%4
	switch {
	case rest != "" && rest[0] != '=':
		return nil, malformed(fmt.Sprintf("Illegal base64 character %x", int8(rest[0])))
	case rest != "" && (left == 0 || left == 2 && !strings.HasPrefix(rest, "==")):
		return nil, malformed("Input byte array has wrong 4-byte ending unit")
	case left == 1:
		return nil, malformed("Last unit does not have enough valid bits")
	case rest != "" && len(rest) > 4-left:
		return nil, malformed(fmt.Sprintf("Input byte array has incorrect ending byte at %d", end+4-left))
	}
	return base64.RawStdEncoding.DecodeString(text[:end])
}
