package transform

import (
	"sluice/connect"
)

// camelPackage is where the transformations stand that come with every connector of Apache Camel.
const camelPackage = "org.apache.camel.kafkaconnector.transforms."

// CamelPlugins returns the transformations that Camel's connector packages bring, 3.20.3 and 4.x alike, so that a connector which names them
// keeps its configuration: those that do something without Camel or Java objects, and the others as plugins that are refused by name. All
// functions of t must be set.
//
// Like Java, which knows no version of them, they have none.
func CamelPlugins(t Text) []connect.Plugin {
	one := func(class string, make func() connect.Transform) connect.Plugin {
		return connect.Plugin{Class: camelPackage + class, Type: connect.TransformationPluginType, NewTransform: make}
	}
	refused := func(class, why string) connect.Plugin {
		return connect.Plugin{Class: class, Type: connect.TransformationPluginType, Refusal: why}
	}
	return []connect.Plugin{
		one("CamelTypeConverterTransform$Key", func() connect.Transform { return &typeConverter{side: ofKey, text: t} }),
		one("CamelTypeConverterTransform$Value", func() connect.Transform { return &typeConverter{side: ofValue, text: t} }),
		one("ConnectRecordValueToMapTransforms", func() connect.Transform { return &valueToMap{} }),
		one("FieldsToHeadersTransform$Key", func() connect.Transform { return &fieldsToHeaders{side: ofKey} }),
		one("FieldsToHeadersTransform$Value", func() connect.Transform { return &fieldsToHeaders{side: ofValue} }),
		one("SchemaAndStructToJsonTransform", func() connect.Transform { return &structToJSON{json: t.JSON()} }),

		refused(camelPackage+"SinkPojoToSchemaAndStructTransform",
			"It makes an object of a Java class, which there is none of here; leave it out, since sinks take structs as they are."),
		refused(camelPackage+"SourcePojoToSchemaAndStructTransform",
			"It reads Java objects of a source connector, which no record of a topic holds; leave it out, since records come as structs already."),
		refused("org.apache.camel.kafkaconnector.file.transformers.FileTransforms",
			"It reads the files that Camel's file source found, which no record of a topic holds; leave it out, since it passes all else on."),
	}
}
