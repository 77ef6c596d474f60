package avro

import "sluice/connect"

// Class is the Java class name of the converter.
const Class = "io.confluent.connect.avro.AvroConverter"

// Version is shown for the converter by GET /connector-plugins: the version of Confluent's whose mapping it has.
const Version = "8.5.0"

// Plugins returns what this package offers to a worker: the converter, for keys and values. As Confluent's it is none for headers.
func Plugins() []connect.Plugin {
	return []connect.Plugin{
		{Class: Class, Type: connect.ConverterPluginType, Version: Version, NewConverter: func() connect.Converter { return New() }},
	}
}
