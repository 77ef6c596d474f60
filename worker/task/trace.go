package task

import (
	"errors"
	"strings"

	"sluice/connect"
)

const (
	connectException   = "org.apache.kafka.connect.errors.ConnectException"
	retriableException = "org.apache.kafka.connect.errors.RetriableException"
)

// Trace returns the text that a status shows for a failure. It has the form of a Java stack trace, because that is what operators and
// tools are used to: class and message of each error, one "Caused by" for each cause; in place of Java's frames stands what the error is
// about.
//
//	org.apache.kafka.connect.errors.ConnectException: Tolerance exceeded in error handler
//		at stage VALUE_CONVERTER with class org.apache.kafka.connect.json.JsonConverter, record of topic t, partition 0, offset 5
//	Caused by: org.apache.kafka.connect.errors.DataException: ...
//
// The class is what an error's method JavaClass() string says, or the one that the errors of package connect stand for. Of joined errors only
// the first is shown: what went wrong in its wake is in the log.
func Trace(err error) string {
	var b strings.Builder
	for err != nil {
		x := javaThrowable(err)
		if b.Len() > 0 {
			b.WriteString("Caused by: ")
		}
		b.WriteString(x.class)
		if x.message != "" {
			b.WriteString(": ")
			b.WriteString(x.message)
		}
		b.WriteByte('\n')
		if x.about != nil {
			if x.about.Stage != "" {
				b.WriteString("\tat " + x.about.where() + "\n")
			}
			for line := range strings.Lines(string(x.about.stack)) {
				b.WriteString("\tat " + strings.TrimSpace(line) + "\n")
			}
		}
		err = x.cause
	}
	return b.String()
}

// Caused returns an error that has no text of its own but the class and message of its cause, as Java's new ConnectException(cause).
func Caused(cause error) error {
	x := javaThrowable(cause)
	return &Error{Message: strings.TrimSuffix(x.class+": "+x.message, ": "), Cause: cause}
}

// throwable is an error as Java would have it.
type throwable struct {
	about   *Error // nil, or what a task knows of it
	class   string
	message string // without the cause's
	cause   error  // nil if there is none
}

// javaThrowable returns what stands for err. The mark [connect.Retriable] gives an error its class, unless it has one of its own.
func javaThrowable(err error) throwable {
	marked := false
	var about *Error
	for {
		if joined := joinedErrors(err); len(joined) > 0 {
			err = joined[0]
			continue
		}
		if e, ok := err.(*Error); ok {
			if about = e; e.Message == "" && e.Cause != nil {
				err = e.Cause
				continue
			}
		}
		if retriable, ok := err.(*connect.RetriableError); ok && retriable.Cause != nil {
			err, marked = retriable.Cause, true
			continue
		}
		break
	}
	cause := errors.Unwrap(err)
	x := throwable{about: about, class: javaClass(err), message: ownMessage(err, cause), cause: cause}
	if _, named := err.(interface{ JavaClass() string }); marked && !named && x.class == connectException {
		x.class = retriableException
	}
	return x
}

// joinedErrors returns what errors.Join has joined, nil for any other error, even if it wraps several.
func joinedErrors(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	texts := make([]string, len(joined.Unwrap()))
	for i, e := range joined.Unwrap() {
		texts[i] = e.Error()
	}
	if strings.Join(texts, "\n") != err.Error() {
		return nil
	}
	return joined.Unwrap()
}

// javaClass returns the name under which Java users know an error.
func javaClass(err error) string {
	switch e := err.(type) {
	case interface{ JavaClass() string }:
		return e.JavaClass()
	case *connect.DataError:
		return "org.apache.kafka.connect.errors.DataException"
	case *connect.RetriableError:
		return retriableException
	case *connect.ConfigError:
		return "org.apache.kafka.common.config.ConfigException"
	}
	return connectException
}

// ownMessage returns the text of err without that of its cause, which gets a line of its own. If it has no other, it has that of its cause as
// well, as in Java. The text of an error that names its Java class is Java's and stays as it is.
func ownMessage(err, cause error) string {
	switch e := err.(type) {
	case *Error:
		return e.Message
	case interface{ JavaClass() string }:
		return err.Error()
	}
	m := err.Error()
	if cause == nil {
		return m
	}
	if own, found := strings.CutSuffix(m, cause.Error()); found && own != "" {
		return strings.TrimSuffix(strings.TrimRight(own, " "), ":")
	}
	return m
}
