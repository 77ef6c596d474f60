package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"sluice/configs"
	"sluice/detector"
	"sluice/internal/distributed"
	embeddeddynamodb "sluice/internal/embedded/dynamodb"
	embeddedkafka "sluice/internal/embedded/kafka"
	"sluice/internal/fraud"
	"sluice/internal/kafka"
	"sluice/internal/table"
	"sluice/producer"
	"sluice/sinks/dynamodb"
	"sluice/worker"
	"sluice/worker/properties"
)

// stack is the running pipeline: what its parts share.
type stack struct {
	o         Options
	addresses Addresses
	broker    *embeddedkafka.Broker
	database  *embeddeddynamodb.Server
	detector  *detector.Detector
	expected  expectation
}

// The embedded DynamoDB takes any credentials; these never leave the process.
var demoCredentials = credentials.NewStaticCredentialsProvider("demo", "demo", "")

const demoRegion = "ap-southeast-2" // as sink.json says

func (s *stack) startKafka(ctx context.Context) error {
	if s.o.DataDir != "" {
		old, err := os.ReadDir(s.o.DataDir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if len(old) > 0 { // committed offsets would skip what the new table lacks
			return fmt.Errorf("data directory %s is not empty: the table is in memory and begins empty, so Kafka's log has to as well", s.o.DataDir)
		}
	}
	broker, err := embeddedkafka.New(embeddedkafka.Options{
		Addr:             s.o.KafkaAddr,
		DataDir:          s.o.DataDir,
		Partitions:       s.o.Partitions,
		AutoCreateTopics: true,
		Logger:           s.o.Log,
	})
	if err != nil {
		return err
	}
	if err := broker.Start(ctx); err != nil {
		return err
	}
	s.broker, s.addresses.Kafka = broker, broker.Addr()
	return nil
}

func (s *stack) stopKafka() {
	if err := s.broker.Close(); err != nil {
		s.o.Log.Warn("stopping the embedded Kafka failed", "err", err)
	}
}

func (s *stack) startDynamoDB(ctx context.Context) (service, error) {
	svc := service{part: "embedded DynamoDB", ready: alreadyReady}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", s.o.DynamoDBAddr)
	if err != nil {
		return svc, fmt.Errorf("listen on %s: %w", s.o.DynamoDBAddr, err)
	}
	s.database = embeddeddynamodb.New(embeddeddynamodb.Options{Logger: s.o.Log})
	s.addresses.DynamoDB = "http://" + listener.Addr().String()
	srv := &http.Server{
		Handler: s.database, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
	}
	svc.run = func(ctx context.Context) error {
		stopped := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			defer close(stopped)
			_ = srv.Close() // its clients have stopped before; what is left are idle connections
		})
		err := srv.Serve(listener)
		if !stop() {
			<-stopped
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	}
	return svc, nil
}

// alreadyReady is for parts that can be used as soon as they are prepared.
var alreadyReady = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// configFile returns a file of configs; they are part of the binary.
func configFile(name string) []byte {
	data, err := configs.Files.ReadFile(name)
	if err != nil {
		return nil // cannot be: the names are those that are embedded; a reader of nothing says what it misses
	}
	return data
}

func (s *stack) createTable(ctx context.Context) error {
	spec, err := table.ReadSpec(bytes.NewReader(configFile("ddb.json")))
	if err != nil {
		return err
	}
	client, err := table.NewClient(ctx, config.WithRegion(demoRegion), config.WithBaseEndpoint(s.addresses.DynamoDB),
		config.WithCredentialsProvider(demoCredentials), config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil))
	if err != nil {
		return err
	}
	_, err = table.Create(ctx, client, spec)
	return err
}

// createTopics makes the pipeline's topics, so that nobody has to wait for them.
func (s *stack) createTopics(ctx context.Context) error {
	admin, err := kafka.NewAdmin(kafka.AdminConfig{Properties: kafka.Properties{"bootstrap.servers": s.addresses.Kafka}, Logger: s.o.Log})
	if err != nil {
		return err
	}
	for _, topic := range []string{"flagged-accounts", "transactions", "flagged-transactions"} {
		if _, err := admin.CreateTopic(ctx, kafka.TopicSpec{Name: topic, Partitions: int32(s.o.Partitions), ReplicationFactor: -1}); err != nil {
			return errors.Join(err, admin.Close())
		}
	}
	return admin.Close()
}

func (s *stack) startWorker(context.Context) (service, error) {
	svc := service{part: "worker"}
	props, err := properties.Read(bytes.NewReader(configFile("worker.properties")))
	if err != nil {
		return svc, err
	}
	props["bootstrap.servers"] = s.addresses.Kafka
	props["listeners"] = "http://" + s.o.RESTAddr
	// The embedded broker's time retention empties compacted topics too.
	for _, topic := range []string{"config", "offset", "status"} {
		props[topic+".storage.retention.ms"] = "-1"
	}
	cfg, _, err := worker.LoadConfig(props, nil)
	if err != nil {
		return svc, err
	}
	plugins, err := distributed.Plugins(dynamodb.Options{Endpoint: s.addresses.DynamoDB, Credentials: demoCredentials})
	if err != nil {
		return svc, err
	}
	ready := make(chan struct{})
	svc.ready = ready
	svc.run = func(ctx context.Context) error {
		return distributed.Run(ctx, distributed.Options{
			Config: cfg, Plugins: plugins, Version: s.o.Version, Commit: s.o.Commit, Logger: s.o.Log,
			Ready: func(url string) {
				s.addresses.REST = strings.TrimSuffix(url, "/")
				close(ready)
			},
		})
	}
	return svc, nil
}

// createConnector posts sink.json as it is, as curl would.
func (s *stack) createConnector(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.addresses.REST+"/connectors", bytes.NewReader(configFile("sink.json")))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Timeout: 100 * time.Second} // the worker answers within 90
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("POST %s: %s: %s", req.URL, resp.Status, body)
	}
	return nil
}

// producerConfig returns what both producers share.
func (s *stack) producerConfig(data producer.Data) producer.Config {
	c := producer.DefaultConfig()
	c.BootstrapServers, c.Data = s.addresses.Kafka, data
	c.Accounts, c.Seed, c.Partitions = s.o.Accounts, s.o.Seed, int32(s.o.Partitions)
	c.Logger = s.o.Log
	return c
}

func (s *stack) produceFlags(ctx context.Context) error {
	c := s.producerConfig(producer.Accounts)
	if s.o.Records > 0 {
		c.OnFlag = func(f fraud.FlaggedAccount) { s.expected.addFlag(f) }
	}
	p, err := producer.New(c)
	if err != nil {
		return err
	}
	return p.Run(ctx)
}

func (s *stack) transactionProducer() (*producer.Producer, error) {
	c := s.producerConfig(producer.Transactions)
	c.Rate = s.o.Rate
	if c.Rate == 0 {
		c.Rate = -1 // the package's word for no limit
	}
	c.Count = s.o.MaxTransactions
	if s.o.Records > 0 {
		c.Count = s.o.Records
		c.OnTransaction = func(t fraud.Transaction) { s.expected.addTransaction(t) }
	}
	return producer.New(c)
}

func (s *stack) startDetector(context.Context) (service, error) {
	svc := service{part: "detector"}
	c, err := detector.ParseProperties(bytes.NewReader(configFile("application_properties.json")))
	if err != nil {
		return svc, err
	}
	// As users have it: results are written exactly once, and worker.properties has the sink read what is committed.
	c.BootstrapServers = s.addresses.Kafka
	c.Output.Partitions = int32(s.o.Partitions)
	c.Logger = s.o.Log
	d, err := detector.New(c)
	if err != nil {
		return svc, err
	}
	s.detector, svc.ready, svc.run = d, alreadyReady, d.Run // it waits by itself for the producer's topic
	return svc, nil
}
