// Package demo runs the whole pipeline in one process: embedded Kafka and DynamoDB, the worker with its REST API, the detector and the producer. Each
// part is the one that runs on its own elsewhere and talks to the others over its real protocol: the connector is created by an HTTP POST of the
// unchanged configs/sink.json, the sink writes to DynamoDB's HTTP API, everyone reads and writes Kafka over TCP.
//
// With a number of records it checks in the end that the table holds exactly what must stand in it.
package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
)

// Options say how the demo runs. The zero value works: everything on the ports of the real things, in memory, for ever.
type Options struct {
	KafkaAddr    string // "" is 127.0.0.1:9092; port 0 is any free one, for all three
	DynamoDBAddr string // "" is 127.0.0.1:8000
	RESTAddr     string // "" is 127.0.0.1:8083
	DataDir      string // where Kafka keeps its log, missing or empty at first; "" is memory

	Records    int64         // stop after that many transactions and verify the table; 0 is no end
	Rate       float64       // transactions a second; 0 is as fast as it can
	Duration   time.Duration // stop after that time; 0 is no end
	Partitions int           // of the topics; 0 is 2
	Accounts   int           // 0 is 10, as in the original
	Seed       uint64        // 0 is a new one each time

	// MaxTransactions is where the producer of an endless demo rests, since the embedded stores hold everything in memory.
	// 0 is DefaultMaxTransactions. It does not count if Records is set.
	MaxTransactions int64

	Version string // shown by GET /
	Commit  string

	Console *Console // for the addresses, the live line and the verdict; nil discards
	Log     *slog.Logger
	// Ready, if not nil, is called once the connector was created, with the addresses in use.
	Ready func(Addresses)
}

// Addresses are where the parts listen.
type Addresses struct {
	Kafka    string // host:port
	DynamoDB string // URL
	REST     string // URL
}

// DefaultMaxTransactions is where an endless demo's producer rests: at about 1.2 GB of memory.
const DefaultMaxTransactions = 1_000_000

// StartError says that a part could not be started.
type StartError struct {
	Part string
	Err  error
}

func (e *StartError) Error() string { return fmt.Sprintf("start %s: %v", e.Part, e.Err) }
func (e *StartError) Unwrap() error { return e.Err }

// VerifyError says how the table differs from what must stand in it.
type VerifyError struct {
	Difference string
}

func (e *VerifyError) Error() string {
	return "the table does not hold what it must:\n" + e.Difference
}

// errDone ends a run that has done what it was asked to.
var errDone = errors.New("done")

// Run runs the demo until ctx ends or the options say that it is over. It returns nil after a clean end with, if asked for, a verified table; a
// [*StartError], a [*VerifyError], or what a part failed with. It leaves nothing behind but a DataDir that it was given.
func Run(ctx context.Context, o Options) error {
	o.KafkaAddr = cmp.Or(o.KafkaAddr, "127.0.0.1:9092")
	o.DynamoDBAddr = cmp.Or(o.DynamoDBAddr, "127.0.0.1:8000")
	o.RESTAddr = cmp.Or(o.RESTAddr, "127.0.0.1:8083")
	o.Partitions = cmp.Or(o.Partitions, 2)
	o.Accounts = cmp.Or(o.Accounts, 10)
	o.MaxTransactions = cmp.Or(o.MaxTransactions, DefaultMaxTransactions)
	if o.Console == nil {
		o.Console = NewConsole(nil)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Duration)
		defer cancel()
	}
	s := &stack{o: o}
	err := s.run(ctx)
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

// run starts the parts from the bottom up and, whatever happens, stops them from the top down: each layer runs inside the one below.
//
//	kafka, dynamodb  >  worker  >  detector  >  producer and display
func (s *stack) run(ctx context.Context) error {
	if err := s.startKafka(ctx); err != nil {
		return &StartError{"embedded Kafka", err}
	}
	defer s.stopKafka()
	return s.within(ctx, s.startDynamoDB, func(ctx context.Context) error {
		if err := s.createTable(ctx); err != nil {
			return &StartError{"table", err}
		}
		if err := s.createTopics(ctx); err != nil {
			return &StartError{"topics", err}
		}
		return s.within(ctx, s.startWorker, func(ctx context.Context) error {
			if err := s.createConnector(ctx); err != nil {
				return &StartError{"connector", err}
			}
			a := s.addresses
			if err := s.o.Console.print(fmt.Sprintf("kafka %s   dynamodb %s   connect %s", a.Kafka, a.DynamoDB, a.REST)); err != nil {
				return err
			}
			if s.o.Ready != nil {
				s.o.Ready(a)
			}
			if err := s.produceFlags(ctx); err != nil {
				return fmt.Errorf("produce flagged accounts: %w", err)
			}
			return s.within(ctx, s.startDetector, s.produceAndWatch)
		})
	})
}

// service is a running part: wait blocks until it has ended, ready is closed once it can be used.
type service struct {
	part  string
	ready <-chan struct{}
	run   func(ctx context.Context) error
}

// within starts a part, waits until it is ready, runs inner, and stops the part after inner has returned. A part that ends by itself ends inner.
func (s *stack) within(ctx context.Context, prepare func(context.Context) (service, error), inner func(context.Context) error) error {
	svc, err := prepare(ctx)
	if err != nil {
		return &StartError{svc.part, err}
	}
	// The part outlives ctx until inner is through, so that what is above it stops first.
	partCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, groupCtx := errgroup.WithContext(ctx)
	ended := make(chan struct{})
	started := false
	g.Go(func() error {
		defer close(ended)
		err := svc.run(partCtx)
		if err == nil && partCtx.Err() == nil {
			err = errors.New("it has ended by itself")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", svc.part, err)
		}
		return nil
	})
	g.Go(func() error {
		defer stop()
		select {
		case <-svc.ready:
			started = true
		case <-ended:
			return nil // its error is reported by itself
		case <-groupCtx.Done():
			return nil
		}
		return inner(groupCtx)
	})
	if err := g.Wait(); err != nil {
		if !started && !errors.Is(err, errDone) {
			return &StartError{svc.part, err}
		}
		return err
	}
	return nil
}
