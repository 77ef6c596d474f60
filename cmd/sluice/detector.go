package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"sluice/cli"
	"sluice/detector"
	"sluice/detector/metrics"
	"sluice/internal/clientmetrics"
	"sluice/internal/listener"
)

type detectorCommand struct {
	Config           string        `help:"The topics and servers, in the shape of the Flink job's application_properties.json." default:"configs/application_properties.json" placeholder:"FILE.json"`
	BootstrapServers string        `help:"Kafka brokers in place of those in the file." env:"BOOTSTRAP_SERVERS" placeholder:"HOST:PORT,..."`
	Partitions       int32         `help:"Partitions of the output topic if it has to be made; 0: the broker's default." default:"0"`
	StateDir         string        `help:"Where the state is kept, for one process at a time. Without it the state is in a temporary directory, and the next start builds it anew from the topics, without writing results again." env:"STATE_DIR" placeholder:"DIR"`
	Guarantee        string        `help:"exactly-once (Kafka transactions, for readers with read_committed) or at-least-once (sooner there)." default:"exactly-once" enum:"exactly-once,at-least-once"`
	CommitInterval   time.Duration `help:"How often results and positions are committed." default:"100ms"`
	ResetState       bool          `help:"Remove what is in the state directory, and build it anew from the topics without writing results again."`
	OneAlert         bool          `help:"Write a transaction once, however many flags match it." env:"ONE_ALERT"`
	MetricsListener  string        `help:"Serve /metrics and /health at this address, such as http://127.0.0.1:9404. Without it nothing is served." env:"METRICS_LISTENER" placeholder:"http://HOST:PORT"`
	TopicTimeout     time.Duration `help:"How long to wait at the start for Kafka and for source topics that do not exist yet." default:"60s"`
}

// Run joins until the context ends.
func (c detectorCommand) Run(ctx context.Context, env environment) error {
	config, err := detector.LoadProperties(c.Config)
	if err != nil {
		return usageError(err)
	}
	config.BootstrapServers = c.BootstrapServers
	config.Output.Partitions = c.Partitions
	config.TopicTimeout = c.TopicTimeout
	config.StateDir, config.Guarantee = c.StateDir, c.Guarantee
	config.CommitInterval, config.ResetState = c.CommitInterval, c.ResetState
	config.OneAlert = config.OneAlert || c.OneAlert
	config.Logger = env.log
	d, err := detector.New(config)
	if err != nil {
		return usageError(err)
	}
	stop, err := c.serveMetrics(ctx, d, env.log)
	if err != nil {
		return err
	}
	defer stop()
	if err := d.Run(ctx); err != nil {
		select {
		case <-d.Ready():
			return failure(err)
		default:
			return startError(err)
		}
	}
	logDetectorStats(env.log, d.Stats())
	return nil
}

// serveMetrics answers requests until stop is called, which waits for the end.
func (c detectorCommand) serveMetrics(ctx context.Context, d *detector.Detector, log *slog.Logger) (stop func(), err error) {
	if c.MetricsListener == "" {
		return func() {}, nil
	}
	address, rule := listener.Parse(c.MetricsListener)
	if rule == "" && address.Scheme != "http" {
		rule = "only http is served"
	}
	if rule != "" {
		return nil, usageError(fmt.Errorf("--metrics-listener %q: %s", c.MetricsListener, rule))
	}
	l, err := address.Listen(ctx)
	if err != nil {
		return nil, startError(fmt.Errorf("--metrics-listener: %w", err))
	}
	log.Info("metrics and health are served", "at", "http://"+l.Addr().String())
	// Health says that it stops for as long as the stop takes, so the server does not end with ctx.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() {
		ended <- metrics.Serve(ctx, l, metrics.NewHandler(d.Snapshot, clientmetrics.App{Version: version, Commit: cli.Commit()}))
	}()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			log.Warn("the server of metrics has failed", "err", err)
		}
	}, nil
}

// logDetectorStats says what was done.
func logDetectorStats(log *slog.Logger, s detector.Stats) {
	log.Info("detector stopped", "flags", s.Flags, "transactions", s.Transactions, "skipped", s.Skipped,
		"matches", s.Matches, "acknowledged", s.Acknowledged, "lag", s.Lag())
}
