// Package provider replaces variables in settings by what config providers say, and keeps what they said out of sight.
//
//	config.providers=file
//	config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider
//	config.providers.file.param.allowed.paths=/run/secrets
//
//	db.password=${file:/run/secrets/db.properties:password}
//
// A variable is ${provider:key} or ${provider:path:key}. There may be several in a value, with text around them; what takes their
// place is not looked at again. A variable stays as it is if there is no such provider, or if the provider does not know the key.
//
// [New] makes the providers from a worker's settings. [Providers.Resolve] replaces the variables of a configuration, as often as
// somebody needs it: nothing is remembered between two calls, so a file that has changed counts at the next start of a connector.
// With the values come their [Secrets], through which everything has to go that may quote them: logs, traces, answers.
//
// There are three: files, directories and the environment. None has a time to live, so no connector is restarted on account of one.
// Providers in classes of other people are Java's and are refused by name.
//
// Kafka: org.apache.kafka.common.config.provider, org.apache.kafka.common.config.ConfigTransformer.
package provider
