package validate_test

import (
	"testing"
)

// The texts are those of the exceptions with which Kafka Connect 3.9.2 fails a task whose configuration another worker has accepted.
func TestATaskIsRefusedForItsTransforms(t *testing.T) {
	const cast = "org.apache.kafka.connect.transforms.Cast$Value"
	for _, c := range []struct {
		name  string
		props map[string]*string
		want  string // "" for none
	}{
		{"a complete chain", valid("transforms", "c", "transforms.c.type", cast, "transforms.c.spec", "int8", "transforms.c.predicate", "p", "transforms.c.negate", "true",
			"predicates", "p", "predicates.p.type", "RecordIsTombstone"), ""},
		{"blank", valid("transforms", " ", "predicates", ""), ""},
		{"no type", valid("transforms", "c"), "Invalid value null for configuration transforms.c.type: Not a Transformation"},
		{"an unknown type", valid("transforms", "c", "transforms.c.type", "a.B"), "Invalid value a.B for configuration transforms.c.type: Class a.B could not be found."},
		{"a type of another kind", valid("predicates", "p", "predicates.p.type", cast),
			"Class class org.apache.kafka.connect.transforms.Cast$Value does not implement the Predicate interface"},
		{"a setting that is missing", valid("transforms", "c", "transforms.c.type", cast),
			`Missing required configuration "transforms.c.spec" which has no default value.`},
		{"nothing to negate", valid("transforms", "c", "transforms.c.type", cast, "transforms.c.spec", "int8", "transforms.c.negate", "true"),
			"Config 'transforms.c.negate' was provided but there is no config 'transforms.c.predicate' defining a predicate to be negated."},
		{"an alias twice", valid("transforms", "c,c", "transforms.c.type", cast, "transforms.c.spec", "int8"),
			"Invalid value [c, c] for configuration transforms: Duplicate alias provided."},
	} {
		t.Run(c.name, func(t *testing.T) {
			given := map[string]string{}
			for k, v := range c.props {
				given[k] = *v
			}
			got := ""
			if _, err := newValidator(t).ParseTask(given); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}
