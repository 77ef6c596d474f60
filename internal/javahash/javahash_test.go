package javahash_test

import (
	"fmt"
	"strings"
	"testing"

	"sluice/internal/javahash"
)

// The hash codes and orders are those of Java 17.0.15.

func TestHashCodes(t *testing.T) {
	for text, want := range map[string]int32{"": 0, "a": 97, "orders": -1008770331, "ä😀": 1992007, "consumer.override.": 534985194} {
		if got := javahash.String(text); got != want {
			t.Errorf("%q: got %d, want %d", text, got, want)
		}
	}
	for n, want := range map[int64]int32{5: 5, -7: 6, 2147483648: -2147483648, -2147483649: -2147483648} {
		if got := javahash.Long(n); got != want {
			t.Errorf("%d: got %d, want %d", n, got, want)
		}
	}
	for f, want := range map[float64]int32{1.5: 1073217536, -0.25: -1076887552, 0: 0} {
		if got := javahash.Double(f); got != want {
			t.Errorf("%v: got %d, want %d", f, got, want)
		}
	}
}

func TestOrder(t *testing.T) {
	for _, c := range []struct {
		keys        int // named k0, k1, k4, k9, ...
		put, copied string
	}{
		{0, "", ""},
		{1, "k0", "k0"},
		{5, "k16 k0 k1 k4 k9", "k16 k4 k0 k1 k9"},
		{12, "k16 k49 k121 k0 k81 k1 k100 k64 k4 k9 k25 k36", "k0 k81 k1 k64 k4 k9 k25 k36 k16 k49 k121 k100"},
		{13, "k0 k81 k1 k64 k4 k9 k25 k36 k16 k49 k121 k100 k144", "k0 k81 k1 k64 k4 k9 k25 k36 k16 k49 k121 k100 k144"},
		{24, "k529 k0 k81 k1 k64 k4 k9 k25 k36 k16 k49 k196 k361 k121 k484 k100 k144 k441 k169 k400 k256 k289 k225 k324", "k529 k36 k16 k361 k121 k484 k100 k144 k441 k169 k400 k289 k225 k324 k0 k81 k1 k64 k4 k9 k25 k49 k196 k256"},
		{25, "k529 k36 k16 k361 k121 k484 k100 k144 k441 k169 k400 k289 k225 k324 k0 k81 k1 k64 k4 k9 k25 k49 k196 k576 k256", "k529 k36 k16 k361 k121 k484 k100 k144 k441 k169 k400 k289 k225 k324 k0 k81 k1 k64 k4 k9 k25 k49 k196 k576 k256"},
	} {
		var names []string
		for i := range c.keys {
			names = append(names, fmt.Sprint("k", i*i))
		}
		in := func(names []string, table int) (ordered []string) {
			for _, i := range javahash.Order(names, javahash.String, table) {
				ordered = append(ordered, names[i])
			}
			return ordered
		}
		put := in(names, javahash.Table(c.keys))
		if got := strings.Join(put, " "); got != c.put {
			t.Errorf("%d keys, put one by one:\ngot  %s\nwant %s", c.keys, got, c.put)
		}
		if got := strings.Join(in(put, javahash.CopyTable(c.keys)), " "); got != c.copied {
			t.Errorf("%d keys, copied:\ngot  %s\nwant %s", c.keys, got, c.copied)
		}
	}
}
