package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/worker"
	"sluice/worker/validate"
)

// statusError is an error with a status of its own.
type statusError struct {
	status  int
	message string
}

func (e *statusError) Error() string { return e.message }

// The errors of routing, in the words of JAX-RS.
var (
	errNotFound             = &statusError{http.StatusNotFound, "HTTP 404 Not Found"}
	errMethodNotAllowed     = &statusError{http.StatusMethodNotAllowed, "HTTP 405 Method Not Allowed"}
	errBadRequest           = &statusError{http.StatusBadRequest, "HTTP 400 Bad Request"}
	errNotAcceptable        = &statusError{http.StatusNotAcceptable, "HTTP 406 Not Acceptable"}
	errUnsupportedMediaType = &statusError{http.StatusUnsupportedMediaType, "HTTP 415 Unsupported Media Type"}
)

// errorMessage is the body of every error: {"error_code":404,"message":"Connector a not found"}.
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.ErrorMessage.
type errorMessage struct {
	ErrorCode int    `json:"error_code"`
	Message   string `json:"message"`
}

// statusOf turns an error into a status and a text. What it does not know is a 500, as in Kafka; unexpected tells that apart from the mistakes
// of clients that Kafka answers with 500 too.
//
// Kafka: org.apache.kafka.connect.runtime.rest.errors.ConnectExceptionMapper.
func statusOf(err error) (status int, message string, unexpected bool) {
	var (
		own        *statusError
		tooLarge   *http.MaxBytesError
		notFound   *worker.NotFoundError
		noPlugin   *validate.UnknownPluginError
		exists     *worker.AlreadyExistsError
		badRequest *worker.BadRequestError
		invalid    *validate.InvalidConfigError
		noClass    *validate.NoConnectorTypeError
		conflict   *worker.ConflictError
		elsewhere  *worker.RequestTargetError
		forbidden  *worker.ForbiddenError
		notYet     *worker.UnavailableError
		unknown    *validate.UnknownClassError
		ambiguous  *validate.AmbiguousClassError
		config     *connect.ConfigError
		broken     *validate.ExceptionError
		failed     *worker.ConnectError
		unwritten  *worker.WriteError
	)
	switch {
	case errors.As(err, &own):
		return own.status, own.message, false
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge, "the request's body is larger than " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes", false
	case errors.As(err, &notFound), errors.As(err, &noPlugin):
		status = http.StatusNotFound
	case errors.As(err, &exists), errors.As(err, &conflict):
		status = http.StatusConflict
	case errors.As(err, &elsewhere): // it could not be forwarded
		return http.StatusConflict, noLeader, false
	case errors.As(err, &badRequest), errors.As(err, &invalid), errors.As(err, &noClass):
		status = http.StatusBadRequest
	case errors.As(err, &forbidden):
		status = http.StatusForbidden
	case errors.As(err, &notYet):
		status = http.StatusServiceUnavailable
	case errors.As(err, &unknown), errors.As(err, &ambiguous), errors.As(err, &config), errors.As(err, &broken):
		status = http.StatusInternalServerError
	case errors.As(err, &failed): // it says what could not be done, whatever the reason
		return http.StatusInternalServerError, failed.Message, true
	case errors.As(err, &unwritten): // the same
		return http.StatusInternalServerError, unwritten.Message, true
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusInternalServerError, "Request timed out", true
	default:
		return http.StatusInternalServerError, err.Error(), true
	}
	return status, err.Error(), false
}

// fail answers with an error. The unexpected ones are logged, here and nowhere else; a client's mistakes are its own affair.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, message, unexpected := statusOf(err)
	level := s.failures.Debug
	if unexpected && !errors.Is(r.Context().Err(), context.Canceled) { // cancelled: the client went away, or the worker stops
		level = s.failures.Error
	}
	level("REST request failed", "method", r.Method, "path", r.URL.Path, "status", status, "err", err)
	if !strings.HasPrefix(w.Header().Get("Content-Type"), jsonType) { // else it is what the client asked for
		w.Header().Set("Content-Type", jsonType)
	}
	writeJSON(w, status, errorMessage{status, message})
}

// writeJSON answers with a body, compact and without a line end as Java's are.
func writeJSON(w http.ResponseWriter, status int, v any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("rest: an answer cannot be written as JSON: " + err.Error()) // a mistake in this program; recoverPanics answers
	}
	body := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	h := w.Header()
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", jsonType)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away is no concern of ours
}

// writeEmpty answers without a body.
func writeEmpty(w http.ResponseWriter, status int) {
	w.Header().Del("Content-Type")
	w.WriteHeader(status)
}
