package dynamodb_test

import (
	"fmt"
	"strings"
)

// The tables of the story. things has a composite key and three indexes, words a hash key alone,
// blobs binary keys, billed is on demand.
const (
	thingsTable = `{"TableName":"things",
		"AttributeDefinitions":[{"AttributeName":"h","AttributeType":"S"},{"AttributeName":"r","AttributeType":"N"},
			{"AttributeName":"g","AttributeType":"N"},{"AttributeName":"t","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"h","KeyType":"HASH"},{"AttributeName":"r","KeyType":"RANGE"}],
		"ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":3},
		"LocalSecondaryIndexes":[{"IndexName":"local-t","KeySchema":[{"AttributeName":"h","KeyType":"HASH"},{"AttributeName":"t","KeyType":"RANGE"}],
			"Projection":{"ProjectionType":"ALL"}}],
		"GlobalSecondaryIndexes":[
			{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"t","KeyType":"RANGE"}],
			 "Projection":{"ProjectionType":"ALL"},"ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":2}},
			{"IndexName":"by-t","KeySchema":[{"AttributeName":"t","KeyType":"HASH"}],
			 "Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["seen"]},"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}]}`
	wordsTable = `{"TableName":"words","AttributeDefinitions":[{"AttributeName":"w","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"w","KeyType":"HASH"}],"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}`
	blobsTable = `{"TableName":"blobs","AttributeDefinitions":[{"AttributeName":"b","AttributeType":"B"},{"AttributeName":"c","AttributeType":"B"}],
		"KeySchema":[{"AttributeName":"b","KeyType":"HASH"},{"AttributeName":"c","KeyType":"RANGE"}],
		"BillingMode":"PAY_PER_REQUEST","DeletionProtectionEnabled":true}`
	billedTable = `{"TableName":"billed","AttributeDefinitions":[{"AttributeName":"w","AttributeType":"S"},{"AttributeName":"n","AttributeType":"N"}],
		"KeySchema":[{"AttributeName":"w","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST",
		"GlobalSecondaryIndexes":[{"IndexName":"by-n","KeySchema":[{"AttributeName":"n","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}]}`
)

// narrow is a table that is never made: one part of it is always wrong.
func narrow(change ...string) string {
	members := map[string]string{
		"TableName":             `"narrow"`,
		"AttributeDefinitions":  `[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"N"}]`,
		"KeySchema":             `[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}]`,
		"ProvisionedThroughput": `{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`,
	}
	for i := 0; i < len(change); i += 2 {
		if change[i+1] == "" {
			delete(members, change[i])
			continue
		}
		members[change[i]] = change[i+1]
	}
	var parts []string
	for _, name := range []string{"TableName", "AttributeDefinitions", "KeySchema", "ProvisionedThroughput", "BillingMode", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"} {
		if text, ok := members[name]; ok {
			parts = append(parts, fmt.Sprintf("%q:%s", name, text))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// globalIndex is narrow with one global index.
func globalIndex(index string) string {
	return narrow("AttributeDefinitions", `[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"N"},{"AttributeName":"c","AttributeType":"S"}]`,
		"GlobalSecondaryIndexes", "["+index+"]")
}

func tableCalls() []call {
	const (
		keyC  = `"KeySchema":[{"AttributeName":"c","KeyType":"HASH"}]`
		all   = `"Projection":{"ProjectionType":"ALL"}`
		units = `"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`
		name  = `"IndexName":"ixs"`
	)
	index := func(parts ...string) string { return globalIndex("{" + strings.Join(parts, ",") + "}") }
	create := func(name, body string) call {
		return call{name: "create: " + name, operation: "CreateTable", body: body}
	}
	return []call{
		create("things", thingsTable),
		create("words", wordsTable),
		create("blobs", blobsTable),
		create("billed", billedTable),
		{name: "create: a table that exists", operation: "CreateTable", body: wordsTable,
			service: "ResourceInUseException: Table already exists: words"},
		create("no name", narrow("TableName", "")),
		create("a short name", narrow("TableName", `"ab"`)),
		create("a name with a blank", narrow("TableName", `"a b c"`)),
		create("no attributes", narrow("AttributeDefinitions", "")),
		create("an empty list of attributes", narrow("AttributeDefinitions", "[]")),
		create("an attribute twice", narrow("AttributeDefinitions", `[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"a","AttributeType":"N"}]`)),
		create("an unknown type", narrow("AttributeDefinitions", `[{"AttributeName":"a","AttributeType":"X"}]`)),
		create("no key", narrow("KeySchema", "")),
		create("three keys", narrow("KeySchema", `[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"},{"AttributeName":"c","KeyType":"RANGE"}]`)),
		create("two hash keys", narrow("KeySchema", `[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"HASH"}]`)),
		create("range before hash", narrow("KeySchema", `[{"AttributeName":"b","KeyType":"RANGE"},{"AttributeName":"a","KeyType":"HASH"}]`)),
		create("only a range key", narrow("KeySchema", `[{"AttributeName":"b","KeyType":"RANGE"}]`)),
		create("one attribute as both keys", narrow("KeySchema", `[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"a","KeyType":"RANGE"}]`)),
		create("a range key that is not defined", narrow("AttributeDefinitions", `[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"c","AttributeType":"N"}]`)),
		create("a hash key that is not defined", narrow("AttributeDefinitions", `[{"AttributeName":"c","AttributeType":"S"},{"AttributeName":"b","AttributeType":"N"}]`)),
		create("an attribute too many", narrow("AttributeDefinitions", `[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"N"},{"AttributeName":"c","AttributeType":"N"}]`)),
		create("no throughput", narrow("ProvisionedThroughput", "")),
		create("throughput zero", narrow("ProvisionedThroughput", `{"ReadCapacityUnits":0,"WriteCapacityUnits":1}`)),
		create("half a throughput", narrow("ProvisionedThroughput", `{"ReadCapacityUnits":1}`)),
		{name: "create: an unknown billing mode", operation: "CreateTable", body: narrow("BillingMode", `"FREE"`),
			service: "ValidationException: 1 validation error detected: Value 'FREE' at 'billingMode' failed to satisfy constraint: Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]"},
		create("an empty list of indexes", narrow("GlobalSecondaryIndexes", "[]")),
		create("index without a name", index(keyC, all, units)),
		create("index with a short name", index(`"IndexName":"x"`, keyC, all, units)),
		create("index without a key", index(name, all, units)),
		create("index on an undefined attribute", index(name, `"KeySchema":[{"AttributeName":"z","KeyType":"HASH"}]`, all, units)),
		create("index without throughput", index(name, keyC, all)),
		create("index without a projection", index(name, keyC, units)),
		create("index with an empty projection", index(name, keyC, `"Projection":{}`, units)),
		create("index with an unknown projection", index(name, keyC, `"Projection":{"ProjectionType":"SOME"}`, units)),
		create("index that includes nothing", index(name, keyC, `"Projection":{"ProjectionType":"INCLUDE"}`, units)),
		create("index that projects all and more", index(name, keyC, `"Projection":{"ProjectionType":"ALL","NonKeyAttributes":["q"]}`, units)),
		create("two indexes of one name", globalIndex(fmt.Sprintf(`{%[1]s,%[2]s,%[3]s,%[4]s},{%[1]s,%[2]s,%[3]s,%[4]s}`, name, keyC, all, units))),
		create("local index on a table without range key", `{"TableName":"narrow","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"N"}],
			"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],`+units+`,
			"LocalSecondaryIndexes":[{"IndexName":"ixs","KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}],`+all+`}]}`),
		create("local index with another hash key", narrow("LocalSecondaryIndexes", `[{"IndexName":"ixs","KeySchema":[{"AttributeName":"b","KeyType":"HASH"},{"AttributeName":"a","KeyType":"RANGE"}],`+all+`}]`)),

		{name: "describe: things", operation: "DescribeTable", body: `{"TableName":"things"}`},
		{name: "describe: on demand", operation: "DescribeTable", body: `{"TableName":"billed"}`},
		{name: "describe: by ARN", operation: "DescribeTable", body: `{"TableName":"arn:aws:dynamodb:ddblocal:000000000000:table/blobs"}`},
		{name: "describe: no table", operation: "DescribeTable", body: `{"TableName":"nowhere"}`,
			service: "ResourceNotFoundException: Requested resource not found: Table: nowhere not found"},
		{name: "describe: no name", operation: "DescribeTable", body: `{}`, service: missingTableName},
		{name: "describe: null name", operation: "DescribeTable", body: `{"TableName":null}`, service: missingTableName},
		{name: "describe: a bad name", operation: "DescribeTable", body: `{"TableName":"a/b/c"}`},
		{name: "describe: an empty name", operation: "DescribeTable", body: `{"TableName":""}`},
		{name: "list: all", operation: "ListTables", body: `{}`},
		{name: "list: after a name", operation: "ListTables", body: `{"ExclusiveStartTableName":"blobs"}`},
		{name: "list: limit zero", operation: "ListTables", body: `{"Limit":0}`,
			service: "ValidationException: 1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{name: "list: limit 101", operation: "ListTables", body: `{"Limit":101}`,
			service: "ValidationException: 1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 100"},
		{name: "list: a bad start", operation: "ListTables", body: `{"ExclusiveStartTableName":"a"}`},

		{name: "ttl: off at first", operation: "DescribeTimeToLive", body: `{"TableName":"words"}`},
		{name: "ttl: no table", operation: "DescribeTimeToLive", body: `{"TableName":"nowhere"}`,
			service: "ResourceNotFoundException: Requested resource not found: Table: nowhere not found"},
		{name: "ttl: no specification", operation: "UpdateTimeToLive", body: `{"TableName":"words"}`},
		{name: "ttl: no attribute", operation: "UpdateTimeToLive", body: `{"TableName":"words","TimeToLiveSpecification":{"Enabled":true}}`,
			service: "ValidationException: 1 validation error detected: Value null at 'timeToLiveSpecification.attributeName' failed to satisfy constraint: Member must not be null"},
		{name: "ttl: an empty attribute", operation: "UpdateTimeToLive", body: `{"TableName":"words","TimeToLiveSpecification":{"Enabled":true,"AttributeName":""}}`},
		{name: "ttl: off already", operation: "UpdateTimeToLive", body: `{"TableName":"words","TimeToLiveSpecification":{"Enabled":false,"AttributeName":"ttl"}}`},
		{name: "ttl: on", operation: "UpdateTimeToLive", body: `{"TableName":"words","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`},
		{name: "ttl: on already", operation: "UpdateTimeToLive", body: `{"TableName":"words","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`},
		{name: "ttl: another attribute", operation: "UpdateTimeToLive", body: `{"TableName":"words","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"other"}}`},
		{name: "ttl: described", operation: "DescribeTimeToLive", body: `{"TableName":"words"}`},
		{name: "ttl: off", operation: "UpdateTimeToLive", body: `{"TableName":"words","TimeToLiveSpecification":{"Enabled":false,"AttributeName":"ttl"}}`},
	}
}

const missingTableName = "ValidationException: 1 validation error detected: Value null at 'tableName' failed to satisfy constraint: Member must not be null"

// wireCalls are about the protocol. DynamoDB Local answers most broken requests with status 500;
// what the service answers is known from dynalite's tests against it.
func wireCalls() []call {
	const syntax = "SerializationException"
	list := func(name, body, service string) call {
		return call{name: "wire: " + name, operation: "ListTables", body: body, service: service}
	}
	return []call{
		{name: "wire: no credentials", operation: "ListTables", body: `{}`, header: map[string]string{"Authorization": ""},
			service: "MissingAuthenticationTokenException: Request is missing Authentication Token"},
		{name: "wire: unknown operation", operation: "DropEverything", body: `{}`, service: "UnknownOperationException"},
		{name: "wire: no target", operation: "ListTables", body: `{}`, header: map[string]string{"X-Amz-Target": ""}, service: "UnknownOperationException"},
		{name: "wire: another service's target", operation: "ListTables", body: `{}`, header: map[string]string{"X-Amz-Target": "Kinesis_20131202.ListStreams"}, service: "UnknownOperationException"},
		list("empty body", ``, syntax),
		list("unfinished JSON", `{"Limit":`, syntax),
		list("an array", `[]`, syntax),
		list("text after the object", `{} x`, syntax),
		list("a trailing comma", `{"Limit":1,}`, syntax),
		list("a number as text", `{"Limit":"100"}`, "SerializationException: STRING_VALUE cannot be converted to Long"),
		list("the largest limit", `{"Limit":100}`, ""),
		list("an unknown member", `{"Nonsense":[1,{"a":null}]}`, ""),
		{name: "wire: a name that is a number", operation: "DescribeTable", body: `{"TableName":5}`,
			service: "SerializationException: NUMBER_VALUE cannot be converted to String"},
	}
}

func deleteCalls() []call {
	return []call{
		{name: "describe: words at the end", operation: "DescribeTable", body: `{"TableName":"words"}`},
		{name: "describe: things at the end", operation: "DescribeTable", body: `{"TableName":"things"}`},
		{name: "delete: words", operation: "DeleteTable", body: `{"TableName":"words"}`,
			// DynamoDB Local calls a table ACTIVE that it has just deleted.
			service: `{"TableDescription":{"AttributeDefinitions":[{"AttributeName":"w","AttributeType":"S"}],"TableName":"words",` +
				`"KeySchema":[{"AttributeName":"w","KeyType":"HASH"}],"TableStatus":"DELETING","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1},` +
				`"TableSizeBytes":152,"ItemCount":14,"TableArn":"arn:aws:dynamodb:ddblocal:000000000000:table/words","DeletionProtectionEnabled":false}}`},
		{name: "delete: words are gone", operation: "GetItem", body: `{"TableName":"words","Key":{"w":{"S":"word3"}}}`, service: notFound},
		{name: "delete: one table less", operation: "ListTables", body: `{}`},
		{name: "delete: no table", operation: "DeleteTable", body: `{"TableName":"nowhere"}`,
			service: "ResourceNotFoundException: Requested resource not found: Table: nowhere not found"},
		{name: "delete: protected", operation: "DeleteTable", body: `{"TableName":"blobs"}`},
		{name: "delete: no name", operation: "DeleteTable", body: `{}`, service: missingTableName},
	}
}
