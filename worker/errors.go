package worker

import "errors"

// NotFoundError says that what was named does not exist. The REST API answers 404 with its text.
//
// Kafka: org.apache.kafka.connect.errors.NotFoundException.
type NotFoundError struct{ Message string }

func (e *NotFoundError) Error() string { return e.Message }

// AlreadyExistsError says that a connector of that name exists. The REST API answers 409.
//
// Kafka: org.apache.kafka.connect.errors.AlreadyExistsException.
type AlreadyExistsError struct{ Message string }

func (e *AlreadyExistsError) Error() string { return e.Message }

// BadRequestError says that a request cannot be carried out as it is. The REST API answers 400.
//
// Kafka: org.apache.kafka.connect.runtime.rest.errors.BadRequestException.
type BadRequestError struct{ Message string }

func (e *BadRequestError) Error() string { return e.Message }

// ConflictError says that a request cannot be carried out right now because of a rebalance or a concurrent change, and may be sent
// again. The REST API answers 409.
//
// Kafka: org.apache.kafka.connect.runtime.rest.errors.ConnectRestException with status 409.
type ConflictError struct{ Message string }

func (e *ConflictError) Error() string { return e.Message }

// RequestTargetError says that another worker of the cluster has to carry out a request: the leader, or who runs what is asked for. The REST API
// forwards the request to that worker's, or answers 409 if that cannot be.
//
// Kafka: org.apache.kafka.connect.runtime.distributed.RequestTargetException and its subclass NotLeaderException.
type RequestTargetError struct {
	Message string
	// URL is that of the other worker's REST API, "" if it is not known.
	URL string
}

func (e *RequestTargetError) Error() string { return e.Message }

// ForbiddenError says that the worker's settings switch a feature off, or that the signature of a request among workers is not the cluster's.
// The REST API answers 403.
type ForbiddenError struct{ Message string }

func (e *ForbiddenError) Error() string { return e.Message }

// UnavailableError says that the worker is not far enough for a request among workers, which may be sent again. The REST API answers 503.
//
// Kafka: org.apache.kafka.connect.runtime.rest.errors.ConnectRestException with status 503.
type UnavailableError struct{ Message string }

func (e *UnavailableError) Error() string { return e.Message }

// TimeoutError says that the herder did not come to a request in time; its text names what the herder was doing. The REST API answers 500.
type TimeoutError struct{ Message string }

func (e *TimeoutError) Error() string { return e.Message }

// ConnectError says that something asked for failed inside. The REST API answers 500 with its text.
//
// Kafka: org.apache.kafka.connect.errors.ConnectException.
type ConnectError struct {
	Message string
	Err     error // may be nil
}

func (e *ConnectError) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

// ErrShuttingDown says that the worker stops and does nothing new. The REST API answers 500 with its text, which is Kafka's.
var ErrShuttingDown = errors.New("Worker is shutting down")
