package distributed

import (
	"sluice/connect"
	"sluice/connect/converter"
	"sluice/sinks/dynamodb"
	"sluice/sinks/file"
)

// Plugins returns what the binary brings: the stock converters, FileStreamSink and the DynamoDB sink with the given options.
// A program with sinks of its own makes its set with [connect.NewPlugins].
func Plugins(o dynamodb.Options) (*connect.Plugins, error) {
	return connect.NewPlugins(append(converter.Plugins(), file.Plugin(converter.JavaString), dynamodb.Plugin(o))...)
}
