package dynamodb

import (
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Numbers as the service spells them are in the differential suite. Here: the properties that
// keys and arithmetic rest on.

func drawNumber(t *rapid.T, label string) string {
	digits := rapid.StringMatching(`[0-9]{1,20}(\.[0-9]{0,15})?`).Draw(t, label)
	sign := rapid.SampledFrom([]string{"", "-", "+"}).Draw(t, label+" sign")
	exp := rapid.SampledFrom([]string{"", "E+2", "e-7", "E30", "E-60"}).Draw(t, label+" exponent")
	return sign + digits + exp
}

func rational(t *rapid.T, text string) *big.Rat {
	r, ok := new(big.Rat).SetString(strings.Replace(text, ".E", ".0E", 1))
	if !ok {
		r, ok = new(big.Rat).SetString(strings.Replace(strings.Replace(text, ".e", "e", 1), ".E", "E", 1))
	}
	if !ok {
		t.Fatalf("%q is no number to math/big", text)
	}
	return r
}

func canonical(t *rapid.T, text string) string {
	d, err := parseDecimal([]byte(text), nil)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return string(d.appendText(nil))
}

func TestCanonicalNumbersKeepTheirValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawNumber(t, "n")
		got := canonical(t, text)
		if rational(t, got).Cmp(rational(t, text)) != 0 {
			t.Fatalf("%q became %q", text, got)
		}
		if again := canonical(t, got); again != got {
			t.Fatalf("%q became %q and then %q", text, got, again)
		}
		if strings.ContainsAny(got, "eE+") || strings.Contains(got, ".") && strings.HasSuffix(got, "0") {
			t.Fatalf("%q became %q, which is not canonical", text, got)
		}
	})
}

func TestKeysOrderAsNumbersDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawNumber(t, "a"), drawNumber(t, "b")
		want := rational(t, a).Cmp(rational(t, b))
		ka, kb := string(mustDecimal(a).appendKey(nil)), string(mustDecimal(b).appendKey(nil))
		if got := strings.Compare(ka, kb); got != want {
			t.Fatalf("%s and %s compare as %d, want %d", a, b, got, want)
		}
		// What follows a key must not change the order.
		if got := strings.Compare(ka+"\xff", kb+"\x00"); want != 0 && got != want {
			t.Fatalf("%s and %s with something behind compare as %d, want %d", a, b, got, want)
		}
	})
}

func TestSumsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := canonical(t, drawNumber(t, "a")), canonical(t, drawNumber(t, "b"))
		for _, minus := range []bool{false, true} {
			want := new(big.Rat).Add(rational(t, a), rational(t, b))
			if minus {
				want.Sub(rational(t, a), rational(t, b))
			}
			got, err := addNumbers(a, b, minus)
			if err != nil {
				if !strings.Contains(err.message, "38 significant digits") {
					t.Fatalf("%s and %s: %v", a, b, err)
				}
				continue
			}
			if rational(t, got).Cmp(want) != 0 {
				t.Fatalf("%s and %s (minus %t) make %s", a, b, minus, got)
			}
		}
	})
}

func TestSetsOfNumbersAreSortedByValue(t *testing.T) {
	members := []string{"10", "9", "-1", "0", "0.5", "-10", "100"}
	sortSet(kindNumberSet, members)
	if want := []string{"-10", "-1", "0", "0.5", "9", "10", "100"}; !slices.Equal(members, want) {
		t.Errorf("got %v, want %v", members, want)
	}
}

// The sizes are those that DynamoDB Local 3.1.0 counts.
func TestSizesOfNumbers(t *testing.T) {
	for text, want := range map[string]int{
		"0": 1, "1": 2, "10": 2, "100": 2, "1000": 2, "15": 2, "150": 3, "1.5": 3, "0.5": 2, "0.05": 2, "0.15": 2, "0.015": 3,
		"1.23": 3, "12.3": 3, "123": 3, "1234": 3, "12345": 4, "1.2345": 4, "-1": 3, "-1.5": 4, "-0.5": 3, "6252.83": 4, "625.28": 4,
		"1E+30": 2, "1E+31": 2, "1E-30": 2, "-1E+30": 3, "1000000001": 6,
	} {
		if got := mustDecimal(text).size(); got != want {
			t.Errorf("%s weighs %d bytes, want %d", text, got, want)
		}
	}
}
