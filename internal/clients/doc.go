// Package clients drives a worker's REST API as the programs do that people run in front of Kafka Connect: operators, consoles, providers,
// libraries. It holds tests only, and nothing imports it.
//
// One client is the real one, the Go library inside Redpanda Console (console_test.go). The others are replays: a file for each, with a table of
// the requests that it sends, byte for byte where it matters (trailing slashes, capitalised booleans, media types with a charset, headers
// on requests without a body), and of what it reads of each answer, as strictly as it does (closed enumerations, maps of texts only, exactly one
// status taken for success, polling until a state is reached). They were written from the clients' sources; the versions that were read stand
// in the tables.
//
// The worker is one of ours on the embedded Kafka. With SLUICE_CLIENTS_URL set it is any other one, of Java for instance, against which the
// replays pass as well: that keeps them honest. Such a worker needs FileStreamSink and a topic named conformance.
package clients
