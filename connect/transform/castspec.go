package transform

import (
	"fmt"
	"slices"
	"strings"

	"sluice/connect"
)

// castTypes are the types that a value can be cast to. From one of these, or from bytes, it can be cast.
var castTypes = []connect.Type{
	connect.Int8, connect.Int16, connect.Int32, connect.Int64, connect.Float32, connect.Float64, connect.Boolean, connect.String,
}

var castSources = append(slices.Clone(castTypes), connect.Bytes)

// castSpec says what to cast to which type: one type for the whole, or types for fields.
type castSpec struct {
	whole  connect.Type // "" if fields are cast
	fields []castField  // in the order in which they were given, each name once
}

type castField struct {
	name string
	to   connect.Type
}

// field returns the type to cast a field to, "" if it stays as it is.
func (s *castSpec) field(name string) connect.Type {
	for i := range s.fields {
		if s.fields[i].name == name {
			return s.fields[i].to
		}
	}
	return ""
}

// castSpecs allows what parseCastSpec reads.
type castSpecs struct{}

func (castSpecs) String() string { return "list of colon-delimited pairs, e.g. foo:bar,abc:xyz" }

func (c castSpecs) Validate(v any) string {
	if err := c.Check(specConfig, v); err != nil {
		return err.Error()
	}
	return ""
}

// Check implements [connect.ErrorValidator]: most complaints do not name the setting, and one names a setting of ReplaceField, as in Kafka.
func (castSpecs) Check(_ string, v any) *connect.ConfigError {
	list, _ := v.([]string)
	if len(list) == 0 {
		return &connect.ConfigError{Text: "Must specify at least one field to cast."}
	}
	_, err := parseCastSpec(list)
	return err
}

// parseCastSpec reads pairs of a field and a type, or a type alone.
//
// Kafka: org.apache.kafka.connect.transforms.Cast.parseFieldTypes.
func parseCastSpec(mappings []string) (castSpec, *connect.ConfigError) {
	var spec castSpec
	places := map[string]int{} // of the fields
	for _, mapping := range mappings {
		parts := splitColons(mapping)
		switch len(parts) {
		case 0:
			// Only colons. Java runs out of its array here.
			return spec, &connect.ConfigError{Text: "Index 1 out of bounds for length 0"}
		case 1:
			t, err := castType(trim(parts[0]))
			if err != nil {
				return spec, err
			}
			spec.whole = t
		case 2:
			t, err := castType(trim(parts[1]))
			if err != nil {
				return spec, err
			}
			field := castField{trim(parts[0]), t}
			if i, again := places[field.name]; again { // the last one counts
				spec.fields[i] = field
				continue
			}
			places[field.name] = len(spec.fields)
			spec.fields = append(spec.fields, field)
		default:
			return spec, invalidMapping(mappings, mapping)
		}
	}
	if spec.whole != "" && len(mappings) > 1 {
		return spec, &connect.ConfigError{Text: "Cast transformations that specify a type to cast the entire value to may only specify a single cast in their spec"}
	}
	return spec, nil
}

var allTypes = append(slices.Clone(castSources), connect.Array, connect.Map, connect.StructT)

func castType(name string) (connect.Type, *connect.ConfigError) {
	t := connect.Type(strings.ToUpper(name))
	switch {
	case !slices.Contains(allTypes, t):
		return "", &connect.ConfigError{
			Key:   "Invalid type found in casting spec: " + name,
			Value: illegalArgument + ": No enum constant org.apache.kafka.connect.data.Schema.Type." + string(t),
		}
	case !slices.Contains(castTypes, t):
		return "", &connect.ConfigError{Text: fmt.Sprintf("Cast transformation does not support casting to %s; supported types are %s", t, listed(castTypes))}
	}
	return t, nil
}

// listed is the text of a Java list of types.
func listed(types []connect.Type) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = string(t)
	}
	return "[" + strings.Join(names, ", ") + "]"
}

// trim takes away what String.trim does.
func trim(s string) string { return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' }) }
