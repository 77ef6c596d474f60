package rules_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"sluice/detector/rules"
)

// The example that comes with the program has a rule of every type.
func TestTheExample(t *testing.T) {
	set, err := rules.Load(filepath.Join("..", "..", "configs", "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	want := []*rules.Rule{
		{Name: "large-amount", Mode: rules.Flag, Condition: rules.AmountAbove{500000}, Cooldown: day, Severity: "high", Reason: "a transaction of more than 5000.00"},
		{Name: "velocity", Mode: rules.Flag, Condition: rules.CountWithin{10, time.Minute}, Cooldown: day, Severity: "medium", Reason: "ten transactions within a minute"},
		{Name: "spending", Mode: rules.Flag, Condition: rules.SumWithin{2000000, time.Hour}, Cooldown: 2 * day, Severity: "medium", Reason: "more than 20000.00 within 1h0m0s"},
		{Name: "two-places", Mode: rules.Flag, Condition: rules.MerchantsWithin{5 * time.Second}, Cooldown: day, Severity: "critical", Reason: "two merchant types within 5s"},
		{Name: "card-testing", Mode: rules.Flag, Condition: rules.SmallThenLarge{200, 50000, 2, 10 * time.Minute}, Cooldown: day, Severity: "medium",
			Reason: "2 of at most 2.00 and then one of at least 500.00 within 10m0s", MerchantTypes: []string{"Online"}},
		{Name: "gas-stations", Mode: rules.Shadow, Condition: rules.CountWithin{4, 30 * time.Minute}, Cooldown: day, Severity: "low",
			Reason: "4 transactions within 30m0s", TransactionTypes: []string{"Gas_Station"}},
	}
	if len(set.Rules) != len(want) {
		t.Fatalf("%d rules, want %d", len(set.Rules), len(want))
	}
	for i, r := range set.Rules {
		if !reflect.DeepEqual(r, want[i]) {
			t.Errorf("got  %+v\nwant %+v", r, want[i])
		}
	}
	if got := rules.NewCounters(set).Stats()[4]; got != (rules.Stats{Name: "card-testing", Type: "small-then-large", Mode: rules.Flag}) {
		t.Errorf("counters start at %+v", got)
	}
}

func TestAFileThatIsMissingIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yaml")
	if _, err := rules.Load(path); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

// Whatever is wrong is refused with its place and what is expected.
func TestRefusals(t *testing.T) {
	amount := "must be an amount from 0.01 to 99999999.99 with at most two places, such as 1500 or 19.99"
	window := "must be a duration in whole milliseconds, such as 500ms, 30s, 1h30m, from 1ms to 8784h0m0s"
	rule := func(lines string) string {
		return "rules:\n  - name: r\n    " + strings.ReplaceAll(lines, "; ", "\n    ") + "\n"
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", `f: empty: must have the key rules`},
		{"only a comment", "# nothing\n", `f: empty: must have the key rules`},
		{"no YAML", "rules: [", `f: line 1: did not find expected node content`},
		{"a list", "- a\n", `f:1: must be keys and values`},
		{"two documents", rule("type: amount; above: 1") + "---\na: 1\n", `f:5: must be one document`},
		{"another key beside the rules", "rule: []\n", `f:1: key "rule": unknown key`},
		{"no rules", "rules: []\n", `f:1: key "rules": must be a list of 1 to 64 rules`},
		{"rules that are none", "rules:\n  - velocity\n", `f:2: must be keys and values`},
		{"no name", "rules:\n  - type: amount\n    above: 1\n", `f:2: key "name": must be set`},
		{"a name with a blank", "rules:\n  - name: a b\n", `f:2: key "name", value "a b": must be up to 64 letters, digits, dots, dashes and underscores, a letter or digit first`},
		{"a name twice", rule("type: amount; above: 1") + "  - name: r\n    type: amount\n    above: 2\n", `f:5: key "name", value "r": must be another one than that of an earlier rule`},
		{"no type", rule("above: 1"), `f:2: rule "r", key "type": must be set`},
		{"an unknown type", rule("type: velocity"), `f:3: rule "r", key "type", value "velocity": must be one of amount, count, sum, merchants, small-then-large`},
		{"an unknown mode", rule("type: amount; above: 1; mode: on"), `f:5: rule "r", key "mode", value "on": must be one of flag, shadow`},
		{"an unknown severity", rule("type: amount; above: 1; severity: bad"), `f:5: rule "r", key "severity", value "bad": must be one of low, medium, high, critical`},
		{"a key of another type", rule("type: amount; above: 1; window: 1m"), `f:5: rule "r", key "window", value "1m": unknown key`},
		{"a key twice", rule("type: amount; above: 1; above: 2"), `f:5: key "above": must be there once`},
		{"a merge", "base: &b {type: amount}\nrules:\n  - <<: *b\n    name: r\n", `f:1: key "base": unknown key`},
		{"an alias", "rules:\n  - &a {name: a, type: amount, above: 1}\n  - *a\n", `f:3: must be keys and values`},
		{"no amount", rule("type: amount"), `f:2: rule "r", key "above": ` + amount},
		{"three places", rule("type: amount; above: 1.005"), `f:4: rule "r", key "above", value "1.005": ` + amount},
		{"a float", rule("type: amount; above: 1e3"), `f:4: rule "r", key "above", value "1e3": ` + amount},
		{"nothing", rule("type: amount; above: 0.00"), `f:4: rule "r", key "above", value "0.00": ` + amount},
		{"a negative amount", rule("type: amount; above: -1"), `f:4: rule "r", key "above", value "-1": ` + amount},
		{"more than a transaction can have", rule("type: amount; above: 100000000"), `f:4: rule "r", key "above", value "100000000": ` + amount},
		{"a value that is a list", rule("type: amount; above: [1]"), `f:4: rule "r", key "above": must be a value`},
		{"a value that is not there", rule("type: amount; above:"), `f:4: rule "r", key "above": must be a value`},
		{"no window", rule("type: merchants"), `f:2: rule "r", key "window": must be set`},
		{"a window without a unit", rule("type: merchants; window: 60"), `f:4: rule "r", key "window", value "60": ` + window},
		{"a window of nothing", rule("type: merchants; window: 0s"), `f:4: rule "r", key "window", value "0s": ` + window},
		{"a window of microseconds", rule("type: merchants; window: 1500us"), `f:4: rule "r", key "window", value "1500us": ` + window},
		{"a window of years", rule("type: merchants; window: 9000h"), `f:4: rule "r", key "window", value "9000h": ` + window},
		{"a cooldown below nothing", rule("type: amount; above: 1; cooldown: -1s"), `f:5: rule "r", key "cooldown", value "-1s": must be a duration in whole milliseconds, such as 500ms, 30s, 1h30m, from 0s to 87840h0m0s`},
		{"no count", rule("type: count; window: 1m"), `f:2: rule "r", key "count": must be a number from 2 to 500`},
		{"a count of one", rule("type: count; window: 1m; count: 1"), `f:5: rule "r", key "count", value "1": must be a number from 2 to 500`},
		{"a count beyond what is remembered", rule("type: count; window: 1m; count: 501"), `f:5: rule "r", key "count", value "501": must be a number from 2 to 500`},
		{"large is not larger", rule("type: small-then-large; window: 1m; small: 5; large: 5.00"), `f:6: rule "r", key "large", value "5.00": must be more than small`},
		{"a filter of nothing", rule("type: amount; above: 1; merchant_type: []"), `f:5: rule "r", key "merchant_type": must have an entry, or not be there`},
		{"a filter of lists", rule("type: amount; above: 1; transaction_type: [[a]]"), `f:5: rule "r", key "transaction_type": must be a text of at most 256 bytes, or a list of them`},
		{"one merchant type to compare", rule("type: merchants; window: 1s; merchant_type: Online"), `f:5: rule "r", key "merchant_type", value "Online": must be more than one for a rule that compares them`},
		{"a long reason", rule("type: amount; above: 1; reason: " + strings.Repeat("x", 257)), `f:5: rule "r", key "reason", value "` + strings.Repeat("x", 257) + `": must be at most 256 bytes`},
		{"too many", "rules:\n" + strings.Repeat("  - {name: r, type: amount, above: 1}\n", rules.MaxRules+1), `f:1: key "rules": must be a list of 1 to 64 rules`},
		{"too long", strings.Repeat("#", 1<<20+1), `f: more than 1048576 bytes`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := rules.Parse("f", strings.NewReader(c.text))
			var refused *rules.FileError
			if !errors.As(err, &refused) || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// No bytes make Parse panic, and what it takes, it takes again.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile(filepath.Join("..", "..", "configs", "rules.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add("rules: [{name: a, type: sum, above: 1, window: 1s}]")
	f.Add("a: &a [*a, *a]")
	f.Fuzz(func(t *testing.T, text string) {
		set, err := rules.Parse("f", strings.NewReader(text))
		if err != nil {
			return
		}
		again, err := rules.Parse("f", strings.NewReader(text))
		if err != nil || !reflect.DeepEqual(set, again) {
			t.Fatalf("%v", err)
		}
	})
}
