package demo

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"sluice/internal/fraud"
)

// itemKey is the primary key of an item in the table.
type itemKey struct {
	id   string
	date string
}

// expectation knows what was sent and works out, by brute force and without the detector's code, what the table must hold. Its methods
// may be called from any goroutine.
type expectation struct {
	mu           sync.Mutex
	flags        map[int64][]fraud.Timestamp
	transactions []fraud.Transaction

	counted, nItems, nPairs int // what size has worked out, for so many transactions
}

// addFlag notes a flag that was sent.
func (e *expectation) addFlag(f fraud.FlaggedAccount) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.flags == nil {
		e.flags = map[int64][]fraud.Timestamp{}
	}
	e.flags[f.AccountID.Value] = append(e.flags[f.AccountID.Value], f.FlagDate.Value)
}

// addTransaction notes a transaction that was sent.
func (e *expectation) addTransaction(t fraud.Transaction) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.transactions = append(e.transactions, t)
}

// size returns how many items and pairs there will be.
func (e *expectation) size() (items, pairs int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.counted != len(e.transactions) {
		e.counted = len(e.transactions)
		all, p := e.itemsLocked()
		e.nItems, e.nPairs = len(all), p
	}
	return e.nItems, e.nPairs
}

// items returns what the table must hold, and how many pairs of transaction and flag there are.
func (e *expectation) items() (items map[itemKey]map[string]string, pairs int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.itemsLocked()
}

func (e *expectation) itemsLocked() (items map[itemKey]map[string]string, pairs int) {
	items = map[itemKey]map[string]string{}
	for i := range e.transactions {
		t := &e.transactions[i]
		for _, flagged := range e.flags[t.AccountID.Value] {
			if t.Date.Value > flagged {
				pairs++
				items[itemKey{t.TransactionID.Value, t.Date.Value.String()}] = attributesOf(t)
			}
		}
	}
	return items, pairs
}

// attributesOf returns the item of a transaction, each attribute as "TYPE value" with numbers in the form in which DynamoDB returns them.
func attributesOf(t *fraud.Transaction) map[string]string {
	return map[string]string{
		"account_id":         "N " + strconv.FormatInt(t.AccountID.Value, 10),
		"customer_id":        "S " + t.CustomerID.Value,
		"merchant_type":      "S " + t.MerchantType.Value,
		"transaction_id":     "S " + t.TransactionID.Value,
		"transaction_type":   "S " + t.TransactionType.Value,
		"transaction_amount": "N " + plainCents(int64(t.Amount.Value)),
		"transaction_date":   "S " + t.Date.Value.String(),
	}
}

// plainCents writes hundredths without exponent and without zeros at the end: 12050 is 120.5.
func plainCents(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	s := fmt.Sprintf("%s%d.%02d", sign, cents/100, cents%100)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// maxDifferences bounds how many differences are spelt out.
const maxDifferences = 5

// compare returns the difference between what the table must hold and what it holds, "" if there is none.
func compare(want, got map[itemKey]map[string]string) string {
	var lines []string
	total := 0
	add := func(format string, args ...any) {
		if total++; total <= maxDifferences {
			lines = append(lines, fmt.Sprintf(format, args...))
		}
	}
	for k, w := range want {
		g, ok := got[k]
		if !ok {
			add("missing: %s %s", k.id, k.date)
			continue
		}
		for name, v := range w {
			if g[name] != v {
				add("item %s %s: %s is %q, expected %q", k.id, k.date, name, g[name], v)
			}
		}
		for name, v := range g {
			if _, ok := w[name]; !ok {
				add("item %s %s: %s %q is not expected", k.id, k.date, name, v)
			}
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			add("not expected: %s %s", k.id, k.date)
		}
	}
	if total > maxDifferences {
		lines = append(lines, fmt.Sprintf("... and %d more", total-maxDifferences))
	}
	return strings.Join(lines, "\n")
}
