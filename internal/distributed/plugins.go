package distributed

import (
	"slices"

	"sluice/connect"
	"sluice/connect/avro"
	"sluice/connect/converter"
	"sluice/connect/transform"
	"sluice/sinks/dynamodb"
	"sluice/sinks/file"
)

// Plugins returns what the binary brings: the stock converters, transforms and predicates, Confluent's AvroConverter, FileStreamSink, and the DynamoDB sink with the given
// options and the transforms that come with it in Java; and what a program adds to them.
func Plugins(o dynamodb.Options, more ...connect.Plugin) (*connect.Plugins, error) {
	text := transform.Text{
		Parse: converter.ParseText, String: converter.JavaString, Decode: converter.DecodeUTF8,
		JSON: func() connect.Converter { return converter.NewJSON() },
	}
	return connect.NewPlugins(slices.Concat(
		converter.Plugins(),
		avro.Plugins(),
		transform.Plugins(text),
		transform.CamelPlugins(text),
		[]connect.Plugin{file.Plugin(converter.AppendJavaString), dynamodb.Plugin(o), dynamodb.ConfluentPlugin(o)},
		more,
	)...)
}
