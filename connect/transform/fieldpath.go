package transform

import (
	"fmt"
	"strings"

	"sluice/connect"
)

// fieldPath names a field: one at the top, or, by version 2 of the syntax, one inside of others.
//
// Kafka: org.apache.kafka.connect.transforms.field.SingleFieldPath, KIP-821.
type fieldPath struct {
	steps []string
}

const (
	syntaxVersionConfig = "field.syntax.version"
	syntaxV1            = "V1"
	syntaxV2            = "V2"

	nestedPurpose = "nested field access"
)

var syntaxVersionKey = connect.ConfigKey{Name: syntaxVersionConfig, Type: connect.TypeString, Default: syntaxV1,
	Validator: connect.OneOfFold(syntaxV1, syntaxV2), Importance: connect.High,
	Doc: "How fields are named. V1: by their names, at the top. V2: by paths with dots, such as a.b for field b inside of a; a name that has a dot itself stands " +
		"between backticks.",
}

// newFieldPath reads the name of a field in a version of the syntax.
func newFieldPath(path, version string) (fieldPath, error) {
	if !strings.EqualFold(version, syntaxV2) {
		return fieldPath{[]string{path}}, nil
	}
	var p fieldPath
	rest, at := path, 0 // at counts UTF-16 units in Java, characters here
	for rest != "" {
		var (
			step string
			used int
			err  error
		)
		if rest[0] == '`' {
			step, used, err = quotedStep(rest, path, at)
		} else {
			var found bool
			if step, _, found = strings.Cut(rest, "."); found {
				used = len(step) + 1
			} else {
				used = len(step)
			}
		}
		if err != nil {
			return fieldPath{}, err
		}
		p.steps = append(p.steps, step)
		at += len([]rune(rest[:used]))
		rest = rest[used:]
	}
	if strings.HasSuffix(path, ".") {
		p.steps = append(p.steps, "")
	}
	return p, nil
}

// quotedStep reads a name between backticks at the start of rest, and tells how much of it that is with the dot behind. A backtick ends the name
// if a dot or nothing follows; a backslash before it makes it part of the name.
func quotedStep(rest, path string, at int) (step string, used int, err error) {
	incomplete := configError(fmt.Sprintf("Incomplete backtick pair in path: [%s], consider adding a backslash before backtick at position %d to escape it", path, at))
	var name strings.Builder
	start, i := 1, 1
	for {
		next := strings.IndexByte(rest[i:], '`')
		if next < 0 {
			return "", 0, incomplete
		}
		i += next
		escaped := rest[i-1] == '\\'
		switch {
		case i == len(rest)-1 && escaped:
			return "", 0, incomplete
		case i == len(rest)-1:
			name.WriteString(rest[start:i])
			return name.String(), i + 1, nil
		case rest[i+1] != '.':
			i++
		case escaped:
			name.WriteString(rest[start:i-1] + "`")
			i++
			start = i
		default:
			name.WriteString(rest[start:i])
			return name.String(), i + 2, nil
		}
	}
}

// errNoSteps is what Java says, when it comes to a record, of a path without a step.
var errNoSteps = javaErr(illegalArgument, "fromIndex(0) > toIndex(-1)")

// split returns the steps on the way and the last one.
func (p fieldPath) split() ([]string, string, error) {
	if len(p.steps) == 0 {
		return nil, "", errNoSteps
	}
	last := len(p.steps) - 1
	return p.steps[:last], p.steps[last], nil
}

// schema returns the schema of the field, nil if there is no such field.
func (p fieldPath) schema(s *connect.Schema) (*connect.Schema, error) {
	way, last, err := p.split()
	for _, step := range way {
		if err != nil || s == nil {
			return nil, err
		}
		s, err = fieldOf(s, step)
	}
	if err != nil || s == nil {
		return nil, err
	}
	return fieldOf(s, last)
}

// inStruct returns the value of the field in a struct, nil if there is no such field or one on the way is null.
func (p fieldPath) inStruct(s *connect.Struct, withDefault bool) (any, error) {
	way, last, err := p.split()
	if err != nil {
		return nil, err
	}
	for _, step := range way {
		i := fieldIndex(s.Schema, step)
		if i < 0 {
			return nil, nil
		}
		if s, err = requireStructOrNull(fieldValue(s, i, true), nestedPurpose); s == nil {
			return nil, err
		}
	}
	if i := fieldIndex(s.Schema, last); i >= 0 {
		return fieldValue(s, i, withDefault), nil
	}
	return nil, nil
}

// inObject returns the value of the field in a value without schema, nil if there is no such field or one on the way is null. What was not
// decoded yet comes as [connect.RawJSON].
func (p fieldPath) inObject(o *object, value any, purpose string) (any, error) {
	if err := o.open(value, purpose); err != nil {
		return nil, err
	}
	defer o.close()
	way, last, err := p.split()
	if err != nil {
		return nil, err
	}
	for _, step := range way {
		next, err := o.undecoded(step)
		if next == nil || err != nil {
			return nil, err
		}
		if err := o.open(next, nestedPurpose); err != nil {
			return nil, err
		}
	}
	return o.undecoded(last)
}
