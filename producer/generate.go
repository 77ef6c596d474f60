package producer

import (
	"iter"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"sluice/internal/fraud"
)

// The values that the original draws from. They are not to be changed.
var (
	MerchantTypes    = [...]string{"Online", "In Store"}
	TransactionTypes = [...]string{
		"Grocery_Store", "Gas_Station", "Shopping_Mall", "City_Services", "HealthCare_Service", "Food and Beverage", "Others",
	}
)

// Transaction is a generated transaction. On the wire its date has microseconds,
// which [fraud.Transaction] has not.
type Transaction struct {
	AccountID       int64
	CustomerID      string
	MerchantType    string
	TransactionID   string
	TransactionType string
	Amount          fraud.Cents
	Date            time.Time
}

// Row returns what the detector reads from t.
func (t *Transaction) Row() fraud.Transaction {
	return fraud.Transaction{
		AccountID:       fraud.Of(t.AccountID),
		CustomerID:      fraud.Of(t.CustomerID),
		MerchantType:    fraud.Of(t.MerchantType),
		TransactionID:   fraud.Of(t.TransactionID),
		TransactionType: fraud.Of(t.TransactionType),
		Amount:          fraud.Of(t.Amount),
		Date:            fraud.Of(wallClock(t.Date)),
	}
}

// Generator makes transactions. The same seed and number of accounts make the
// same ones, in order, except for the dates, which come from the clock.
type Generator struct {
	rng       *rand.Rand
	accounts  int64
	customers []string // of the first accounts, so that few strings serve many transactions
	clock     func() time.Time
}

// cachedCustomers bounds Generator.customers.
const cachedCustomers = 4096

// NewGenerator returns a generator. accounts must be positive.
func NewGenerator(seed uint64, accounts int, clock func() time.Time) *Generator {
	g := &Generator{
		rng:      rand.New(rand.NewPCG(seed, seed)),
		accounts: int64(accounts),
		clock:    clock,
	}
	for i := range min(accounts, cachedCustomers) {
		g.customers = append(g.customers, CustomerID(firstAccount+int64(i)))
	}
	return g
}

// Next returns the next transaction.
func (g *Generator) Next() Transaction {
	t := Transaction{AccountID: firstAccount + g.rng.Int64N(g.accounts)}
	if i := t.AccountID - firstAccount; i < int64(len(g.customers)) {
		t.CustomerID = g.customers[i]
	} else {
		t.CustomerID = CustomerID(t.AccountID)
	}
	t.MerchantType = MerchantTypes[g.rng.IntN(len(MerchantTypes))]
	t.TransactionID = TransactionID(g.rng.Uint64())
	t.TransactionType = TransactionTypes[g.rng.IntN(len(TransactionTypes))]
	t.Amount = roundCents(float64(100+g.rng.IntN(9901)) * g.rng.Float64())
	t.Date = g.clock()
	return t
}

// CustomerID is C and the digits of the account in reverse.
func CustomerID(account int64) string {
	digits := strconv.FormatInt(account, 10)
	id := []byte{'C'}
	for i := len(digits) - 1; i >= 0; i-- {
		id = append(id, digits[i])
	}
	return string(id)
}

// TransactionID writes a number as the original writes its random ids, in 16 digits.
func TransactionID(n uint64) string {
	var id [16]byte
	for i := range id {
		id[i] = "0123456789ABCDEF"[n>>(60-4*i)&15]
	}
	return string(id[:])
}

// roundCents is Python's round(x, 2) for an x from 0 to 10000, in hundredths:
// correct for the exact value of x, a tie to the even neighbour.
func roundCents(x float64) fraud.Cents {
	product := x * 100
	rest := math.FMA(x, 100, -product) // x*100 is exactly product + rest
	whole := math.Floor(product)
	// Both differences are exact; the sign of their sum with rest is too.
	above := (product - whole - 0.5) + rest
	c := fraud.Cents(whole)
	if above > 0 || above == 0 && c%2 == 1 {
		c++
	}
	return c
}

// Flag is a generated flagged account.
type Flag struct {
	AccountID int64
	Date      time.Time
}

// Row returns what the detector reads from f.
func (f *Flag) Row() fraud.FlaggedAccount {
	return fraud.FlaggedAccount{AccountID: fraud.Of(f.AccountID), FlagDate: fraud.Of(wallClock(f.Date))}
}

// Flags returns the flags of the given share of the accounts, spread evenly and
// ascending: every other account from the first one on for a half, as in the
// original. Each has its own date.
func Flags(accounts int, share float64, clock func() time.Time) iter.Seq[Flag] {
	return func(yield func(Flag) bool) {
		before := 0.0
		for i := range accounts {
			after := math.Ceil(float64(i+1) * share)
			if after > before && !yield(Flag{firstAccount + int64(i), clock()}) {
				return
			}
			before = after
		}
	}
}

// wallClock returns what a clock's reading is once its zone is forgotten.
func wallClock(t time.Time) fraud.Timestamp {
	_, offset := t.Zone()
	return fraud.Timestamp(t.UnixMilli() + int64(offset)*1000)
}
