package scenario

import (
	"math/rand/v2"
	"time"

	"sluice/internal/fraud"
	"sluice/producer"
)

// plant is one fraud on one account.
type plant struct {
	fraud        *Fraud
	transactions []producer.Transaction // in the order of their dates
	from, to     time.Duration          // of the first and of the last one
}

// plants lays out all fraud. Each plant draws from numbers of its own, so that another entry in the file does not change it.
func (p *Play) plants() []plant {
	var all []plant
	for i := range p.scenario.Fraud {
		f := &p.scenario.Fraud[i]
		for j := range f.Accounts.Count {
			rng := p.random(plantStream, uint64(i)<<32|uint64(j))
			for k := range f.Repeat {
				all = append(all, p.plant(f, f.Accounts.at(j), k, rng))
			}
		}
	}
	return all
}

// plant lays out the fraud f for the turn-th time on an account.
func (p *Play) plant(f *Fraud, account int64, turn int, rng *rand.Rand) plant {
	pl := plant{fraud: f, from: p.scenario.begin(f, turn, rng)}
	merchant := producer.MerchantTypes[rng.IntN(len(producer.MerchantTypes))]
	amounts := p.scenario.amounts(f, rng)
	for i, offset := range offsets(len(amounts), time.Duration(f.Window), rng) {
		if f.Kind == MerchantTypes && i == 1 {
			merchant = other(merchant)
		}
		pl.to = pl.from + offset
		pl.transactions = append(pl.transactions, producer.Transaction{
			AccountID: account, CustomerID: producer.CustomerID(account), MerchantType: merchant, TransactionID: p.nextID(),
			TransactionType: producer.TransactionTypes[rng.IntN(len(producer.TransactionTypes))], Amount: amounts[i], Date: p.date(pl.to),
		})
	}
	return pl
}

// begin is when a plant begins: at its time, or somewhere in its share of the whole, with quiet before and after.
func (s *Scenario) begin(f *Fraud, turn int, rng *rand.Rand) time.Duration {
	if f.At != nil {
		return time.Duration(*f.At)
	}
	share, quiet := time.Duration(s.Time.Duration)/time.Duration(f.Repeat), time.Duration(s.Quiet)
	room := share - 2*quiet - time.Duration(f.Window)
	return (share*time.Duration(turn) + quiet + time.Duration(rng.Int64N(int64(room)+1))).Truncate(time.Microsecond)
}

// offsets are n ascending times, the first 0 and all less than window: in whole milliseconds, which is what the detector tells apart.
func offsets(n int, window time.Duration, rng *rand.Rand) []time.Duration {
	times := make([]time.Duration, n)
	if n < 2 {
		return times
	}
	step := (window.Milliseconds() - 1) / int64(n-1)
	for i := 1; i < n; i++ {
		times[i] = time.Duration(int64(i)*step-rng.Int64N(step)) * time.Millisecond
	}
	return times
}

// amounts are those of a plant.
func (s *Scenario) amounts(f *Fraud, rng *rand.Rand) []fraud.Cents {
	switch f.Kind {
	case SmallThenLarge:
		return []fraud.Cents{fraud.Cents(f.Small), fraud.Cents(f.Large)}
	case Sum:
		return split(fraud.Cents(f.Sum), f.Count, rng)
	}
	amounts := make([]fraud.Cents, f.transactions())
	for i := range amounts {
		if amounts[i] = fraud.Cents(f.Amount); f.Amount == 0 {
			amounts[i] = s.Background.amount(rng)
		}
	}
	return amounts
}

// split cuts a sum into n parts of about the same size, none of them 0.
func split(sum fraud.Cents, n int, rng *rand.Rand) []fraud.Cents {
	parts := make([]fraud.Cents, n)
	for i := range parts {
		parts[i] = sum / fraud.Cents(n)
	}
	parts[n-1] += sum % fraud.Cents(n)
	for i := range n / 2 { // what one gives the one across gets
		give := fraud.Cents(rng.Int64N(int64(parts[i]/4) + 1))
		parts[i], parts[n-1-i] = parts[i]-give, parts[n-1-i]+give
	}
	return parts
}

func other(merchant string) string {
	if merchant == producer.MerchantTypes[0] {
		return producer.MerchantTypes[1]
	}
	return producer.MerchantTypes[0]
}
