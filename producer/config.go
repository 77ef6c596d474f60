package producer

import (
	"cmp"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"sluice/internal/fraud"
)

// Data says which records a producer makes.
type Data string

const (
	Accounts     Data = "account"     // one flag per flagged account, then the end
	Transactions Data = "transaction" // transactions, for ever or as many as the config says
)

// Event is a record that is made elsewhere: a transaction or a flag, the other one is nil.
type Event struct {
	At          time.Duration // when it is sent, counted from the first one's sending; what is late is made up for
	Transaction *Transaction
	Flag        *Flag
}

// The environment variables of the original.
const (
	BootstrapServersEnv = "BOOTSTRAP_SERVERS"
	FlagTopicEnv        = "CUSTOMER_TOPIC_NAME" // the topic of flagged accounts, despite its name
	TransactionTopicEnv = "TRANSACTION_TOPIC_NAME"
	DataEnv             = "DATE_TYPE" // what the original reads
	DataAliasEnv        = "DATA_TYPE" // what its instructions say
	MaxRunEnv           = "MAX_RUN"
)

// Config is what a producer is told. Start from [DefaultConfig] or
// [ConfigFromEnv]; the zero value is not usable.
type Config struct {
	BootstrapServers string // "host:port,host:port"
	// Properties are Kafka's client properties beside those that a producer
	// needs, such as security.protocol. May be nil.
	Properties       map[string]string
	FlagTopic        string
	TransactionTopic string
	Data             Data
	// Events, if not nil, are sent instead of Data, each to the topic of its kind: MaxRun, Count, Batch, Accounts, FlaggedShare and Seed do not
	// count then. They are sent at their own times for a Rate of 0. They are taken one by one, by the goroutine of Run.
	Events iter.Seq[Event]

	// MaxRun n > 0 means n-1 batches of transactions, as in the original, which
	// counts from 1 and looks before it sends. 0 and less mean no end.
	MaxRun int
	// Count is the number of transactions to stop after, 0 for no such limit.
	Count int64
	// Batch is the number of transactions sent together; the original has 5.
	Batch int
	// Rate is the number of transactions per second. 0 is the pace of the
	// original: a batch, then a random 2 to 5 seconds. Below 0 there is no limit.
	Rate float64
	// Accounts is the number of accounts: 1000000001 and on. The original has 10.
	Accounts int
	// FlaggedShare is the share of the accounts that is flagged, 0 to 1, spread
	// evenly. The original flags every other one.
	FlaggedShare float64
	// Seed makes the records reproducible but for their dates: the same seed and
	// the same Accounts give the same records. 0 draws one.
	Seed uint64
	// Partitions of a topic that must be created; 0 means the broker's default.
	Partitions int32

	// Clock gives records their dates; nil means time.Now. Dates are written as
	// its wall clock shows them, as in the original.
	Clock func() time.Time
	// OnTransaction and OnFlag, if not nil, are told of each record when it has
	// been handed over for sending, in order, from the goroutine of Run.
	OnTransaction func(fraud.Transaction)
	OnFlag        func(fraud.FlaggedAccount)
	// StartTimeout is how long a start waits for Kafka. 0 means 60 seconds.
	StartTimeout time.Duration
	// StopTimeout bounds the delivery of what is on its way when Run is told to
	// stop. 0 means 10 seconds.
	StopTimeout time.Duration
	Logger      *slog.Logger // nil discards
}

const (
	defaultStartTimeout = 60 * time.Second
	defaultStopTimeout  = 10 * time.Second

	firstAccount = 1_000_000_001
	maxAccounts  = 1_000_000_000
)

// DefaultConfig returns the original's settings, but for the port of the
// default broker.
func DefaultConfig() Config {
	return Config{
		BootstrapServers: "localhost:9092",
		FlagTopic:        "flagged-accounts",
		TransactionTopic: "transactions",
		Data:             Accounts,
		MaxRun:           -1,
		Batch:            5,
		Accounts:         10,
		FlaggedShare:     0.5,
	}
}

// ConfigError refuses a setting.
type ConfigError struct {
	Key   string // an environment variable or a field of Config
	Value string
	Rule  string
}

// Error names key, value and rule.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("%s=%q: %s", e.Key, e.Value, e.Rule)
}

// ConfigFromEnv returns [DefaultConfig] with what the environment sets. lookup
// is os.LookupEnv or a stand-in. An empty variable counts as not set. As in the
// original, any DATE_TYPE but "account" means transactions; DATA_TYPE is read
// if DATE_TYPE is not set. A MAX_RUN that is no integer is a [*ConfigError].
func ConfigFromEnv(lookup func(string) (string, bool)) (Config, error) {
	c := DefaultConfig()
	get := func(key string) string {
		value, _ := lookup(key)
		return strings.TrimSpace(value)
	}
	c.BootstrapServers = cmp.Or(get(BootstrapServersEnv), c.BootstrapServers)
	c.FlagTopic = cmp.Or(get(FlagTopicEnv), c.FlagTopic)
	c.TransactionTopic = cmp.Or(get(TransactionTopicEnv), c.TransactionTopic)
	if data := cmp.Or(get(DataEnv), get(DataAliasEnv)); data != "" && data != string(Accounts) {
		c.Data = Transactions
	}
	if value := get(MaxRunEnv); value != "" {
		n, err := strconv.Atoi(value)
		if err != nil {
			return c, &ConfigError{MaxRunEnv, value, "must be an integer"}
		}
		c.MaxRun = n
	}
	return c, nil
}

// withDefaults returns a checked copy of c with every optional field set.
func (c Config) withDefaults() (Config, error) {
	refuse := func(key string, value any, rule string) (Config, error) {
		return c, &ConfigError{key, fmt.Sprint(value), rule}
	}
	switch {
	case c.BootstrapServers == "":
		return refuse("BootstrapServers", c.BootstrapServers, "must be set")
	case c.FlagTopic == "":
		return refuse("FlagTopic", c.FlagTopic, "must be set")
	case c.TransactionTopic == "":
		return refuse("TransactionTopic", c.TransactionTopic, "must be set")
	case c.Data != Accounts && c.Data != Transactions:
		return refuse("Data", c.Data, "must be account or transaction")
	case c.Count < 0:
		return refuse("Count", c.Count, "must not be negative")
	case c.Batch < 1:
		return refuse("Batch", c.Batch, "must be positive")
	case math.IsNaN(c.Rate):
		return refuse("Rate", c.Rate, "must be a number")
	case c.Accounts < 1 || c.Accounts > maxAccounts:
		return refuse("Accounts", c.Accounts, fmt.Sprintf("must be 1 to %d", maxAccounts))
	case !(c.FlaggedShare >= 0 && c.FlaggedShare <= 1):
		return refuse("FlaggedShare", c.FlaggedShare, "must be 0 to 1")
	case c.Partitions < 0:
		return refuse("Partitions", c.Partitions, "must be positive, or 0 for the broker's default")
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	c.StartTimeout = cmp.Or(c.StartTimeout, defaultStartTimeout)
	c.StopTimeout = cmp.Or(c.StopTimeout, defaultStopTimeout)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// topics returns where the records go.
func (c *Config) topics() []string {
	switch {
	case c.Events != nil:
		return []string{c.FlagTopic, c.TransactionTopic}
	case c.Data == Accounts:
		return []string{c.FlagTopic}
	default:
		return []string{c.TransactionTopic}
	}
}

// quotedTopics returns them for a message.
func (c *Config) quotedTopics() string {
	var quoted []string
	for _, topic := range c.topics() {
		quoted = append(quoted, strconv.Quote(topic))
	}
	return strings.Join(quoted, " and ")
}

// limit returns how many transactions to send, -1 for no end.
func (c *Config) limit() int64 {
	limit := int64(-1)
	if c.MaxRun > 0 {
		batches := int64(c.MaxRun - 1)
		if limit = batches * int64(c.Batch); batches > math.MaxInt64/int64(c.Batch) {
			limit = math.MaxInt64
		}
	}
	if c.Count > 0 && (limit < 0 || c.Count < limit) {
		limit = c.Count
	}
	return limit
}
