package main

import (
	"errors"

	"sluice/cli"
)

// The exit codes. They are those of Kafka's connect-distributed.sh.
const (
	exitOK     = cli.ExitOK
	exitUsage  = cli.ExitUsage
	exitDiffer = 1 // the demo's table is not as it must be
	exitStart  = cli.ExitStart
	exitFailed = cli.ExitFailed // of a service inside
)

// codedError carries the exit code that an error means.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }

// usageError marks err as the user's: flags, settings, files.
func usageError(err error) error { return coded(exitUsage, err) }

// startError marks err as a start that failed.
func startError(err error) error { return coded(exitStart, err) }

// failure marks err as something that broke after the start.
func failure(err error) error { return coded(exitFailed, err) }

// coded gives err a code unless it has one already. It returns nil for nil.
func coded(code int, err error) error {
	var c *codedError
	if err == nil || errors.As(err, &c) {
		return err
	}
	return &codedError{code, err}
}

// exitCode returns the code an error carries; one that carries none is a failed start.
func exitCode(err error) int {
	var c *codedError
	if errors.As(err, &c) {
		return c.code
	}
	var w *cli.Error
	if errors.As(err, &w) {
		return w.Code
	}
	return exitStart
}
