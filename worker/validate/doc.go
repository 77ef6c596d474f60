// Package validate decides whether a connector's configuration may be used, and describes every setting in it.
//
// It answers PUT /connector-plugins/{p}/config/validate and GET /connector-plugins/{p}/config, and the same check stands in front of
// every create and update. A configuration is made of parts, each with its own definitions:
//
//	framework   name, connector.class, tasks.max, topics ...   sinkdef.go; rules over several of them in sinkrules.go
//	connector   what the plugin defines                        its Config, and its ValidateConfig if it has one
//	converters  key.converter.*, value.converter.* ...         converters.go, from the converter's Config
//	overrides   consumer.override.*                            overrides.go; the policy of the worker decides
//
// [Validator.Validate] checks the parts and merges them in Kafka's order. What this version cannot do yet is refused by
// name, and only by unsupported.go.
//
// The package decides and describes; it changes nothing, does no I/O, and knows neither REST nor Kafka clients.
//
// Kafka: org.apache.kafka.connect.runtime.AbstractHerder.validateConnectorConfig.
package validate
