package dynamodb

import "testing"

// Eight bytes at a time end where one at a time would.
func TestPlainTextEndsAtTheFirstByteThatIsNotPlain(t *testing.T) {
	const plain = "\x7f\x80\xff !#[]az"
	for c := range 256 {
		for length := range 20 {
			for at := range length {
				text := make([]byte, length)
				for i := range text {
					text[i] = plain[(i+c)%len(plain)]
				}
				text[at] = byte(c)
				want := at
				if plainText[c] {
					want = length
				}
				for from := range min(at+1, 3) {
					if got := skipPlain(text, from); got != want {
						t.Fatalf("%q from %d: got %d, want %d", text, from, got, want)
					}
				}
			}
		}
	}
}
