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
	ShortClass        = "org.apache.kafka.connect.converters.ShortConverter"
	IntegerClass      = "org.apache.kafka.connect.converters.IntegerConverter"
	LongClass         = "org.apache.kafka.connect.converters.LongConverter"
	FloatClass        = "org.apache.kafka.connect.converters.FloatConverter"
	DoubleClass       = "org.apache.kafka.connect.converters.DoubleConverter"
	BooleanClass      = "org.apache.kafka.connect.converters.BooleanConverter"
)

// Plugins returns what this package offers to a worker: all converters for keys, values and headers, and SimpleHeaderConverter for headers
// only.
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
		{ShortClass, func() connect.Converter { return NewShort() }},
		{IntegerClass, func() connect.Converter { return NewInteger() }},
		{LongClass, func() connect.Converter { return NewLong() }},
		{FloatClass, func() connect.Converter { return NewFloat() }},
		{DoubleClass, func() connect.Converter { return NewDouble() }},
		{BooleanClass, func() connect.Converter { return NewBoolean() }},
	} {
		plugins = append(plugins,
			connect.Plugin{Class: c.class, Type: connect.ConverterPluginType, Version: Version, NewConverter: c.make},
			connect.Plugin{Class: c.class, Type: connect.HeaderConverterPluginType, Version: Version,
				NewHeaderConverter: func() connect.HeaderConverter { return asHeader{c.make()} }})
	}
	return plugins
}
