package transform

import "sluice/connect"

// setSchemaMetadata sets the name and the version of the schema.
//
// Kafka: org.apache.kafka.connect.transforms.SetSchemaMetadata.
type setSchemaMetadata struct {
	unheld
	side        side
	name        *string
	version     *int
	withDefault bool
	schemas     schemaCache
}

const (
	schemaNameConfig    = "schema.name"
	schemaVersionConfig = "schema.version"
)

var setSchemaMetadataConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: schemaNameConfig, Type: connect.TypeString, Importance: connect.High, Doc: "The name that the schema gets."},
	connect.ConfigKey{Name: schemaVersionConfig, Type: connect.TypeInt, Importance: connect.High, Doc: "The version that the schema gets."},
	withDefaultKey,
)

// Config returns the settings.
func (*setSchemaMetadata) Config() *connect.ConfigDef { return setSchemaMetadataConfig }

// Configure sets the transform up.
func (t *setSchemaMetadata) Configure(props map[string]string) error {
	cfg, err := parse(setSchemaMetadataConfig, props)
	if err != nil {
		return err
	}
	t.withDefault = cfg.Bool(withDefaultConfig)
	if cfg.Given(schemaNameConfig) {
		name := cfg.String(schemaNameConfig)
		t.name = &name
	}
	if cfg.Given(schemaVersionConfig) {
		version := int(cfg.Int(schemaVersionConfig))
		t.version = &version
	}
	if t.name == nil && t.version == nil {
		return configError("Neither schema name nor version configured")
	}
	return nil
}

// Apply sets name and version of a struct's schema. A null without schema is left alone, anything else is a data error.
func (t *setSchemaMetadata) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	schema, value := t.side.get(r)
	switch {
	case schema == nil && value == nil:
		return r, nil
	case schema == nil:
		return nil, connect.NewDataError("Schema required for [updating schema metadata]")
	case schema.Type != connect.StructT: // Kafka copies the list of fields, and other schemas have none to ask for
		return nil, connect.NewDataError("Cannot list fields on non-struct type")
	}
	updated, _ := t.schemas.get(schema, t.schema)
	s, ok := value.(*connect.Struct)
	if !ok {
		return t.side.set(r, updated, value), nil
	}
	out := connect.NewStruct(updated)
	for i := range updated.Fields {
		if err := putField(out, i, fieldValue(s, i, t.withDefault)); err != nil {
			return nil, err
		}
	}
	return t.side.set(r, updated, out), nil
}

func (t *setSchemaMetadata) schema(from *connect.Schema) (*connect.Schema, error) {
	to := *from
	if t.name != nil {
		to.Name = *t.name
	}
	if t.version != nil {
		to.Version = t.version
	}
	return &to, nil
}
