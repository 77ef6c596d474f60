package transform

import (
	"strings"
	"testing"
)

func TestRegularExpressionsAreJavas(t *testing.T) {
	for _, c := range []struct {
		expr, text string
		matches    bool
	}{
		{"orders", "orders", true},
		{"ord", "orders", false},
		{"(?i)ORDERS", "orders", true},
		{`\p{Alpha}+`, "orders", true},
		{`[\p{Lower}\p{Digit}]+`, "orders1", true},
		{`\P{Upper}+`, "orders", true},
		{`[^\P{Upper}]+`, "orders", false},
		{`\p{L}{6}`, "orders", true},
		{`\u006frders\Z`, "orders", true},
		{`\h?orders[\h-]?`, "\torders-", true},
		{`\Qa+b[\E.*`, "a+b[c", true},
		{`\Qa+b`, "a+b", true},
		{"[]o]rders", "orders", true},
		{"[^]o]rders", "xrders", true},
		{`[a\]]`, "]", true},
		{"a{2}?b", "aab", true},
		{"a}+", "a}}", true},
		{"a{2,}b+?", "aaabb", true},
		{"a??b", "b", true},
		{"a+?b*?", "a", true},
		{"(?<name>o)rders", "orders", true},
	} {
		p, err := compile("regex", c.expr)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		if got := p.match(c.text) != nil; got != c.matches {
			t.Errorf("%s on %q: got %v, want %v", c.expr, c.text, got, c.matches)
		}
	}
}

func TestWhatOnlyJavaHasIsRefusedByName(t *testing.T) {
	for expr, what := range map[string]string{
		"(?=x).*":          "a look-ahead in",
		"(?!x).*":          "a look-ahead in",
		"(?<=x).*":         "a look-behind in",
		"(?<!x).*":         "a look-behind in",
		"(?>x)":            "an atomic group in",
		"a++":              "a possessive repetition in",
		"a?+":              "a possessive repetition in",
		"a{2}+":            "a possessive repetition in",
		`(a)\1`:            "a reference to a group",
		`\0101`:            "an octal number",
		"[a[b]]":           "a character class inside",
		"[a-z&&[^b]]":      "an intersection",
		"(?x) a":           "the flag x in",
		"(?U)a":            "the flag U in",
		`\v`:               `\v in`,
		`\p{IsAlphabetic}`: "invalid character class range",
		"a{1001}":          "invalid repeat count",
	} {
		_, err := compile("regex", expr)
		if err == nil || !strings.Contains(err.Error(), what) || !strings.HasSuffix(err.Error(), unsupportedText) || !strings.HasPrefix(err.Error(), "Invalid value "+expr+" for configuration regex: ") {
			t.Errorf("%s: got %v, want %q", expr, err, what)
		}
	}
}

func FuzzRegex(f *testing.F) {
	f.Add(`(?i)[a-z\p{Alpha}]+\Qx\E(?<n>a){2,3}\u0041`, "$1${n}\\$", "orders")
	f.Add(`[]^-]|\`, "$", "")
	f.Fuzz(func(t *testing.T, expr, replacement, text string) {
		p, err := compile("regex", expr)
		if err != nil {
			return
		}
		if match := p.find(text); match != nil {
			_, _ = p.expand(replacement, text, match)
		}
	})
}

func FuzzFieldPath(f *testing.F) {
	f.Add("a.`b.c`.d")
	f.Add("`a\\`.b`")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := newFieldPath(text, syntaxV2)
		if err != nil {
			return
		}
		if _, err := p.inMap(map[string]any{"a": map[string]any{"b.c": 1}}); err != nil && len(p.steps) > 1 && err == errNoSteps {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"1e5", "-.5E-3", "1.2.3", "0x1p3f", "Infinity", "+", "1e2147483648"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := parseDecimal(text); err == nil {
			low64(d)
		}
		_, _ = parseFloat(text, 32)
		_, _ = parseInt(text, 64)
	})
}
