package dynamodb

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/connect"
)

// tableSpec is what the settings say about the tables themselves: what their keys are, and how one is made that is missing. The zero value says
// nothing: a table is described by the service, and has to exist.
type tableSpec struct {
	blind  bool // the service is not asked for a table's description
	create bool // a table that is missing is made

	key     []specAttribute // hash before range; nil: not said
	indexes []specIndex

	billing             types.BillingMode // "": provisioned if there is a capacity, else on demand
	read, write         int64             // provisioned units of the table and of each global index; 0: not said
	maxRead, maxWrite   int64             // bounds on demand, likewise
	warmRead, warmWrite int64             // what the table can take at once, likewise
	expires             bool              // the time to live is turned on
	tags                []types.Tag
	protected           bool
	class               types.TableClass     // "": the service's default
	stream              types.StreamViewType // "": none

	camelRead, camelWrite string // capacities as Camel's older keys give them, which nobody has checked
}

// specAttribute is an attribute of a key, and its type.
type specAttribute struct {
	name string
	kind kind
}

// String returns the attribute as it is written in the settings.
func (a specAttribute) String() string { return a.name + ":" + a.kind.String() }

// specIndex is an index. The key of a local one begins with the table's hash key, which is not listed.
type specIndex struct {
	name    string
	local   bool
	key     []specAttribute
	project types.ProjectionType
	include []string // attributes besides the keys
}

// scalars are the types that an attribute of a key can have.
var scalars = map[string]kind{"S": kindS, "N": kindN, "B": kindB}

// parseKeyAttributes reads a hash key and perhaps a range key, such as "id:S, at:N". An empty text stands for none.
func parseKeyAttributes(text string) ([]specAttribute, error) {
	var out []specAttribute
	for _, entry := range splitList(text) {
		i := strings.LastIndexByte(entry, ':')
		if i < 1 {
			return nil, fmt.Errorf("%q must be an attribute and its type, such as id:S", entry)
		}
		k, ok := scalars[strings.TrimSpace(entry[i+1:])]
		if !ok {
			return nil, fmt.Errorf("%q must have one of the types S, N and B", entry)
		}
		a := specAttribute{strings.TrimSpace(entry[:i]), k}
		if slices.ContainsFunc(out, func(b specAttribute) bool { return a.name == b.name }) {
			return nil, fmt.Errorf("attribute %q stands there twice", a.name)
		}
		out = append(out, a)
	}
	if len(out) > 2 {
		return nil, errors.New("must be a hash key, and may be a range key behind it")
	}
	return out, nil
}

// indexForm is name(hash:type, range:type), then perhaps local, then perhaps keys or include(a, b).
var indexForm = regexp.MustCompile(`^([A-Za-z0-9_.-]{3,255})\s*\(([^()]*)\)\s*(local\b)?\s*(keys|include\s*\(([^()]*)\))?$`)

// parseIndexes reads a list such as "account(account_id:N, day:S); latest(at:N) local include(total)".
func parseIndexes(text string) ([]specIndex, error) {
	var out []specIndex
	for entry := range strings.SplitSeq(text, ";") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		m := indexForm.FindStringSubmatch(entry)
		if m == nil {
			return nil, fmt.Errorf("%q must be an index such as account(account_id:N, day:S), which may have local, and keys or include(a, b), behind it", entry)
		}
		key, err := parseKeyAttributes(m[2])
		if err != nil {
			return nil, fmt.Errorf("index %q: %w", m[1], err)
		}
		x := specIndex{name: m[1], local: m[3] != "", key: key, project: types.ProjectionTypeAll}
		switch {
		case len(key) == 0:
			return nil, fmt.Errorf("index %q: it has no key", x.name)
		case x.local && len(key) != 1:
			return nil, fmt.Errorf("index %q: a local one has the table's hash key, and names its range key alone", x.name)
		case m[4] == "keys":
			x.project = types.ProjectionTypeKeysOnly
		case m[4] != "":
			x.project, x.include = types.ProjectionTypeInclude, splitList(m[5])
			if len(x.include) == 0 {
				return nil, fmt.Errorf("index %q: include() names no attribute", x.name)
			}
		}
		if slices.ContainsFunc(out, func(y specIndex) bool { return x.name == y.name }) {
			return nil, fmt.Errorf("index %q stands there twice", x.name)
		}
		out = append(out, x)
	}
	return out, nil
}

// parseTags reads a list such as "team=data, cost=42".
func parseTags(text string) ([]types.Tag, error) {
	var out []types.Tag
	for _, entry := range splitList(text) {
		name, value, ok := strings.Cut(entry, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, fmt.Errorf("%q must be a tag and its value, such as team=data", entry)
		}
		out = append(out, types.Tag{Key: aws.String(name), Value: aws.String(strings.TrimSpace(value))})
	}
	return out, nil
}

// keyTypes returns the key of the tables as far as the settings alone tell it: by table.key, or by pk.hash and pk.sort if these are made of what can
// have one type only. It is nil if a record has to be seen.
func (s *settings) keyTypes() []specAttribute {
	if s.tables.key != nil {
		return s.tables.key
	}
	d := &s.mapping.derived
	if d.hash == nil {
		return nil
	}
	var key []specAttribute
	for _, k := range []*derivedKey{d.hash, d.sort} {
		if k == nil {
			continue
		}
		a := specAttribute{name: k.name, kind: k.from.certainKind()}
		if a.kind == absent {
			return nil
		}
		key = append(key, a)
	}
	return key
}

// certainKind returns the type of what the expression gives for every record, absent if it depends on the record.
func (e expression) certainKind() kind {
	if len(e) > 1 {
		return kindS
	}
	switch e[0].from {
	case literalText, topicName:
		return kindS
	case partitionNumber, recordOffset, recordTimestamp:
		return kindN
	}
	return absent
}

// keyTypesOf is keyTypes for a record that has been seen: its values have the types that the key is to have. The error is one of the record's data.
func (s *settings) keyTypesOf(r *connect.SinkRecord, tableName string) ([]specAttribute, error) {
	if key := s.keyTypes(); key != nil {
		return key, nil
	}
	var key []specAttribute
	for _, k := range []*derivedKey{s.mapping.derived.hash, s.mapping.derived.sort} {
		if k == nil {
			continue
		}
		t, err := k.from.token(r)
		if err != nil {
			return nil, connect.NewDataError("table %q, attribute %q: the table's key is to be made of %s, but %v", tableName, k.name, k.text, err)
		}
		if _, ok := scalars[t.kind.String()]; !ok {
			return nil, connect.NewDataError("table %q, attribute %q: the table's key must be of type S, N or B, found %s", tableName, k.name, t.kind)
		}
		key = append(key, specAttribute{k.name, t.kind})
	}
	return key, nil
}

// schemaOf returns the elements of a key.
func schemaOf(key []specAttribute) []types.KeySchemaElement {
	elements := []types.KeySchemaElement{{AttributeName: aws.String(key[0].name), KeyType: types.KeyTypeHash}}
	if len(key) > 1 {
		elements = append(elements, types.KeySchemaElement{AttributeName: aws.String(key[1].name), KeyType: types.KeyTypeRange})
	}
	return elements
}

// keyOf returns the whole key of an index of a table with the given key.
func (x *specIndex) keyOf(table []specAttribute) []specAttribute {
	if x.local {
		return []specAttribute{table[0], x.key[0]}
	}
	return x.key
}

// definitions lists the attributes of all keys, each once. The error tells of one that has two types.
func (t *tableSpec) definitions(key []specAttribute) ([]types.AttributeDefinition, error) {
	var out []types.AttributeDefinition
	seen := make(map[string]kind)
	all := slices.Clone(key)
	for i := range t.indexes {
		all = append(all, t.indexes[i].keyOf(key)...)
	}
	for _, a := range all {
		switch k, ok := seen[a.name]; {
		case !ok:
			seen[a.name] = a.kind
			out = append(out, types.AttributeDefinition{AttributeName: aws.String(a.name), AttributeType: types.ScalarAttributeType(a.kind.String())})
		case k != a.kind:
			return nil, fmt.Errorf("attribute %q is of type %s in one key and %s in another", a.name, k, a.kind)
		}
	}
	return out, nil
}

// table returns the table that there is by the settings alone.
func (t *tableSpec) table(name string, key []specAttribute) (*table, error) {
	attributes, err := t.definitions(key)
	if err != nil {
		return nil, err
	}
	d := &types.TableDescription{TableName: aws.String(name), AttributeDefinitions: attributes, KeySchema: schemaOf(key)}
	for i := range t.indexes {
		x := &t.indexes[i]
		d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, types.GlobalSecondaryIndexDescription{IndexName: aws.String(x.name), KeySchema: schemaOf(x.keyOf(key))})
	}
	return newTable(d)
}

// input returns the request that makes a table.
func (t *tableSpec) input(name string, key []specAttribute) (*dynamodb.CreateTableInput, error) {
	attributes, err := t.definitions(key)
	if err != nil {
		return nil, err
	}
	in := &dynamodb.CreateTableInput{
		TableName: aws.String(name), AttributeDefinitions: attributes, KeySchema: schemaOf(key),
		BillingMode: t.billingMode(), TableClass: t.class, Tags: t.tags,
	}
	if t.protected {
		in.DeletionProtectionEnabled = aws.Bool(true)
	}
	if t.stream != "" {
		in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: t.stream}
	}
	var provisioned *types.ProvisionedThroughput
	var onDemand *types.OnDemandThroughput
	if in.BillingMode == types.BillingModeProvisioned {
		provisioned = &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(max(1, t.read)), WriteCapacityUnits: aws.Int64(max(1, t.write))}
	} else if t.maxRead+t.maxWrite > 0 {
		onDemand = &types.OnDemandThroughput{MaxReadRequestUnits: said(t.maxRead), MaxWriteRequestUnits: said(t.maxWrite)}
	}
	var warm *types.WarmThroughput
	if t.warmRead+t.warmWrite > 0 {
		warm = &types.WarmThroughput{ReadUnitsPerSecond: said(t.warmRead), WriteUnitsPerSecond: said(t.warmWrite)}
	}
	in.ProvisionedThroughput, in.OnDemandThroughput, in.WarmThroughput = provisioned, onDemand, warm
	for i := range t.indexes {
		x := &t.indexes[i]
		projection := &types.Projection{ProjectionType: x.project, NonKeyAttributes: x.include}
		if x.local {
			in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, types.LocalSecondaryIndex{IndexName: aws.String(x.name), KeySchema: schemaOf(x.keyOf(key)), Projection: projection})
			continue
		}
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(x.name), KeySchema: schemaOf(x.keyOf(key)), Projection: projection,
			ProvisionedThroughput: provisioned, OnDemandThroughput: onDemand, WarmThroughput: warm,
		})
	}
	return in, nil
}

// billingMode is the one that is asked for, or follows from what else is.
func (t *tableSpec) billingMode() types.BillingMode {
	switch {
	case t.billing != "":
		return t.billing
	case t.read+t.write > 0:
		return types.BillingModeProvisioned
	}
	return types.BillingModePayPerRequest
}

// said returns a number of the settings for a request, nil for one that was not given.
func said(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

// fits returns an error if a table is not as the settings say. Capacities, tags and the like may differ: they are for making a table.
func (t *tableSpec) fits(found *table) error {
	if t.key != nil {
		if has := found.keyAttributes(); !slices.Equal(has, t.key) {
			return mismatch(tableKeyConfig, t.key, "key", found.name, has)
		}
	}
	for i := range t.indexes {
		x := &t.indexes[i]
		has, ok := found.indexes[x.name]
		want := x.keyOf(found.keyAttributes())
		if !ok {
			return &connect.ConfigError{Key: tableIndexesConfig, Value: x.name, Rule: fmt.Sprintf("table %q has no such index: make it, or leave it out here", found.name)}
		}
		if !slices.Equal(has, want) {
			return mismatch(tableIndexesConfig, want, fmt.Sprintf("key of index %q", x.name), found.name, has)
		}
	}
	return nil
}

// mismatch tells of a key that is not the one that the settings say, and of the first attribute that differs.
func mismatch(setting string, want []specAttribute, what, table string, has []specAttribute) error {
	i, role := 0, "hash key"
	if attributeAt(want, 0) == attributeAt(has, 0) {
		i, role = 1, "range key"
	}
	return &connect.ConfigError{Key: setting, Value: listAttributes(want), Rule: fmt.Sprintf("table %q has another %s: its %s is expected to be %s, found %s",
		table, what, role, attributeAt(want, i), attributeAt(has, i))}
}

// attributeAt says what stands at a place of a key.
func attributeAt(key []specAttribute, i int) string {
	if i >= len(key) {
		return "none"
	}
	return fmt.Sprintf("%q of type %s", key[i].name, key[i].kind)
}

func listAttributes(key []specAttribute) string {
	texts := make([]string, len(key))
	for i := range key {
		texts[i] = key[i].String()
	}
	return strings.Join(texts, ", ")
}

// keyAttributes returns the primary key as the settings name one.
func (t *table) keyAttributes() []specAttribute {
	key := make([]specAttribute, t.keys)
	for i := range key {
		key[i] = specAttribute{t.attributes[i].name, t.attributes[i].kind}
	}
	return key
}
