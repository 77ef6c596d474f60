package producer_test

import (
	"errors"
	"math"
	"testing"

	"sluice/producer"
)

func env(pairs ...string) func(string) (string, bool) {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(key string) (string, bool) { value, ok := m[key]; return value, ok }
}

// settings are the fields of a Config that the environment sets.
type settings struct {
	servers, flags, transactions string
	data                         producer.Data
	maxRun                       int
}

func TestConfigFromEnv(t *testing.T) {
	original := settings{"localhost:9092", "flagged-accounts", "transactions", producer.Accounts, -1}
	with := func(change func(*settings)) settings { s := original; change(&s); return s }
	for _, c := range []struct {
		name string
		env  []string
		want settings
	}{
		{"nothing set", nil, original},
		{"empty variables", []string{"BOOTSTRAP_SERVERS", "", "DATE_TYPE", "", "MAX_RUN", ""}, original},
		{"servers", []string{"BOOTSTRAP_SERVERS", "a:1,b:2"}, with(func(s *settings) { s.servers = "a:1,b:2" })},
		{"topics", []string{"CUSTOMER_TOPIC_NAME", "f", "TRANSACTION_TOPIC_NAME", "t"}, with(func(s *settings) { s.flags, s.transactions = "f", "t" })},
		{"accounts", []string{"DATE_TYPE", "account"}, original},
		{"transactions", []string{"DATE_TYPE", "transaction"}, with(func(s *settings) { s.data = producer.Transactions })},
		{"any other word means transactions", []string{"DATE_TYPE", "accounts"}, with(func(s *settings) { s.data = producer.Transactions })},
		{"the alias", []string{"DATA_TYPE", "transaction"}, with(func(s *settings) { s.data = producer.Transactions })},
		{"both names: the original's wins", []string{"DATA_TYPE", "transaction", "DATE_TYPE", "account"}, original},
		{"runs", []string{"MAX_RUN", " 3 "}, with(func(s *settings) { s.maxRun = 3 })},
		{"no end", []string{"MAX_RUN", "-1"}, original},
	} {
		cfg, err := producer.ConfigFromEnv(env(c.env...))
		got := settings{cfg.BootstrapServers, cfg.FlagTopic, cfg.TransactionTopic, cfg.Data, cfg.MaxRun}
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}

func TestMaxRunMustBeAnInteger(t *testing.T) {
	for _, value := range []string{"abc", "1.5", "0x10", "99999999999999999999"} {
		_, err := producer.ConfigFromEnv(env("MAX_RUN", value))
		var refused *producer.ConfigError
		if want := `MAX_RUN="` + value + `": must be an integer`; !errors.As(err, &refused) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestNewRefusesBadSettings(t *testing.T) {
	for _, c := range []struct {
		change func(*producer.Config)
		want   string
	}{
		{func(c *producer.Config) { c.BootstrapServers = "" }, `BootstrapServers="": must be set`},
		{func(c *producer.Config) { c.TransactionTopic = "" }, `TransactionTopic="": must be set`},
		{func(c *producer.Config) { c.Data = "both" }, `Data="both": must be account or transaction`},
		{func(c *producer.Config) { c.Count = -1 }, `Count="-1": must not be negative`},
		{func(c *producer.Config) { c.Batch = 0 }, `Batch="0": must be positive`},
		{func(c *producer.Config) { c.Rate = math.NaN() }, `Rate="NaN": must be a number`},
		{func(c *producer.Config) { c.Accounts = 0 }, `Accounts="0": must be 1 to 1000000000`},
		{func(c *producer.Config) { c.FlaggedShare = 1.5 }, `FlaggedShare="1.5": must be 0 to 1`},
		{func(c *producer.Config) { c.FlaggedShare = math.NaN() }, `FlaggedShare="NaN": must be 0 to 1`},
		{func(c *producer.Config) { c.Partitions = -1 }, `Partitions="-1": must be positive, or 0 for the broker's default`},
	} {
		cfg := producer.DefaultConfig()
		c.change(&cfg)
		_, err := producer.New(cfg)
		var refused *producer.ConfigError
		if !errors.As(err, &refused) || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
