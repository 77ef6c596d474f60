package scenario_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"sluice/producer"
	"sluice/producer/scenario"
)

const (
	someTime       = "time: {start: 2026-01-05 08:00:00, duration: 1h}\n"
	someBackground = "background: {accounts: {first: 1, count: 2}, interval: {mean: 2m, min: 1m}, amount: {min: 1, max: 2}}\n"
)

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "the file is empty"},
		{"two documents", someTime + someBackground + "---\nseed: 1\n", "more than one document"},
		{"a name that is unknown", someTime + someBackground + "sed: 1\n", "field sed not found"},
		{"a name deep inside that is unknown", someTime + "fraud: [{kind: amount, acounts: {}}]\n", "field acounts not found"},
		{"a name twice", someTime + someBackground + "seed: 1\nseed: 2\n", "already defined"},
		{"a duration without a unit", "time: {duration: 5}\n", `"5" is no duration`},
		{"a date with a zone", "time: {start: 2026-01-05T08:00:00Z}\n", `"2026-01-05T08:00:00Z" is no date`},
		{"three decimals", someTime + "background: {amount: {min: 1.001}}\n", `"1.001" is no amount`},
		{"a negative amount", someTime + "background: {amount: {min: -1}}\n", `"-1" is no amount`},
		{"an amount that is a list", someTime + "background: {amount: {min: []}}\n", "is no amount"},
		{"no start", "time: {duration: 1h}\n" + someBackground, `time.start="": must be set`},
		{"no duration", "time: {start: 2026-01-05 08:00:00}\n" + someBackground, `time.duration="0s": must be above 0`},
		{"a negative speed", "time: {start: 2026-01-05 08:00:00, duration: 1h, speed: -1}\n" + someBackground, `time.speed="-1"`},
		{"a speed that is no number", "time: {start: 2026-01-05 08:00:00, duration: 1h, speed: .nan}\n" + someBackground, `time.speed="NaN"`},
		{"nothing to send", someTime, "nothing would be sent"},
		{"no accounts", someTime + "background: {interval: {mean: 2m, min: 1m}, amount: {max: 2}}\n", `background.accounts.first="0"`},
		{"accounts out of range", someTime + "background: {accounts: {first: 1, count: 9, step: 9000000000000000000}}\n", `background.accounts.step="9000000000000000000"`},
		{"no least interval", someTime + "background: {accounts: {first: 1, count: 9}, interval: {mean: 1m}}\n", "background.interval.min"},
		{"a mean below the least", someTime + "background: {accounts: {first: 1, count: 9}, interval: {mean: 1m, min: 2m}}\n", "background.interval.mean"},
		{"amounts the wrong way round", someTime + "background: {accounts: {first: 1, count: 9}, interval: {mean: 1m, min: 1m}, amount: {min: 3, max: 2}}\n", `background.amount.min="3.00"`},
		{"a share above 1", someTime + "background: {accounts: {first: 1, count: 9}, interval: {mean: 1m, min: 1m}, amount: {max: 2}, late: {share: 2, by: 1s}}\n", `background.late.share="2"`},
		{"late by nothing", someTime + "background: {accounts: {first: 1, count: 9}, interval: {mean: 1m, min: 1m}, amount: {max: 2}, late: {share: 0.5}}\n", `background.late.by="0s"`},
		{"a kind that is unknown", someTime + "fraud: [{kind: theft, accounts: {first: 1, count: 1}}]\n", `fraud[0].kind="theft": must be amount, velocity`},
		{"a setting that is missing", someTime + "fraud: [{kind: sum, accounts: {first: 1, count: 1}, count: 3, window: 1m}]\n", "fraud[0].sum=\"\": must be set for the kind sum"},
		{"a setting of another kind", someTime + "fraud: [{kind: amount, accounts: {first: 1, count: 1}, amount: 3, window: 1m}]\n", "fraud[0].window=\"\": is no setting of the kind amount"},
		{"no amounts to draw from", someTime + "fraud: [{kind: velocity, accounts: {first: 1, count: 1}, count: 3, window: 1m}]\n", "fraud[0].amount"},
		{"more than fit in milliseconds", someTime + "fraud: [{kind: velocity, accounts: {first: 1, count: 1}, count: 11, window: 10ms, amount: 1}]\n", `fraud[0].window="10ms": must have a millisecond`},
		{"a large amount that is small", someTime + "fraud: [{kind: small-then-large, accounts: {first: 1, count: 1}, small: 2, large: 1, window: 1m}]\n", `fraud[0].small="2.00": must be below large`},
		{"more repetitions than fit", someTime + "fraud: [{kind: amount, accounts: {first: 1, count: 1}, amount: 1, repeat: 4}]\n", `fraud[0].repeat="4": leaves 15m0s for each`},
		{"a time after the end", someTime + "fraud: [{kind: amount, accounts: {first: 1, count: 1}, amount: 1, at: 2h}]\n", `fraud[0].at="2h0m0s": must be between`},
		{"an account with two kinds", someTime + "fraud: [{kind: amount, accounts: {first: 1, count: 3}, amount: 1}, {kind: amount, accounts: {first: 3, count: 3}, amount: 1}]\n", `fraud[1].accounts="3": is an account of fraud[0] too`},
		{"too much of it", someTime + "fraud: [{kind: velocity, accounts: {first: 1, count: 1000000}, count: 1000, window: 1m, amount: 1}]\n", "more than 5000000 planted transactions"},
		{"a flag that comes after the end", someTime + someBackground + "flags: [{accounts: {first: 1, count: 1}, date: 2h}]\n", `flags[0].arrives="2h0m0s": must not be after the end`},
		{"a negative number of copies", someTime + someBackground + "flags: [{accounts: {first: 1, count: 1}, date: 0s, copies: -1}]\n", `flags[0].copies="-1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := scenario.Parse([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestRefusedSettingIsNamed(t *testing.T) {
	_, err := scenario.Parse([]byte(someTime + "fraud: [{kind: theft, accounts: {first: 1, count: 1}}]\n"))
	var refused *producer.ConfigError
	if !errors.As(err, &refused) || refused.Key != "fraud[0].kind" || refused.Value != "theft" {
		t.Errorf("got %#v", err)
	}
}

// Whatever a file says, it is refused or can be begun.
func FuzzParse(f *testing.F) {
	text, err := os.ReadFile(example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(someTime + someBackground)
	f.Add(someTime + "fraud: [{kind: sum, accounts: {first: 1, count: 1}, count: 100, sum: 1, window: 1s, repeat: 2}]\nquiet: 0s\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := scenario.Parse([]byte(text))
		if err != nil {
			return
		}
		if b := s.Background; b != nil {
			b.Accounts.Count = min(b.Accounts.Count, 1000) // millions are allowed, and take a while
			b.Interval.Min = max(b.Interval.Min, s.Time.Duration/1000)
			b.Interval.Mean = max(b.Interval.Mean, b.Interval.Min)
		}
		for i := range s.Fraud {
			s.Fraud[i].Accounts.Count, s.Fraud[i].Repeat, s.Fraud[i].Count = min(s.Fraud[i].Accounts.Count, 10), min(s.Fraud[i].Repeat, 10), min(s.Fraud[i].Count, 100)
		}
		for i := range s.Flags {
			s.Flags[i].Accounts.Count, s.Flags[i].Copies = min(s.Flags[i].Accounts.Count, 10), min(s.Flags[i].Copies, 10)
		}
		n := 0
		for range s.Play(0, nil).Events() {
			if n++; n == 1000 {
				return
			}
		}
	})
}
