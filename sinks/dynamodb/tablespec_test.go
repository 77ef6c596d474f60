package dynamodb

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/connect"
)

// camelSettings reads settings in Camel's dialect.
func camelSettings(more ...string) (*settings, error) {
	props := map[string]string{camelTableConfig: "orders"}
	for i := 0; i < len(more); i += 2 {
		props[more[i]] = more[i+1]
	}
	return camel().settings(props)
}

// The request for a table is the one that the AWS CLI would make of the input in want, which has the service's own words.
func TestATableIsMadeAsTheSettingsSay(t *testing.T) {
	for name, c := range map[string]struct {
		props []string
		want  string
	}{
		"only a key": {
			[]string{tableKeyConfig, "id:S"},
			`{"TableName":"orders","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}`,
		},
		"Camel's capacity": {
			[]string{tableKeyConfig, "id:B, at:N", camelWriteCapacityConfig, "7"},
			`{"TableName":"orders","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"B"},{"AttributeName":"at","AttributeType":"N"}],
			  "KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"at","KeyType":"RANGE"}],
			  "BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":7}}`,
		},
		"a billing mode against Camel's capacity": {
			[]string{tableKeyConfig, "id:S", camelWriteCapacityConfig, "7", tableBillingConfig, "pay_per_request"},
			`{"TableName":"orders","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}`,
		},
		"provisioned, with indexes": {
			[]string{tableKeyConfig, "id:S,at:N", tableReadConfig, "2", tableWriteConfig, "3", camelWriteCapacityConfig, "7", tableIndexesConfig, "by-day(day:S, id:S) keys; latest(seen:N) local include(total, note);by-seen( seen:N )"},
			`{"TableName":"orders","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"at","AttributeType":"N"},{"AttributeName":"day","AttributeType":"S"},{"AttributeName":"seen","AttributeType":"N"}],
			  "KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"at","KeyType":"RANGE"}],
			  "BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":3},
			  "GlobalSecondaryIndexes":[
			   {"IndexName":"by-day","KeySchema":[{"AttributeName":"day","KeyType":"HASH"},{"AttributeName":"id","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"},"ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":3}},
			   {"IndexName":"by-seen","KeySchema":[{"AttributeName":"seen","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"},"ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":3}}],
			  "LocalSecondaryIndexes":[{"IndexName":"latest","KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"seen","KeyType":"RANGE"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["total","note"]}}]}`,
		},
		"everything else": {
			[]string{
				tableKeyConfig, "id:S", tableMaxReadConfig, "10", tableMaxWriteConfig, "20", tableWarmReadConfig, "12000", tableWarmWriteConfig, "5000", tableTagsConfig, "team=data, a = b=c",
				tableProtectionConfig, "true", tableClassConfig, "standard_infrequent_access", tableStreamConfig, "NEW_IMAGE", tableIndexesConfig, "day(day:S)",
			},
			`{"TableName":"orders","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},{"AttributeName":"day","AttributeType":"S"}],"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
			  "BillingMode":"PAY_PER_REQUEST","OnDemandThroughput":{"MaxReadRequestUnits":10,"MaxWriteRequestUnits":20},"WarmThroughput":{"ReadUnitsPerSecond":12000,"WriteUnitsPerSecond":5000},
			  "Tags":[{"Key":"team","Value":"data"},{"Key":"a","Value":"b=c"}],"DeletionProtectionEnabled":true,"TableClass":"STANDARD_INFREQUENT_ACCESS","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},
			  "GlobalSecondaryIndexes":[{"IndexName":"day","KeySchema":[{"AttributeName":"day","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"},
			   "OnDemandThroughput":{"MaxReadRequestUnits":10,"MaxWriteRequestUnits":20},"WarmThroughput":{"ReadUnitsPerSecond":12000,"WriteUnitsPerSecond":5000}}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := camelSettings(append(c.props, tableCreateConfig, "true")...)
			if err != nil {
				t.Fatal(err)
			}
			got, err := s.tables.input("orders", s.keyTypes())
			if err != nil {
				t.Fatal(err)
			}
			var want dynamodb.CreateTableInput
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, want) {
				text, _ := json.Marshal(got)
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
		})
	}
}

func TestSettingsOfTablesThatSayTooLittleOrContradict(t *testing.T) {
	create := []string{tableCreateConfig, "true", tableKeyConfig, "id:S"}
	for _, c := range []struct {
		props []string
		want  string
	}{
		{[]string{tableCreateConfig, "true"}, tableKeyConfig + ": must be set if " + tableCreateConfig + " is true, unless " + hashKeyConfig + " is"},
		{[]string{describeTableConfig, "false"}, tableKeyConfig + ": must be set if " + describeTableConfig + " is false"},
		{[]string{describeTableConfig, "false", hashKeyConfig, "value.id"}, tableKeyConfig + ": must be set if " + describeTableConfig + " is false"},
		{append(create, describeTableConfig, "false"), "contradicts " + tableCreateConfig},
		{[]string{tableBillingConfig, "PROVISIONED"}, tableBillingConfig + ": has no effect unless " + tableCreateConfig + " is true"},
		{append(create, tableWriteConfig, "5", tableBillingConfig, "PAY_PER_REQUEST"), tableWriteConfig + ": has no effect with " + tableBillingConfig + "=PAY_PER_REQUEST"},
		{append(create, tableMaxWriteConfig, "5", tableBillingConfig, "PROVISIONED"), tableMaxWriteConfig + ": has no effect with " + tableBillingConfig + "=PROVISIONED"},
		{append(create, camelWriteCapacityConfig, "many"), "Invalid value many for configuration " + camelWriteCapacityConfig + ": must be a number above 0"},
		{append(create, tableTTLConfig, "true"), ttlAttributeConfig + ": must be set if " + tableTTLConfig + " is true"},
		{append(create, tableIndexesConfig, "by-id(id:N)"), `attribute "id" is of type S in one key and N in another`},
		{append(create, hashKeyConfig, "value.no"), `must have "no" as its hash key, which ` + hashKeyConfig + "=value.no gives"},
		{append(create, hashKeyConfig, "value.id", sortKeyConfig, "offset"), "must have a range key for " + sortKeyConfig + "=offset"},
		{[]string{tableKeyConfig, "id"}, `"id" must be an attribute and its type, such as id:S`},
		{[]string{tableKeyConfig, "id:SS"}, `"id:SS" must have one of the types S, N and B`},
		{[]string{tableKeyConfig, "a:S,b:S,c:S"}, "must be a hash key, and may be a range key behind it"},
		{[]string{tableKeyConfig, "a:S,a:N"}, `attribute "a" stands there twice`},
		{[]string{tableIndexesConfig, "x"}, `"x" must be an index such as`},
		{[]string{tableIndexesConfig, "abc()"}, `index "abc": it has no key`},
		{[]string{tableIndexesConfig, "abc(a:S,b:N) local"}, `index "abc": a local one has the table's hash key`},
		{[]string{tableIndexesConfig, "abc(a:S) include()"}, `index "abc": include() names no attribute`},
		{[]string{tableIndexesConfig, "abc(a:S) all"}, `"abc(a:S) all" must be an index such as`},
		{[]string{tableIndexesConfig, "abc(a:S);abc(b:S)"}, `index "abc" stands there twice`},
		{append(create, tableTagsConfig, "team"), `"team" must be a tag and its value`},
		{append(create, tableWarmWriteConfig, "0"), tableWarmWriteConfig},
	} {
		if _, err := camelSettings(c.props...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v:\ngot  %v\nwant %s", c.props, err, c.want)
		}
	}
	for _, props := range [][]string{
		{camelWriteCapacityConfig, "many"}, // as in Camel 3.20.3, which does not know the key
		{describeTableConfig, "false", hashKeyConfig, "partition", sortKeyConfig, "offset"},
		{tableCreateConfig, "true", hashKeyConfig, "value.id"},
	} {
		if _, err := camelSettings(props...); err != nil {
			t.Errorf("%v: %v", props, err)
		}
	}
}

// What the key is made of tells its types where they are the same for every record; otherwise a record does.
func TestTypesOfTheKey(t *testing.T) {
	r := &connect.SinkRecord{Topic: "in", Partition: 1, Offset: 2, Timestamp: 3, Key: connect.RawJSON(`{"n":7,"s":"x","b":true}`), Value: connect.RawJSON(`{"none":null}`)}
	for _, c := range []struct{ hash, sort, sure, seen string }{
		{"partition", "offset", "partition:N, offset:N", "partition:N, offset:N"},
		{"topic", "timestamp:at", "topic:S, at:N", "topic:S, at:N"},
		{`key.n+"#"+key.s:pk`, "", "pk:S", "pk:S"},
		{"key.n", "", "", "n:N"},
		{"key.s:user", "offset", "", "user:S, offset:N"},
		{"key.b", "", "", `table "t", attribute "b": the table's key must be of type S, N or B, found BOOL`},
		{"value.none", "", "", `table "t", attribute "none": the table's key is to be made of value.none, but value.none: the record has none`},
	} {
		s, err := camelSettings(hashKeyConfig, c.hash, sortKeyConfig, c.sort, tableCreateConfig, "true")
		if err != nil {
			t.Fatal(err)
		}
		if got := listAttributes(s.keyTypes()); got != c.sure {
			t.Errorf("%s, %s: sure are %s, want %s", c.hash, c.sort, got, c.sure)
		}
		key, err := s.keyTypesOf(r, "t")
		got := listAttributes(key)
		if err != nil {
			got = err.Error()
		}
		if got != c.seen {
			t.Errorf("%s, %s: a record tells %s, want %s", c.hash, c.sort, got, c.seen)
		}
	}
}

func TestATableThatIsNotAsTheSettingsSay(t *testing.T) {
	key := func(name string, k types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: aws.String(name), KeyType: k}
	}
	found, err := newTable(&types.TableDescription{
		TableName:              aws.String("orders"),
		AttributeDefinitions:   []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}, {AttributeName: aws.String("at"), AttributeType: "N"}, {AttributeName: aws.String("day"), AttributeType: "S"}},
		KeySchema:              []types.KeySchemaElement{key("id", "HASH"), key("at", "RANGE")},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndexDescription{{IndexName: aws.String("by-day"), KeySchema: []types.KeySchemaElement{key("id", "RANGE"), key("day", "HASH")}}},
		LocalSecondaryIndexes:  []types.LocalSecondaryIndexDescription{{IndexName: aws.String("latest"), KeySchema: []types.KeySchemaElement{key("id", "HASH"), key("day", "RANGE")}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		props []string
		want  string
	}{
		{[]string{tableKeyConfig, "id:S,at:N", tableIndexesConfig, "by-day(day:S,id:S);latest(day:S) local keys"}, ""},
		{[]string{tableKeyConfig, "id:S"}, `Invalid value id:S for configuration aws.dynamodb.table.key: table "orders" has another key: its range key is expected to be none, found "at" of type N`},
		{[]string{tableKeyConfig, "id:S,at:S"}, `table "orders" has another key: its range key is expected to be "at" of type S, found "at" of type N`},
		{[]string{tableKeyConfig, "no:S,at:N"}, `table "orders" has another key: its hash key is expected to be "no" of type S, found "id" of type S`},
		{[]string{tableIndexesConfig, "by-day(day:S)"}, `Invalid value day:S for configuration aws.dynamodb.table.indexes: table "orders" has another key of index "by-day": its range key is expected to be none, found "id" of type S`},
		{[]string{tableIndexesConfig, "by-week(week:S)"}, `Invalid value by-week for configuration aws.dynamodb.table.indexes: table "orders" has no such index`},
	} {
		s, err := camelSettings(c.props...)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.tables.fits(found); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v:\ngot  %v\nwant %s", c.props, err, c.want)
		}
	}
}
