package converter

import "sluice/connect"

// Version is shown for every converter by GET /connector-plugins: the version of Kafka Connect whose behaviour they have.
const Version = "3.9.2"

// Java class names of the converters.
const (
	JSONClass         = "org.apache.kafka.connect.json.JsonConverter"
	StringClass       = "org.apache.kafka.connect.storage.StringConverter"
	ByteArrayClass    = "org.apache.kafka.connect.converters.ByteArrayConverter"
	SimpleHeaderClass = "org.apache.kafka.connect.storage.SimpleHeaderConverter"
)

// Plugins returns what this package offers to a worker: JsonConverter, StringConverter and ByteArrayConverter for keys, values and headers, and
// SimpleHeaderConverter for headers.
func Plugins() []connect.Plugin {
	plugins := []connect.Plugin{{
		Class: SimpleHeaderClass, Type: connect.HeaderConverterPluginType, Version: Version,
		NewHeaderConverter: func() connect.HeaderConverter { return NewSimpleHeader() },
	}}
	for _, c := range []struct {
		class string
		make  func() connect.Converter
	}{
		{JSONClass, func() connect.Converter { return NewJSON() }},
		{StringClass, func() connect.Converter { return NewString() }},
		{ByteArrayClass, func() connect.Converter { return NewByteArray() }},
	} {
		plugins = append(plugins,
			connect.Plugin{Class: c.class, Type: connect.ConverterPluginType, Version: Version, NewConverter: c.make},
			connect.Plugin{Class: c.class, Type: connect.HeaderConverterPluginType, Version: Version,
				NewHeaderConverter: func() connect.HeaderConverter { return asHeader{c.make()} }})
	}
	return plugins
}
