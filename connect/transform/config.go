package transform

import "sluice/connect"

// Settings that several transforms have.
const (
	fieldConfig       = "field"
	fieldsConfig      = "fields"
	headersConfig     = "headers"
	withDefaultConfig = "replace.null.with.default"
)

// withDefaultKey is the setting of all transforms that read the fields of a struct.
//
// Kafka: KIP-1040.
var withDefaultKey = connect.ConfigKey{Name: withDefaultConfig, Type: connect.TypeBoolean, Default: true, Importance: connect.Medium,
	Doc: "Whether a field that is null counts as its schema's default value, if it has one. Otherwise it stays null."}

// noConfig is the definition of plugins without settings.
var noConfig = connect.NewConfigDef()

// parse reads the settings of a plugin. Of several things that are wrong the error names the first, as Java does.
func parse(def *connect.ConfigDef, props map[string]string) (connect.Config, error) {
	cfg, err := def.Parse(props)
	return cfg, first(err)
}

// first returns the first of several errors that were joined, or the one that there is.
func first(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()[0]
	}
	return err
}

// configError is an error about several settings at once, or about none in particular.
func configError(text string) error { return &connect.ConfigError{Text: text} }

// nonEmptyList refuses a list without items.
//
// Kafka: org.apache.kafka.connect.transforms.util.NonEmptyListValidator.
var nonEmptyList = connect.ValidatorFunc("non-empty list", func(v any) string {
	if list, _ := v.([]string); len(list) == 0 {
		return "Empty list"
	}
	return ""
})

// nonNull refuses a value that is not there.
//
// Kafka: ConfigDef.NonNullValidator.
var nonNull connect.Validator = notNull{}

type notNull struct{}

func (notNull) String() string { return "non-null string" }

func (notNull) Validate(v any) string {
	if v == nil {
		return "entry must be non null"
	}
	return ""
}

// unconfigured is the part of a transform or predicate that has no settings.
type unconfigured struct{}

// Config returns no settings.
func (unconfigured) Config() *connect.ConfigDef { return noConfig }

// Configure has nothing to do.
func (unconfigured) Configure(map[string]string) error { return nil }

// unheld is the part of a transform or predicate that holds nothing which has to be given back.
type unheld struct{}

// Close has nothing to do.
func (unheld) Close() error { return nil }
