package dynamodb_test

import (
	"fmt"
	"strings"
)

const (
	notFound  = "ResourceNotFoundException: Requested resource not found"
	badKey    = "ValidationException: The provided key element does not match the schema"
	invalid   = "ValidationException: One or more parameter values were invalid: "
	malformed = "ValidationException: 1 validation error detected: Value "
)

// put is a PutItem of an item in things with the key (a, 1) and the given attributes.
func put(attributes string) string {
	if attributes != "" {
		attributes = "," + attributes
	}
	return `{"TableName":"things","Item":{"h":{"S":"a"},"r":{"N":"1"}` + attributes + `}}`
}

func get(key string) string { return `{"TableName":"things","Key":{` + key + `}}` }

const keyA1 = `"h":{"S":"a"},"r":{"N":"1"}`

// nested is a value inside so many lists or maps.
func nested(levels int, open, shut string) string {
	return strings.Repeat(open, levels) + `{"S":"x"}` + strings.Repeat(shut, levels)
}

// valueCalls put one attribute and read it back.
func valueCalls() []call {
	var out []call
	good := func(name, value string) {
		out = append(out,
			call{name: "value: " + name, operation: "PutItem", body: put(`"v":` + value)},
			call{name: "value: " + name + ", read back", operation: "GetItem", body: get(keyA1)})
	}
	bad := func(name, value, service string) {
		out = append(out, call{name: "value: " + name, operation: "PutItem", body: put(`"v":` + value), service: service})
	}
	for _, n := range []string{"1E+2", "1e2", "0100", "+5", "-0", "-0.00", "1.50", ".5", "5.", "1E125", "-1E125", "1E-130",
		"9.9999999999999999999999999999999999999E+125", "12345678901234567890123456789012345678",
		"1234567890123456789012345678901234567800000", "-1.5e-7", "1e0005", "0e999", "00", "-01",
		"123456789012345678901234567890.12345678", "0.12345678901234567890123456789012345678", "6252.83"} {
		good("number "+n, `{"N":"`+n+`"}`)
	}
	const notNumeric = "ValidationException: The parameter cannot be converted to a numeric value: "
	for _, n := range []string{"1e", "e1", "-", "abc", " 1", "1_0", "0x1", "NaN", "Infinity", "1e99999999999", "1.2.3", "--1"} {
		bad("number "+n, `{"N":"`+n+`"}`, notNumeric+n)
	}
	bad("an empty number", `{"N":""}`, "ValidationException: The parameter cannot be converted to a numeric value")
	const precision = "ValidationException: Attempting to store more than 38 significant digits in a Number"
	bad("39 digits", `{"N":"123456789012345678901234567890123456789"}`, precision)
	bad("39 digits with a point", `{"N":"10000000000000000000000000000000000000.5"}`, precision)
	bad("number 1E126", `{"N":"1E126"}`, "")
	bad("number -1E126", `{"N":"-1E126"}`, "")
	bad("number 1E-131", `{"N":"1E-131"}`, "")
	bad("number 1e400", `{"N":"1e400"}`, "")
	good("an empty text", `{"S":""}`)
	good("a text with escapes", `{"S":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00 é"}`)
	good("an empty binary", `{"B":""}`)
	good("a binary", `{"B":"AQI="}`)
	good("true", `{"BOOL":true}`)
	good("false", `{"BOOL":false}`)
	good("null", `{"NULL":true}`)
	good("a set of texts", `{"SS":["b","a",""]}`)
	good("a set of numbers", `{"NS":["2","1.0","10","-3"]}`)
	good("a set of binaries", `{"BS":["AQ==","AA=="]}`)
	good("a list", `{"L":[{"S":"a"},{"N":"1"},{"NULL":true},{"L":[]},{"M":{}}]}`)
	good("a map", `{"M":{"a":{"S":"b"},"c":{"M":{"d":{"BOOL":false},"e":{"SS":["x"]}}}}}`)
	good("a type beside null ones", `{"S":"x","N":null}`)
	good("31 lists", nested(31, `{"L":[`, `]}`))
	good("31 maps", nested(31, `{"M":{"a":`, `}}`))
	bad("32 lists", nested(32, `{"L":[`, `]}`), "")
	bad("32 maps", nested(32, `{"M":{"a":`, `}}`), "")
	bad("NULL false", `{"NULL":false}`, "")
	bad("no type", `{}`, "")
	bad("an unknown type", `{"X":"a"}`, "")
	bad("two types", `{"S":"a","N":"1"}`, "")
	bad("a null type", `{"S":null}`, "")
	bad("null for a value", `null`, "")
	bad("an empty set of texts", `{"SS":[]}`, "")
	bad("an empty set of numbers", `{"NS":[]}`, "")
	bad("an empty set of binaries", `{"BS":[]}`, "")
	bad("a null in a set", `{"SS":[null]}`, "")
	bad("a text twice in a set", `{"SS":["a","a"]}`, invalid+"Input collection [a, a] contains duplicates.")
	bad("a number twice in a set", `{"NS":["1","1.0"]}`, "")
	bad("a binary twice in a set", `{"BS":["AQ==","AQ=="]}`, "")
	bad("a bad number in a set", `{"NS":["a"]}`, notNumeric+"a")
	bad("a bad number in a list", `{"L":[{"N":"z"}]}`, notNumeric+"z")
	bad("a bad number in a map", `{"M":{"a":{"N":"z"}}}`, notNumeric+"z")
	bad("nothing in a list", `{"L":[{}]}`, "")
	bad("null in a list", `{"L":[null]}`, "")
	bad("an empty set in a list", `{"L":[{"SS":[]}]}`, "")
	bad("an empty name in a map", `{"M":{"":{"S":"x"}}}`, "")
	bad("a text that is a number", `{"S":5}`, "SerializationException: NUMBER_VALUE cannot be converted to String")
	bad("a number that is no text", `{"N":5}`, "SerializationException: NUMBER_VALUE cannot be converted to String")
	bad("a boolean that is a text", `{"BOOL":"true"}`, "SerializationException: Unexpected token received from parser")
	bad("a binary that is not base64", `{"B":"!!!!"}`, "SerializationException: Invalid Base64 character")
	bad("a binary without its padding", `{"B":"AQI"}`, "SerializationException: Base64 encoded length is expected a multiple of 4 bytes but found: 3")
	bad("a value that is a text", `"x"`, "SerializationException: Unexpected field type")
	return append(out,
		call{name: "value: an empty attribute name", operation: "PutItem", body: put(`"":{"S":"x"}`)},
		call{name: "value: a long attribute name", operation: "PutItem", body: put(`"` + strings.Repeat("a", 65536) + `":{"S":"x"}`)},
		// names h, r, v; values a, 1 (two bytes)
		call{name: "value: the largest item", operation: "PutItem", body: put(`"v":{"S":"` + strings.Repeat("x", 400*1024-6) + `"}`)},
		call{name: "value: an item one byte too large", operation: "PutItem", body: put(`"v":{"S":"` + strings.Repeat("x", 400*1024-5) + `"}`)},
		call{name: "value: an item too large for its numbers", operation: "PutItem", body: put(`"v":{"S":"` + strings.Repeat("x", 400*1024-10) + `"},"w":{"N":"12345"}`)},
		call{name: "value: an item too large for its list", operation: "PutItem", body: put(`"v":{"S":"` + strings.Repeat("x", 400*1024-12) + `"},"w":{"L":[{"BOOL":true}]}`)},
		// DynamoDB Local normalizes numbers only at the top of an item.
		call{name: "value: a number in a list", operation: "PutItem", body: put(`"v":{"L":[{"N":"1.0"},{"M":{"a":{"N":"1E+2"}}}]}`)},
		call{name: "value: a number in a list, read back", operation: "GetItem", body: get(keyA1),
			service: `{"Item":{` + keyA1 + `,"v":{"L":[{"N":"1"},{"M":{"a":{"N":"100"}}}]}}}`},
		call{name: "value: an attribute twice, the last wins", operation: "PutItem", body: put(`"v":{"S":"first"},"w":{"S":"w"},"v":{"S":"last"}`)},
		call{name: "value: an attribute twice, read back", operation: "GetItem", body: get(keyA1)},
	)
}

// keyCalls are about the keys of tables and indexes, for PutItem and for the calls that take a key.
func keyCalls() []call {
	item := func(name, item, service string) call {
		return call{name: "key: put " + name, operation: "PutItem", body: `{"TableName":"things","Item":{` + item + `}}`, service: service}
	}
	key := func(name, key, service string) call {
		return call{name: "key: get " + name, operation: "GetItem", body: get(key), service: service}
	}
	long := strings.Repeat("k", 2049)
	const (
		tooLong = invalid + "Size of hashkey has exceeded the maximum size limit of2048 bytes"
	)
	return []call{
		item("nothing", ``, invalid+"Missing the key h in the item"),
		item("without the hash key", `"r":{"N":"1"}`, invalid+"Missing the key h in the item"),
		item("without the range key", `"h":{"S":"a"}`, invalid+"Missing the key r in the item"),
		item("a number for the text", `"h":{"N":"1"},"r":{"N":"1"}`, invalid+"Type mismatch for key h expected: S actual: N"),
		item("a text for the number", `"h":{"S":"a"},"r":{"S":"1"}`, invalid+"Type mismatch for key r expected: N actual: S"),
		item("null for the key", `"h":{"NULL":true},"r":{"N":"1"}`, invalid+"Type mismatch for key h expected: S actual: NULL"),
		item("a list for the key", `"h":{"L":[]},"r":{"N":"1"}`, invalid+"Type mismatch for key h expected: S actual: L"),
		item("an empty key", `"h":{"S":""},"r":{"N":"1"}`, ""),
		item("a long key", `"h":{"S":"`+long+`"},"r":{"N":"1"}`, tooLong),
		item("the longest key", `"h":{"S":"`+long[:2048]+`"},"r":{"N":"1"}`, ""),
		item("a text for an index's number", keyA1+`,"g":{"S":"x"}`, invalid+"Type mismatch for Index Key g Expected: N Actual: S IndexName: by-g"),
		item("null for an index's number", keyA1+`,"g":{"NULL":true}`, invalid+"Type mismatch for Index Key g Expected: N Actual: NULL IndexName: by-g"),
		item("an empty text for an index", keyA1+`,"t":{"S":""}`, ""),
		item("a long key for an index", keyA1+`,"t":{"S":"`+long+`"}`, invalid+"Aggregated size of all range keys has exceeded the size limit of 1024 bytes"),
		item("half an index key", keyA1+`,"g":{"N":"5"}`, ""),
		item("no member at all", ``, invalid+"Missing the key h in the item"),
		{name: "key: put without an item", operation: "PutItem", body: `{"TableName":"things"}`, service: malformed + "null at 'item' failed to satisfy constraint: Member must not be null"},
		{name: "key: put without a table", operation: "PutItem", body: `{"Item":{}}`, service: missingTableName},
		{name: "key: put into no table", operation: "PutItem", body: `{"TableName":"nowhere","Item":{"a":{"S":"x"}}}`, service: notFound},
		{name: "key: put a bad number into no table", operation: "PutItem", body: `{"TableName":"nowhere","Item":{"a":{"N":"x"}}}`, service: "ValidationException: The parameter cannot be converted to a numeric value: x"},
		{name: "key: binary keys", operation: "PutItem", body: `{"TableName":"blobs","Item":{"b":{"B":"AQI="},"c":{"B":"Aw=="},"v":{"S":"x"}}}`},
		{name: "key: binary keys, read back", operation: "GetItem", body: `{"TableName":"blobs","Key":{"b":{"B":"AQI="},"c":{"B":"Aw=="}}}`},
		{name: "key: an empty binary key", operation: "PutItem", body: `{"TableName":"blobs","Item":{"b":{"B":""},"c":{"B":"Aw=="}}}`},
		{name: "key: a long binary range key", operation: "PutItem", body: `{"TableName":"blobs","Item":{"b":{"B":"AQ=="},"c":{"B":"` + strings.Repeat("AAAA", 342) + `"}}}`,
			service: invalid + "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"},
		key("an item", keyA1, ""),
		key("a key spelled otherwise", `"h":{"S":"a"},"r":{"N":"1.00"}`, ""),
		key("no item", `"h":{"S":"nobody"},"r":{"N":"1"}`, ""),
		key("an empty key object", ``, badKey),
		key("half a key", `"h":{"S":"a"}`, badKey),
		key("a key and more", keyA1+`,"x":{"S":"1"}`, badKey),
		key("another attribute", `"h":{"S":"a"},"x":{"N":"1"}`, badKey),
		key("a text for the number", `"h":{"S":"a"},"r":{"S":"1"}`, badKey),
		key("null for the number", `"h":{"S":"a"},"r":{"NULL":true}`, badKey),
		key("an empty text", `"h":{"S":""},"r":{"N":"1"}`, ""),
		key("a long text", `"h":{"S":"`+long+`"},"r":{"N":"1"}`, tooLong),
		key("a bad number", `"h":{"S":"a"},"r":{"N":"x"}`, "ValidationException: The parameter cannot be converted to a numeric value: x"),
		{name: "key: get without a key", operation: "GetItem", body: `{"TableName":"things"}`, service: malformed + "null at 'key' failed to satisfy constraint: Member must not be null"},
		{name: "key: get from no table", operation: "GetItem", body: `{"TableName":"nowhere","Key":{"a":{"S":"x"}}}`, service: notFound},
		{name: "key: delete half a key", operation: "DeleteItem", body: get(`"h":{"S":"a"}`), service: badKey},
		{name: "key: update half a key", operation: "UpdateItem", body: get(`"h":{"S":"a"}`), service: badKey},
	}
}

// writeCalls are about what PutItem and DeleteItem return and cost.
func writeCalls() []call {
	with := func(attributes, more string) string {
		body := put(attributes)
		return body[:len(body)-1] + "," + more + "}"
	}
	cost := func(name, attributes string) call {
		return call{name: "cost: " + name, operation: "PutItem", body: with(attributes, `"ReturnConsumedCapacity":"INDEXES"`)}
	}
	remove := func(name, more, service string) call {
		body := get(keyA1)
		return call{name: "delete item: " + name, operation: "DeleteItem", body: body[:len(body)-1] + more + "}", service: service}
	}
	return []call{
		{name: "put: over a known item", operation: "PutItem", body: put(`"q":{"S":"1"}`)},
		{name: "put: the old item", operation: "PutItem", body: with(`"q":{"S":"2"}`, `"ReturnValues":"ALL_OLD"`)},
		{name: "put: no old item wanted", operation: "PutItem", body: with(`"q":{"S":"3"}`, `"ReturnValues":"NONE"`)},
		{name: "put: the new item", operation: "PutItem", body: with(``, `"ReturnValues":"ALL_NEW"`)},
		{name: "put: an unknown return", operation: "PutItem", body: with(``, `"ReturnValues":"SOME"`),
			service: malformed + "'SOME' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"},
		{name: "put: an unknown capacity", operation: "PutItem", body: with(``, `"ReturnConsumedCapacity":"SOME"`),
			service: malformed + "'SOME' at 'returnConsumedCapacity' failed to satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"},
		{name: "put: an unknown return on failure", operation: "PutItem", body: with(``, `"ReturnValuesOnConditionCheckFailure":"SOME"`)},
		{name: "put: a legacy condition", operation: "PutItem", body: with(``, `"Expected":{"h":{"Exists":false}}`), service: legacy("Expected")},
		cost("the item alone", ``),
		cost("an entry in two indexes", `"g":{"N":"1"},"t":{"S":"x"}`),
		cost("the same again", `"g":{"N":"1"},"t":{"S":"x"}`),
		cost("an attribute that one index does not hold", `"g":{"N":"1"},"t":{"S":"x"},"z":{"S":"1"}`),
		cost("a change that both indexes hold", `"g":{"N":"1"},"t":{"S":"x"},"seen":{"S":"1"}`),
		cost("an entry that moves", `"g":{"N":"2"},"t":{"S":"x"}`),
		cost("entries that go", ``),
		cost("three units", `"z":{"S":"`+strings.Repeat("x", 3000)+`"}`),
		cost("small over large", ``),
		{name: "cost: total alone", operation: "PutItem", body: with(``, `"ReturnConsumedCapacity":"TOTAL"`)},
		{name: "cost: a read", operation: "GetItem", body: `{"TableName":"things","Key":{` + keyA1 + `},"ReturnConsumedCapacity":"TOTAL"}`},
		{name: "cost: a consistent read", operation: "GetItem", body: `{"TableName":"things","Key":{` + keyA1 + `},"ConsistentRead":true,"ReturnConsumedCapacity":"INDEXES"}`},
		remove("the old item", `,"ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"TOTAL"`, ""),
		remove("nothing", `,"ReturnValues":"ALL_OLD","ReturnConsumedCapacity":"TOTAL"`, ""),
		remove("the new item", `,"ReturnValues":"ALL_NEW"`, ""),
		remove("on a condition that fails", `,"ConditionExpression":"attribute_exists(h)"`, ""),
		{name: "delete item: without a key", operation: "DeleteItem", body: `{"TableName":"things"}`, service: malformed + "null at 'key' failed to satisfy constraint: Member must not be null"},
	}
}

// legacy is our answer to what expressions replaced.
func legacy(member string) string {
	return "ValidationException: The legacy parameter " + member + " is not supported by this embedded DynamoDB: use the expression parameters"
}

func batchPut(item string) string   { return `{"PutRequest":{"Item":{` + item + `}}}` }
func batchDelete(key string) string { return `{"DeleteRequest":{"Key":{` + key + `}}}` }

func batchOf(table string, requests ...string) string {
	return fmt.Sprintf(`{"RequestItems":{%q:[%s]}}`, table, strings.Join(requests, ","))
}

func keyOf(h string, r int) string { return fmt.Sprintf(`"h":{"S":%q},"r":{"N":"%d"}`, h, r) }

func batchCalls() []call {
	var many, manyKeys []string
	for i := range 26 {
		many = append(many, batchPut(keyOf("batch", i)+`,"v":{"N":"1E+2"}`))
	}
	for i := range 101 {
		manyKeys = append(manyKeys, "{"+keyOf("batch", i)+"}")
	}
	things := func(name, service string, requests ...string) call {
		return call{name: "batch: " + name, operation: "BatchWriteItem", body: batchOf("things", requests...), service: service}
	}
	gets := func(name, service, request string) call {
		return call{name: "batch get: " + name, operation: "BatchGetItem", body: `{"RequestItems":` + request + `}`, service: service, unordered: true}
	}
	const (
		noRequests = malformed + "'{}' at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1"
		nullMember = malformed + "null at 'requestItems' failed to satisfy constraint: Member must not be null"
	)
	return []call{
		things("25 puts", "", many[:25]...),
		{name: "batch: 25 puts, read back", operation: "Query", body: `{"TableName":"things","KeyConditionExpression":"h=:h","ExpressionAttributeValues":{":h":{"S":"batch"}}}`},
		things("26 puts", "", many...),
		things("put and delete", "", batchPut(keyOf("batch", 1)+`,"v":{"S":"new"}`), batchDelete(keyOf("batch", 2))),
		things("put and delete of one key", "", batchPut(keyOf("batch", 1)), batchDelete(keyOf("batch", 1))),
		things("one number spelled two ways", "", batchPut(`"h":{"S":"batch"},"r":{"N":"1"}`), batchPut(`"h":{"S":"batch"},"r":{"N":"1.0"}`)),
		things("a delete of nothing", "", batchDelete(keyOf("nobody", 1))),
		things("no request", ""),
		{name: "batch: no table", operation: "BatchWriteItem", body: `{"RequestItems":{}}`, service: noRequests},
		{name: "batch: no member", operation: "BatchWriteItem", body: `{}`, service: nullMember},
		{name: "batch: null for a list", operation: "BatchWriteItem", body: `{"RequestItems":{"things":null}}`},
		{name: "batch: a table that is not there", operation: "BatchWriteItem", body: batchOf("nowhere", batchPut(keyOf("a", 1))), service: notFound},
		{name: "batch: one table of two is not there", operation: "BatchWriteItem",
			body: `{"RequestItems":{"things":[` + batchPut(keyOf("half", 1)) + `],"nowhere":[` + batchPut(keyOf("a", 1)) + `]}}`, service: notFound},
		{name: "batch: nothing was written then", operation: "GetItem", body: get(keyOf("half", 1))},
		{name: "batch: a bad table name", operation: "BatchWriteItem", body: batchOf("x", batchPut(keyOf("a", 1)))},
		{name: "batch: two tables", operation: "BatchWriteItem",
			body: `{"RequestItems":{"things":[` + batchPut(keyOf("two", 1)) + `],"words":[` + batchPut(`"w":{"S":"two"}`) + `]}}`},
		things("no range key", badKey, batchPut(`"h":{"S":"a"}`)),
		things("a key of the wrong type", badKey, batchPut(`"h":{"N":"1"},"r":{"N":"1"}`)),
		things("a delete with half a key", badKey, batchDelete(`"h":{"S":"a"}`)),
		things("a delete with a key and more", badKey, batchDelete(keyOf("a", 1)+`,"x":{"S":"1"}`)),
		things("a text for an index's number", invalid+"Type mismatch for Index Key g Expected: N Actual: S IndexName: by-g", batchPut(keyOf("a", 1)+`,"g":{"S":"z"}`)),
		things("an empty key", "", batchPut(`"h":{"S":""},"r":{"N":"1"}`)),
		things("an empty key in a delete", "", batchDelete(`"h":{"S":""},"r":{"N":"1"}`)),
		things("put and delete in one request", "", `{"PutRequest":{"Item":{`+keyOf("a", 1)+`}},"DeleteRequest":{"Key":{`+keyOf("a", 1)+`}}}`),
		things("an empty request", "", `{}`),
		things("a put without an item", "", `{"PutRequest":{}}`),
		things("a delete without a key", "", `{"DeleteRequest":{}}`),
		things("null for a request", "", `null`),
		things("an item too large", "", batchPut(keyOf("a", 1)+`,"v":{"S":"`+strings.Repeat("x", 410000)+`"}`)),
		things("a bad number", "ValidationException: The parameter cannot be converted to a numeric value: x", batchPut(keyOf("a", 1)+`,"v":{"N":"x"}`)),
		// A delete of nothing costs one unit; DynamoDB Local counts two in a batch, one elsewhere.
		{name: "batch: cost", operation: "BatchWriteItem", service: `{"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"things","CapacityUnits":6.0,"Table":{"CapacityUnits":3.0},` +
			`"LocalSecondaryIndexes":{"local-t":{"CapacityUnits":1.0}},"GlobalSecondaryIndexes":{"by-g":{"CapacityUnits":1.0},"by-t":{"CapacityUnits":1.0}}}]}`, body: `{"ReturnConsumedCapacity":"INDEXES","RequestItems":{"things":[` +
			batchPut(keyOf("cost", 1)) + `,` + batchPut(keyOf("cost", 2)+`,"g":{"N":"5"},"t":{"S":"x"}`) + `,` + batchDelete(keyOf("cost", 3)) + `]}}`},
		gets("two items", "", `{"things":{"Keys":[{`+keyOf("batch", 3)+`},{`+keyOf("batch", 4)+`},{`+keyOf("nobody", 1)+`}]}}`),
		gets("two tables", "", `{"things":{"Keys":[{`+keyOf("batch", 3)+`}]},"words":{"Keys":[{"w":{"S":"two"}}]}}`),
		gets("a projection", "", `{"things":{"Keys":[{`+keyOf("batch", 3)+`}],"ProjectionExpression":"#r, v","ExpressionAttributeNames":{"#r":"r"}}}`),
		gets("101 keys", "", `{"things":{"Keys":[`+strings.Join(manyKeys, ",")+`]}}`),
		gets("one key twice", "ValidationException: Provided list of item keys contains duplicates", `{"things":{"Keys":[{`+keyOf("batch", 3)+`},{"h":{"S":"batch"},"r":{"N":"3.0"}}]}}`),
		gets("no table", noRequests, `{}`),
		gets("no keys", "", `{"things":{}}`),
		gets("an empty list", "", `{"things":{"Keys":[]}}`),
		gets("null for a key", "", `{"things":{"Keys":[null]}}`),
		gets("half a key", badKey, `{"things":{"Keys":[{"h":{"S":"a"}}]}}`),
		gets("a table that is not there", notFound, `{"nowhere":{"Keys":[{`+keyOf("a", 1)+`}]}}`),
		gets("legacy attributes", legacy("AttributesToGet"), `{"things":{"Keys":[{`+keyOf("batch", 3)+`}],"AttributesToGet":["r"]}}`),
		{name: "batch get: cost", operation: "BatchGetItem", body: `{"ReturnConsumedCapacity":"INDEXES","RequestItems":{"things":{"ConsistentRead":true,"Keys":[{` + keyOf("batch", 3) + `}]}}}`},
	}
}
