package transform

import "sluice/connect"

// Version is shown for every transform and predicate by GET /connector-plugins: the version of Kafka Connect whose behaviour they have.
const Version = "3.9.2"

const (
	transformsPackage = "org.apache.kafka.connect.transforms."
	predicatesPackage = transformsPackage + "predicates."
)

// Text reads Connect values from text and writes them as text. The stock converters know how, and this package does not import them.
type Text struct {
	// Decode returns the text of bytes in UTF-8, as [converter.DecodeUTF8] does. Camel's type converter needs it.
	Decode func(data []byte) string

	// JSON returns a new JsonConverter. Camel's SchemaAndStructToJson needs it.
	JSON func() connect.Converter

	// Parse infers a value from a text, as [converter.ParseText] does. InsertHeader needs it.
	//
	// Kafka: org.apache.kafka.connect.data.Values.parseString.
	Parse func(text string) connect.SchemaAndValue

	// String returns the text of Java's toString, as [converter.JavaString] does. Cast needs it.
	String func(v any) string
}

// Plugins returns Kafka's own transforms and predicates. The functions Parse and String of t must be set.
func Plugins(t Text) []connect.Plugin {
	var plugins []connect.Plugin
	one := func(class string, make func() connect.Transform) {
		plugins = append(plugins, connect.Plugin{
			Class: transformsPackage + class, Type: connect.TransformationPluginType, Version: Version, NewTransform: make,
		})
	}
	both := func(class string, make func(side) connect.Transform) {
		one(class+"$Key", func() connect.Transform { return make(ofKey) })
		one(class+"$Value", func() connect.Transform { return make(ofValue) })
	}
	predicate := func(class string, make func() connect.Predicate) {
		plugins = append(plugins, connect.Plugin{
			Class: predicatesPackage + class, Type: connect.PredicatePluginType, Version: Version, NewPredicate: make,
		})
	}
	both("Cast", func(s side) connect.Transform { return &cast{side: s, text: t.String} })
	one("DropHeaders", func() connect.Transform { return &dropHeaders{} })
	both("ExtractField", func(s side) connect.Transform { return &extractField{side: s} })
	one("Filter", func() connect.Transform { return filter{} })
	both("Flatten", func(s side) connect.Transform { return &flatten{side: s} })
	both("HeaderFrom", func(s side) connect.Transform { return &headerFrom{side: s} })
	both("HoistField", func(s side) connect.Transform { return &hoistField{side: s} })
	both("InsertField", func(s side) connect.Transform { return &insertField{side: s} })
	one("InsertHeader", func() connect.Transform { return &insertHeader{parse: t.Parse} })
	both("MaskField", func(s side) connect.Transform { return &maskField{side: s} })
	one("RegexRouter", func() connect.Transform { return &regexRouter{} })
	both("ReplaceField", func(s side) connect.Transform { return &replaceField{side: s} })
	both("SetSchemaMetadata", func(s side) connect.Transform { return &setSchemaMetadata{side: s} })
	both("TimestampConverter", func(s side) connect.Transform { return &timestampConverter{side: s} })
	one("TimestampRouter", func() connect.Transform { return &timestampRouter{} })
	one("ValueToKey", func() connect.Transform { return &valueToKey{} })

	predicate("HasHeaderKey", func() connect.Predicate { return &hasHeaderKey{} })
	predicate("RecordIsTombstone", func() connect.Predicate { return recordIsTombstone{} })
	predicate("TopicNameMatches", func() connect.Predicate { return &topicNameMatches{} })
	return plugins
}
