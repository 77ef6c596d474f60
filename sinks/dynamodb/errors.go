package dynamodb

import (
	"errors"

	"sluice/connect"
)

// class is what a failed call means for its items.
type class uint8

const (
	done      class = iota // the call was answered; single items may have come back unprocessed
	throttled              // the service has no capacity for the call: later, and slower
	transient              // no answer, or the service failed: the same again later
	rejected               // an item of the call is bad: find it
	fatal                  // no call can succeed before somebody changes settings or rights: fail the task
)

// The service's error codes, by what they mean here. Codes that stand nowhere are judged by the HTTP status.
var classOfCode = map[string]class{
	"ProvisionedThroughputExceededException": throttled,
	"ThrottlingException":                    throttled,
	"RequestLimitExceeded":                   throttled,
	"LimitExceededException":                 throttled,

	"InternalServerError":                      transient,
	"ServiceUnavailable":                       transient,
	"TransactionConflictException":             transient,
	"ReplicatedWriteConflictException":         transient,
	"TransactionInProgressException":           transient,
	"RequestTimeoutException":                  transient,
	"ResourceInUseException":                   transient,
	"RequestTimeout":                           transient,
	"InternalFailure":                          transient,
	"InternalServerErrorException":             transient,
	"ServiceUnavailableException":              transient,
	"ExpiredTokenException":                    transient, // fetched anew; see client.stillExpired
	"ExpiredToken":                             transient,
	"ValidationException":                      rejected,
	"SerializationException":                   rejected,
	"RequestEntityTooLarge":                    rejected,
	"ItemCollectionSizeLimitExceededException": rejected,
}

// classify tells what an answer of the service means, by its error code or else its HTTP status.
func classify(status int, code string) class {
	if c, ok := classOfCode[code]; ok {
		return c
	}
	switch {
	case status >= 500, status == 408:
		return transient
	case status == 429:
		return throttled
	case status == 413:
		return rejected
	case code == "" && status != 401 && status != 403 && status != 407:
		return transient // not the service: a proxy in between that will let us through, or something else on its port
	}
	return fatal
}

// errUnprocessed is what the log says of writes that came back from a call that was answered.
var errUnprocessed = errors.New("BatchWriteItem returned UnprocessedItems")

// configErrors gathers errors of settings; nil ones do not count.
type configErrors []error

func (e *configErrors) add(err *connect.ConfigError) { *e = append(*e, err) }

func (e configErrors) join() error { return errors.Join(e...) }
