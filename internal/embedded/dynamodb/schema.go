package dynamodb

import (
	"encoding/json"
	"slices"
)

// The JSON shapes of CreateTable and of a table's description. They are off the hot path, so they
// go through encoding/json.

type createTableInput struct {
	TableName                 string
	AttributeDefinitions      []attributeDefinition
	KeySchema                 []keySchemaElement
	ProvisionedThroughput     *provisionedThroughput
	BillingMode               string
	GlobalSecondaryIndexes    *[]indexInput
	LocalSecondaryIndexes     *[]indexInput
	DeletionProtectionEnabled bool
	StreamSpecification       struct{ StreamEnabled bool }
}

type attributeDefinition struct {
	AttributeName string
	AttributeType string
}

type keySchemaElement struct {
	AttributeName string
	KeyType       string
}

type provisionedThroughput struct {
	NumberOfDecreasesToday int64
	ReadCapacityUnits      int64
	WriteCapacityUnits     int64
}

type indexInput struct {
	IndexName             string
	KeySchema             []keySchemaElement
	Projection            *projectionShape
	ProvisionedThroughput *provisionedThroughput
}

type projectionShape struct {
	ProjectionType   string   `json:",omitempty"`
	NonKeyAttributes []string `json:",omitempty"`
}

type tableDescription struct {
	AttributeDefinitions      []attributeDefinition
	TableName                 string
	KeySchema                 []keySchemaElement
	TableStatus               string
	CreationDateTime          json.Number
	ProvisionedThroughput     provisionedThroughput
	TableSizeBytes            int64
	ItemCount                 int64
	TableArn                  string
	TableId                   string
	BillingModeSummary        *billingModeSummary `json:",omitempty"`
	LocalSecondaryIndexes     []indexDescription  `json:",omitempty"`
	GlobalSecondaryIndexes    []indexDescription  `json:",omitempty"`
	DeletionProtectionEnabled bool
}

type billingModeSummary struct {
	BillingMode                       string
	LastUpdateToPayPerRequestDateTime json.Number
}

type indexDescription struct {
	IndexName             string
	KeySchema             []keySchemaElement
	Projection            projectionShape
	IndexStatus           string                 `json:",omitempty"`
	ProvisionedThroughput *provisionedThroughput `json:",omitempty"`
	IndexSizeBytes        int64
	ItemCount             int64
	IndexArn              string
}

const (
	maxGlobalIndexes = 20
	maxLocalIndexes  = 5
	onDemandMode     = "PAY_PER_REQUEST"
	provisionedMode  = "PROVISIONED"
)

// build checks the input and makes the table it describes.
func (in *createTableInput) build() (*table, *apiError) {
	if err := checkTableName(in.TableName); err != nil {
		return nil, err
	}
	if in.StreamSpecification.StreamEnabled {
		return nil, validationError("Streams are not supported by this embedded DynamoDB")
	}
	t := newTable(in.TableName)
	t.protected = in.DeletionProtectionEnabled
	if err := in.buildAttributes(t); err != nil {
		return nil, err
	}
	var err *apiError
	if t.schema, err = buildKeySchema(in.KeySchema, t.attributes, tableKeyTexts); err != nil {
		return nil, err
	}
	switch in.BillingMode {
	case "", provisionedMode:
	case onDemandMode:
		t.onDemand = true
	default:
		return nil, constraintError("'"+in.BillingMode+"'", "billingMode", "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]")
	}
	if t.throughput, err = buildThroughput(in.ProvisionedThroughput, t.onDemand, "the table", "Table"); err != nil {
		return nil, err
	}
	if err := in.buildIndexes(t); err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, s := range append([]keySchema{t.schema}, t.indexSchemas()...) {
		for _, part := range s.parts() {
			used[part.name] = true
		}
	}
	if len(t.indexes) == 0 && len(used) != len(t.attributes) {
		return nil, validationError("The number of attributes in key schema must match the number of attributes defined in attribute definitions.")
	}
	if len(used) != len(t.attributes) {
		return nil, invalidParameter("Some AttributeDefinitions are not used. AttributeDefinitions: %s, keys used: %s",
			nameList(in.AttributeDefinitions), usedList(t))
	}
	return t, nil
}

func (t *table) indexSchemas() (out []keySchema) {
	for _, ix := range t.indexes {
		out = append(out, ix.schema)
	}
	return out
}

func nameList(defs []attributeDefinition) string {
	var names []string
	for _, d := range defs {
		names = append(names, d.AttributeName)
	}
	return bracketed(names)
}

func usedList(t *table) string {
	var names []string
	for _, s := range append([]keySchema{t.schema}, t.indexSchemas()...) {
		for _, part := range s.parts() {
			if !slices.Contains(names, part.name) {
				names = append(names, part.name)
			}
		}
	}
	return bracketed(names)
}

func (in *createTableInput) buildAttributes(t *table) *apiError {
	if len(in.AttributeDefinitions) == 0 {
		return validationError("No Attribute Schema Defined")
	}
	for _, d := range in.AttributeDefinitions {
		switch k := kind(0); d.AttributeType {
		case "S", "N", "B":
			k = kind(d.AttributeType[0])
			if slices.ContainsFunc(t.attributes, func(p keyPart) bool { return p.name == d.AttributeName }) {
				return validationError("Cannot have two attributes with the same name")
			}
			if len(d.AttributeName) < 1 || len(d.AttributeName) > 255 {
				return validationError("Names of key attributes and attributes projected into an index must be between 1 and 255 characters, inclusive")
			}
			t.attributes = append(t.attributes, keyPart{d.AttributeName, k})
		default:
			return validationError("Member must satisfy enum value set: [B, N, S]")
		}
	}
	return nil
}

// keyTexts are the words for an attribute of a key that is not defined.
type keyTexts struct{ hash, rng string }

var (
	tableKeyTexts = keyTexts{
		hash: "Hash Key not specified in Attribute Definitions.  Type unknown.",
		rng:  "Range Key not specified in Attribute Definitions.  Type unknown.",
	}
	globalIndexKeyTexts = keyTexts{
		hash: "Global Secondary Index hash key not specified in Attribute Definitions.Type unknown.",
		rng:  "Global Secondary Index range key not specified in Attribute Definitions.Type unknown.",
	}
	localIndexKeyTexts = keyTexts{
		hash: "Local Secondary indices must have the same hash key as the main table",
		rng:  "Local Secondary Index range key not specified in Attribute Definitions.Type unknown.",
	}
)

func buildKeySchema(elements []keySchemaElement, attributes []keyPart, texts keyTexts) (s keySchema, err *apiError) {
	hashes := 0
	for _, e := range elements {
		if e.KeyType == "HASH" {
			hashes++
		}
	}
	switch {
	case len(elements) == 0:
		return s, validationError("No defined key schema.  A key schema containing at least a hash key must be defined for all tables")
	case len(elements) > 2:
		return s, validationError("Key Schema too big.  Key Schema must at most consist of the hash and range key of a table")
	case hashes == 0:
		return s, validationError("No Hash Key specified in schema.  All Dynamo DB tables must have exactly one hash key")
	case hashes > 1:
		return s, validationError("Too many hash keys specified.  All Dynamo DB tables must have exactly one hash key")
	case elements[0].KeyType != "HASH" || len(elements) == 2 && elements[1].KeyType != "RANGE":
		return s, validationError("Invalid key order. Hash Key must be specified first in key schema, Range Key must be specifed second")
	case len(elements) == 2 && elements[0].AttributeName == elements[1].AttributeName:
		return s, validationError("Two keys can not have the same name")
	}
	find := func(name, missing string) keyPart {
		for _, p := range attributes {
			if p.name == name {
				return p
			}
		}
		err = validationError(missing)
		return keyPart{}
	}
	s.hash = find(elements[0].AttributeName, texts.hash)
	if len(elements) == 2 && err == nil {
		s.hasRange = true
		s.rng = find(elements[1].AttributeName, texts.rng)
	}
	return s, err
}

func buildThroughput(in *provisionedThroughput, onDemand bool, of, subject string) (throughput, *apiError) {
	switch {
	case onDemand:
		return throughput{}, nil
	case in == nil:
		return throughput{}, validationError("No provisioned throughput specified for " + of)
	case in.ReadCapacityUnits < 1 || in.WriteCapacityUnits < 1:
		return throughput{}, validationError(subject + " read and write throughput must be at least 1, and cannot be null")
	}
	return throughput{in.ReadCapacityUnits, in.WriteCapacityUnits}, nil
}

func (in *createTableInput) buildIndexes(t *table) *apiError {
	if in.LocalSecondaryIndexes != nil {
		list := *in.LocalSecondaryIndexes
		switch {
		case len(list) == 0:
			return validationError("LSI list is empty/invalid")
		case len(list) > maxLocalIndexes:
			return validationError("Cannot have more than 5 local secondary indexes per table")
		case !t.schema.hasRange:
			return validationError("Local Secondary indices are not allowed on hash tables, only hash and range tables")
		}
		for _, ixIn := range list {
			if err := ixIn.build(t, true); err != nil {
				return err
			}
		}
	}
	if in.GlobalSecondaryIndexes != nil {
		list := *in.GlobalSecondaryIndexes
		switch {
		case len(list) == 0:
			return validationError("GSI list is empty/invalid")
		case len(list) > maxGlobalIndexes:
			return validationError("GlobalSecondaryIndex count exceeds the per-table limit")
		}
		for _, ixIn := range list {
			if err := ixIn.build(t, false); err != nil {
				return err
			}
		}
	}
	return nil
}

func (in *indexInput) build(t *table, local bool) (err *apiError) {
	if err := checkTableName(in.IndexName); err != nil {
		return err
	}
	ix := &index{name: in.IndexName, local: local}
	texts := globalIndexKeyTexts
	if local {
		texts = localIndexKeyTexts
	}
	if ix.schema, err = buildKeySchema(in.KeySchema, t.attributes, texts); err != nil {
		return err
	}
	if local && ix.schema.hash != t.schema.hash {
		return validationError(localIndexKeyTexts.hash)
	}
	if local && !ix.schema.hasRange {
		return validationError("Local secondary indices must have a range key")
	}
	if ix.projection, err = in.Projection.build(); err != nil {
		return err
	}
	if !local {
		if ix.throughput, err = buildThroughput(in.ProvisionedThroughput, t.onDemand, "the global secondary index", "Global Secondary Index's"); err != nil {
			return err
		}
	}
	if other := t.index(ix.name); other != nil {
		switch {
		case other.local != local:
			return validationError("Local Secondary Indices AND Global Secondary Indices must have different names")
		case local:
			return validationError("Two local secondary indices have the same name")
		}
		return validationError("Two global secondary indices have the same name")
	}
	t.addIndex(ix)
	return nil
}

func (in *projectionShape) build() (projection, *apiError) {
	if in == nil || in.ProjectionType == "" {
		return projection{}, validationError("Indexes must have a projection specified")
	}
	p := projection{kind: in.ProjectionType, include: in.NonKeyAttributes}
	switch {
	case p.kind != "ALL" && p.kind != "KEYS_ONLY" && p.kind != "INCLUDE":
		return p, validationError("Projection type must be INCLUDE, ALL, or KEYS_ONLY")
	case p.kind == "INCLUDE" && len(p.include) == 0:
		return p, validationError("If Projection type INCLUDE is specified, some non-key attributes to include in the projection must be specified as well")
	case p.kind != "INCLUDE" && len(p.include) > 0:
		return p, validationError("No attributes should be specified to be projected unless projection type is INCLUDE")
	}
	return p, nil
}

func (s keySchema) shape() []keySchemaElement {
	out := []keySchemaElement{{s.hash.name, "HASH"}}
	if s.hasRange {
		out = append(out, keySchemaElement{s.rng.name, "RANGE"})
	}
	return out
}

// describe is the table as DescribeTable shows it.
func (t *table) describe(status string) tableDescription {
	t.mu.Lock()
	defer t.mu.Unlock()
	d := tableDescription{
		TableName:                 t.name,
		KeySchema:                 t.schema.shape(),
		TableStatus:               status,
		CreationDateTime:          epochSeconds(t.created),
		ProvisionedThroughput:     provisionedThroughput{0, t.throughput.read, t.throughput.write},
		TableSizeBytes:            t.bytes,
		ItemCount:                 t.count,
		TableArn:                  t.arn,
		TableId:                   t.id,
		DeletionProtectionEnabled: t.protected,
	}
	for _, a := range t.attributes {
		d.AttributeDefinitions = append(d.AttributeDefinitions, attributeDefinition{a.name, a.kind.String()})
	}
	if t.onDemand {
		d.BillingModeSummary = &billingModeSummary{onDemandMode, d.CreationDateTime}
	}
	for _, ix := range t.indexes {
		id := indexDescription{
			IndexName:      ix.name,
			KeySchema:      ix.schema.shape(),
			Projection:     projectionShape{ix.projection.kind, ix.projection.include},
			IndexSizeBytes: ix.bytes,
			ItemCount:      ix.count,
			IndexArn:       t.arn + "/index/" + ix.name,
		}
		if ix.local {
			d.LocalSecondaryIndexes = append(d.LocalSecondaryIndexes, id)
			continue
		}
		id.IndexStatus = status
		if !t.onDemand {
			id.ProvisionedThroughput = &provisionedThroughput{0, ix.throughput.read, ix.throughput.write}
		}
		d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, id)
	}
	return d
}
