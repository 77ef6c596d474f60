package rest

import (
	"strings"
	"unicode/utf8"
)

// unicodeText is what Java makes of bytes that should be UTF-8: each malformed sequence becomes one U+FFFD, where a sequence is as long as it might
// still have become a character, and a surrogate, which has no place in UTF-8, is one as a whole. A name is told apart by its text: one that came as bytes
// would be another one after its way through the config topic.
//
// Kafka: sun.nio.cs.UTF_8, as the paths of requests are decoded with it.
func unicodeText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			n = malformed(s)
		}
		b.WriteRune(r)
		s = s[n:]
	}
	return b.String()
}

// malformed is the length of the malformed sequence that s begins with.
func malformed(s string) int {
	if len(s) >= 3 && s[0] == 0xED && s[1]&0xE0 == 0xA0 && s[2]&0xC0 == 0x80 {
		return 3 // a surrogate
	}
	n := 1
	for n < len(s) && !utf8.FullRuneInString(s[:n]) {
		n++
	}
	if n > 1 && utf8.FullRuneInString(s[:n]) {
		n-- // its last byte showed that it becomes nothing, and may begin the next one
	}
	return n
}
