package connect_test

import (
	"testing"

	"sluice/connect"
)

// The texts are those of Java 17's Pattern.compile; "" means that it takes the expression.
func TestCheckRegexAsJava(t *testing.T) {
	for _, c := range []struct{ pattern, want string }{
		{"", ""}, {"orders-.*", ""}, {"a|b|", ""}, {"(a|(b))c?", ""}, {"a{2}b{2,}c{2,3}", ""}, {"[a-z&&[^b]]+", ""}, {"[]a]", ""}, {"[^]a]", ""},
		{"(?!internal)\\w+", ""}, {"(?<=a)b", ""}, {"(?<name>a)\\k<name>", ""}, {"(a)\\1", ""}, {"a++b*+c?+", ""}, {"\\Q(*[\\E", ""}, {"\\(\\[\\{", ""},
		{"(?i)abc", ""}, {"(?>a)", ""}, {"\\p{Lower}\\h", ""}, {"a{2}+", ""}, {"a]", ""}, {"a}", ""}, {"ü✓", ""}, {"^$", ""}, {"a{1001}", ""}, {"{1}", ""}, {"a{1}{2}", ""}, {"a+{2}", ""}, {"^*", ""}, {"\\Qa", ""}, {"[a&&]", ""},
		{"(", "Unclosed group near index 1\n("},
		{"a(b(c)", "Unclosed group near index 6\na(b(c)"},
		{")", "Unmatched closing ')'\n)"},
		{"ab)", "Unmatched closing ')' near index 1\nab)\n ^"},
		{"*a", "Dangling meta character '*' near index 0\n*a\n^"},
		{"\ta|+", "Dangling meta character '+' near index 3\n\ta|+\n\t  ^"},
		{"(?)", ""},
		{"a(?i)*", "Dangling meta character '*' near index 5\na(?i)*\n     ^"},
		{"(?i){1,3}", ""},
		{"(?z)", "Unknown inline modifier near index 2\n(?z)\n  ^"},
		{"(?", "Unknown inline modifier near index 2\n(?"},
		{"(?<", "capturing group name does not start with a Latin letter near index 3\n(?<"},
		{"(?<a", "named capturing group is missing trailing '>' near index 4\n(?<a"},
		{"\\N", "Illegal character name escape sequence near index 2\n\\N"},
		{"[z-a]", "Illegal character range near index 3\n[z-a]\n   ^"},
		{"(a\\", "Unclosed group near index 4\n(a\\"},
		{"a**", "Dangling meta character '*' near index 2\na**\n  ^"},
		{"[a", "Unclosed character class near index 1\n[a\n ^"},
		{"[", "Unclosed character class near index 0\n[\n^"},
		{"a{", "Illegal repetition near index 2\na{"},
		{"{a}", "Illegal repetition near index 1\n{a}\n ^"},
		{"a{,2}", "Illegal repetition near index 2\na{,2}\n  ^"},
		{"a{99999999999}", "Illegal repetition range near index 11\na{99999999999}\n           ^"},
		{"\\", "Unexpected internal error near index 1\n\\"},
		{"a\\y", "Illegal/unsupported escape sequence near index 2\na\\y\n  ^"},
		{"a{1", "Unclosed counted closure near index 3\na{1"},
		{"a{3,2}", "Illegal repetition range near index 5\na{3,2}\n     ^"},
	} {
		got := ""
		if err := connect.CheckRegex(c.pattern); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.pattern, got, c.want)
		}
	}
}

func FuzzCheckRegex(f *testing.F) {
	for _, seed := range []string{"", "(", "[[", "a{1,", "\\", "\\Q", "(?<", "[^", "\xff(", "a{99999999999}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		if err := connect.CheckRegex(pattern); err != nil && err.Error() == "" {
			t.Error("an error without a text")
		}
	})
}
