package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/cli"
	"sluice/internal/demo"
)

type demoCommand struct {
	Records  int64         `help:"Stop after this many transactions and check the table; 0: run until Ctrl-C." default:"0" placeholder:"N"`
	Rate     float64       `help:"Transactions a second; 0: as fast as it can." default:"0"`
	Duration time.Duration `help:"Stop after this time; 0: run until Ctrl-C." default:"0s"`

	Kafka    string `help:"Where the embedded Kafka listens." default:"127.0.0.1:9092" placeholder:"HOST:PORT"`
	DynamoDB string `help:"Where the embedded DynamoDB listens." name:"dynamodb" default:"127.0.0.1:8000" placeholder:"HOST:PORT"`
	REST     string `help:"Where the worker's REST API listens." name:"rest" default:"127.0.0.1:8083" placeholder:"HOST:PORT"`

	DataDir         string `help:"Keep Kafka's log in this directory, which must be empty; default: in memory." type:"path" placeholder:"DIR"`
	Partitions      int    `help:"Partitions of the topics." default:"2"`
	Accounts        int    `help:"Number of accounts, half of them flagged." default:"10"`
	Seed            uint64 `help:"Makes the transactions reproducible but for their dates; 0: new ones each time." default:"0"`
	MaxTransactions int64  `help:"Where the producer of an endless demo rests, since the stores are in memory." default:"1000000"`
}

// Run runs the demo.
func (c demoCommand) Run(ctx context.Context, env environment) error {
	for _, n := range []struct {
		flag  string
		value int64
		least int64
	}{{"--records", c.Records, 0}, {"--partitions", int64(c.Partitions), 1}, {"--accounts", int64(c.Accounts), 1}, {"--max-transactions", c.MaxTransactions, 1}, {"--rate", int64(c.Rate), 0}} {
		if n.value < n.least {
			return usageError(fmt.Errorf("%s=%d: must be at least %d", n.flag, n.value, n.least))
		}
	}
	console := demo.NewConsole(env.stdout)
	err := demo.Run(ctx, demo.Options{
		KafkaAddr: c.Kafka, DynamoDBAddr: c.DynamoDB, RESTAddr: c.REST, DataDir: c.DataDir,
		Records: c.Records, Rate: c.Rate, Duration: c.Duration,
		Partitions: c.Partitions, Accounts: c.Accounts, Seed: c.Seed, MaxTransactions: c.MaxTransactions,
		Version: cli.ConnectVersion + "-sluice." + version, Commit: cli.Commit(),
		Console: console, Log: env.logTo(console.Above(env.stderr)),
	})
	var start *demo.StartError
	var verify *demo.VerifyError
	switch {
	case errors.As(err, &verify):
		return coded(exitDiffer, err)
	case errors.As(err, &start):
		return startError(err)
	}
	return failure(err)
}
