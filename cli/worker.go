package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"sluice/connect"
	"sluice/internal/distributed"
	"sluice/internal/loggers"
	"sluice/sinks/dynamodb"
	"sluice/worker"
	"sluice/worker/properties"
)

// ConnectVersion is the release of Kafka Connect whose REST API the worker speaks; clients parse the leading numbers of GET /.
const ConnectVersion = "3.9.2"

// The exit codes. They are those of Kafka's connect-distributed.sh.
const (
	ExitOK     = 0
	ExitUsage  = 1 // usage or configuration
	ExitStart  = 2 // the start failed
	ExitFailed = 3 // a failure after the start
)

// Worker is a Connect worker as a process runs it. The zero value works: it has the stock plugins and logs to slog's default.
//
// Kafka: org.apache.kafka.connect.cli.ConnectDistributed.
type Worker struct {
	// Plugins are added to the stock ones: FileStreamSink, the DynamoDB sink, converters, transforms and predicates.
	Plugins []connect.Plugin
	// Environ holds variables as name=value, as os.Environ returns them. Those named CONNECT_* override lines of the file.
	Environ []string
	// Version, of the program, stands behind that of Kafka Connect in GET /: "3.9.2-sluice.1.0.0". Empty: that of the Sluice module.
	Version string
	// Commit is shown by GET /; empty: the one the program was built from.
	Commit string
	// Logger gets all that is logged. One that [NewLogger] made has levels that the REST API can set. Nil: slog's default.
	Logger *slog.Logger
	// Ready, if not nil, is called once the REST API answers, with its advertised URL.
	Ready func(url string)
}

// Run runs the worker with the properties in a file until ctx ends, which stops it in order; then it returns nil. Every error is an
// [*Error] with the exit code that it means. It may be called again after it has returned.
func (w Worker) Run(ctx context.Context, file string) error {
	log := w.Logger
	if log == nil {
		log = slog.Default()
	}
	config, err := w.load(ctx, file, log)
	if err != nil {
		return &Error{ExitUsage, err}
	}
	for _, p := range w.Plugins {
		if err := check(p); err != nil {
			return &Error{ExitUsage, err}
		}
	}
	plugins, err := distributed.Plugins(dynamodb.Options{}, w.Plugins...)
	if err != nil {
		return &Error{ExitUsage, err}
	}
	err = distributed.Run(ctx, distributed.Options{
		Config: config, Plugins: plugins, Logger: log, Ready: w.Ready,
		Version: ConnectVersion + "-sluice." + cmp.Or(w.Version, moduleVersion()), Commit: cmp.Or(w.Commit, Commit()),
	})
	var start *distributed.StartError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &start):
		return &Error{ExitFailed, err}
	case start.Settings:
		return &Error{ExitUsage, err}
	}
	return &Error{ExitStart, err}
}

// load reads the file and the environment, and logs what is worth a notice.
func (w Worker) load(ctx context.Context, file string, log *slog.Logger) (*worker.Config, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	props, err := properties.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	config, notices, err := worker.LoadConfig(props, w.Environ)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	log = log.With(loggers.Key, "org.apache.kafka.connect.runtime.distributed.DistributedConfig")
	for _, n := range notices {
		log.Log(ctx, n.Level, n.Text)
	}
	return config, nil
}

// Error is why a worker did not run, or not to the end.
type Error struct {
	Code int // ExitUsage, ExitStart or ExitFailed
	Err  error
}

// Error returns the text of the cause.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
