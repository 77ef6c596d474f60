package dynamodb

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sluice/connect"
)

// class is what a failed call means for its items.
type class uint8

const (
	done           class = iota // the call was answered; single items may have come back unprocessed
	throttled                   // the service has no capacity for the call: later, and slower
	transient                   // no answer, or the service failed: the same again later
	rejected                    // an item of the call is bad: find it
	fatal                       // no call can succeed before somebody changes settings or rights: fail the task
	unmetCondition              // of a write: its condition does not hold
	again                       // of a write: nothing was wrong with it, but with another one of its transaction
)

const conditionFailedCode = "ConditionalCheckFailedException"

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
	"ExpiredTokenException":                    transient, // fetched anew; see client.call
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

// isNotReady tells the code that a table has while it is made, and for ever if it is not.
func isNotReady(code string) bool { return code == "ResourceNotFoundException" }

var (
	_ connect.ErrorHeaders = (*serviceError)(nil)
	_ connect.ErrorHeaders = (*placedError)(nil)
)

// serviceError is what a call failed with: the service's own error or, with a cause, why there is no answer of it.
type serviceError struct {
	operation string // of the service, such as "BatchWriteItem"
	table     string

	status    int
	code      string
	message   string
	requestID string
	reasons   []throttlingReason
	cause     error
}

// throttlingReason says which limit a throttled call ran into: a name such as TableWriteKeyRangeThroughputExceeded, and the ARN of the table or
// index.
type throttlingReason struct{ Reason, Resource string }

// Error shows what the service said, and the request's id for its support.
func (e *serviceError) Error() string {
	if e.cause != nil {
		return e.cause.Error()
	}
	text := e.code
	if text == "" {
		text = fmt.Sprintf("HTTP status %d", e.status)
	}
	if e.message != "" {
		text += ": " + e.message
	}
	for _, r := range e.reasons {
		text += fmt.Sprintf(" [%s of %s]", r.Reason, r.Resource)
	}
	if e.requestID != "" {
		text += " (request " + e.requestID + ")"
	}
	return text
}

// Unwrap returns why there is no answer.
func (e *serviceError) Unwrap() error { return e.cause }

// ErrorHeaders implements [connect.ErrorHeaders]: code and request id are missing where the service has given none.
func (e *serviceError) ErrorHeaders() map[string]string {
	headers := map[string]string{"dynamodb.operation": e.operation, "dynamodb.table": e.table}
	if e.code != "" {
		headers["dynamodb.code"] = e.code
	}
	if e.requestID != "" {
		headers["dynamodb.request.id"] = e.requestID
	}
	return headers
}

// placedError is what is wrong with a record that was not sent, with the table that it is for and, where that is known, the call that would have
// carried it alone.
type placedError struct {
	*connect.DataError
	table, operation string
}

// placed says where a record was to go. An error that is not one of data stays as it is.
func placed(err error, table, operation string) error {
	if err == nil || table == "" {
		return err
	}
	var data *connect.DataError
	if !errors.As(err, &data) {
		return err
	}
	return &placedError{data, table, operation}
}

// As gives the error of data to [errors.As], which Unwrap cannot: it returns that error's own cause.
func (e *placedError) As(target any) bool {
	data, ok := target.(**connect.DataError)
	if ok {
		*data = e.DataError
	}
	return ok
}

// JavaClass names the error in traces and in the dead letter queue as the error of data that it is.
func (e *placedError) JavaClass() string { return "org.apache.kafka.connect.errors.DataException" }

// ErrorHeaders implements [connect.ErrorHeaders]. There is no code: the service was not asked.
func (e *placedError) ErrorHeaders() map[string]string {
	headers := map[string]string{"dynamodb.table": e.table}
	if e.operation != "" {
		headers["dynamodb.operation"] = e.operation
	}
	return headers
}

// hot reports whether hot keys are the only reason why a call was throttled. The other keys of the table are then no slower.
func (e *serviceError) hot() bool {
	for _, r := range e.reasons {
		if !strings.Contains(r.Reason, "KeyRange") {
			return false
		}
	}
	return len(e.reasons) > 0
}

func readServiceError(head answerHead, answer []byte) *serviceError {
	var body struct {
		Type              string `json:"__type"`
		Message           string `json:"message"` // also found as "Message": encoding/json does not mind
		ThrottlingReasons []throttlingReason
	}
	_ = json.Unmarshal(answer, &body) // a proxy may answer with anything; the status is left
	if body.Type == "" {
		body.Type = head.errorType
	}
	code := body.Type
	if _, name, ok := strings.Cut(code, "#"); ok { // com.amazonaws.dynamodb.v20120810#Code
		code = name
	}
	code, _, _ = strings.Cut(code, ":") // Code:http://…
	return &serviceError{
		status: head.status, code: code, message: body.Message, requestID: head.requestID, reasons: body.ThrottlingReasons,
	}
}

// errUnprocessed is what the log says of writes that came back from a call that was answered.
var errUnprocessed = errors.New("BatchWriteItem returned UnprocessedItems")

// configErrors gathers errors of settings; nil ones do not count.
type configErrors []error

func (e *configErrors) add(err *connect.ConfigError) { *e = append(*e, err) }

func (e configErrors) join() error { return errors.Join(e...) }
