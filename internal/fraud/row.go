package fraud

// Nullable is a column that may be NULL. The zero value is NULL.
type Nullable[T any] struct {
	Value T    // meaningful only if Valid
	Valid bool // false means NULL: the member was missing, null, or a decimal out of range
}

// Of returns a column that holds v.
func Of[T any](v T) Nullable[T] { return Nullable[T]{Value: v, Valid: true} }

// FlaggedAccount says from when on an account is under suspicion:
//
//	{"account_id": 1000000001, "flag_date": "2023-08-14 12:00:00.000000"}
//
// The zero value is the row of NULLs that {} stands for. It never matches.
type FlaggedAccount struct {
	AccountID Nullable[int64]
	FlagDate  Nullable[Timestamp]
}

// Transaction is one card transaction:
//
//	{"account_id": 1000000001, "customer_id": "C1000000001", "merchant_type": "Online",
//	 "transaction_id": "0123456789ABCDEF", "transaction_type": "Grocery_Store",
//	 "transaction_amount": 12.34, "transaction_date": "2023-08-14 12:00:01.500000"}
//
// Strings are valid UTF-8. The zero value is the row of NULLs.
type Transaction struct {
	AccountID       Nullable[int64]
	CustomerID      Nullable[string]
	MerchantType    Nullable[string]
	TransactionID   Nullable[string]
	TransactionType Nullable[string]
	Amount          Nullable[Cents]
	Date            Nullable[Timestamp]
}

// The members of the two records, in the order in which a row is written.
const (
	fieldAccountID       = "account_id"
	fieldFlagDate        = "flag_date"
	fieldCustomerID      = "customer_id"
	fieldMerchantType    = "merchant_type"
	fieldTransactionID   = "transaction_id"
	fieldTransactionType = "transaction_type"
	fieldAmount          = "transaction_amount"
	fieldDate            = "transaction_date"
)

// schema is what a scanner must know of a table: which members are columns,
// and how its floats are read.
type schema struct {
	fields []string // at most maxColumns
	// exact is true for a table with a DECIMAL column. Jackson then reads every
	// float of the record, ignored ones included, as an exact decimal, which
	// some literals cannot become; otherwise floats are doubles.
	exact bool
}

var (
	flagSchema        = schema{fields: []string{fieldAccountID, fieldFlagDate}}
	transactionSchema = schema{
		fields: []string{
			fieldAccountID, fieldCustomerID, fieldMerchantType, fieldTransactionID,
			fieldTransactionType, fieldAmount, fieldDate,
		},
		exact: true,
	}
)

// column returns the index of the column called name, or -1.
func (s *schema) column(name []byte) int {
	for i, f := range s.fields {
		if string(name) == f {
			return i
		}
	}
	return -1
}

const maxColumns = 7

// kind is the JSON type of a scanned value.
type kind uint8

const (
	kindNull      kind = iota // null, or no such member
	kindString                // text is the unescaped content, WTF-8
	kindInteger               // text is the literal
	kindFloat                 // text is the literal, which has a dot or an exponent
	kindInfinity              // a float literal beyond the range of a double; text is the literal
	kindTrue                  // no text
	kindFalse                 // no text
	kindContainer             // text is the JSON of the object or array, checked
)

// rawValue is a member as a scanner found it, before its conversion.
type rawValue struct {
	kind kind
	text []byte
}

// rawRow holds the columns of one record by their index in the schema. Its
// texts point into the record or into the scanner's buffer and must be
// converted before the next scan.
type rawRow [maxColumns]rawValue
