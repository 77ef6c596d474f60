package fraud

// DecodeTransaction reads the value of a record of the transactions topic. It
// returns ok false and no error if the record holds no row: no value, nothing
// but blanks, or null. Flink skips those. The row does not refer to value.
//
// The error is an *[Error]; Flink's job would have failed on the record.
func DecodeTransaction(value []byte) (t Transaction, ok bool, err error) {
	var row rawRow
	if ok, err := transactionSchema.scan(value, &row); !ok {
		return Transaction{}, false, err
	}
	// In the order of the columns: the first bad one is named, as in Flink.
	if t.AccountID, err = transactionSchema.bigint(fieldAccountID, &row[0]); err != nil {
		return Transaction{}, false, err
	}
	if err := t.setStrings(row[1:5]); err != nil {
		return Transaction{}, false, err
	}
	if t.Amount, err = cents(fieldAmount, &row[5]); err != nil {
		return Transaction{}, false, err
	}
	if t.Date, err = timestamp(fieldDate, &row[6]); err != nil {
		return Transaction{}, false, err
	}
	return t, true, nil
}

// setStrings converts the VARCHAR columns, which are neighbours. They share one
// string, so that a row costs one allocation.
func (t *Transaction) setStrings(row []rawValue) error {
	columns := [...]*Nullable[string]{&t.CustomerID, &t.MerchantType, &t.TransactionID, &t.TransactionType}
	var array [128]byte
	buf := array[:0]
	var ends [len(columns)]int
	for i := range columns {
		var err error
		buf, columns[i].Valid, err = appendVarchar(buf, transactionSchema.fields[1+i], &row[i])
		if err != nil {
			return err
		}
		ends[i] = len(buf)
	}
	all := string(buf)
	start := 0
	for i, c := range columns {
		c.Value = all[start:ends[i]]
		start = ends[i]
	}
	return nil
}

// DecodeFlaggedAccount reads the value of a record of the flagged accounts
// topic. ok and the error are those of [DecodeTransaction].
func DecodeFlaggedAccount(value []byte) (f FlaggedAccount, ok bool, err error) {
	var row rawRow
	if ok, err := flagSchema.scan(value, &row); !ok {
		return FlaggedAccount{}, false, err
	}
	if f.AccountID, err = flagSchema.bigint(fieldAccountID, &row[0]); err != nil {
		return FlaggedAccount{}, false, err
	}
	if f.FlagDate, err = timestamp(fieldFlagDate, &row[1]); err != nil {
		return FlaggedAccount{}, false, err
	}
	return f, true, nil
}

// scan fills row with the columns of a record, with whichever scanner can.
func (s *schema) scan(value []byte, row *rawRow) (bool, error) {
	if scanFast(s, value, row) {
		return true, nil
	}
	*row = rawRow{}
	return s.scanComplete(value, row)
}

func (s *schema) scanComplete(value []byte, row *rawRow) (bool, error) {
	text, tail, err := decodeUnicode(value)
	if err != nil {
		return false, err
	}
	sc := scanner{schema: s, in: text, tail: tail}
	ok, err := sc.scan(row)
	return ok && err == nil, err
}
