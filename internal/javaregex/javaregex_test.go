package javaregex_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"sluice/internal/javaregex"
)

// testdata/java.tsv is what java.util.regex of OpenJDK 17 makes of testdata/cases.tsv; Golden.java beside it has written it.
func TestMatchesAreJavas(t *testing.T) {
	golden, err := os.ReadFile("testdata/java.tsv")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(golden)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 4 {
			t.Fatalf("%q: want four fields", line)
		}
		expr, text, whole, inner := f[0], f[1], f[2], f[3]
		if whole == "refused" {
			continue // connect.CheckRegex sees to these
		}
		n++
		re, err := javaregex.Compile(expr)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if got := places(t, text, re.Match); got != whole {
			t.Errorf("%s on %q: match got %s, want %s", expr, text, got, whole)
		}
		if got := places(t, text, re.Find); got != inner {
			t.Errorf("%s on %q: find got %s, want %s", expr, text, got, inner)
		}
		if got, err := re.Matches(text); err != nil || got != (whole != "none") {
			t.Errorf("%s on %q: matches got %v %v, want %v", expr, text, got, err, whole != "none")
		}
	}
	if n < 150 {
		t.Errorf("%d cases, want the whole file", n)
	}
}

// places writes a match as the golden does, which counts characters.
func places(t *testing.T, text string, find func(string) ([]int, error)) string {
	t.Helper()
	match, err := find(text)
	if err != nil {
		t.Error(err)
	}
	if match == nil {
		return "none"
	}
	inRunes := func(i int) int {
		if i < 0 {
			return i
		}
		return len([]rune(text[:i]))
	}
	var list []string
	for i := 0; i < len(match); i += 2 {
		list = append(list, fmt.Sprintf("%d-%d", inRunes(match[i]), inRunes(match[i+1])))
	}
	return strings.Join(list, ",")
}

func TestGroupsHaveNames(t *testing.T) {
	for _, expr := range []string{"(a)(?<x>b)", "(a)(?<x>b)(?=c)?"} { // one for each engine
		re, err := javaregex.Compile(expr)
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := re.Group("x"); !ok || n != 2 {
			t.Errorf("%s: group x is %d %v, want 2", expr, n, ok)
		}
		if _, ok := re.Group("y"); ok {
			t.Errorf("%s: there is a group y", expr)
		}
	}
}

func TestWhatHasNoCounterpartIsRefusedByName(t *testing.T) {
	for expr, what := range map[string]string{
		"(?U)a":                       "the flag U",
		`\X`:                          `\X`,
		`\G`:                          `\G`,
		`\N{DIGIT ONE}`:               `\N`,
		`\p{InGreek}`:                 `\p{InGreek}`,
		`\p{javaLowerCase}`:           `\p{javaLowerCase}`,
		strings.Repeat("(", 501):      "more than 500 groups",
		strings.Repeat("[a", 502):     "more than 500 classes",
		strings.Repeat("a", 16<<10+1): "more than 16384 bytes",
		"\xff":                        "not UTF-8",
	} {
		_, err := javaregex.Compile(expr)
		var unsupported *javaregex.UnsupportedError
		if !errors.As(err, &unsupported) || !strings.Contains(unsupported.What, what) {
			t.Errorf("%.20s: got %v, want %q", expr, err, what)
		}
	}
}

func TestMatchThatExplodesIsBrokenOff(t *testing.T) {
	re, err := javaregex.Compile(`(?!x)(a+)+b`)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("a", 64)
	began := time.Now()
	var timeout *javaregex.TimeoutError
	if _, err := re.Matches(text); !errors.As(err, &timeout) || timeout.Text != text || !strings.Contains(err.Error(), re.String()) {
		t.Errorf("matches: got %v, want a TimeoutError with expression and text", err)
	}
	if took := time.Since(began); took > 10*javaregex.MatchTimeout {
		t.Errorf("it took %v", took)
	}
	if ok, err := re.Matches("aab"); !ok || err != nil {
		t.Errorf("another text: got %v %v", ok, err)
	}

	linear, err := javaregex.Compile(`(a+)+b`)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := linear.Matches(text); ok || err != nil {
		t.Errorf("the engine that needs linear time: got %v %v", ok, err)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`(?i)[a-z\p{Alpha}]+\Qx\E(?<n>a){2,3}\u0041(?!b)`, "orders")
	f.Add(`[^a[b&&[^c]]]++(?>x)\k<n>\1(?x) #`, "")
	f.Add(`[]^-]|\`, "$")
	f.Fuzz(func(t *testing.T, expr, text string) {
		began := time.Now()
		re, err := javaregex.Compile(expr)
		if err != nil {
			return
		}
		match, err := re.Find(text)
		if took := time.Since(began); took > 10*javaregex.MatchTimeout {
			t.Errorf("%q on %q took %v", expr, text, took)
		}
		for i := 0; i < len(match); i += 2 {
			if match[i] >= 0 && (match[i] > match[i+1] || match[i+1] > len(text)) {
				t.Errorf("%q on %q: match %v", expr, text, match)
			}
		}
		if err != nil && match != nil {
			t.Errorf("%q on %q: match %v and error %v", expr, text, match, err)
		}
	})
}
