package producer_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"sluice/producer"
)

func TestProducerLogsIn(t *testing.T) {
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "alice", "hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	cfg := producer.DefaultConfig()
	cfg.BootstrapServers, cfg.Data, cfg.Count, cfg.Rate = broker.ListenAddrs()[0], producer.Transactions, 10, -1
	cfg.Properties = map[string]string{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-256",
		"sasl.jaas.config": `org.apache.kafka.common.security.scram.ScramLoginModule required username="alice" password="hunter2";`}
	p, err := producer.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context()); err != nil || p.Stats().Acknowledged != 10 {
		t.Errorf("got %+v, %v", p.Stats(), err)
	}
}
