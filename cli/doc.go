// Package cli is the worker as a command. It is what a program imports that brings sinks of its own:
//
//	func main() { cli.Main(httpsink.Plugin()) }
//
// makes a binary that is used as connect-distributed.sh is, with everything that `sluice worker` has and the sinks beside it:
//
//	myworker [--log-level=info] [--log-format=text] FILE.properties
//
// A program with flags of its own fills in a [Worker] and calls its Run; [NewLogger] and [NotifyContext] are what Main uses for the rest.
//
// It is not the engine, which internal/distributed is, and it knows no sink but those that it is given and that the binary brings.
//
// Kafka: org.apache.kafka.connect.cli.
package cli
