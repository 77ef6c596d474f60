package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/internal/loggers"
	"sluice/worker/metrics"
	"sluice/worker/store"
)

// Options make a [Worker]. Config and Plugins are needed.
type Options struct {
	Config  *Config
	Plugins *connect.Plugins
	// Logger is what the worker logs with, each of its parts under the name that it has in Kafka. The REST API sets the levels of what it
	// logs; see [loggers.Adopt] for a logger that has levels of its own. nil: silence.
	Logger *slog.Logger

	// WorkerID is the host:port under which others reach this worker's REST API; it names the worker in statuses.
	WorkerID string
	// URL is that of this worker's REST API, which the metrics show as the leader's if this worker leads.
	URL string
	// Version and Commit are what GET / tells.
	Version, Commit string

	// Storage replaces Kafka as the place where the worker keeps its state; nil is Kafka.
	Storage *MemoryStorage
}

// MemoryStorage keeps a worker's state in memory: it is gone with the process. Workers that share one, one after the other, take over
// from each other.
type MemoryStorage struct {
	Configs, Statuses store.MemoryLog
}

// Worker is a Connect worker's runtime: stores, herder and tasks. The REST API in front of it is package rest's.
//
// Kafka: org.apache.kafka.connect.runtime.Connect.
type Worker struct {
	cfg      *Config
	logger   *slog.Logger
	herder   *Herder
	configs  *store.ConfigStore
	statuses *store.StatusStore
	offsets  *store.OffsetsTopic // nil without Kafka
	admin    *kafka.Admin        // nil without Kafka

	connected chan struct{} // closed when the Kafka cluster is known
}

// StartError says that the worker could not be started: Kafka cannot be reached, or an internal topic is not what it has to be.
type StartError struct{ Err error }

func (e *StartError) Error() string { return "start worker: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *StartError) Unwrap() error { return e.Err }

// New returns a worker that does nothing until Run. It checks the settings against the plugins; an error is one of configuration.
func New(o Options) (*Worker, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	var levels *loggers.Registry
	o.Logger, levels = loggers.Adopt(o.Logger)
	o.Logger = o.Config.vars.secrets.Logger(o.Logger)
	addLoggers(levels, o.Plugins)
	o.Logger = o.Logger.With("worker_id", o.WorkerID)
	if err := checkConverters(o.Config, o.Plugins); err != nil {
		return nil, o.Config.vars.secrets.Error(err)
	}
	w := &Worker{cfg: o.Config, logger: named(o.Logger, connectLogger), connected: make(chan struct{})}
	if err := w.makeStores(o); err != nil {
		return nil, err
	}
	w.herder = newHerder(o, levels, w.configs, w.statuses, newSolo(w.statuses.MaxGeneration))
	return w, nil
}

// checkConverters makes the worker's own converters once, so that a wrong one shows at start and not when a connector needs it.
func checkConverters(cfg *Config, plugins *connect.Plugins) error {
	_, _, keyErr := cfg.newConverter(plugins, KeyConverterConfig, nil)
	_, _, valueErr := cfg.newConverter(plugins, ValueConverterConfig, nil)
	_, _, headerErr := cfg.newHeaderConverter(plugins, nil)
	return errors.Join(keyErr, valueErr, headerErr)
}

func (w *Worker) makeStores(o Options) (err error) {
	if o.Storage != nil {
		w.configs = store.NewMemoryConfigStore(&o.Storage.Configs, named(o.Logger, configStoreLogger))
		w.statuses = store.NewMemoryStatusStore(&o.Storage.Statuses, named(o.Logger, statusStoreLogger))
		return nil
	}
	if w.configs, err = store.NewTopicConfigStore(w.cfg.internalTopic(configTopic, configStoragePrefix), named(o.Logger, configStoreLogger)); err != nil {
		return err
	}
	if w.statuses, err = store.NewTopicStatusStore(w.cfg.internalTopic(statusTopic, statusStoragePrefix), named(o.Logger, statusStoreLogger)); err != nil {
		return err
	}
	if w.offsets, err = store.NewOffsetsTopic(w.cfg.internalTopic(offsetTopic, offsetStoragePrefix), named(o.Logger, offsetStoreLogger)); err != nil {
		return err
	}
	w.admin, err = kafka.NewAdmin(kafka.AdminConfig{Properties: w.cfg.internalAdmin(), Logger: o.Logger})
	return err
}

// Herder returns the worker's herder. It may be asked at any time: before the worker has started, requests wait.
func (w *Worker) Herder() *Herder { return w.herder }

// MetricsHandler makes what serves the metrics, as text in Prometheus' format. It answers at any time and waits for nothing.
func (w *Worker) MetricsHandler() http.Handler { return metrics.NewHandler(w.herder.Metrics) }

// Ready is closed when the worker has started and has begun to run its connectors and tasks.
func (w *Worker) Ready() <-chan struct{} { return w.herder.ready }

// Connected is closed when the Kafka cluster is known, so that what does not need the internal topics can be answered. What needs
// them waits; see [Herder.Started].
func (w *Worker) Connected() <-chan struct{} { return w.connected }

// Run starts the worker and runs it until ctx ends, then stops what it started in reverse order. The error is a [*StartError] if the
// worker could not be started, and any other if it cannot go on, because an internal topic can be read no longer. Run is called once.
func (w *Worker) Run(ctx context.Context) error {
	err := w.start(ctx)
	if err != nil || ctx.Err() != nil {
		w.herder.abandon()
	} else {
		err = w.runHerder(ctx)
	}
	w.close(ctx)
	return w.cfg.vars.secrets.Error(err)
}

// runHerder runs the herder until ctx ends or a store fails: a worker that does not learn of changes any more must not go on as if there
// were none.
func (w *Worker) runHerder(ctx context.Context) error {
	watched, cancel := context.WithCancelCause(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		select {
		case <-w.configs.Failed():
			cancel(fmt.Errorf("config store: %w", w.configs.Err()))
		case <-w.statuses.Failed():
			cancel(fmt.Errorf("status store: %w", w.statuses.Err()))
		case <-watched.Done():
		}
	}()
	err := w.herder.Run(watched)
	cancel(nil)
	<-over
	if err == nil && ctx.Err() == nil {
		err = context.Cause(watched)
	}
	return err
}

// start connects to Kafka and reads the internal topics. They do not depend on each other, so all that is done at the same time; if Kafka
// cannot be reached at all, that is the error, whoever found out first.
func (w *Worker) start(ctx context.Context) error {
	began := time.Now()
	g, gctx := errgroup.WithContext(ctx)
	tried := make(chan struct{})
	var unreachable error
	g.Go(func() error {
		defer close(tried)
		unreachable = w.connect(gctx)
		return unreachable
	})
	read := func(topic func(context.Context) error) {
		g.Go(func() error {
			err := topic(gctx)
			if err != nil {
				<-tried
			}
			return err
		})
	}
	over := w.herder.stages.begin("reading the internal topics")
	defer over()
	if w.offsets != nil {
		read(w.offsets.Ensure)
	}
	read(w.statuses.Start)
	read(func(ctx context.Context) error { return w.configs.Start(ctx, configListener{w.herder}) })
	if err := g.Wait(); err != nil {
		if unreachable != nil && !errors.Is(unreachable, context.Canceled) {
			err = unreachable
		}
		return startError(ctx, err)
	}
	s := w.configs.Snapshot()
	w.logger.Info("worker started", "group_id", w.cfg.GroupID, "connectors", len(s.Connectors()), "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// connect waits for Kafka to answer, for as long as the worker's clients try a request.
func (w *Worker) connect(ctx context.Context) error {
	if w.admin == nil {
		close(w.connected)
		return nil
	}
	over := w.herder.stages.begin("connecting to Kafka")
	defer over()
	id, err := w.admin.ClusterID(ctx)
	switch servers := w.cfg.bootstrap()[BootstrapServersConfig]; {
	case kafka.IsAuthorization(err):
		return fmt.Errorf("connect to Kafka at %s: %w", servers, err)
	case err != nil:
		return fmt.Errorf("connect to Kafka at %s, tried for %s: %w", servers, w.cfg.APITimeout, err)
	}
	w.herder.clusterID.Store(&id)
	close(w.connected)
	return nil
}

// startError is nil if the worker was told to stop meanwhile.
func startError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return &StartError{Err: err}
}

// closeTimeout bounds the closing of the stores, in which the last statuses are written.
const closeTimeout = 5 * time.Second

// close lets go of Kafka. What cannot be done because Kafka is away is told and is no failure: nothing is lost but last statuses.
func (w *Worker) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	var errs []error
	if err := w.statuses.Close(ctx); err != nil {
		errs = append(errs, fmt.Errorf("close status store: %w", err))
	}
	if err := w.configs.Close(ctx); err != nil {
		errs = append(errs, fmt.Errorf("close config store: %w", err))
	}
	if w.admin != nil {
		errs = append(errs, w.admin.Close())
	}
	if err := errors.Join(errs...); err != nil {
		w.logger.Warn("worker could not let go of Kafka in good order", "err", err)
	}
}
