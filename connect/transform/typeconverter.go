package transform

import (
	"maps"
	"slices"
	"strings"
	"time"

	"sluice/connect"
)

// typeConverter converts the whole key or value, as Camel's type converters do: to text, to a boolean, or to a number. It is stricter about texts
// than [cast], and reads bytes as texts.
//
// Differs: Camel converts to every Java class that one of its converters knows. Here the target is one of [targetTypes].
//
// Camel: org.apache.camel.kafkaconnector.transforms.CamelTypeConverterTransform.
type typeConverter struct {
	unheld
	side    side
	text    Text
	target  connect.Type
	schemas schemaCache
}

// targetTypes are the classes that a value can become.
var targetTypes = map[string]connect.Type{
	"java.lang.Boolean": connect.Boolean,
	"java.lang.Byte":    connect.Int8,
	"java.lang.Double":  connect.Float64,
	"java.lang.Float":   connect.Float32,
	"java.lang.Integer": connect.Int32,
	"java.lang.Long":    connect.Int64,
	"java.lang.Short":   connect.Int16,
	"java.lang.String":  connect.String,
}

var targetTypeNames = strings.Join(slices.Sorted(maps.Keys(targetTypes)), ", ")

var typeConverterConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: targetTypeConfig, Type: connect.TypeClass, Importance: connect.High, Validator: knownTarget,
		Doc: "The class of what the key or value becomes, one of " + targetTypeNames + ". It has to be given."},
)

// knownTarget refuses classes that there is no conversion to.
var knownTarget = connect.ValidatorFunc("class of a text, boolean or number", func(v any) string {
	name, given := v.(string)
	if _, known := targetTypes[name]; given && !known {
		return "Class " + name + " could not be found. Values can be converted to " + targetTypeNames + "."
	}
	return ""
})

// Config returns the settings.
func (*typeConverter) Config() *connect.ConfigDef { return typeConverterConfig }

// Configure sets the transform up.
func (t *typeConverter) Configure(props map[string]string) error {
	cfg, err := parse(typeConverterConfig, props)
	if err != nil {
		return err
	}
	if cfg.Value(targetTypeConfig) == nil {
		return configError("Configuration 'target.type' can not be empty!")
	}
	t.target = targetTypes[cfg.String(targetTypeConfig)]
	return nil
}

// Apply converts the key or value, which must have a schema. Name, version and parameters of the schema stay.
func (t *typeConverter) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	schema, value := t.side.get(r)
	value, err := t.convert(value)
	if err != nil {
		return nil, err
	}
	if schema == nil {
		return nil, javaErr(nullPointer, `Cannot invoke "org.apache.kafka.connect.data.Schema.name()" because "source" is null`)
	}
	converted, err := t.schemas.get(schema, t.schema)
	if err != nil {
		return nil, err
	}
	return t.side.set(r, converted, value), nil
}

// schema returns the schema of what a value of another schema becomes. A default is converted too.
func (t *typeConverter) schema(from *connect.Schema) (*connect.Schema, error) {
	to := copyBasics(from, t.target)
	to.Optional = from.Optional
	if from.Default == nil {
		return to, nil
	}
	def, err := t.convert(from.Default)
	if err != nil {
		return nil, err
	}
	switch from.Name {
	case connect.DecimalName, connect.DateName, connect.TimeName, connect.TimestampName: // the name still asks for what was converted
		return nil, &javaError{class: schemaBuilderException, text: "Invalid default value",
			cause: connect.NewDataError("Invalid Java object for schema %q with type %s: class %s for value", from.Name, t.target, javaClass(def))}
	}
	to.Default = def
	return to, nil
}

// convert returns what a value becomes. What cannot be converted, null first of all, is a data error.
func (t *typeConverter) convert(v any) (any, error) {
	decoded, err := connect.Decode(v)
	if err != nil {
		return nil, causedBy(err, err.Error())
	}
	if converted := t.tryConvert(decoded); converted != nil {
		return converted, nil
	}
	class := javaClass(zeroOf[t.target])
	return nil, connect.NewDataError("CamelTypeConverter was not able to convert value `%s` to target type of `%s`", t.text.String(v), class[strings.LastIndexByte(class, '.')+1:])
}

// zeroOf has a value of each target type.
var zeroOf = map[connect.Type]any{
	connect.Boolean: false, connect.Int8: int8(0), connect.Float64: 0.0, connect.Float32: float32(0), connect.Int32: int32(0), connect.Int64: int64(0),
	connect.Int16: int16(0), connect.String: "",
}

// tryConvert returns nil for a value that cannot be converted.
//
// Camel: org.apache.camel.impl.converter.ObjectConverter, NumberConverter, IOConverter and DateConverter.
func (t *typeConverter) tryConvert(v any) any {
	if v == nil {
		return nil
	}
	if data, ok := v.([]byte); ok {
		v = t.text.Decode(data)
	}
	switch t.target {
	case connect.String:
		return t.text.String(v)
	case connect.Boolean:
		return toBoolean(v)
	}
	switch v := v.(type) {
	case string:
		if n, err := parsePrimitive(v, t.target); err == nil {
			return n
		}
		return nil
	case time.Time:
		if t.target == connect.Int64 {
			return v.UnixMilli()
		}
		return nil
	}
	n, ok := number(v, t.text.String)
	isWhole := t.target != connect.Float32 && t.target != connect.Float64
	if !ok || isWhole && n.isFloat && n.float != n.float { // no number is no whole number
		return nil
	}
	return narrow(n, t.target)
}

// toBoolean knows the two words in any case, and that an int above zero is true.
func toBoolean(v any) any {
	switch v := v.(type) {
	case bool:
		return v
	case int32:
		return v > 0
	case string:
		if yes := strings.EqualFold(v, "true"); yes || strings.EqualFold(v, "false") {
			return yes
		}
	}
	return nil
}
