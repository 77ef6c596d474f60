package producer

import (
	"strconv"
	"time"

	"sluice/internal/fraud"
)

// The bytes are those of Python's json.dumps with its defaults: a blank after
// every colon and comma, members in the order of declaration, floats with at
// least one decimal. Everything generated is ASCII without characters to escape.

// AppendKey appends the key of t:
//
//	{"account_id": 1000000001, "transaction_id": "0123456789ABCDEF"}
func (t *Transaction) AppendKey(dst []byte) []byte {
	dst = append(dst, `{"account_id": `...)
	dst = strconv.AppendInt(dst, t.AccountID, 10)
	dst = append(dst, `, "transaction_id": "`...)
	dst = append(dst, t.TransactionID...)
	return append(dst, `"}`...)
}

// AppendValue appends the value of t:
//
//	{"account_id": 1000000001, "customer_id": "C1000000001", "merchant_type": "Online",
//	 "transaction_id": "0123456789ABCDEF", "transaction_type": "Grocery_Store",
//	 "transaction_amount": 100.0, "transaction_date": "2023-08-14 12:00:01.500000"}
//
// in one line.
func (t *Transaction) AppendValue(dst []byte) []byte {
	dst = append(dst, `{"account_id": `...)
	dst = strconv.AppendInt(dst, t.AccountID, 10)
	dst = append(dst, `, "customer_id": "`...)
	dst = append(dst, t.CustomerID...)
	dst = append(dst, `", "merchant_type": "`...)
	dst = append(dst, t.MerchantType...)
	dst = append(dst, `", "transaction_id": "`...)
	dst = append(dst, t.TransactionID...)
	dst = append(dst, `", "transaction_type": "`...)
	dst = append(dst, t.TransactionType...)
	dst = append(dst, `", "transaction_amount": `...)
	dst = appendFloat(dst, t.Amount)
	dst = append(dst, `, "transaction_date": "`...)
	dst = appendDate(dst, t.Date)
	return append(dst, `"}`...)
}

// AppendKey appends the key of f:
//
//	{"account_id": 1000000001}
func (f *Flag) AppendKey(dst []byte) []byte {
	dst = append(dst, `{"account_id": `...)
	dst = strconv.AppendInt(dst, f.AccountID, 10)
	return append(dst, '}')
}

// AppendValue appends the value of f:
//
//	{"account_id": 1000000001, "flag_date": "2023-08-14 12:00:00.000000"}
func (f *Flag) AppendValue(dst []byte) []byte {
	dst = append(dst, `{"account_id": `...)
	dst = strconv.AppendInt(dst, f.AccountID, 10)
	dst = append(dst, `, "flag_date": "`...)
	dst = appendDate(dst, f.Date)
	return append(dst, `"}`...)
}

// appendFloat appends an amount as Python prints the nearest float: the fewest
// digits that read back the same, which for two decimals are those of the
// decimal number without its trailing zeros, but with one digit behind the point.
func appendFloat(dst []byte, c fraud.Cents) []byte {
	dst = strconv.AppendInt(dst, int64(c/100), 10)
	dst = append(dst, '.', byte('0'+c/10%10))
	if c%10 != 0 {
		dst = append(dst, byte('0'+c%10))
	}
	return dst
}

// appendDate appends a date as Python's %Y-%m-%d %H:%M:%S.%f: always six
// digits, cut rather than rounded.
func appendDate(dst []byte, t time.Time) []byte {
	return t.AppendFormat(dst, "2006-01-02 15:04:05.000000")
}
