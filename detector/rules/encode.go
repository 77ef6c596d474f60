package rules

import (
	"encoding/binary"
	"errors"

	"sluice/internal/fraud"
)

// encodingVersion is the first byte of an encoded account.
const encodingVersion = 1

// ErrEncoding says that bytes are no encoded account.
var ErrEncoding = errors.New("malformed account of the rules")

// AppendTo appends the account as [ParseAccount] reads it: some 16 bytes for a
// row of the usual form.
//
//	version   one byte
//	texts     uvarint, then so many texts: merchant types, transaction types, names of rules
//	recent    uvarint, then so many dates: varint, distance from the one before
//	marks     uvarint, then so many: rule as number of a text, one byte for the mode, date
//	rows      uvarint, then so many: head, date, amount, merchant type, transaction type, id
//
// where a text is a uvarint length and its bytes.
func (a *Account) AppendTo(dst []byte) []byte {
	var texts []string
	numbers := make(map[string]uint64)
	number := func(text string) {
		if _, known := numbers[text]; !known {
			numbers[text] = uint64(len(texts))
			texts = append(texts, text)
		}
	}
	for i := range a.rows {
		number(a.rows[i].MerchantType.Value)
		number(a.rows[i].TransactionType.Value)
	}
	for _, m := range a.marks {
		number(m.rule)
	}
	b := binary.AppendUvarint(append(dst, encodingVersion), uint64(len(texts)))
	for _, text := range texts {
		b = appendText(b, text)
	}
	var last fraud.Timestamp
	date := func(t fraud.Timestamp) {
		b = binary.AppendVarint(b, int64(t-last))
		last = t
	}
	b = binary.AppendUvarint(b, uint64(len(a.recent)))
	for _, t := range a.recent {
		date(t)
	}
	b = binary.AppendUvarint(b, uint64(len(a.marks)))
	for _, m := range a.marks {
		b = binary.AppendUvarint(b, numbers[m.rule])
		b = append(b, flagged(m.shadow, headShadow))
		date(m.date)
	}
	b = binary.AppendUvarint(b, uint64(len(a.rows)))
	for i := range a.rows {
		r := &a.rows[i]
		id, packed := fraud.PackID(r.TransactionID)
		b = append(b, flagged(r.Amount.Valid, headAmount)|flagged(r.MerchantType.Valid, headMerchant)|
			flagged(r.TransactionType.Valid, headType)|flagged(r.TransactionID.Valid, headID)|flagged(packed, headHexID))
		date(r.Date)
		if r.Amount.Valid {
			b = binary.AppendVarint(b, int64(r.Amount.Value))
		}
		if r.MerchantType.Valid {
			b = binary.AppendUvarint(b, numbers[r.MerchantType.Value])
		}
		if r.TransactionType.Valid {
			b = binary.AppendUvarint(b, numbers[r.TransactionType.Value])
		}
		switch {
		case packed:
			b = binary.BigEndian.AppendUint64(b, id)
		case r.TransactionID.Valid:
			b = appendText(b, r.TransactionID.Value)
		}
	}
	return b
}

// What a row's head says of it, and a mark's.
const (
	headAmount   = 1 << iota // the amount is not NULL
	headMerchant             // and so on
	headType
	headID
	headHexID // the id is 16 upper-case hexadecimal digits, packed

	headShadow = 1 // of a mark: the rule only counted
)

func flagged(is bool, bit byte) byte {
	if is {
		return bit
	}
	return 0
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// ParseAccount reads what [Account.AppendTo] has written. It keeps nothing of b.
func ParseAccount(b []byte) (*Account, error) {
	r := reader{rest: b}
	if r.byte() != encodingVersion {
		return nil, ErrEncoding
	}
	var texts []string
	for range r.count() {
		texts = append(texts, r.text())
	}
	named := func() string {
		if n := r.uvarint(); n < uint64(len(texts)) {
			return texts[n]
		}
		r.failed = true
		return ""
	}
	var last fraud.Timestamp
	date := func() fraud.Timestamp {
		last += fraud.Timestamp(r.varint())
		return last
	}
	a := new(Account)
	for range r.count() {
		a.recent = append(a.recent, date())
	}
	for range r.count() {
		a.marks = append(a.marks, mark{rule: named(), shadow: r.byte() == headShadow, date: date()})
	}
	for range r.count() {
		head := r.byte()
		row := Row{Date: date()}
		if head&headAmount != 0 {
			row.Amount = fraud.Of(fraud.Cents(r.varint()))
		}
		if head&headMerchant != 0 {
			row.MerchantType = fraud.Of(named())
		}
		if head&headType != 0 {
			row.TransactionType = fraud.Of(named())
		}
		switch {
		case head&headHexID != 0:
			row.TransactionID = fraud.Of(string(fraud.AppendPackedID(nil, r.uint64())))
		case head&headID != 0:
			row.TransactionID = fraud.Of(r.text())
		}
		a.rows = append(a.rows, row)
	}
	if r.failed || len(r.rest) > 0 {
		return nil, ErrEncoding
	}
	return a, nil
}

// reader takes values from the front of rest. Once something was not there it has failed, and gives zeros.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) take(n uint64) []byte {
	if r.failed || n > uint64(len(r.rest)) {
		r.failed = true
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	r.take(uint64(max(0, size)))
	r.failed = r.failed || size <= 0
	return n
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.rest)
	r.take(uint64(max(0, size)))
	r.failed = r.failed || size <= 0
	return n
}

// count is how many of something follow, each of which takes a byte at least.
func (r *reader) count() uint64 {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.failed = true
	}
	if r.failed {
		return 0
	}
	return n
}

func (r *reader) text() string { return string(r.take(r.uvarint())) }
