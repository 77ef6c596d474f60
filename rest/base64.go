package rest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// decodeBase64 takes the texts that Java's decoder takes, with padding or without, and refuses others in its words.
//
// Kafka: java.util.Base64.Decoder.decode.
func decodeBase64(text string) ([]byte, error) {
	if len(text) == 1 {
		return nil, errors.New("Input byte[] should at least have 2 bytes for base64 bytes") //nolint:staticcheck // Java's text
	}
	end := strings.IndexFunc(text, func(r rune) bool { return r > 0x7F || !strings.ContainsRune(base64Alphabet, r) })
	if end < 0 {
		end = len(text)
	}
	rest, filled := text[end:], end%4
	switch {
	case rest != "" && rest[0] != '=':
		return nil, fmt.Errorf("Illegal base64 character %x", int8(rest[0])) //nolint:staticcheck // Java's text
	case rest != "" && (filled == 0 || filled == 2 && (len(rest) == 1 || rest[1] != '=')):
		return nil, errors.New("Input byte array has wrong 4-byte ending unit") //nolint:staticcheck // Java's text
	case filled == 1:
		return nil, errors.New("Last unit does not have enough valid bits") //nolint:staticcheck // Java's text
	}
	if padding := map[int]int{2: 2, 3: 1}[filled]; rest != "" && len(rest) > padding {
		return nil, fmt.Errorf("Input byte array has incorrect ending byte at %d", end+padding) //nolint:staticcheck // Java's text
	}
	return base64.RawStdEncoding.DecodeString(text[:end])
}
