package dynamodb

import (
	"strings"

	"sluice/connect"
)

// Names under which users of Confluent's DynamoDB sink know it.
const (
	confluentClass     = "io.confluent.connect.aws.dynamodb.DynamoDbSinkConnector"
	confluentTaskClass = "io.confluent.connect.aws.dynamodb.DynamoDbSinkTask"
	confluentVersion   = "1.5.3"
)

// The settings of Confluent's sink that are not among the native ones. Many native keys are Confluent's by name and meaning.
const (
	confluentProviderConfig    = "aws.dynamodb.credentials.provider.class"
	confluentRoleConfig        = "aws.dynamodb.credentials.provider.sts.role.arn"
	confluentExternalIDConfig  = "aws.dynamodb.credentials.provider.sts.role.external.id"
	confluentSessionNameConfig = "aws.dynamodb.credentials.provider.sts.role.session.name"

	defaultProvider = "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
)

// confluent is the dialect of Confluent's sink, with its defaults: the key of an item is the record's partition and offset, the table is called as
// the topic.
//
// Differs: retries have no end unless aws.dynamodb.max.retry.time.seconds is given, where Confluent's default fails the task after 5 s.
func confluent() *dialect {
	return &dialect{
		class: confluentClass, taskClass: confluentTaskClass, version: confluentVersion,
		keys: confluentKeys, listed: true, read: readConfluent,
		finish: func(*settings) []*connect.ConfigError { return nil },
		defaults: map[string]any{
			hashKeyConfig:       "partition",
			sortKeyConfig:       "offset",
			regionConfig:        "us-east-1",
			tableFormatConfig:   "${topic}",
			bodyModeConfig:      "flat",
			coerceKeysConfig:    true,
			sparseIndexesConfig: true,
			onNullValuesConfig:  "upsert",
			tableCreateConfig:   true,
		},
	}
}

func confluentKeys() []connect.ConfigKey {
	return []connect.ConfigKey{
		{Name: confluentProviderConfig, Type: connect.TypeClass, Default: defaultProvider, Importance: connect.Low, Doc: "The class that provides credentials. The SDK's own for instances, containers and web identities stand for these, its others for its default chain, and one called AwsAssumeRoleCredentialsProvider for a role, which the settings behind aws.dynamodb.credentials.provider.sts name. Keys that are set go before it."},
		{Name: confluentRoleConfig, Type: connect.TypeString, Importance: connect.Low, Doc: "The ARN of a role to assume with the credentials that there are otherwise."},
		{Name: confluentExternalIDConfig, Type: connect.TypeString, Importance: connect.Low, Doc: "The external id that the role asks for."},
		{Name: confluentSessionNameConfig, Type: connect.TypeString, Importance: connect.Low, Doc: "The name of the session in which the role is assumed; by default one is made up."},
		{Name: "max.pk.depth", Type: connect.TypeLong, Default: int64(-1), Importance: connect.Low, Doc: "How deep the fields of a key may lie. Has no effect: there is no limit."},
		{Name: "aws.dynamodb.instant.flush", Type: connect.TypeBoolean, Default: false, Importance: connect.Low, Doc: "Whether records are written as soon as they come. Has no effect: they always are."},
		{Name: "confluent.license", Type: connect.TypePassword, Importance: connect.Low, Doc: "A licence of Confluent. Has no effect: none is needed."},
		{Name: "confluent.topic", Type: connect.TypeString, Importance: connect.Low, Doc: "The topic of Confluent's licence. Has no effect, like every setting behind confluent.topic."},
		{Name: "confluent.topic.bootstrap.servers", Type: connect.TypeList, Importance: connect.Low, Doc: "The brokers of the topic of Confluent's licence. Has no effect."},
		{Name: "confluent.topic.replication.factor", Type: connect.TypeInt, Importance: connect.Low, Doc: "The replicas of the topic of Confluent's licence. Has no effect."},
	}
}

// credentialsOfClass are the SDK's classes by their simple names. What most of them look for is found by the default chain too.
var credentialsOfClass = map[string]credentialsMode{
	"DefaultCredentialsProvider":              defaultCredentials,
	"DefaultAWSCredentialsProviderChain":      defaultCredentials,
	"EnvironmentVariableCredentialsProvider":  defaultCredentials,
	"ProfileCredentialsProvider":              defaultCredentials,
	"InstanceProfileCredentialsProvider":      instanceCredentials,
	"ContainerCredentialsProvider":            containerCredentials,
	"WebIdentityTokenFileCredentialsProvider": webIdentityCredentials,
	"AwsAssumeRoleCredentialsProvider":        defaultCredentials,
}

// readConfluent puts what Confluent's keys say into s.
func readConfluent(c connect.Config, s *settings) []*connect.ConfigError {
	*s = settings{regionKey: regionConfig}
	var errs []*connect.ConfigError
	class := c.String(confluentProviderConfig)
	simple := class[strings.LastIndexAny(class, ".$")+1:]
	s.credentials = credentialsOfClass[simple]
	role := assumedRole{arn: c.String(confluentRoleConfig), externalID: c.String(confluentExternalIDConfig), sessionName: c.String(confluentSessionNameConfig)}
	switch {
	case simple == "AwsAssumeRoleCredentialsProvider":
		if role.arn == "" {
			errs = append(errs, givenEmpty(confluentRoleConfig, "must be set for "+class))
		}
		s.role = role
	case simple != "" && !isKnown(simple):
		errs = append(errs, wrongValue(c, confluentProviderConfig, "no such class is known: leave it out for the SDK's default chain, or use AwsAssumeRoleCredentialsProvider for a role"))
	case role.arn != "":
		errs = append(errs, wrongValue(c, confluentRoleConfig, "has no effect unless "+confluentProviderConfig+" is an AwsAssumeRoleCredentialsProvider"))
	}
	return errs
}

func isKnown(class string) bool {
	_, ok := credentialsOfClass[class]
	return ok
}
