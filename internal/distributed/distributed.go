// Package distributed runs a Connect worker as a process does: the REST API and the runtime together, started and stopped in order.
//
//	listen ─> worker starts: Kafka answers ─> REST serves (GET / and /health)
//	                         stores, herder ─> Ready: the rest of REST answers too
//	REST ends ─> worker ends (tasks, stores)
//
// The listeners are bound first, because the worker's id is its REST address, and because a port that is taken should be known before
// anything else is begun. Until Kafka answers, connections wait in the listeners' queue; then until the worker is ready, whatever is about
// connectors waits.
//
// Kafka: org.apache.kafka.connect.cli.ConnectDistributed.
package distributed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluice/connect"
	"sluice/internal/loggers"
	"sluice/worker"
)

// Options are what a worker process is made of. Config, Plugins and Logger are needed. The levels that the REST API shows and sets are those of
// the registry that Logger comes from, see [loggers.Adopt].
type Options struct {
	Config  *worker.Config
	Plugins *connect.Plugins
	Version string // shown by GET /
	Commit  string
	Logger  *slog.Logger
	// Ready, if not nil, is called once the REST API answers, with its advertised URL.
	Ready func(url string)
}

// StartError says that the worker did not come up. With Settings, it is the settings that are wrong.
type StartError struct {
	Err      error
	Settings bool
}

func (e *StartError) Error() string { return e.Err.Error() }
func (e *StartError) Unwrap() error { return e.Err }

// stopMargin is what a worker may take to stop beyond task.shutdown.graceful.timeout.ms: its own limits for connectors, for abandoned work
// and for closing the stores are less than that together.
const stopMargin = 20 * time.Second

// Run runs the worker until ctx ends and returns nil after a clean stop; a [*StartError] if it did not come up; otherwise what it failed
// with. A worker that has not stopped task.shutdown.graceful.timeout.ms and [stopMargin] after it was told to is left behind, with an error
// that says so: what goes wrong in it must not keep the process from ending.
func Run(ctx context.Context, o Options) error { return run(ctx, o, stopMargin) }

func run(ctx context.Context, o Options, margin time.Duration) error {
	parts, _ := loggers.Adopt(o.Logger) // all parts share one registry of loggers
	log := parts.With(loggers.Key, "org.apache.kafka.connect.cli.ConnectDistributed")
	listeners, err := listen(ctx, o.Config)
	if err != nil {
		return err
	}
	w, err := worker.New(worker.Options{
		Config: o.Config, Plugins: o.Plugins, Logger: parts, Version: o.Version, Commit: o.Commit,
		WorkerID: listeners.WorkerID(), URL: listeners.AdvertisedURL(),
	})
	if err != nil {
		return &StartError{Err: errors.Join(err, listeners.Close()), Settings: true}
	}
	server, err := newServer(o.Config, w.Herder(), w.MetricsHandler(), parts, log)
	if err != nil {
		return errors.Join(err, listeners.Close())
	}

	workerCtx, stopWorker := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorker()
	ended := make(chan error, 1)
	go func() { ended <- w.Run(workerCtx) }()
	awaitWorker := func() error {
		limit := o.Config.TaskShutdownTimeout + margin
		select {
		case err := <-ended:
			return err
		case <-time.After(limit):
			return fmt.Errorf("the worker has not stopped within %s and is left behind: tasks may not have committed their last offsets", limit)
		}
	}
	select {
	case <-w.Connected():
	case err := <-ended:
		return &StartError{Err: errors.Join(err, listeners.Close())}
	case <-ctx.Done():
		stopWorker()
		return errors.Join(awaitWorker(), listeners.Close())
	}

	restCtx, stopREST := context.WithCancel(ctx)
	defer stopREST()
	served := make(chan error, 1)
	go func() { served <- server.Run(restCtx, listeners) }()
	started := false
	for ready := w.Ready(); ; {
		select {
		case <-ready:
			started, ready = true, nil
			url := listeners.AdvertisedURL()
			log.Info("worker is ready", "url", url, "worker_id", listeners.WorkerID())
			if o.Ready != nil {
				o.Ready(url)
			}
		case err := <-served: // told to stop, or it cannot serve any more
			log.Info("worker is stopping", "worker_id", listeners.WorkerID())
			began := time.Now()
			stopWorker()
			if err := errors.Join(err, awaitWorker()); err != nil {
				return err
			}
			log.Info("worker stopped", "worker_id", listeners.WorkerID(), "took", time.Since(began).Round(time.Millisecond))
			return nil
		case err := <-ended: // nobody told the worker to stop
			stopREST()
			if !started {
				return &StartError{Err: errors.Join(err, <-served)}
			}
			if err == nil {
				err = errors.New("the worker has ended by itself")
			}
			return errors.Join(fmt.Errorf("worker: %w", err), <-served)
		}
	}
}
