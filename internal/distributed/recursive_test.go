package distributed_test

import (
	"strings"
	"testing"

	"sluice/connect"
	"sluice/internal/distributed"
	"sluice/sinks/dynamodb"
)

// A schema of Avro can contain itself. Whoever walks along it must come to an end: what has no end is refused with a data error.
func TestNobodyGetsLostInARecursiveSchema(t *testing.T) {
	schema := &connect.Schema{Type: connect.StructT, Name: "Node"}
	optional := &connect.Schema{Type: connect.StructT, Name: "Node", Optional: true}
	schema.Fields = []connect.Field{{Name: "n", Schema: connect.Int32Schema}, {Name: "next", Schema: optional}}
	optional.Fields = schema.Fields
	value := &connect.Struct{Schema: schema, Values: []any{int32(1), &connect.Struct{Schema: optional, Values: []any{int32(2), nil}}}}
	settings := map[string]map[string]string{
		"Cast": {"spec": "n:string"}, "ExtractField": {"field": "next"}, "Flatten": {}, "HeaderFrom": {"fields": "next", "headers": "h", "operation": "move"},
		"HoistField": {"field": "x"}, "InsertField": {"topic.field": "t"}, "MaskField": {"fields": "n"}, "ReplaceField": {"exclude": "n"},
		"SetSchemaMetadata": {"schema.name": "x"}, "ValueToKey": {"fields": "next"},
	}
	refused := map[string]bool{"Flatten": true, "JsonConverter": true}
	plugins, err := distributed.Plugins(dynamodb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, p := range plugins.All() {
		name, _, _ := strings.Cut(p.Class[strings.LastIndexByte(p.Class, '.')+1:], "$")
		var err error
		switch props := settings[name]; {
		case p.Type == connect.TransformationPluginType && props != nil:
			transform := p.NewTransform()
			if err := transform.Configure(props); err != nil {
				t.Fatalf("%s: %v", p.Class, err)
			}
			_, err = transform.Apply(&connect.SinkRecord{Topic: "t", KeySchema: schema, Key: value, ValueSchema: schema, Value: value})
		case p.Type == connect.ConverterPluginType && name == "JsonConverter", p.Type == connect.ConverterPluginType && name == "StringConverter":
			converter := p.NewConverter()
			if err := converter.Configure(nil, false); err != nil {
				t.Fatalf("%s: %v", p.Class, err)
			}
			_, err = converter.FromConnect("t", connect.SchemaAndValue{Schema: schema, Value: value})
		default:
			continue
		}
		tried++
		if refused[name] != (err != nil) || err != nil && !strings.Contains(err.Error(), "contains itself") {
			t.Errorf("%s: got %v, refused: %t", p.Class, err, refused[name])
		}
	}
	if want := 2*len(settings) - 1 + 2; tried != want { // ValueToKey has but one side
		t.Errorf("tried %d plugins, want %d", tried, want)
	}
}
