package dynamodb

// mapping says how a record becomes an item, where the settings want something else than the plain way: each member an attribute, in the type
// that its value has. The zero value is the plain way.
type mapping struct {
	rules    valueRules
	input    inputFormat
	body     bodyMode
	times    timeFormat
	plan     *plan // of single members; nil: none has a plan of its own
	derived  derived
	tooLarge shrinking
}

// valueRules are what the item writer asks itself for each value. The zero value lets a JSON text through as it is, which is the fast way.
type valueRules struct {
	numbers    numberMode
	overflow   overflowMode
	arrays     arrayMode
	omitNulls  bool // members that are null are left out
	coerceKeys bool // keys of the table and its indexes take the type that the table declares, where the value has one
	sparse     bool // attributes of index keys that are null or empty are left out
}

// numberMode is how numbers are stored.
type numberMode uint8

const (
	exactNumbers  numberMode = iota // N, with their digits
	camelNumbers                    // as Camel 3.20.3: N up to 32 bits, everything else S after Java's long and double
	stringNumbers                   // S, with their digits
)

// overflowMode is what becomes of a number that DynamoDB cannot hold.
type overflowMode uint8

const (
	overflowFails  overflowMode = iota // the record is a bad one
	overflowString                     // S, with its digits
	overflowRounds                     // to 38 digits, and to zero if it is too small; too large a one fails
)

// arrayMode is how arrays are stored.
type arrayMode uint8

const (
	listArrays  arrayMode = iota // L
	camelArrays                  // as Camel 3.20.3: NS or SS of the members' Java texts
)

// inputFormat is what a record's value is.
type inputFormat uint8

const (
	plainInput inputFormat = iota // JSON or Connect values
	typedInput                    // DynamoDB's own JSON, {"id":{"S":"a"}}
)

// bodyMode is where in a record's value the item is.
type bodyMode uint8

const (
	camelBody    bodyMode = iota // in its members "key" and "item" if it has them, else the whole of it
	flatBody                     // always the whole of it
	debeziumBody                 // in the member "after" of a change event, and "before" of a deletion
)

// timeFormat is how values of Connect's logical types for dates and times are stored.
type timeFormat uint8

const (
	connectTimes timeFormat = iota // as JsonConverter writes them: days, milliseconds of the day, milliseconds since 1970
	isoTimes                       // S, such as 2023-08-14T10:21:33.123Z
	secondTimes                    // N, seconds since 1970 (for a time of day: since midnight)
	milliTimes                     // N, milliseconds since 1970 (for a time of day: since midnight)
)
