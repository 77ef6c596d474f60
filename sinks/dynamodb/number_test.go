package dynamodb

import (
	"math/big"
	"strings"
	"testing"
)

func TestNumbersAreMeasuredAsTheServiceCountsThem(t *testing.T) {
	for _, c := range []struct {
		text      string
		literal   string
		canonical string
		digits    int
		broken    string
	}{
		{"0", "0", "0", 0, ""},
		{"-0", "0", "0", 0, ""},
		{"0.000", "0", "0", 0, ""},
		{"0e999999999999999999", "0", "0", 0, ""},
		{"1", "1", "1e0", 1, ""},
		{"1.0", "1.0", "1e0", 1, ""},
		{"1e0", "1e0", "1e0", 1, ""},
		{"01", "1", "1e0", 1, ""},
		{"007.50", "7.50", "75e0", 2, ""},
		{"-007", "-7", "-7e0", 1, ""},
		{"1E+2", "1E+2", "1e2", 1, ""},
		{"100", "100", "1e2", 1, ""},
		{"10.5", "10.5", "105e1", 3, ""},
		{"0.001", "0.001", "1e-3", 1, ""},
		{"1e-3", "1e-3", "1e-3", 1, ""},
		{"-123.4500", "-123.4500", "-12345e2", 5, ""},
		{"9.99e125", "9.99e125", "999e125", 3, ""},
		{"1e126", "", "", 1, "below 1E+126"},
		{"1e-130", "1e-130", "1e-130", 1, ""},
		{"1e-131", "", "", 1, "at least 1E-130"},
		{"1e99999999999999999999", "", "", 1, "below 1E+126"},
		{strings.Repeat("9", 38), strings.Repeat("9", 38), strings.Repeat("9", 38) + "e37", 38, ""},
		{strings.Repeat("9", 39), "", "", 39, "at most 38 significant digits, found 39"},
		{"1" + strings.Repeat("0", 60), "1" + strings.Repeat("0", 60), "1e60", 1, ""},
	} {
		n, ok := measureNumber([]byte(c.text))
		if !ok {
			t.Errorf("%s: not taken for a number", c.text)
			continue
		}
		if n.digits != c.digits {
			t.Errorf("%s: %d digits, want %d", c.text, n.digits, c.digits)
		}
		if broken := n.check(); !strings.Contains(broken, c.broken) || (broken == "") != (c.broken == "") {
			t.Errorf("%s: breaks %q, want %q", c.text, broken, c.broken)
		} else if broken != "" {
			continue
		}
		if got := string(n.appendLiteral(nil, []byte(c.text))); got != c.literal {
			t.Errorf("%s: sent as %s, want %s", c.text, got, c.literal)
		}
		if got := string(n.appendCanonical(nil, []byte(c.text))); got != c.canonical {
			t.Errorf("%s: canonical form %s, want %s", c.text, got, c.canonical)
		}
	}
}

func TestWhatIsNoNumberIsNotTakenForOne(t *testing.T) {
	for _, text := range []string{"", "-", "+1", ".5", "5.", "1e", "1e+", "1.2.3", "--1", "1-2", "e5", "1e5.0", "0x1", "NaN", "1 ", "-.5"} {
		if n, ok := measureNumber([]byte(text)); ok {
			t.Errorf("%q was taken for a number: %+v", text, n)
		}
	}
}

// Two texts have one canonical form if and only if they are one number; math/big is the judge.
func FuzzNumbersAreOneIfTheirCanonicalFormsAre(f *testing.F) {
	for _, pair := range [][2]string{{"1", "1.0"}, {"100", "1e2"}, {"-0", "0"}, {"0.10", "1e-1"}, {"12", "1.2"}, {"12e5", "1200000"}, {"1e1", "1e2"}} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, ok := measureNumber([]byte(a))
		y, ok2 := measureNumber([]byte(b))
		if !ok || !ok2 || len(a) > 100 || len(b) > 100 || x.check() != "" || y.check() != "" {
			return
		}
		var p, q big.Rat
		if _, ok := p.SetString(string(x.appendLiteral(nil, []byte(a)))); !ok {
			t.Fatalf("%s is sent as something that is no number", a)
		}
		if _, ok := q.SetString(string(y.appendLiteral(nil, []byte(b)))); !ok {
			t.Fatalf("%s is sent as something that is no number", b)
		}
		same := string(x.appendCanonical(nil, []byte(a))) == string(y.appendCanonical(nil, []byte(b)))
		if same != (p.Cmp(&q) == 0) {
			t.Fatalf("%s and %s: canonical forms equal: %v, numbers equal: %v", a, b, same, !same)
		}
	})
}

// The sizes are what DynamoDB Local 3.1.0 counts.
func TestNumbersHaveTheSizeThatTheServiceCounts(t *testing.T) {
	for text, want := range map[string]int{
		"0": 1, "1": 2, "12": 2, "123": 3, "-1": 3, "-12": 3, "1.5": 3, "15": 2, "150": 3, "1500": 2, "100": 2, "10": 2, "1E10": 2, "1E11": 2, "0.1": 2, "0.01": 2, "0.001": 2,
		"1.25": 3, "12.5": 3, "1234": 3, "12345": 4, "-0.00001": 3, "-3.5": 4, "12345678901234567890123456789012345678": 20,
	} {
		n, ok := measureNumber([]byte(text))
		if !ok || n.size() != want {
			t.Errorf("%s: got %d, want %d", text, n.size(), want)
		}
		if got := numberSize(text); got != want {
			t.Errorf("%s: the tests' own count says %d, want %d", text, got, want)
		}
	}
}
