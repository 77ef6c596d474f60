package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"sluice/cli"
	embedded "sluice/internal/embedded/kafka"
)

// roleVariable makes this test binary another program, which the benchmarks of records start beside themselves.
const roleVariable = "SLUICE_BENCH_ROLE"

const (
	brokerRole   = "broker"   // the embedded Kafka; it prints its address
	workerRole   = "worker"   // the worker, with the sinks of this package beside the stock ones
	stubRole     = "stub"     // looks like DynamoDB; it prints its addresses
	handmadeRole = "handmade" // does what the sink does with nothing but speed in mind
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case brokerRole:
		os.Exit(runBroker())
	case workerRole:
		cli.Main(sinks()...)
	case stubRole:
		os.Exit(runStub())
	case handmadeRole:
		os.Exit(runHandmade())
	}
	code := m.Run()
	stopAll()
	os.Exit(code)
}

func runBroker() int {
	ctx, stop := cli.NotifyContext(context.Background())
	defer stop()
	b, err := embedded.New(embedded.Options{Addr: "127.0.0.1:0", AutoCreateTopics: true, Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		err = b.Start(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer b.Close()
	fmt.Println(b.Addr())
	<-ctx.Done()
	return 0
}
