package dynamodb

import (
	"context"
	"maps"
	"net/http"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"

	"sluice/connect"
)

// Options are what a program that embeds the sink can decide for it, where a connector's settings leave it open. The zero value leaves
// everything to the SDK: environment, profile, instance.
type Options struct {
	// Endpoint is the URL of the service, for example "http://127.0.0.1:8000". A connector that names one itself goes there.
	Endpoint string
	// Region counts if the connector names none.
	Region string
	// Credentials stand for the SDK's default chain. A connector with keys of its own, and without useDefaultCredentialsProvider, uses those.
	Credentials aws.CredentialsProvider
	// HTTPClient makes the requests; the caller closes its idle connections. Nil: each task has one of its own.
	HTTPClient *http.Client
}

// Plugin returns the sink under the class name of Camel's DynamoDB sink, for [connect.NewPlugins].
func Plugin(o Options) connect.Plugin { return camel().plugin(o) }

// ConfluentPlugin returns the sink under the class name of Confluent's DynamoDB sink, whose settings it takes then.
func ConfluentPlugin(o Options) connect.Plugin { return confluent().plugin(o) }

// plugin returns the sink that is set up in the dialect.
func (d *dialect) plugin(o Options) connect.Plugin {
	limits := &allowances{} // of all connectors of the class
	return connect.Plugin{
		Class: d.class, TaskClass: d.taskClass, Type: connect.SinkPluginType, Version: d.version,
		NewSink: func() connect.SinkConnector { return &connector{dialect: d, options: o, limits: limits} },
	}
}

// connector is the [connect.SinkConnector] of every dialect. It has nothing running: all work is the tasks'.
type connector struct {
	dialect *dialect
	options Options
	limits  *allowances
	props   map[string]string
}

var _ connect.ConfigValidator = (*connector)(nil)

func (c *connector) Version() string { return c.dialect.version }

func (c *connector) Config() *connect.ConfigDef { return c.dialect.configDef() }

// ValidateConfig refuses settings that contradict each other and those whose effect is not built.
func (c *connector) ValidateConfig(props map[string]string) []*connect.ConfigError {
	return c.dialect.together(props)
}

func (c *connector) Start(_ context.Context, props map[string]string) error {
	c.props = maps.Clone(props)
	return nil
}

// TaskConfigs gives every task the connector's own settings: the consumer group spreads the partitions. With a limit of the rate, of which each task
// has its part, they are told how many they are.
func (c *connector) TaskConfigs(maxTasks int) ([]map[string]string, error) {
	configs := make([]map[string]string, maxTasks)
	for i := range configs {
		configs[i] = maps.Clone(c.props)
		if limit, err := parseRateLimit(c.props[rateLimitConfig]); err == nil && limit.kind != noRate {
			configs[i][rateTasksConfig] = strconv.Itoa(maxTasks)
		}
	}
	return configs, nil
}

func (*connector) Stop(context.Context) error { return nil }

func (c *connector) NewTask() connect.SinkTask {
	return &task{options: c.options, read: c.dialect.settings, limits: c.limits}
}
