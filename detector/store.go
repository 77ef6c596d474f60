package detector

import (
	"encoding/binary"
	"strings"

	"sluice/internal/fraud"
)

// rows holds the transactions of one account, in the order of their arrival,
// packed one behind the other: some 20 bytes for a transaction of the usual
// form, where the struct alone would take 144. A row is
//
//	head             one byte, see the head constants
//	date             varint, milliseconds since the row before it
//	amount           varint, unless NULL
//	customer_id      string, unless it is that of the row before it
//	merchant_type    string
//	transaction_id   eight bytes, or a string
//	transaction_type string
//
// and a string is a uvarint with what follows it: 0 is NULL, an odd number 2n+1
// is entry n of the dictionary, an even number 2n+2 is n bytes of text.
type rows struct {
	data     []byte
	date     fraud.Timestamp // of the last row
	customer fraud.Nullable[string]
}

const (
	headAmount       = 1 << iota // the amount is not NULL
	headSameCustomer             // customer_id is that of the row before
	headHexID                    // transaction_id is 16 upper-case hexadecimal digits, packed
)

// add appends a transaction and returns how many bytes it takes.
func (r *rows) add(t *fraud.Transaction, d *dictionary) int {
	before := len(r.data)
	var head byte
	if t.Amount.Valid {
		head |= headAmount
	}
	if t.CustomerID == r.customer {
		head |= headSameCustomer
	}
	id, packed := fraud.PackID(t.TransactionID)
	if packed {
		head |= headHexID
	}
	b := append(r.data, head)
	b = binary.AppendVarint(b, int64(t.Date.Value-r.date))
	r.date = t.Date.Value
	if t.Amount.Valid {
		b = binary.AppendVarint(b, int64(t.Amount.Value))
	}
	if head&headSameCustomer == 0 {
		b = appendText(b, t.CustomerID)
		r.customer = t.CustomerID
		r.customer.Value = strings.Clone(r.customer.Value) // not a part of its row's string
	}
	b = d.append(b, t.MerchantType)
	if packed {
		b = binary.BigEndian.AppendUint64(b, id)
	} else {
		b = appendText(b, t.TransactionID)
	}
	r.data = d.append(b, t.TransactionType)
	return len(r.data) - before
}

// since calls emit for every row dated after date.
func (r *rows) since(accountID int64, date fraud.Timestamp, d *dictionary, emit func(*fraud.Transaction) error) error {
	var t fraud.Transaction
	t.AccountID = fraud.Of(accountID)
	t.Date.Valid = true
	for b := r.data; len(b) > 0; {
		head := b[0]
		b = b[1:]
		var n int64
		n, b = varint(b)
		t.Date.Value += fraud.Timestamp(n)
		t.Amount = fraud.Nullable[fraud.Cents]{}
		if head&headAmount != 0 {
			n, b = varint(b)
			t.Amount = fraud.Of(fraud.Cents(n))
		}
		if head&headSameCustomer == 0 {
			t.CustomerID, b = d.next(b, true)
		}
		late := t.Date.Value > date
		t.MerchantType, b = d.next(b, late)
		if head&headHexID != 0 {
			if late {
				t.TransactionID = fraud.Of(string(fraud.AppendPackedID(nil, binary.BigEndian.Uint64(b))))
			}
			b = b[8:]
		} else {
			t.TransactionID, b = d.next(b, late)
		}
		t.TransactionType, b = d.next(b, late)
		if late {
			if err := emit(&t); err != nil {
				return err
			}
		}
	}
	return nil
}

// A dictionary gives numbers to the few texts that columns such as the merchant
// type hold over and over. It is bounded: what does not fit is stored as text.
type dictionary struct {
	numbers map[string]uint64
	texts   []string
}

const (
	dictionaryEntries = 1024
	dictionaryText    = 64 // bytes of the longest entry
)

// append appends a string that is likely to come again.
func (d *dictionary) append(b []byte, s fraud.Nullable[string]) []byte {
	if !s.Valid || len(s.Value) > dictionaryText {
		return appendText(b, s)
	}
	n, ok := d.numbers[s.Value]
	if !ok {
		if len(d.texts) == dictionaryEntries {
			return appendText(b, s)
		}
		if d.numbers == nil {
			d.numbers = make(map[string]uint64)
		}
		n = uint64(len(d.texts))
		text := strings.Clone(s.Value) // not a part of its row's string
		d.texts = append(d.texts, text)
		d.numbers[text] = n
	}
	return binary.AppendUvarint(b, 2*n+1)
}

// appendText appends a string without looking into a dictionary.
func appendText(b []byte, s fraud.Nullable[string]) []byte {
	if !s.Valid {
		return append(b, 0)
	}
	b = binary.AppendUvarint(b, 2*uint64(len(s.Value))+2)
	return append(b, s.Value...)
}

// next returns the string at the start of b and what follows it. If not wanted,
// the string is only skipped.
func (d *dictionary) next(b []byte, wanted bool) (s fraud.Nullable[string], rest []byte) {
	n, size := binary.Uvarint(b)
	b = b[size:]
	switch {
	case n == 0:
	case n%2 == 1:
		s = fraud.Of(d.texts[n/2])
	default:
		length := n/2 - 1
		if wanted {
			s = fraud.Of(string(b[:length]))
		}
		b = b[length:]
	}
	return s, b
}

func varint(b []byte) (int64, []byte) {
	n, size := binary.Varint(b)
	return n, b[size:]
}
