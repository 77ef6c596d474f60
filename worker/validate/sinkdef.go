package validate

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"sluice/connect"
)

const (
	commonGroup    = "Common"
	transformGroup = "Transforms"
	predicateGroup = "Predicates"
	errorGroup     = "Error Handling"
)

// SinkConnectorConfigDef returns the framework's settings of a sink connector, in Kafka's order. The worker parses a connector's
// configuration with it; classes are texts in it, and whoever parses looks them up.
func SinkConnectorConfigDef() *connect.ConfigDef { return kafkaDef() }

// kafkaDef defines the settings as Kafka does.
//
// Kafka: org.apache.kafka.connect.runtime.SinkConnectorConfig.configDef.
var kafkaDef = sync.OnceValue(func() *connect.ConfigDef {
	return connect.NewConfigDef(slices.Concat(commonKeys(), errorKeys(), topicKeys(), dlqKeys())...)
})

func commonKeys() []connect.ConfigKey {
	return []connect.ConfigKey{
		{
			Name: NameConfig, Type: connect.TypeString, Required: true, Validator: connectorName(), Importance: connect.High,
			Doc:   "Name of the connector, unique in the Connect cluster.",
			Group: commonGroup, Order: 1, Width: connect.WidthMedium, DisplayName: "Connector name",
		},
		{
			Name: ConnectorClassConfig, Type: connect.TypeString, Required: true, Importance: connect.High,
			Doc:   "Class of the connector: its full Java class name, the last part of that name, or the last part without the suffix Connector.",
			Group: commonGroup, Order: 2, Width: connect.WidthLong, DisplayName: "Connector class",
		},
		{
			Name: TasksMaxConfig, Type: connect.TypeInt, Default: int64(1), Validator: connect.AtLeast(1), Importance: connect.High,
			Doc:   "Most tasks that the connector may run at the same time.",
			Group: commonGroup, Order: 3, Width: connect.WidthShort, DisplayName: "Tasks max",
		},
		{
			Name: TasksMaxEnforceConfig, Type: connect.TypeBoolean, Default: true, Importance: connect.Low,
			Doc:   "Whether a connector that asks for more tasks than tasks.max fails. If false it gets a warning in the log and its tasks.",
			Group: commonGroup, Order: 4, Width: connect.WidthShort, DisplayName: "Enforce tasks max",
		},
		{
			Name: KeyConverterConfig, Type: connect.TypeClass, Importance: connect.Low,
			Doc:   "Class that turns the bytes of record keys into values. Without it the worker's key.converter is used, with the worker's settings for it.",
			Group: commonGroup, Order: 5, Width: connect.WidthShort, DisplayName: "Key converter class",
		},
		{
			Name: ValueConverterConfig, Type: connect.TypeClass, Importance: connect.Low,
			Doc:   "Class that turns the bytes of record values into values. Without it the worker's value.converter is used, with the worker's settings for it.",
			Group: commonGroup, Order: 6, Width: connect.WidthShort, DisplayName: "Value converter class",
		},
		{
			Name: HeaderConverterConfig, Type: connect.TypeClass, Importance: connect.Low,
			Doc:   "Class that turns the bytes of record headers into values. Without it the worker's header.converter is used, with the worker's settings for it.",
			Group: commonGroup, Order: 7, Width: connect.WidthShort, DisplayName: "Header converter class",
		},
		{
			Name: TransformsConfig, Type: connect.TypeList, Default: []string{}, Validator: uniqueAliases(), Importance: connect.Low,
			Doc:   "Aliases of the transformations that each record goes through, in this order.",
			Group: transformGroup, Order: 8, Width: connect.WidthLong, DisplayName: "Transforms",
		},
		{
			Name: PredicatesConfig, Type: connect.TypeList, Default: []string{}, Validator: uniqueAliases(), Importance: connect.Low,
			Doc:   "Aliases of the predicates that transformations refer to.",
			Group: predicateGroup, Order: 9, Width: connect.WidthLong, DisplayName: "Predicates",
		},
		{
			Name: ReloadActionConfig, Type: connect.TypeString, Default: "restart", Validator: connect.OneOf("none", "restart"), Importance: connect.Low,
			Doc:   "What happens when the value of a config provider's variable changes: restart restarts the connector when the old value expires, none does nothing.",
			Group: commonGroup, Order: 10, Width: connect.WidthMedium, DisplayName: "Reload Action",
		},
	}
}

func errorKeys() []connect.ConfigKey {
	return []connect.ConfigKey{
		{
			Name: ErrorsRetryTimeoutConfig, Type: connect.TypeLong, Default: int64(0), Importance: connect.Medium,
			Doc:   "How long, in milliseconds, a failed conversion or transformation of a record is tried again. 0 means never, -1 without end.",
			Group: errorGroup, Order: 1, Width: connect.WidthMedium, DisplayName: "Retry Timeout for Errors",
		},
		{
			Name: ErrorsRetryDelayMaxConfig, Type: connect.TypeLong, Default: int64(60000), Importance: connect.Medium,
			Doc:   "Longest pause, in milliseconds, between two tries of a failed operation. The pauses grow up to it.",
			Group: errorGroup, Order: 2, Width: connect.WidthMedium, DisplayName: "Maximum Delay Between Retries for Errors",
		},
		{
			Name: ErrorsToleranceConfig, Type: connect.TypeString, Default: ToleranceNone, Validator: connect.OneOf(ToleranceNone, ToleranceAll), Importance: connect.Medium,
			Doc:   "What becomes of a record that cannot be processed: none fails the task, all skips the record.",
			Group: errorGroup, Order: 3, Width: connect.WidthShort, DisplayName: "Error Tolerance",
		},
		{
			Name: ErrorsLogEnableConfig, Type: connect.TypeBoolean, Default: false, Importance: connect.Medium,
			Doc:   "Whether each failed operation is logged. If false only errors that are not tolerated are.",
			Group: errorGroup, Order: 4, Width: connect.WidthShort, DisplayName: "Log Errors",
		},
		{
			Name: ErrorsLogIncludeMessagesConfig, Type: connect.TypeBoolean, Default: false, Importance: connect.Medium,
			Doc:   "Whether the log line of a failed operation names the record's topic, partition, offset and timestamp.",
			Group: errorGroup, Order: 5, Width: connect.WidthShort, DisplayName: "Log Error Details",
		},
	}
}

func topicKeys() []connect.ConfigKey {
	return []connect.ConfigKey{
		{
			Name: TopicsConfig, Type: connect.TypeList, Default: []string{}, Importance: connect.High,
			Doc:   "Topics to consume, separated by commas.",
			Group: commonGroup, Order: 4, Width: connect.WidthLong, DisplayName: "Topics",
		},
		{
			Name: TopicsRegexConfig, Type: connect.TypeString, Default: "", Validator: connect.Regex(), Importance: connect.High,
			Doc:   "Java regular expression of the names of the topics to consume. Either this or topics is given.",
			Group: commonGroup, Order: 4, Width: connect.WidthLong, DisplayName: "Topics regex",
		},
	}
}

func dlqKeys() []connect.ConfigKey {
	return []connect.ConfigKey{
		{
			Name: DLQTopicNameConfig, Type: connect.TypeString, Default: "", Importance: connect.Medium,
			Doc:   "Topic that gets the records which cannot be processed. Without it they are not kept.",
			Group: errorGroup, Order: 6, Width: connect.WidthMedium, DisplayName: "Dead Letter Queue Topic Name",
		},
		{
			Name: DLQReplicationFactorConfig, Type: connect.TypeShort, Default: int64(3), Importance: connect.Medium,
			Doc:   "Replication factor of the dead letter queue topic if the worker has to create it.",
			Group: errorGroup, Order: 7, Width: connect.WidthMedium, DisplayName: "Dead Letter Queue Topic Replication Factor",
		},
		{
			Name: DLQContextHeadersConfig, Type: connect.TypeBoolean, Default: false, Importance: connect.Medium,
			Doc:   "Whether records in the dead letter queue get headers, named __connect.errors.*, that say where and why they failed.",
			Group: errorGroup, Order: 8, Width: connect.WidthMedium, DisplayName: "Enable Error Context Headers",
		},
	}
}

// connectorName refuses an empty name and control characters in it; everything else is a legal name.
//
// Kafka: ConfigDef.NonEmptyStringWithoutControlChars.
func connectorName() connect.Validator {
	return connect.ValidatorFunc("non-empty string without ISO control characters", func(v any) string {
		s, ok := v.(string)
		if !ok {
			return "" // that it is missing is said elsewhere
		}
		if s == "" {
			return "String may not be empty"
		}
		var found []string
		for _, r := range s {
			if r < 0x20 || r >= 0x7f && r < 0xa0 {
				found = append(found, fmt.Sprint(r))
			}
		}
		if len(found) > 0 {
			return "String may not contain control sequences but had the following ASCII chars: " + strings.Join(found, ", ")
		}
		return ""
	})
}

// Kafka: ConnectorConfig.aliasValidator.
func uniqueAliases() connect.Validator {
	return connect.ValidatorFunc("unique transformation or predicate aliases", func(v any) string {
		aliases, ok := v.([]string)
		if !ok {
			return "entry must be non null"
		}
		seen := make(map[string]bool, len(aliases))
		for _, a := range aliases {
			if seen[a] {
				return "Duplicate alias provided."
			}
			seen[a] = true
		}
		return ""
	})
}
