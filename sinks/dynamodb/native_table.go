package dynamodb

import (
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/connect"
)

// The native keys for the tables themselves.
const (
	describeTableConfig         = "aws.dynamodb.describe.table"
	tableCreateConfig           = "aws.dynamodb.table.create"
	tableKeyConfig              = "aws.dynamodb.table.key"
	tableIndexesConfig          = "aws.dynamodb.table.indexes"
	tableBillingConfig          = "aws.dynamodb.table.billing.mode"
	tableReadConfig             = "aws.dynamodb.table.read.capacity"
	tableWriteConfig            = "aws.dynamodb.table.write.capacity"
	tableMaxReadConfig          = "aws.dynamodb.table.max.read.units"
	tableMaxWriteConfig         = "aws.dynamodb.table.max.write.units"
	tableWarmReadConfig         = "aws.dynamodb.table.warm.read.units"
	tableWarmWriteConfig        = "aws.dynamodb.table.warm.write.units"
	tableTTLConfig              = "aws.dynamodb.table.ttl.enable"
	tableTagsConfig             = "aws.dynamodb.table.tags"
	tableProtectionConfig       = "aws.dynamodb.table.deletion.protection"
	tableClassConfig            = "aws.dynamodb.table.class"
	tableStreamConfig           = "aws.dynamodb.table.stream"
	creationOnly                = " For a table that is made."
	maxUnits              int64 = 1 << 40
)

// creationKeys have no effect on a table that exists.
var creationKeys = []string{
	tableBillingConfig, tableReadConfig, tableWriteConfig, tableMaxReadConfig, tableMaxWriteConfig, tableWarmReadConfig, tableWarmWriteConfig,
	tableTagsConfig, tableProtectionConfig, tableClassConfig, tableStreamConfig,
}

func nativeTable() nativeGroup {
	units := func(name, doc string, place func(*tableSpec) *int64) nativeKey {
		return numberKey(name, nil, connect.Between(1, maxUnits), doc+creationOnly, func(s *settings, n int64) { *place(&s.tables) = n })
	}
	return nativeGroup{title: "Tables", check: checkTables, keys: []nativeKey{
		flagKey(describeTableConfig, true, "Whether tables are described before records are written to them (right dynamodb:DescribeTable), which gives the names and types of their keys. With false, and with a warning if the right is missing, they are taken from "+tableKeyConfig+" and "+tableIndexesConfig+".",
			func(s *settings, on bool) { s.tables.blind = !on }),
		flagKey(tableCreateConfig, false, "Whether a table that is missing is made, and waited for (rights dynamodb:CreateTable and dynamodb:DescribeTable). Otherwise it fails the task. The default of Confluent's class is true.",
			func(s *settings, on bool) { s.tables.create = on }),
		textKey(tableKeyConfig, nil, "hash:type, range:type, with the types S, N and B", "The key of the tables, the hash key and perhaps a range key behind it, such as id:S, at:N. A table with another key fails the task. Without it a table that is made has the key of "+hashKeyConfig+" and "+sortKeyConfig+", with the types that the first record for the table has there.",
			parseKeyAttributes, func(s *settings, key []specAttribute) { s.tables.key = key }),
		textKey(tableIndexesConfig, nil, "list of name(hash:type, range:type), each with local, keys, include(…) or nothing behind it", "The indexes of the tables, with semicolons between them, such as account(account_id:N, day:S); latest(at:N) local keys. A local index has the table's hash key and names its range key alone. An index holds whole items, or with keys the keys alone, or with include(a, b) these attributes besides. A table without such an index fails the task.",
			parseIndexes, func(s *settings, indexes []specIndex) { s.tables.indexes = indexes }),
		choiceKey(tableBillingConfig, nil, "How a table is paid for. The default is PROVISIONED if a capacity is set, here or by Camel's writeCapacity or readCapacity, and PAY_PER_REQUEST otherwise."+creationOnly,
			[]choice[types.BillingMode]{{"PAY_PER_REQUEST", types.BillingModePayPerRequest}, {"PROVISIONED", types.BillingModeProvisioned}},
			func(s *settings, m types.BillingMode) { s.tables.billing = m }),
		units(tableReadConfig, "Provisioned read units a second, of the table and of each global index; 1 if only the other one is set.", func(t *tableSpec) *int64 { return &t.read }).beats(camelReadCapacityConfig),
		units(tableWriteConfig, "Provisioned write units a second, of the table and of each global index; 1 if only the other one is set. It does not bound what is written.", func(t *tableSpec) *int64 { return &t.write }).beats(camelWriteCapacityConfig),
		units(tableMaxReadConfig, "Read units a second that an on-demand table, and each of its global indexes, grants at most.", func(t *tableSpec) *int64 { return &t.maxRead }),
		units(tableMaxWriteConfig, "Write units a second that an on-demand table, and each of its global indexes, grants at most.", func(t *tableSpec) *int64 { return &t.maxWrite }),
		units(tableWarmReadConfig, "Read units a second that the table, and each of its global indexes, can grant at once, without growing first.", func(t *tableSpec) *int64 { return &t.warmRead }),
		units(tableWarmWriteConfig, "Write units a second that the table, and each of its global indexes, can grant at once, without growing first.", func(t *tableSpec) *int64 { return &t.warmWrite }),
		flagKey(tableTTLConfig, false, "Whether the time to live of the tables is turned on for "+ttlAttributeConfig+", of one that exists too (rights dynamodb:DescribeTimeToLive and dynamodb:UpdateTimeToLive). A table that has it on another attribute fails the task.",
			func(s *settings, on bool) { s.tables.expires = on }),
		textKey(tableTagsConfig, nil, "list of tag=value", "Tags, such as team=data, cost=42 (right dynamodb:TagResource)."+creationOnly,
			parseTags, func(s *settings, tags []types.Tag) { s.tables.tags = tags }),
		flagKey(tableProtectionConfig, false, "Whether the table is protected from being deleted."+creationOnly,
			func(s *settings, on bool) { s.tables.protected = on }),
		choiceKey(tableClassConfig, nil, "The class of the table; the service's default is STANDARD."+creationOnly,
			[]choice[types.TableClass]{{"STANDARD", types.TableClassStandard}, {"STANDARD_INFREQUENT_ACCESS", types.TableClassStandardInfrequentAccess}},
			func(s *settings, c types.TableClass) { s.tables.class = c }),
		choiceKey(tableStreamConfig, nil, "What the table's stream shows of each change; without it there is no stream."+creationOnly,
			[]choice[types.StreamViewType]{{"KEYS_ONLY", types.StreamViewTypeKeysOnly}, {"NEW_IMAGE", types.StreamViewTypeNewImage}, {"OLD_IMAGE", types.StreamViewTypeOldImage}, {"NEW_AND_OLD_IMAGES", types.StreamViewTypeNewAndOldImages}},
			func(s *settings, v types.StreamViewType) { s.tables.stream = v }),
	}}
}

// checkTables refuses settings that do not say enough, contradict each other, or have no effect together.
func checkTables(c connect.Config, s *settings) []*connect.ConfigError {
	var errs []*connect.ConfigError
	refuse := func(key, rule string) { errs = append(errs, wrongValue(c, key, rule)) }
	t := &s.tables
	key := s.keyTypes()
	if t.create && t.blind && c.Given(tableCreateConfig) {
		refuse(describeTableConfig, "contradicts "+tableCreateConfig+": a table that was made is described until it is ACTIVE")
	}
	if t.blind { // nothing can be known to be missing
		t.create = false
		if key == nil {
			errs = append(errs, givenEmpty(tableKeyConfig, "must be set if "+describeTableConfig+" is false"))
		}
	}
	if t.create && key == nil && s.mapping.derived.hash == nil {
		errs = append(errs, givenEmpty(tableKeyConfig, "must be set if "+tableCreateConfig+" is true, unless "+hashKeyConfig+" is"))
	}
	if key != nil {
		if known, err := t.table("any", key); err != nil {
			refuse(tableIndexesConfig, err.Error())
		} else if t.key != nil {
			if rule := s.mapping.derived.contradicts(known); rule != "" {
				refuse(tableKeyConfig, rule)
			}
		}
	}
	if !t.create {
		for _, name := range creationKeys {
			if c.Given(name) {
				refuse(name, "has no effect unless "+tableCreateConfig+" is true")
			}
		}
	}
	provisioned := t.billingMode() == types.BillingModeProvisioned
	useless := []string{tableReadConfig, tableWriteConfig}
	if provisioned {
		useless = []string{tableMaxReadConfig, tableMaxWriteConfig}
	}
	for _, name := range useless {
		if t.create && c.Given(name) {
			refuse(name, fmt.Sprintf("has no effect with %s=%s", tableBillingConfig, t.billingMode()))
		}
	}
	if t.expires && (s.mapping.derived.ttl == nil || s.mapping.derived.ttl.attribute == "") {
		errs = append(errs, givenEmpty(ttlAttributeConfig, "must be set if "+tableTTLConfig+" is true"))
	}
	return errs
}

// contradicts says how pk.hash and pk.sort differ from the key that the settings give the tables, "" if they do not.
func (d *derived) contradicts(known *table) string {
	for i, k := range []*derivedKey{d.hash, d.sort} {
		switch {
		case k == nil:
		case i >= known.keys:
			return fmt.Sprintf("must have a range key for %s=%s", sortKeyConfig, k.text)
		case known.attributes[i].name != k.name:
			return fmt.Sprintf("must have %q as its %s, which %s=%s gives", k.name, known.attributes[i].role, []string{hashKeyConfig, sortKeyConfig}[i], k.text)
		}
	}
	return ""
}

// camelCapacity takes over the capacities of Camel's older keys, which mean what they meant there: they are provisioned where a table is made, and
// nothing otherwise.
func (s *settings) camelCapacity() []*connect.ConfigError {
	t := &s.tables
	if !t.create || t.billing == types.BillingModePayPerRequest || t.maxRead+t.maxWrite > 0 {
		return nil
	}
	var errs []*connect.ConfigError
	for _, k := range []struct {
		name, text string
		place      *int64
	}{{camelReadCapacityConfig, t.camelRead, &t.read}, {camelWriteCapacityConfig, t.camelWrite, &t.write}} {
		if k.text == "" || *k.place != 0 {
			continue
		}
		n, err := strconv.ParseInt(k.text, 10, 64)
		if err != nil || n < 1 {
			errs = append(errs, &connect.ConfigError{Key: k.name, Value: k.text, Rule: "must be a number above 0 if " + tableCreateConfig + " is true"})
			continue
		}
		*k.place = n
	}
	return errs
}
