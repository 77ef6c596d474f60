package transform

import (
	"slices"

	"sluice/connect"
)

// dropHeaders takes headers away by name.
//
// Kafka: org.apache.kafka.connect.transforms.DropHeaders.
type dropHeaders struct {
	unheld
	names []string
}

var dropHeadersConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: headersConfig, Type: connect.TypeList, Required: true, Validator: nonEmptyList, Importance: connect.High,
		Doc: "The names of the headers to take away; every header of such a name goes."},
)

// Config returns the settings.
func (*dropHeaders) Config() *connect.ConfigDef { return dropHeadersConfig }

// Configure sets the transform up.
func (t *dropHeaders) Configure(props map[string]string) error {
	cfg, err := parse(dropHeadersConfig, props)
	t.names = cfg.List(headersConfig)
	return err
}

// Apply takes the headers away.
func (t *dropHeaders) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	dropped := func(h connect.Header) bool { return slices.Contains(t.names, h.Key) }
	if slices.ContainsFunc(r.Headers, dropped) {
		r.Headers = slices.DeleteFunc(slices.Clone(r.Headers), dropped)
	}
	return r, nil
}

// insertHeader adds a header with a fixed value, whose type is inferred from the text as the SimpleHeaderConverter does.
//
// Kafka: org.apache.kafka.connect.transforms.InsertHeader.
type insertHeader struct {
	unheld
	parse  func(string) connect.SchemaAndValue
	header connect.Header
}

const (
	headerConfig       = "header"
	valueLiteralConfig = "value.literal"
)

var insertHeaderConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: headerConfig, Type: connect.TypeString, Required: true, Validator: nonNull, Importance: connect.High,
		Doc: "The name of the header."},
	connect.ConfigKey{Name: valueLiteralConfig, Type: connect.TypeString, Required: true, Validator: nonNull, Importance: connect.High,
		Doc: "The value of the header. Its type is inferred from the text: 5 is a number, true a boolean, [1,2] a list."},
)

// Config returns the settings.
func (*insertHeader) Config() *connect.ConfigDef { return insertHeaderConfig }

// Configure sets the transform up.
func (t *insertHeader) Configure(props map[string]string) error {
	cfg, err := parse(insertHeaderConfig, props)
	if err != nil {
		return err
	}
	v := t.parse(cfg.String(valueLiteralConfig))
	t.header = connect.Header{Key: cfg.String(headerConfig), Schema: v.Schema, Value: v.Value}
	return nil
}

// Apply adds the header at the end.
func (t *insertHeader) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	return withHeader(r, t.header), nil
}
