package transform

import (
	"math"
	"strings"
	"time"

	"sluice/connect"
)

// timestampConverter changes how a time is written: the whole key or value, or one field of it.
//
// Kafka: org.apache.kafka.connect.transforms.TimestampConverter.
type timestampConverter struct {
	unheld
	side        side
	field       string // "" for the whole
	target      string
	format      *dateFormat // nil if none is given
	precision   string
	withDefault bool
	schemas     schemaCache
	object      object
}

const (
	targetTypeConfig    = "target.type"
	formatConfig        = "format"
	unixPrecisionConfig = "unix.precision"
)

// The forms of a time.
const (
	formString    = "string"
	formUnix      = "unix"
	formDate      = "Date"
	formTime      = "Time"
	formTimestamp = "Timestamp"
)

// The precisions of a number.
const (
	inSeconds = "seconds"
	inMillis  = "milliseconds"
	inMicros  = "microseconds"
	inNanos   = "nanoseconds"
)

var timestampConverterConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: fieldConfig, Type: connect.TypeString, Default: "", Importance: connect.High,
		Doc: "The name of the field that holds the time. Empty if the whole is a time."},
	connect.ConfigKey{Name: targetTypeConfig, Type: connect.TypeString, Required: true,
		Validator: connect.OneOf(formString, formUnix, formDate, formTime, formTimestamp), Importance: connect.High,
		Doc: "What the time becomes: string, unix (a number), Date, Time or Timestamp."},
	connect.ConfigKey{Name: formatConfig, Type: connect.TypeString, Default: "", Importance: connect.Medium,
		Doc: "How a text is read or written, in the letters of java.text.SimpleDateFormat. The time zone is UTC."},
	connect.ConfigKey{Name: unixPrecisionConfig, Type: connect.TypeString, Default: inMillis,
		Validator: connect.OneOf(inNanos, inMicros, inMillis, inSeconds), Importance: connect.Low,
		Doc: "What a number counts: seconds, milliseconds, microseconds or nanoseconds since 1970. Parts of a millisecond are lost."},
	withDefaultKey,
)

// Config returns the settings.
func (*timestampConverter) Config() *connect.ConfigDef { return timestampConverterConfig }

// Configure sets the transform up.
func (t *timestampConverter) Configure(props map[string]string) error {
	cfg, err := parse(timestampConverterConfig, props)
	if err != nil {
		return err
	}
	t.field, t.target = cfg.String(fieldConfig), cfg.String(targetTypeConfig)
	t.precision, t.withDefault = cfg.String(unixPrecisionConfig), cfg.Bool(withDefaultConfig)
	text := cfg.String(formatConfig)
	if strings.TrimSpace(text) == "" {
		if t.target == formString {
			return configError("TimestampConverter requires format option to be specified when using string timestamps")
		}
		return nil
	}
	if t.format, err = newDateFormat(text); err != nil {
		return &connect.ConfigError{
			Key:   "TimestampConverter requires a SimpleDateFormat-compatible pattern for string timestamps: " + text,
			Value: illegalArgument + ": " + err.Error(),
		}
	}
	return nil
}

const timestampPurpose = "converting timestamp formats"

// Apply converts. A null stays one; a field that an object does not have is there afterwards, as a null, and one that a schema does not have is not missed.
func (t *timestampConverter) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	schema, value := t.side.get(r)
	switch {
	case schema == nil && (value == nil || t.field == ""):
		v, err := t.infer(value)
		if err != nil {
			return nil, err
		}
		return t.side.set(r, nil, v), nil
	case schema == nil:
		if err := t.object.open(value, timestampPurpose); err != nil {
			return nil, err
		}
		if err := t.object.replace(t.field, t.infer); err != nil {
			return nil, err
		}
		return t.side.set(r, nil, t.object.close()), nil
	case t.field == "":
		form, err := formOf(schema)
		if err != nil {
			return nil, err
		}
		v, err := t.convert(value, form)
		if err != nil {
			return nil, err
		}
		return t.side.set(r, optionalOf(schemaOf(t.target), schema.Optional), v), nil
	}
	s, err := requireStructOrNull(value, timestampPurpose)
	if err != nil {
		return nil, err
	}
	updated, err := t.schemas.get(schema, t.schema)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return t.side.set(r, updated, nil), nil
	}
	out, err := t.inStruct(s, updated)
	if err != nil {
		return nil, err
	}
	return t.side.set(r, updated, out), nil
}

// inStruct converts the field of a struct.
func (t *timestampConverter) inStruct(s *connect.Struct, updated *connect.Schema) (*connect.Struct, error) {
	out := connect.NewStruct(updated)
	for i, f := range s.Schema.Fields {
		v := fieldValue(s, i, t.withDefault)
		if f.Name == t.field {
			form, err := formOf(f.Schema)
			if err != nil {
				return nil, err
			}
			if v, err = t.convert(v, form); err != nil {
				return nil, err
			}
		}
		if err := putField(out, i, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *timestampConverter) schema(from *connect.Schema) (*connect.Schema, error) {
	if from.Type != connect.StructT {
		return nil, connect.NewDataError("Cannot list fields on non-struct type")
	}
	to := newStructSchema(from)
	to.Optional = from.Optional
	for _, f := range from.Fields {
		field := f.Schema
		if f.Name == t.field {
			field = optionalOf(schemaOf(t.target), f.Schema.Optional)
		}
		if err := to.add(f.Name, field); err != nil {
			return nil, err
		}
	}
	if defaults, ok := from.Default.(*connect.Struct); ok {
		out, err := t.inStruct(defaults, to.Schema)
		if err != nil {
			return nil, err
		}
		to.Default = out
	}
	return to.Schema, nil
}

var (
	dateSchema = logicalSchema(connect.Int32, connect.DateName)
	timeSchema = logicalSchema(connect.Int32, connect.TimeName)
)

// schemaOf returns the schema of a form.
func schemaOf(form string) *connect.Schema {
	switch form {
	case formString:
		return connect.StringSchema
	case formUnix:
		return connect.Int64Schema
	case formDate:
		return dateSchema
	case formTime:
		return timeSchema
	}
	return timestampSchema
}

// formOf returns the form that a schema stands for.
func formOf(s *connect.Schema) (string, error) {
	switch {
	case s.Name == connect.TimestampName:
		return formTimestamp, nil
	case s.Name == connect.DateName:
		return formDate, nil
	case s.Name == connect.TimeName:
		return formTime, nil
	case s.Type == connect.String:
		return formString, nil
	case s.Type == connect.Int64:
		return formUnix, nil
	}
	return "", javaErr(connectException, "Schema "+describe(s)+" does not correspond to a known timestamp type format")
}

// infer converts a value without schema.
func (t *timestampConverter) infer(v any) (any, error) {
	v, err := connect.Decode(v)
	if err != nil {
		return nil, causedBy(err, err.Error())
	}
	switch v.(type) {
	case nil:
		return nil, nil
	case time.Time:
		return t.convert(v, formTimestamp)
	case int64:
		return t.convert(v, formUnix)
	case string:
		return t.convert(v, formString)
	}
	return nil, connect.NewDataError("TimestampConverter does not support class %s objects as timestamps", javaClass(v))
}

// convert changes a value from one form to the target's.
func (t *timestampConverter) convert(v any, from string) (any, error) {
	if v == nil {
		return nil, nil
	}
	var (
		instant time.Time
		ok      bool
		err     error
	)
	switch from {
	case formString:
		var text string
		if text, ok = v.(string); !ok {
			return nil, connect.NewDataError("Expected string timestamp to be a String, but found class %s", javaClass(v))
		}
		if t.format == nil {
			return nil, javaErr(nullPointer, `Cannot invoke "java.text.SimpleDateFormat.parse(String)" because "config.format" is null`)
		}
		if instant, err = t.format.parse(text); err != nil {
			return nil, causedBy(err, "Could not parse timestamp: value ("+text+") does not match pattern ("+t.format.pattern+")")
		}
	case formUnix:
		var n int64
		if n, ok = v.(int64); !ok {
			return nil, connect.NewDataError("Expected Unix timestamp to be a Long, but found class %s", javaClass(v))
		}
		instant = time.UnixMilli(toMillis(n, t.precision)).UTC()
	default:
		if instant, ok = v.(time.Time); !ok {
			return nil, connect.NewDataError("Expected %s to be a java.util.Date, but found class %s", from, javaClass(v))
		}
	}
	switch t.target {
	case formString:
		return t.format.format(instant), nil
	case formUnix:
		return fromMillis(instant.UnixMilli(), t.precision), nil
	case formDate:
		return time.UnixMilli(instant.UnixMilli() - millisOfDay(instant)).UTC(), nil
	case formTime:
		return time.UnixMilli(millisOfDay(instant)).UTC(), nil
	}
	return instant, nil
}

// millisOfDay returns the time of day.
func millisOfDay(t time.Time) int64 {
	return ((t.UnixMilli() % millisPerDay) + millisPerDay) % millisPerDay
}

// toMillis returns milliseconds for a number of a precision: the nearest bound if they are too many.
//
// Kafka: java.util.concurrent.TimeUnit.toMillis.
func toMillis(n int64, precision string) int64 {
	switch precision {
	case inSeconds:
		return saturated(n, 1000)
	case inMicros:
		return n / 1000
	case inNanos:
		return n / 1_000_000
	}
	return n
}

// fromMillis is the reverse of toMillis.
func fromMillis(ms int64, precision string) int64 {
	switch precision {
	case inSeconds:
		return ms / 1000
	case inMicros:
		return saturated(ms, 1000)
	case inNanos:
		return saturated(ms, 1_000_000)
	}
	return ms
}

func saturated(n, by int64) int64 {
	switch {
	case n > math.MaxInt64/by:
		return math.MaxInt64
	case n < math.MinInt64/by:
		return math.MinInt64
	}
	return n * by
}
