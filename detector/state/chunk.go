package state

import (
	"encoding/binary"
	"errors"
	"slices"
	"strconv"

	"sluice/internal/fraud"
)

// chunk holds rows of one account, in the order of their offsets, on their way
// to the store. Written, it is
//
//	first    varint, date of the first row in milliseconds
//	span     varint, how much later the latest date is
//	rows     one behind the other
//
// and a row is
//
//	offset             uvarint, distance from the row before it; of the first from the offset in the key
//	head               one byte, see the head constants
//	date               varint, distance from the row before it
//	amount             varint, unless NULL
//	customer_id        text, unless it follows from the account
//	merchant_type and transaction_type    one byte if both are usual, two texts otherwise
//	transaction_id     eight bytes, or a text
//
// where a text is a uvarint, 0 for NULL, else one more than the length, and its
// bytes. A row of the usual form takes 16 bytes. The date of the latest row lets
// a late flag pass over a chunk without looking into it.
type chunk struct {
	data        []byte // the rows
	offset      int64  // of the first row
	last        int64  // offset of the last row
	first, date fraud.Timestamp
	latest      fraud.Timestamp
}

const (
	headAmount      = 1 << iota // the amount is not NULL
	headOwnCustomer             // customer_id is C and the account's digits from right to left
	headHexID                   // transaction_id is 16 upper-case hexadecimal digits, packed
	headUsualTypes              // merchant_type and transaction_type are in one byte
	headKnown       = 1<<iota - 1
)

// The values that the original pipeline's columns hold. What is stored names them by their place: they may be added to, at the end.
var (
	merchantTypes    = []string{"Online", "In Store"}
	transactionTypes = []string{"Grocery_Store", "Gas_Station", "Shopping_Mall", "City_Services", "HealthCare_Service", "Food and Beverage", "Others"}
)

// reset empties c for rows from offset on.
func (c *chunk) reset(offset int64, date fraud.Timestamp) {
	*c = chunk{data: c.data[:0], offset: offset, last: offset, first: date, date: date, latest: date}
}

// add appends a row. Its account and its date are not NULL, its offset is beyond that of the rows before.
func (c *chunk) add(offset int64, t *fraud.Transaction) {
	b := binary.AppendUvarint(c.data, uint64(offset-c.last))
	c.last = offset
	head := len(b)
	b = append(b, 0)
	b = binary.AppendVarint(b, int64(t.Date.Value)-int64(c.date))
	c.date = t.Date.Value
	c.latest = max(c.latest, t.Date.Value)
	if t.Amount.Valid {
		b[head] |= headAmount
		b = binary.AppendVarint(b, int64(t.Amount.Value))
	}
	if isOwnCustomer(t.CustomerID, t.AccountID.Value) {
		b[head] |= headOwnCustomer
	} else {
		b = appendText(b, t.CustomerID)
	}
	if types, usual := packTypes(t); usual {
		b[head] |= headUsualTypes
		b = append(b, types)
	} else {
		b = appendText(appendText(b, t.MerchantType), t.TransactionType)
	}
	if id, packed := fraud.PackID(t.TransactionID); packed {
		b[head] |= headHexID
		b = binary.BigEndian.AppendUint64(b, id)
	} else {
		b = appendText(b, t.TransactionID)
	}
	c.data = b
}

// appendTo appends the chunk as it is stored.
func (c *chunk) appendTo(dst []byte) []byte {
	dst = binary.AppendVarint(dst, int64(c.first))
	dst = binary.AppendVarint(dst, int64(c.latest)-int64(c.first))
	return append(dst, c.data...)
}

func packTypes(t *fraud.Transaction) (byte, bool) {
	if !t.MerchantType.Valid || !t.TransactionType.Valid {
		return 0, false
	}
	merchant := slices.Index(merchantTypes, t.MerchantType.Value)
	kind := slices.Index(transactionTypes, t.TransactionType.Value)
	return byte(merchant<<4 | kind), merchant >= 0 && kind >= 0
}

func appendText(b []byte, s fraud.Nullable[string]) []byte {
	if !s.Valid {
		return append(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(s.Value))+1)
	return append(b, s.Value...)
}

// appendOwnCustomer appends the customer of an account as the original producer makes it: C1000000001 reads the digits from the right.
func appendOwnCustomer(b []byte, account int64) []byte {
	b = append(b, 'C')
	digits := len(b)
	b = strconv.AppendInt(b, account, 10)
	slices.Reverse(b[digits:])
	return b
}

func isOwnCustomer(id fraud.Nullable[string], account int64) bool {
	if !id.Valid || len(id.Value) == 0 || id.Value[0] != 'C' || account < 0 {
		return false
	}
	var array [24]byte
	return string(appendOwnCustomer(array[:0], account)) == id.Value
}

// errChunk is what a chunk that cannot be read is.
var errChunk = errors.New("malformed rows")

// rowReader reads the rows of a stored chunk one after the other:
//
//	r := rowReader{...}
//	for r.next() { ... r.offset, r.date; r.transaction(&t) }
//	r.err
type rowReader struct {
	account int64
	offset  int64           // of the row
	date    fraud.Timestamp // of the row
	latest  fraud.Timestamp // of all rows
	err     error

	rest []byte // behind the row
	row  []byte // what follows the date in it
	head byte
	text []byte // reused
}

// open begins to read a stored chunk. It keeps value.
func (r *rowReader) open(account, offset int64, value []byte) bool {
	text := r.text
	*r = rowReader{account: account, offset: offset, rest: value, text: text}
	first, ok := r.varint()
	span, ok2 := r.varint()
	if !ok || !ok2 {
		r.err = errChunk
		return false
	}
	r.date = fraud.Timestamp(first)
	r.latest = fraud.Timestamp(first + span)
	return true
}

// next goes on to the next row.
func (r *rowReader) next() bool {
	if r.err != nil || len(r.rest) == 0 {
		return false
	}
	if r.step() {
		return true
	}
	r.err = errChunk
	return false
}

// step reads what is needed to know a row and to pass over it.
func (r *rowReader) step() bool {
	distance, ok := r.uvarint()
	if !ok || len(r.rest) == 0 {
		return false
	}
	r.head = r.rest[0]
	r.rest = r.rest[1:]
	later, ok := r.varint()
	if !ok || r.head&^headKnown != 0 {
		return false
	}
	r.offset += int64(distance)
	r.date += fraud.Timestamp(later)
	r.row = r.rest
	if r.head&headAmount != 0 {
		if _, ok := r.varint(); !ok {
			return false
		}
	}
	if r.head&headOwnCustomer == 0 && !r.pass() {
		return false
	}
	if r.head&headUsualTypes != 0 {
		if len(r.rest) == 0 || int(r.rest[0]>>4) >= len(merchantTypes) || int(r.rest[0]&15) >= len(transactionTypes) {
			return false
		}
		r.rest = r.rest[1:]
	} else {
		for range 2 { // merchant and kind of transaction, as texts
			if !r.pass() {
				return false
			}
		}
	}
	if r.head&headHexID == 0 {
		return r.pass()
	}
	if len(r.rest) < 8 {
		return false
	}
	r.rest = r.rest[8:]
	return true
}

// transaction fills in t with the row that next went to. Its texts are its own.
func (r *rowReader) transaction(t *fraud.Transaction) {
	*t = fraud.Transaction{AccountID: fraud.Of(r.account), Date: fraud.Of(r.date)}
	behind := r.rest
	r.rest = r.row
	if r.head&headAmount != 0 {
		n, _ := r.varint()
		t.Amount = fraud.Of(fraud.Cents(n))
	}
	// What is not among the usual values is gathered in one string: one allocation for a row.
	r.text = r.text[:0]
	var ends [4]int
	take := func(i int, s *fraud.Nullable[string]) {
		var text []byte
		text, s.Valid = r.take()
		r.text = append(r.text, text...)
		ends[i] = len(r.text)
	}
	if r.head&headOwnCustomer != 0 {
		r.text = appendOwnCustomer(r.text, r.account)
		t.CustomerID.Valid = true
		ends[0] = len(r.text)
	} else {
		take(0, &t.CustomerID)
	}
	ends[1], ends[2] = ends[0], ends[0]
	if r.head&headUsualTypes != 0 {
		types := r.rest[0]
		r.rest = r.rest[1:]
		t.MerchantType = fraud.Of(merchantTypes[types>>4])
		t.TransactionType = fraud.Of(transactionTypes[types&15])
	} else {
		take(1, &t.MerchantType)
		take(2, &t.TransactionType)
	}
	if r.head&headHexID != 0 {
		r.text = fraud.AppendPackedID(r.text, binary.BigEndian.Uint64(r.rest))
		t.TransactionID.Valid = true
		ends[3] = len(r.text)
	} else {
		take(3, &t.TransactionID)
	}
	all := string(r.text)
	t.CustomerID.Value = all[:ends[0]]
	if r.head&headUsualTypes == 0 {
		t.MerchantType.Value = all[ends[0]:ends[1]]
		t.TransactionType.Value = all[ends[1]:ends[2]]
	}
	t.TransactionID.Value = all[ends[2]:ends[3]]
	r.rest = behind
}

func (r *rowReader) varint() (int64, bool) {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		return 0, false
	}
	r.rest = r.rest[size:]
	return n, true
}

func (r *rowReader) uvarint() (uint64, bool) {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		return 0, false
	}
	r.rest = r.rest[size:]
	return n, true
}

// pass passes over a text.
func (r *rowReader) pass() bool {
	n, ok := r.uvarint()
	if !ok || n > 0 && n-1 > uint64(len(r.rest)) {
		return false
	}
	if n > 0 {
		r.rest = r.rest[n-1:]
	}
	return true
}

// take returns a text that pass was content with.
func (r *rowReader) take() (text []byte, valid bool) {
	n, _ := r.uvarint()
	if n == 0 {
		return nil, false
	}
	text, r.rest = r.rest[:n-1], r.rest[n-1:]
	return text, true
}
