package connect_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/connect"
)

func TestValidateSaysWhatKafkaSays(t *testing.T) {
	def := connect.NewConfigDef(
		connect.ConfigKey{Name: "name", Type: connect.TypeString, Required: true},
		connect.ConfigKey{Name: "tasks.max", Type: connect.TypeInt, Default: int64(1), Validator: connect.AtLeast(1)},
		connect.ConfigKey{Name: "errors.tolerance", Type: connect.TypeString, Default: "none", Validator: connect.OneOf("none", "all")},
		connect.ConfigKey{Name: "errors.log.enable", Type: connect.TypeBoolean, Default: false},
		connect.ConfigKey{Name: "topics", Type: connect.TypeList, Default: []string{}},
		connect.ConfigKey{Name: "secret", Type: connect.TypePassword},
	)
	for _, c := range []struct {
		name   string
		props  map[string]string
		errors []string
	}{
		{"all well", map[string]string{"name": "a", "tasks.max": " 2 ", "errors.log.enable": "TRUE"}, nil},
		{"a required key is missing", map[string]string{}, []string{`Missing required configuration "name" which has no default value.`}},
		{"below the minimum", map[string]string{"name": "a", "tasks.max": "0"}, []string{`Invalid value 0 for configuration tasks.max: Value must be at least 1`}},
		{"not a number complains twice", map[string]string{"name": "a", "tasks.max": "x"}, []string{
			`Invalid value x for configuration tasks.max: Not a number of type INT`,
			`Invalid value null for configuration tasks.max: Value must be non-null`}},
		{"beyond the type's range", map[string]string{"name": "a", "tasks.max": "4294967296"}, []string{
			`Invalid value 4294967296 for configuration tasks.max: Not a number of type INT`,
			`Invalid value null for configuration tasks.max: Value must be non-null`}},
		{"an unknown word", map[string]string{"name": "a", "errors.tolerance": "All"}, []string{`Invalid value All for configuration errors.tolerance: String must be one of: none, all`}},
		{"not a boolean", map[string]string{"name": "a", "errors.log.enable": "yes"}, []string{`Invalid value yes for configuration errors.log.enable: Expected value to be either true or false`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, v := range def.Validate(c.props) {
				got = append(got, v.Errors...)
			}
			if !slices.Equal(got, c.errors) {
				t.Errorf("got %q, want %q", got, c.errors)
			}
			_, err := def.Parse(c.props)
			if (err != nil) != (len(c.errors) > 0) {
				t.Errorf("Parse: got error %v with %d rules broken", err, len(c.errors))
			}
		})
	}
}

// Kafka's validate goes on to the validator when a required key is missing, its parse does not.
func TestMissingKeysAreValidatedToo(t *testing.T) {
	def := connect.NewConfigDef(connect.ConfigKey{Name: "operation", Type: connect.TypeString, Required: true, Validator: connect.OneOf("move", "copy")})
	want := []string{
		`Missing required configuration "operation" which has no default value.`,
		`Invalid value null for configuration operation: String must be one of: move, copy`,
	}
	if got := def.Validate(nil)[0].Errors; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if _, err := def.Parse(nil); err == nil || err.Error() != want[0] {
		t.Errorf("Parse: got %v, want %q", err, want[0])
	}
}

// freeSpeech complains in words of its own.
type freeSpeech struct{}

func (freeSpeech) Validate(any) string { return "never asked" }
func (freeSpeech) String() string      { return "anything" }
func (freeSpeech) Check(key string, v any) *connect.ConfigError {
	return &connect.ConfigError{Text: fmt.Sprintf("%s must not be %v.", key, v)}
}

func TestValidatorsMayUseTheirOwnWords(t *testing.T) {
	def := connect.NewConfigDef(connect.ConfigKey{Name: "spec", Type: connect.TypeList, Validator: freeSpeech{}})
	want := "spec must not be [a b]."
	if got := def.Validate(map[string]string{"spec": "a,b"})[0].Errors; !slices.Equal(got, []string{want}) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPasswordsAreNeverPrinted(t *testing.T) {
	def := connect.NewConfigDef(connect.ConfigKey{Name: "p", Type: connect.TypePassword})
	c, err := def.Parse(map[string]string{"p": "s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Password("p").Reveal(); got != "s3cret" {
		t.Fatalf("got %q", got)
	}
	for _, text := range []string{
		fmt.Sprintf("%v %+v %#v %s %q", c.Password("p"), c.Password("p"), c.Password("p"), c.Password("p"), c.Password("p")),
		connect.ConfigText(c.Value("p"), connect.TypePassword),
	} {
		if strings.Contains(text, "s3cret") {
			t.Errorf("%q shows the secret", text)
		}
	}
}

func TestListsAreSplitAsKafkaDoes(t *testing.T) {
	for in, want := range map[string][]string{"": {}, " ": {}, "a": {"a"}, " a , b,c ": {"a", "b", "c"}} {
		v, err := connect.ParseConfigValue("k", in, connect.TypeList)
		if err != nil || !slices.Equal(v.([]string), want) {
			t.Errorf("%q: got %q, %v, want %q", in, v, err, want)
		}
	}
}
