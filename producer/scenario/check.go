package scenario

import (
	"fmt"
	"math"
	"time"

	"sluice/producer"
)

// Limits of a scenario. Plants are laid out in memory before anything is sent; backgrounds are not.
const (
	maxPlanted  = 5_000_000 // transactions
	maxAccounts = 50_000_000
	maxDuration = 20 * 366 * 24 * time.Hour
	maxAccount  = math.MaxInt64 / 4
	maxAmount   = 99_999_999_99 // what the detector's DECIMAL(10,2) holds
)

// refuse returns the error for a setting.
func refuse(key string, value any, rule string) error {
	return &producer.ConfigError{Key: key, Value: fmt.Sprint(value), Rule: rule}
}

// check fills in what was not given and refuses what cannot be played.
func (s *Scenario) check() error {
	total := time.Duration(s.Time.Duration)
	switch year := s.Time.Start.Year(); {
	case s.Time.Start.IsZero():
		return refuse("time.start", "", "must be set")
	case year < 1900 || year > 9000:
		return refuse("time.start", s.Time.Start.Format(time.DateTime), "must be in the years 1900 to 9000")
	case total <= 0 || total > maxDuration:
		return refuse("time.duration", s.Time.Duration, "must be above 0 and at most 20 years")
	case !(s.Time.Speed >= 0) || math.IsInf(s.Time.Speed, 1):
		return refuse("time.speed", s.Time.Speed, "must be a number, 0 or above")
	case s.Quiet < 0:
		return refuse("quiet", s.Quiet, "must not be negative")
	case s.Background == nil && len(s.Fraud) == 0:
		return refuse("background", "", "must be set where there is no fraud: nothing would be sent")
	}
	if s.Background != nil {
		if err := s.Background.check(); err != nil {
			return err
		}
	}
	if err := s.checkFraud(total); err != nil {
		return err
	}
	for i := range s.Flags {
		if err := s.Flags[i].check(fmt.Sprintf("flags[%d]", i), total); err != nil {
			return err
		}
	}
	return nil
}

func (b *Background) check() error {
	if err := b.Accounts.check("background.accounts"); err != nil {
		return err
	}
	switch in := b.Interval; {
	case time.Duration(in.Min) < time.Millisecond:
		return refuse("background.interval.min", in.Min, "must be a millisecond or more: it is what rules can rely on")
	case in.Mean < in.Min:
		return refuse("background.interval.mean", in.Mean, "must be at least background.interval.min")
	}
	switch {
	case b.Amount.Max <= 0 || b.Amount.Max > maxAmount:
		return refuse("background.amount.max", b.Amount.Max, "must be above 0 and at most 99999999.99")
	case b.Amount.Min > b.Amount.Max:
		return refuse("background.amount.min", b.Amount.Min, "must be at most background.amount.max")
	case !(b.Late.Share >= 0 && b.Late.Share <= 1):
		return refuse("background.late.share", b.Late.Share, "must be 0 to 1")
	case b.Late.By < 0 || b.Late.Share > 0 && b.Late.By == 0:
		return refuse("background.late.by", b.Late.By, "must be above 0 where some are late")
	}
	return nil
}

// checkFraud checks every entry, and that no account has two: what is found there could be either.
func (s *Scenario) checkFraud(total time.Duration) error {
	planted := 0
	owner := map[int64]int{}
	for i := range s.Fraud {
		f := &s.Fraud[i]
		key := fmt.Sprintf("fraud[%d]", i)
		if err := f.check(key, total, time.Duration(s.Quiet)); err != nil {
			return err
		}
		if f.Name == "" {
			f.Name = string(f.Kind)
		}
		if (f.Kind == Velocity || f.Kind == MerchantTypes) && f.Amount == 0 && s.Background == nil {
			return refuse(key+".amount", "", "must be set where there is no background to take amounts from")
		}
		if n := float64(f.Accounts.Count) * float64(f.Repeat) * float64(f.transactions()); n+float64(planted) > maxPlanted {
			return refuse(key+".accounts.count", f.Accounts.Count, fmt.Sprintf("makes more than %d planted transactions in all", maxPlanted))
		}
		planted += f.Accounts.Count * f.Repeat * f.transactions()
		for j := range f.Accounts.Count {
			account := f.Accounts.at(j)
			if other, taken := owner[account]; taken {
				return refuse(key+".accounts", account, fmt.Sprintf("is an account of fraud[%d] too", other))
			}
			owner[account] = i
		}
	}
	return nil
}

// check checks one entry by its kind.
func (f *Fraud) check(key string, total, quiet time.Duration) error {
	if f.Repeat < 0 {
		return refuse(key+".repeat", f.Repeat, "must not be negative")
	}
	f.Repeat = max(f.Repeat, 1)
	if err := f.Accounts.check(key + ".accounts"); err != nil {
		return err
	}
	if err := f.checkKind(key); err != nil {
		return err
	}
	window := time.Duration(f.Window)
	if room := total / time.Duration(f.Repeat); f.At == nil && room < window+2*quiet {
		return refuse(key+".repeat", f.Repeat, fmt.Sprintf("leaves %v for each, less than its window and twice quiet", room))
	}
	switch {
	case f.At != nil && f.Repeat > 1:
		return refuse(key+".at", f.At, "goes with a repeat of 1 only")
	case f.At != nil && (*f.At < 0 || time.Duration(*f.At)+window > total):
		return refuse(key+".at", f.At, "must be between the start and the end less the window")
	case f.Late < 0:
		return refuse(key+".late", f.Late, "must not be negative")
	}
	return nil
}

// checkKind checks that the settings are those of the kind.
func (f *Fraud) checkKind(key string) error {
	type use struct {
		name        string
		given, want bool
	}
	k := f.Kind
	many := k == Velocity || k == Sum
	switch k {
	case AmountSpike, Velocity, Sum, MerchantTypes, SmallThenLarge:
	default:
		return refuse(key+".kind", k, "must be amount, velocity, sum, merchant-types or small-then-large")
	}
	for _, u := range []use{
		{"count", f.Count != 0, many},
		{"window", f.Window != 0, k != AmountSpike},
		{"amount", f.Amount != 0, k == AmountSpike || f.Amount != 0 && (k == Velocity || k == MerchantTypes)},
		{"sum", f.Sum != 0, k == Sum},
		{"small", f.Small != 0, k == SmallThenLarge},
		{"large", f.Large != 0, k == SmallThenLarge},
	} {
		switch {
		case u.want && !u.given:
			return refuse(key+"."+u.name, "", "must be set for the kind "+string(k))
		case u.given && !u.want:
			return refuse(key+"."+u.name, "", "is no setting of the kind "+string(k))
		}
	}
	switch {
	case many && (f.Count < 1 || f.Count > 100_000):
		return refuse(key+".count", f.Count, "must be 1 to 100000")
	case k != AmountSpike && time.Duration(f.Window) < time.Duration(f.transactions())*time.Millisecond:
		return refuse(key+".window", f.Window, "must have a millisecond for each transaction")
	case max(f.Amount, f.Small, f.Large) > maxAmount || f.Sum > maxAmount:
		return refuse(key+".amount", max(f.Amount, f.Small, f.Large, f.Sum), "must be at most 99999999.99")
	case k == Sum && f.Sum < Amount(f.Count):
		return refuse(key+".sum", f.Sum, "must have a hundredth for each transaction")
	case k == SmallThenLarge && f.Small >= f.Large:
		return refuse(key+".small", f.Small, "must be below large")
	}
	return nil
}

// transactions is how many a plant has.
func (f *Fraud) transactions() int {
	switch f.Kind {
	case AmountSpike:
		return 1
	case Velocity, Sum:
		return f.Count
	default:
		return 2
	}
}

func (f *Flags) check(key string, total time.Duration) error {
	if f.Copies < 0 {
		return refuse(key+".copies", f.Copies, "must not be negative")
	}
	f.Copies = max(f.Copies, 1)
	if err := f.Accounts.check(key + ".accounts"); err != nil {
		return err
	}
	if float64(f.Accounts.Count)*float64(f.Copies) > maxPlanted {
		return refuse(key+".accounts.count", f.Accounts.Count, fmt.Sprintf("makes more than %d flags", maxPlanted))
	}
	if f.Arrives == nil {
		arrives := max(f.Date, 0)
		f.Arrives = &arrives
	}
	switch {
	case time.Duration(f.Date) < -maxDuration || time.Duration(f.Date) > maxDuration:
		return refuse(key+".date", f.Date, "must be within 20 years of the start")
	case *f.Arrives < 0:
		return refuse(key+".arrives", *f.Arrives, "must not be negative")
	case time.Duration(*f.Arrives) > total:
		return refuse(key+".arrives", *f.Arrives, "must not be after the end; give it where date is")
	}
	return nil
}

func (a Accounts) check(key string) error {
	switch {
	case a.First < 1 || a.First > maxAccount:
		return refuse(key+".first", a.First, fmt.Sprintf("must be 1 to %d", int64(maxAccount)))
	case a.Count < 1 || a.Count > maxAccounts:
		return refuse(key+".count", a.Count, fmt.Sprintf("must be 1 to %d", maxAccounts))
	case a.Step < 0 || a.Step > maxAccount/int64(a.Count):
		return refuse(key+".step", a.Step, "must not be negative, nor lead out of the range of accounts")
	}
	return nil
}
