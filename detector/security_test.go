package detector_test

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"sluice/detector"
)

// Each group's properties reach the client of its topic.
func TestPropertiesReachTheClients(t *testing.T) {
	for name, set := range map[string]func(c *detector.Config, p map[string]string){
		"flags":        func(c *detector.Config, p map[string]string) { c.Flags.Properties = p },
		"transactions": func(c *detector.Config, p map[string]string) { c.Transactions.Properties = p },
		"output":       func(c *detector.Config, p map[string]string) { c.Output.Properties = p },
	} {
		cfg := config("localhost:1")
		set(&cfg, map[string]string{"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.jaas.config": "hunter2"})
		_, err := detector.New(cfg)
		if err == nil || !strings.Contains(err.Error(), "Invalid value [hidden] for configuration sasl.jaas.config") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestDetectorLogsIn(t *testing.T) {
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "flags", "transactions", "flagged"), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "alice", "hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	p := map[string]string{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "SCRAM-SHA-256",
		"sasl.jaas.config": `org.apache.kafka.common.security.scram.ScramLoginModule required username="alice" password="hunter2";`}
	cfg := config(broker.ListenAddrs()[0])
	cfg.Flags.Properties, cfg.Transactions.Properties, cfg.Output.Properties = p, p, p
	r := start(t, cfg)
	select {
	case <-r.Ready():
	case <-time.After(patience):
		t.Errorf("not ready: %v", r.stop())
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}
