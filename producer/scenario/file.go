package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"sluice/internal/fraud"
)

// Scenario is what a file says, checked. It is not changed by being played, so it may be played many times, also at once.
type Scenario struct {
	Seed       uint64      `yaml:"seed"` // of a play that is given none
	Time       Time        `yaml:"time"`
	Quiet      Duration    `yaml:"quiet"` // how long before and after planted fraud its account has no background; 10 minutes unless given
	Background *Background `yaml:"background"`
	Fraud      []Fraud     `yaml:"fraud"`
	Flags      []Flags     `yaml:"flags"`
}

// Time is the time that passes in a scenario.
type Time struct {
	Start    Date     `yaml:"start"`
	Duration Duration `yaml:"duration"`
	// Speed is how many seconds pass in a second of the clock on the wall, 0 for as many as Kafka takes.
	Speed float64 `yaml:"speed"`
}

// Background is the traffic around the fraud.
type Background struct {
	Accounts Accounts `yaml:"accounts"`
	// Interval is the time between two transactions of an account: never below Min, and Mean on the average.
	Interval struct {
		Mean Duration `yaml:"mean"`
		Min  Duration `yaml:"min"`
	} `yaml:"interval"`
	// Amount bounds the amounts, both included; small ones are more frequent.
	Amount struct {
		Min Amount `yaml:"min"`
		Max Amount `yaml:"max"`
	} `yaml:"amount"`
	// Late is the share of the transactions that are sent after their time, by up to By.
	Late struct {
		Share float64  `yaml:"share"`
		By    Duration `yaml:"by"`
	} `yaml:"late"`
}

// Kind is a kind of fraud.
type Kind string

// The kinds, each with the settings of [Fraud] that it has.
const (
	AmountSpike    Kind = "amount"           // one transaction of amount
	Velocity       Kind = "velocity"         // count transactions within window, of amount each or of the background's amounts
	Sum            Kind = "sum"              // count transactions within window that add up to exactly sum
	MerchantTypes  Kind = "merchant-types"   // one transaction online and one in a store within window, of amount each or of the background's amounts
	SmallThenLarge Kind = "small-then-large" // one transaction of small, then one of large within window
)

// Fraud is planted once on each of its accounts, or Repeat times.
type Fraud struct {
	Name     string   `yaml:"name"` // in the truth; the kind unless given
	Kind     Kind     `yaml:"kind"`
	Accounts Accounts `yaml:"accounts"`
	Count    int      `yaml:"count"`
	Window   Duration `yaml:"window"` // all transactions of one plant are less than this apart
	Amount   Amount   `yaml:"amount"`
	Sum      Amount   `yaml:"sum"`
	Small    Amount   `yaml:"small"`
	Large    Amount   `yaml:"large"`
	// At is when it begins, counted from the start. Without it the time is drawn, another one for each plant.
	At *Duration `yaml:"at"`
	// Repeat is how often it is planted on each account; 0 means once.
	Repeat int `yaml:"repeat"`
	// Late is how much after its time the first transaction of a plant is sent.
	Late Duration `yaml:"late"`
	// Decoy marks what looks like fraud and stays below the limits of the rules: the truth says so, and a rule must not find it.
	Decoy bool `yaml:"decoy"`
}

// Flags are flagged accounts.
type Flags struct {
	Accounts Accounts `yaml:"accounts"`
	// Date is the flag's date, counted from the start; below 0 it is before everything.
	Date Duration `yaml:"date"`
	// Arrives is when the flag is sent, counted from the start; at its date, or at the start, unless given.
	Arrives *Duration `yaml:"arrives"`
	// Copies is how often it is sent; 0 means once.
	Copies int `yaml:"copies"`
}

// Accounts is First and Count-1 more, Step apart; a Step of 0 means 1.
type Accounts struct {
	First int64 `yaml:"first"`
	Count int   `yaml:"count"`
	Step  int64 `yaml:"step"`
}

// at returns the account of that number, from 0 on.
func (a Accounts) at(i int) int64 { return a.First + int64(i)*max(a.Step, 1) }

// Duration is written as Go writes durations: 90s, 1h30m, 250ms.
type Duration time.Duration

// UnmarshalYAML implements [yaml.Unmarshaler].
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	if err != nil || n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: %q is no duration such as 90s or 1h30m", n.Line, n.Value)
	}
	*d = Duration(v)
	return nil
}

// String returns the duration as Go writes it.
func (d Duration) String() string { return time.Duration(d).String() }

// Date is a date as transactions have it, without a zone: 2026-01-05 08:00:00.
type Date struct{ time.Time }

// UnmarshalYAML implements [yaml.Unmarshaler].
func (d *Date) UnmarshalYAML(n *yaml.Node) (err error) {
	if d.Time, err = time.Parse(time.DateTime, n.Value); err != nil {
		return fmt.Errorf("line %d: %q is no date such as 2026-01-05 08:00:00", n.Line, n.Value)
	}
	return nil
}

// Amount is a sum of money, written as a number with up to two decimals.
type Amount fraud.Cents

// UnmarshalYAML implements [yaml.Unmarshaler]. It reads the digits, not the nearest float.
func (a *Amount) UnmarshalYAML(n *yaml.Node) error {
	whole, decimals, _ := strings.Cut(n.Value, ".")
	cents, err := strconv.ParseUint(whole+(decimals + "00")[:2], 10, 63)
	if err != nil || n.Kind != yaml.ScalarNode || whole == "" || len(decimals) > 2 {
		return fmt.Errorf("line %d: %q is no amount such as 250 or 19.99", n.Line, n.Value)
	}
	*a = Amount(cents)
	return nil
}

// String returns the amount with both decimals.
func (a Amount) String() string { return fmt.Sprintf("%d.%02d", a/100, a%100) }

// Load reads a scenario from a file.
func Load(path string) (*Scenario, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	s, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %w", path, err)
	}
	return s, nil
}

// Parse reads a scenario. Names that it does not know, names that stand twice and a second document are errors, and so is what
// cannot be planted; those are [*producer.ConfigError] with the path of the setting as the key.
func Parse(data []byte) (*Scenario, error) {
	s := &Scenario{Quiet: Duration(10 * time.Minute)}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(s); errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty")
	} else if err != nil {
		return nil, err
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("the file has more than one document")
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}
