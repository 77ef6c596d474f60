package fraud

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendValue appends the value of a flagged transaction as Flink writes it:
// compact, members in the order of the table, NULL as null.
//
//	{"account_id":1000000001,"customer_id":"C1000000001","merchant_type":"Online",
//	 "transaction_id":"0123456789ABCDEF","transaction_type":"Grocery_Store",
//	 "transaction_amount":12.34,"transaction_date":"2023-08-14 12:00:01.5"}
//
// without the line breaks and the blank after them.
func (t *Transaction) AppendValue(dst []byte) []byte {
	dst = append(dst, `{"account_id":`...)
	dst = appendLong(dst, t.AccountID)
	dst = append(dst, `,"customer_id":`...)
	dst = appendString(dst, t.CustomerID)
	dst = append(dst, `,"merchant_type":`...)
	dst = appendString(dst, t.MerchantType)
	dst = append(dst, `,"transaction_id":`...)
	dst = appendString(dst, t.TransactionID)
	dst = append(dst, `,"transaction_type":`...)
	dst = appendString(dst, t.TransactionType)
	dst = append(dst, `,"transaction_amount":`...)
	if t.Amount.Valid {
		dst = t.Amount.Value.AppendText(dst)
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, `,"transaction_date":`...)
	if t.Date.Valid {
		dst = append(dst, '"')
		dst = t.Date.Value.AppendText(dst)
		dst = append(dst, '"')
	} else {
		dst = append(dst, "null"...)
	}
	return append(dst, '}')
}

// AppendKey appends the key of a flagged transaction as Flink writes it:
//
//	{"account_id":1000000001,"transaction_id":"0123456789ABCDEF"}
//
// The keys of the input have blanks, so the same pair is on another partition
// there.
func (t *Transaction) AppendKey(dst []byte) []byte {
	dst = append(dst, `{"account_id":`...)
	dst = appendLong(dst, t.AccountID)
	dst = append(dst, `,"transaction_id":`...)
	dst = appendString(dst, t.TransactionID)
	return append(dst, '}')
}

func appendLong(dst []byte, n Nullable[int64]) []byte {
	if !n.Valid {
		return append(dst, "null"...)
	}
	return strconv.AppendInt(dst, n.Value, 10)
}

func appendString(dst []byte, s Nullable[string]) []byte {
	if !s.Valid {
		return append(dst, "null"...)
	}
	return appendQuoted(dst, s.Value, true)
}

// appendQuoted appends text as a JSON string the way Jackson does: quote,
// backslash and control characters escaped, everything else raw, but characters
// beyond the basic plane as two escapes if pairs is true. That is what Jackson
// does when it writes bytes, and not when it writes characters. encoding/json
// can do neither.
func appendQuoted(dst []byte, text string, pairs bool) []byte {
	dst = append(dst, '"')
	plain := 0 // start of what needs no change
	for i := 0; i < len(text); {
		c := text[i]
		if c >= 0xF0 && pairs {
			r, size := utf8.DecodeRuneInString(text[i:])
			high, low := utf16.EncodeRune(r)
			dst = append(dst, text[plain:i]...)
			dst = appendEscape(dst, uint16(high))
			dst = appendEscape(dst, uint16(low))
			i += size
			plain = i
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, text[plain:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = appendEscape(dst, uint16(c))
		}
		i++
		plain = i
	}
	dst = append(dst, text[plain:]...)
	return append(dst, '"')
}

// appendEscape appends a UTF-16 unit as an escape with upper-case digits.
func appendEscape(dst []byte, u uint16) []byte {
	const hex = "0123456789ABCDEF"
	return append(dst, '\\', 'u', hex[u>>12], hex[u>>8&15], hex[u>>4&15], hex[u&15])
}
