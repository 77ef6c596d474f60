// Package properties reads Java's .properties files: the worker's own, and those that hold the secrets of config providers.
//
// Kafka: java.util.Properties.load.
package properties
