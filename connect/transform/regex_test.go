package transform

import (
	"errors"
	"strings"
	"testing"

	"sluice/connect"
)

// What expressions mean is tested where they are translated.
func TestRegularExpressionsOfJava(t *testing.T) {
	for _, c := range []struct {
		expr, text string
		matches    bool
	}{
		{"orders", "orders", true},
		{"ord", "orders", false},
		{"(?!test-).*", "orders", true},
		{"(?!test-).*", "test-orders", false},
		{"[a-z&&[^x]]+", "orders", true},
		{`(\w+)-\1`, "eu-eu", true},
	} {
		p, err := compile("regex", c.expr)
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
			continue
		}
		if got, err := p.matches(c.text); got != c.matches || err != nil {
			t.Errorf("%s on %q: got %v %v, want %v", c.expr, c.text, got, err, c.matches)
		}
	}
}

func TestWhatOnlyJavaHasIsRefusedByName(t *testing.T) {
	for expr, what := range map[string]string{"(?U)a": "the flag U in", `\p{InGreek}`: `the class \p{InGreek} in`} {
		_, err := compile("regex", expr)
		if err == nil || !strings.Contains(err.Error(), what) || !strings.HasSuffix(err.Error(), unsupportedText) || !strings.HasPrefix(err.Error(), "Invalid value "+expr+" for configuration regex: ") {
			t.Errorf("%s: got %v, want %q", expr, err, what)
		}
	}
}

// A match that explodes makes its record a bad one, which errors.tolerance decides about.
func TestRegularExpressionThatExplodesIsABadRecord(t *testing.T) {
	topic := strings.Repeat("a", 64)
	record := &connect.SinkRecord{Topic: topic}
	router := &regexRouter{}
	if err := router.Configure(map[string]string{"regex": "(?!x)(a+)+b", "replacement": "c"}); err != nil {
		t.Fatal(err)
	}
	var bad *connect.DataError
	if _, err := router.Apply(record); !errors.As(err, &bad) || !strings.Contains(err.Error(), topic) {
		t.Errorf("RegexRouter: got %v, want a DataError with the topic", err)
	}
	predicate := &topicNameMatches{}
	if err := predicate.Configure(map[string]string{"pattern": "(?!x)(a+)+b"}); err != nil {
		t.Fatal(err)
	}
	if _, err := predicate.Test(record); !errors.As(err, &bad) {
		t.Errorf("TopicNameMatches: got %v, want a DataError", err)
	}
}

func FuzzRegex(f *testing.F) {
	f.Add(`(?i)[a-z\p{Alpha}]+\Qx\E(?<n>a){2,3}\u0041`, "$1${n}\\$", "orders")
	f.Add(`[]^-]|\`, "$", "")
	f.Add("0", "\\\xce", "0") // no UTF-8
	f.Fuzz(func(t *testing.T, expr, replacement, text string) {
		p, err := compile("regex", expr)
		if err != nil {
			return
		}
		if match, err := p.find(text); err == nil && match != nil {
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
		if _, err := p.inObject(&object{}, map[string]any{"a": map[string]any{"b.c": 1}}, ""); err != nil && len(p.steps) > 1 && err == errNoSteps {
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
