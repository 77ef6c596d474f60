// Package validate decides whether a connector's configuration may be used, and describes every setting in it.
//
// It answers PUT /connector-plugins/{p}/config/validate and GET /connector-plugins/{p}/config, and the same check stands in front of
// every create and update. A configuration is made of parts, each with its own definitions:
//
//	framework    name, connector.class, tasks.max, topics ...   sinkdef.go; rules over several of them in sinkrules.go
//	transforms   transforms.<alias>.*, predicates.<alias>.*     enrich.go, from the Config of the class that an alias stands for
//	connector    what the plugin defines                        its Config, and its ValidateConfig if it has one
//	overrides    producer.override.*, consumer.override.* ...   overrides.go; the policy of the worker decides
//	converters   header.converter.*, key.converter.* ...        converters.go, from the converter's Config
//
// [Validator.Validate] checks the parts and merges them in this order, which is Kafka's. Classes are looked up in classes.go; hashorder.go
// has the places where Kafka's order is that of a hash map.
//
// An answer is the one that Kafka would give, also to what this version's tasks cannot do. That is refused by name when a task starts, by the
// Kafka client or the transformation that a setting is for.
//
// The package decides and describes; it changes nothing, does no I/O, and knows neither REST nor Kafka clients. Variables of config providers
// are resolved before it is asked.
//
// # What differs
//
// Answers are compared with those of Kafka Connect 3.9.2 byte by byte, see testdata/README.md. These cannot be equal, or are not on purpose:
//
//   - Documentation is in our own words.
//   - Every class on the class path of a Java worker is found there, and then is not a plugin of the kind that is needed; here it could not be
//     found. The lists of plugins in errors about connector.class are those of this worker.
//   - Values of keys that nobody defines and that have the name of a secret are hidden, where Kafka shows them.
//   - Mistakes in regular expressions are told in Java's words as far as [connect.CheckRegex] knows them. Whether a dead letter queue's
//     topic matches topics.regex is not known for the few expressions that internal/javaregex cannot translate.
//   - Where an order is that of a hash map, keys that collide stand in the order of their names, and not in that of the request.
//   - A client's internal settings (consumer.override.internal.*) are unknown here. A null for renames of ReplaceField is an error of that key,
//     and not the failure of the request that it is in Kafka.
//   - Where Kafka's check breaks off, the text is that of its exception on Java 17.
//
// Kafka: org.apache.kafka.connect.runtime.AbstractHerder.validateConnectorConfig.
package validate
