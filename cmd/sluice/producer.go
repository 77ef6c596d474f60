package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"sluice/producer"
	"sluice/producer/scenario"
	"sluice/worker/properties"
)

// producerCommand adds to the original's environment (BOOTSTRAP_SERVERS, CUSTOMER_TOPIC_NAME, TRANSACTION_TOPIC_NAME, DATE_TYPE or DATA_TYPE,
// MAX_RUN), which [producer.ConfigFromEnv] reads. A flag that is not given leaves what the environment says.
type producerCommand struct {
	BootstrapServers string   `help:"Kafka brokers; default: BOOTSTRAP_SERVERS, or localhost:9092." placeholder:"HOST:PORT,..."`
	CommandConfig    string   `help:"Properties of the Kafka client, such as security.protocol; see docs/kafka-clients.md." placeholder:"FILE.properties"`
	Data             string   `help:"What to write: account or transaction; default: DATE_TYPE, or account." enum:",account,transaction" default:"" placeholder:"account|transaction"`
	Scenario         string   `help:"Write the transactions and flags of a scenario, with known fraud among them; see docs/producer.md. Only --rate, --seed, --partitions and --truth go with it." placeholder:"FILE.yaml"`
	Truth            string   `help:"With --scenario: write what a detector must find to a file, in lines of JSON." placeholder:"FILE.jsonl"`
	Rate             *float64 `help:"Transactions a second, 0: as fast as Kafka takes them; default: the original's pace, a batch each 2 to 5 s, or the scenario's." placeholder:"N"`
	Count            int64    `help:"Transactions to stop after, 0: no end. MAX_RUN=n ends after n-1 batches too." default:"0"`
	Batch            int      `help:"Transactions sent together." default:"5"`
	Accounts         int      `help:"Number of accounts, from 1000000001 on." default:"10"`
	FlaggedShare     float64  `help:"Share of the accounts that is flagged, 0 to 1." default:"0.5"`
	Seed             uint64   `help:"Makes the records reproducible but for their dates, 0: a new one each time." default:"0"`
	Partitions       int32    `help:"Partitions of a topic that has to be made, 0: the broker's default." default:"0"`
}

// Run sends until there is enough or the context ends.
func (c producerCommand) Run(ctx context.Context, env environment) error {
	config, err := producer.ConfigFromEnv(env.getenv)
	if err != nil {
		return usageError(err)
	}
	if c.BootstrapServers != "" {
		config.BootstrapServers = c.BootstrapServers
	}
	if c.CommandConfig != "" {
		if config.Properties, err = clientProperties(c.CommandConfig); err != nil {
			return usageError(err)
		}
	}
	if c.Data != "" {
		config.Data = producer.Data(c.Data)
	}
	if c.Rate != nil {
		if config.Rate = *c.Rate; config.Rate == 0 {
			config.Rate = -1 // the package's word for no limit; its 0 is the original's pace
		}
	}
	config.Count, config.Batch = c.Count, c.Batch
	config.Accounts, config.FlaggedShare = c.Accounts, c.FlaggedShare
	config.Seed, config.Partitions = c.Seed, c.Partitions
	config.Logger = env.log
	if c.Scenario != "" {
		return c.play(ctx, config)
	}
	if c.Truth != "" {
		return usageError(errors.New("--truth goes with --scenario only"))
	}
	p, err := producer.New(config)
	if err != nil {
		return usageError(err)
	}
	return send(ctx, p, env.log.With("seed", p.Seed()))
}

// send runs p until there is enough or the context ends.
func send(ctx context.Context, p *producer.Producer, log *slog.Logger) error {
	if err := p.Run(ctx); err != nil {
		if p.Stats().Sent == 0 {
			return startError(err)
		}
		return failure(err)
	}
	s := p.Stats()
	log.Info("producer stopped", "sent", s.Sent, "acknowledged", s.Acknowledged)
	return nil
}

// play sends what a scenario makes.
func (c producerCommand) play(ctx context.Context, config producer.Config) (err error) {
	if c.Data != "" || c.Count != 0 || c.Batch != 5 || c.Accounts != 10 || c.FlaggedShare != 0.5 {
		return usageError(errors.New("--data, --count, --batch, --accounts and --flagged-share do not go with --scenario: the file says all that"))
	}
	s, err := scenario.Load(c.Scenario)
	if err != nil {
		return usageError(err)
	}
	var truth io.Writer // a nil *os.File in it would not be nil
	if c.Truth != "" {
		file, err := os.Create(c.Truth)
		if err != nil {
			return usageError(fmt.Errorf("make the truth: %w", err))
		}
		truth = file
		defer func() { // a truth that could not be written whole is a failure, whatever else went well
			if closed := file.Close(); err == nil && closed != nil {
				err = failure(fmt.Errorf("write the truth: %w", closed))
			}
		}()
	}
	play := s.Play(c.Seed, truth)
	config.Events = play.Events()
	p, err := producer.New(config)
	if err != nil {
		return usageError(err)
	}
	if err := send(ctx, p, config.Logger.With("scenario", c.Scenario, "seed", play.Seed())); err != nil {
		return err
	}
	if err := play.Finish(); err != nil {
		return failure(fmt.Errorf("write the truth: %w", err))
	}
	return nil
}

// clientProperties reads a file of client properties, as Kafka's own tools take it.
func clientProperties(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := properties.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}
