package validate

// The framework's settings of a sink connector.
//
// Kafka: org.apache.kafka.connect.runtime.ConnectorConfig, SinkConnectorConfig.
const (
	NameConfig            = "name"
	ConnectorClassConfig  = "connector.class"
	TasksMaxConfig        = "tasks.max"
	TasksMaxEnforceConfig = "tasks.max.enforce"
	KeyConverterConfig    = "key.converter"
	ValueConverterConfig  = "value.converter"
	HeaderConverterConfig = "header.converter"
	TransformsConfig      = "transforms"
	PredicatesConfig      = "predicates"
	ReloadActionConfig    = "config.action.reload"

	ErrorsRetryTimeoutConfig       = "errors.retry.timeout"
	ErrorsRetryDelayMaxConfig      = "errors.retry.delay.max.ms"
	ErrorsToleranceConfig          = "errors.tolerance"
	ErrorsLogEnableConfig          = "errors.log.enable"
	ErrorsLogIncludeMessagesConfig = "errors.log.include.messages"

	TopicsConfig      = "topics"
	TopicsRegexConfig = "topics.regex"

	DLQTopicNameConfig         = "errors.deadletterqueue.topic.name"
	DLQReplicationFactorConfig = "errors.deadletterqueue.topic.replication.factor"
	DLQContextHeadersConfig    = "errors.deadletterqueue.context.headers.enable"

	// TaskClassConfig is added to the settings of each task; users do not set it.
	TaskClassConfig = "task.class"
)

// The prefixes of settings that reach the Kafka clients of a connector.
//
// Kafka: KIP-458.
const (
	ConsumerOverridePrefix = "consumer.override."
	ProducerOverridePrefix = "producer.override."
	AdminOverridePrefix    = "admin.override."
)

// The texts of errors.tolerance.
const (
	ToleranceNone = "none"
	ToleranceAll  = "all"
)

// ConverterTypeConfig tells a converter, among its own settings, which part of a record it serves: key, value or header.
const ConverterTypeConfig = "converter.type"
