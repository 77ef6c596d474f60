package main

import (
	"context"
	"log/slog"
	"time"

	"sluice/detector"
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

// logDetectorStats says what was done.
func logDetectorStats(log *slog.Logger, s detector.Stats) {
	log.Info("detector stopped", "flags", s.Flags, "transactions", s.Transactions, "skipped", s.Skipped,
		"matches", s.Matches, "acknowledged", s.Acknowledged, "lag", s.Lag())
}
