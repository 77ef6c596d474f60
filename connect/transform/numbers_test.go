package transform

import "testing"

// What java.lang.Integer.parseInt of Java 17.0.15 answers.
func TestParseInt(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "-7": -7, "+7": 7, "٣٤": 34, "९": 9, "2147483647": 2147483647} {
		if got, err := parseInt(text, 32); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", " 1", "1 ", "0x1", "1_000", "1.0", "--1", "𝟏", "2147483648"} {
		if got, err := parseInt(text, 32); err == nil || err.Error() != `For input string: "`+text+`"` {
			t.Errorf("%q: got %d, %v", text, got, err)
		}
	}
}
