package distributed

import (
	"slices"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/connect/transform"
	"sluice/sinks/dynamodb"
	"sluice/sinks/file"
)

// Plugins returns what the binary brings: the stock converters, transforms and predicates, FileStreamSink and the DynamoDB sink with the given
// options. A program with sinks of its own makes its set with [connect.NewPlugins].
func Plugins(o dynamodb.Options) (*connect.Plugins, error) {
	return connect.NewPlugins(slices.Concat(
		converter.Plugins(),
		transform.Plugins(transform.Text{Parse: converter.ParseText, String: converter.JavaString}),
		[]connect.Plugin{file.Plugin(converter.JavaString), dynamodb.Plugin(o)},
	)...)
}
