package dynamodb

import (
	"fmt"
	"net/http"
)

// Error types as they stand in the __type field of an answer. The namespace differs by the layer
// of the service that found the fault.
const (
	typeValidation        = "com.amazon.coral.validate#ValidationException"
	typeSerialization     = "com.amazon.coral.service#SerializationException"
	typeUnknownOperation  = "com.amazon.coral.service#UnknownOperationException"
	typeMissingToken      = "com.amazon.coral.service#MissingAuthenticationTokenException"
	typeIncompleteSigning = "com.amazon.coral.service#IncompleteSignatureException"
	typeThrottling        = "com.amazon.coral.availability#ThrottlingException"

	typeNamespace           = "com.amazonaws.dynamodb.v20120810#"
	typeNotFound            = typeNamespace + "ResourceNotFoundException"
	typeInUse               = typeNamespace + "ResourceInUseException"
	typeConditionFailed     = typeNamespace + "ConditionalCheckFailedException"
	typeThroughput          = typeNamespace + "ProvisionedThroughputExceededException"
	typeTransactionCanceled = typeNamespace + "TransactionCanceledException"
	typeIdempotentMismatch  = typeNamespace + "IdempotentParameterMismatchException"
	typeInternal            = typeNamespace + "InternalServerError"
)

// apiError is an answer other than 200: what the service would say, ready to be written.
type apiError struct {
	status  int
	typ     string // the __type field
	message string // empty: the answer has no message
	extra   []byte // further members of the JSON object, each with its leading comma
}

func (e *apiError) Error() string {
	if e.message == "" {
		return e.typ
	}
	return e.typ + ": " + e.message
}

func newError(typ, message string) *apiError {
	return &apiError{status: http.StatusBadRequest, typ: typ, message: message}
}

func validationError(message string) *apiError { return newError(typeValidation, message) }

func validationErrorf(format string, args ...any) *apiError {
	return newError(typeValidation, fmt.Sprintf(format, args...))
}

// invalidParameter is the commonest prefix of validation texts.
func invalidParameter(format string, args ...any) *apiError {
	return validationError("One or more parameter values were invalid: " + fmt.Sprintf(format, args...))
}

// constraintError is what the request's model rejects before any code of the service sees it. value
// is printed as given: a quoted text, or null.
func constraintError(value, member, constraint string) *apiError {
	return validationErrorf("1 validation error detected: Value %s at '%s' failed to satisfy constraint: %s",
		value, member, constraint)
}

func serializationError(message string) *apiError { return newError(typeSerialization, message) }

func notFoundError() *apiError { return newError(typeNotFound, "Requested resource not found") }

func tableNotFoundError(name string) *apiError {
	return newError(typeNotFound, "Requested resource not found: Table: "+name+" not found")
}

// errKeySchema is the answer to a key that does not fit the table, for every call but PutItem.
var errKeySchema = validationError("The provided key element does not match the schema")

// conditionFailedError carries the item that stood in the way when the caller asked for it.
func conditionFailedError(item []byte) *apiError {
	e := newError(typeConditionFailed, "The conditional request failed")
	if item != nil {
		e.extra = append([]byte(`,"Item":`), item...)
	}
	return e
}
