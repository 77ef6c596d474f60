package dynamodb_test

import (
	"fmt"
	"strings"
)

// queryCalls read the items q 0 ... q 9 and their indexes.
func queryCalls() []call {
	var out []call
	for i := range 10 {
		item := keyOf("q", i) + fmt.Sprintf(`,"g":{"N":"%d"},"t":{"S":"t%d"},"x":{"S":"x%d"},"seen":{"BOOL":true}`, 7+i/5, i, i%3)
		out = append(out, call{name: fmt.Sprintf("query: item %d", i), operation: "PutItem", body: `{"TableName":"things","Item":{` + item + `}}`})
	}
	for _, n := range []string{"-5", "-0.5", "1.5", "100", "1E+30", "1E-30", "-1E+30"} {
		out = append(out, call{name: "query: item " + n, operation: "PutItem", body: `{"TableName":"things","Item":{"h":{"S":"numbers"},"r":{"N":"` + n + `"}}}`})
	}
	query := func(name, members, service string) {
		out = append(out, call{name: "query: " + name, operation: "Query", body: `{"TableName":"things",` + members + `}`, service: service})
	}
	number := 0
	key := func(expression, values string) {
		number++
		query(fmt.Sprintf("%d %s", number, expression), `"KeyConditionExpression":`+quote(expression)+`,"ExpressionAttributeValues":{`+values+`}`, "")
	}
	missed := func(expression, values, attribute string) {
		key(expression, values)
		out[len(out)-1].service = "ValidationException: Query condition missed key schema element: " + attribute
	}
	const (
		h   = `":h":{"S":"q"}`
		hr  = h + `,":r":{"N":"3"}`
		hab = h + `,":a":{"N":"3"},":b":{"N":"5.5"}`
	)
	for _, op := range []string{"=", "<", "<=", ">", ">="} {
		key("h = :h AND r "+op+" :r", hr)
	}
	for _, op := range []string{"<", ">="} {
		key("h = :h AND :r "+op+" r", hr)
		key("h = :h AND r "+op+" :r", `":h":{"S":"numbers"},":r":{"N":"-0.5"}`)
	}
	key("h = :h", h)
	key("h = :h", `":h":{"S":"nobody"}`)
	key("h = :h", `":h":{"S":"numbers"}`)
	key("r BETWEEN :a AND :b AND h = :h", hab)
	key("h = :h AND r BETWEEN :b AND :a", hab)
	key("(h = :h) AND (r = :r)", hr)
	key("(h = :h AND r = :r)", hr)
	key(":h = h", h)
	key("h < :h", h)
	key("h = :h OR r = :r", hr)
	key("h = :h AND r <> :r", hr)
	key("NOT h = :h", h)
	key("h IN (:h)", h)
	key("h = :h AND contains(r, :h)", h)
	key("h = :h AND size(r) = :r", hr)
	key("h = :h AND begins_with(r, :r)", hr)
	key("h = :h AND r = :r AND r = :r", hr)
	key("h = :h AND h = :h", h)
	key("h.a = :h", h)
	key("h = r", h)
	key("h = :hh", h)
	key("h = :h AND", h)
	key("h = :h AND r = :r", h+`,":r":{"S":"3"}`)
	key("h = :h", `":h":{"N":"3"}`)
	key("h = :h", `":h":{"S":""}`)
	key("h = :h", h+`,":z":{"S":"unused"}`)
	missed("x = :h", h, "h")
	key("h = :h AND r = :r AND x = :h", hr)
	key("begins_with(h, :h)", h)
	missed("h = :h AND begins_with(x, :h)", h, "r")
	key("#h = :h", h)
	missed("r = :r", `":r":{"N":"3"}`, "h")
	missed("h = :h AND x = :h", h, "r")
	const hq = `"KeyConditionExpression":"h = :h","ExpressionAttributeValues":{` + h + `}`
	query("no condition", `"Limit":1`, "")
	query("legacy", `"KeyConditions":{"h":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"q"}]}}`, legacy("KeyConditions"))
	query("an attribute that is not there", `"KeyConditionExpression":"attribute_exists(h)"`, "")
	query("backward", hq+`,"ScanIndexForward":false`, "")
	query("limit", hq+`,"Limit":3,"ReturnConsumedCapacity":"TOTAL"`, "")
	query("a limit that is the end", hq+`,"Limit":10`, "")
	query("a limit beyond the end", hq+`,"Limit":11`, "")
	query("backward with a limit", hq+`,"ScanIndexForward":false,"Limit":2`, "")
	query("limit zero", hq+`,"Limit":0`, malformed+"'0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1")
	query("count", hq+`,"Select":"COUNT"`, "")
	query("consistent, with its cost", hq+`,"ConsistentRead":true,"ReturnConsumedCapacity":"INDEXES"`, "")
	query("projection", hq+`,"ProjectionExpression":"r, x","Limit":2`, "")
	query("select specific without a projection", hq+`,"Select":"SPECIFIC_ATTRIBUTES"`, "")
	query("select projected without an index", hq+`,"Select":"ALL_PROJECTED_ATTRIBUTES"`, "")
	query("select nonsense", hq+`,"Select":"SOME"`, malformed+"'SOME' at 'select' failed to satisfy constraint: Member must satisfy enum value set: [SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]")
	query("count and a projection", hq+`,"Select":"COUNT","ProjectionExpression":"r"`, "")
	query("all and a projection", hq+`,"Select":"ALL_ATTRIBUTES","ProjectionExpression":"r"`, "")
	filter := func(name, expression, values, more string) {
		query("filter "+name, `"KeyConditionExpression":"h = :h","FilterExpression":`+quote(expression)+`,"ExpressionAttributeValues":{`+h+values+`}`+more, "")
	}
	filter("on a text", "x = :x", `,":x":{"S":"x1"}`, "")
	filter("and a limit", "x = :x", `,":x":{"S":"x2"}`, `,"Limit":2`)
	filter("and a count", "x = :x", `,":x":{"S":"x1"}`, `,"Select":"COUNT"`)
	filter("on the key", "r = :r", `,":r":{"N":"1"}`, "")
	filter("on the key, inside", "x = :x OR NOT h = :x", `,":x":{"S":"x2"}`, "")
	filter("that is broken", "x = ", "", "")
	filter("that is empty", "", "", "")
	page := func(name, members string) {
		out = append(out, call{name: "query pages: " + name, operation: "Query", body: `{"TableName":"things",` + members + `}`, pages: true})
	}
	page("forward", hq+`,"Limit":3`)
	page("backward", hq+`,"Limit":3,"ScanIndexForward":false`)
	page("one by one with a filter", `"KeyConditionExpression":"h = :h AND r > :r","FilterExpression":"x <> :x","ExpressionAttributeValues":{`+hr+`,":x":{"S":"x1"}},"Limit":1`)
	page("an index", `"IndexName":"by-g","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"N":"7"}},"Limit":2`)
	page("a local index, backward", `"IndexName":"local-t","KeyConditionExpression":"h = :h","ExpressionAttributeValues":{`+h+`},"Limit":4,"ScanIndexForward":false`)
	index := func(name, members, service string) { query("index: "+name, members, service) }
	const byG = `"IndexName":"by-g","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"N":"7.0"}}`
	index("a hash key", byG, "")
	index("a limit", byG+`,"Limit":2,"ReturnConsumedCapacity":"INDEXES"`, "")
	index("begins_with", `"IndexName":"by-g","KeyConditionExpression":"g = :g AND begins_with(t, :t)","ExpressionAttributeValues":{":g":{"N":"8"},":t":{"S":"t"}}`, "")
	index("begins_with nothing", `"IndexName":"by-g","KeyConditionExpression":"g = :g AND begins_with(t, :t)","ExpressionAttributeValues":{":g":{"N":"8"},":t":{"S":"u"}}`, "")
	index("between texts", `"IndexName":"by-g","KeyConditionExpression":"g = :g AND t BETWEEN :a AND :b","ExpressionAttributeValues":{":g":{"N":"8"},":a":{"S":"t6"},":b":{"S":"t8"}}`, "")
	index("consistent", byG+`,"ConsistentRead":true`, "ValidationException: Consistent reads are not supported on global secondary indexes")
	index("unknown", `"IndexName":"by-z","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"N":"7"}}`, "")
	index("that includes some", `"IndexName":"by-t","KeyConditionExpression":"t = :t","ExpressionAttributeValues":{":t":{"S":"t3"}}`, "")
	index("that includes some, projected", `"IndexName":"by-t","KeyConditionExpression":"t = :t","ExpressionAttributeValues":{":t":{"S":"t3"}},"ProjectionExpression":"seen, h"`, "")
	index("all of one that includes some", `"IndexName":"by-t","KeyConditionExpression":"t = :t","ExpressionAttributeValues":{":t":{"S":"t3"}},"Select":"ALL_ATTRIBUTES"`, "")
	index("local", `"IndexName":"local-t","KeyConditionExpression":"h = :h AND t > :t","ExpressionAttributeValues":{`+h+`,":t":{"S":"t7"}},"ConsistentRead":true`, "")
	index("filter on its key", `"IndexName":"by-g","KeyConditionExpression":"g = :g","FilterExpression":"t = :t","ExpressionAttributeValues":{":g":{"N":"7"},":t":{"S":"t1"}}`, "")
	index("filter on the table's key", `"IndexName":"by-g","KeyConditionExpression":"g = :g","FilterExpression":"r = :r","ExpressionAttributeValues":{":g":{"N":"7"},":r":{"N":"1"}}`, "")
	start := func(name, members, key, service string) {
		query("start "+name, members+`,"ExclusiveStartKey":{`+key+`}`, service)
	}
	const startInvalid = "ValidationException: The provided starting key is invalid"
	start("after 7", hq, keyOf("q", 7), "")
	start("after one that is not there", hq, `"h":{"S":"q"},"r":{"N":"7.5"}`, "")
	start("backward", hq+`,"ScanIndexForward":false`, keyOf("q", 2), "")
	start("elsewhere", hq, keyOf("z", 2), "ValidationException: The provided starting key is outside query boundaries based on provided conditions")
	start("half", hq, `"h":{"S":"q"}`, startInvalid)
	start("of the wrong type", hq, `"h":{"S":"q"},"r":{"S":"7"}`, startInvalid+": The provided key element does not match the schema")
	start("outside the range", `"KeyConditionExpression":"h = :h AND r > :r","ExpressionAttributeValues":{`+hr+`}`, keyOf("q", 2), "")
	start("in an index", byG, keyOf("q", 2)+`,"g":{"N":"7"},"t":{"S":"t2"}`, "")
	start("half in an index", byG, `"g":{"N":"7"},"t":{"S":"t2"}`, startInvalid)
	return out
}

// scanCalls read whole tables. The order of a scan is nobody's business.
func scanCalls() []call {
	var out []call
	for i := range 12 {
		out = append(out, call{name: fmt.Sprintf("scan: word %d", i), operation: "PutItem",
			body: fmt.Sprintf(`{"TableName":"words","Item":{"w":{"S":"word%d"},"n":{"N":"%d"},"x":{"S":"x%d"}}}`, i, i, i%3)})
	}
	scan := func(name, members, service string) {
		if members != "" {
			members = "," + members
		}
		out = append(out, call{name: "scan: " + name, operation: "Scan", body: `{"TableName":"words"` + members + `}`, service: service, unordered: true})
	}
	pages := func(name, table, members string) {
		out = append(out, call{name: "scan pages: " + name, operation: "Scan", body: `{"TableName":"` + table + `",` + members + `}`, pages: true, unordered: true})
	}
	scan("all", "", "")
	words := func(name, expression, values string) {
		out = append(out, call{name: "query words: " + name, operation: "Query",
			body: `{"TableName":"words","KeyConditionExpression":` + quote(expression) + `,"ExpressionAttributeValues":{` + values + `}}`})
	}
	words("one", "w = :w", `":w":{"S":"word3"}`)
	words("more than the key", "w = :w AND x = :x", `":w":{"S":"word3"},":x":{"S":"x0"}`)
	scan("count", `"Select":"COUNT","ReturnConsumedCapacity":"TOTAL"`, "")
	scan("filter", `"FilterExpression":"n > :n","ExpressionAttributeValues":{":n":{"N":"8"}}`, "")
	scan("filter on the key", `"FilterExpression":"w = :w","ExpressionAttributeValues":{":w":{"S":"word3"}}`, "")
	scan("filter and count", `"Select":"COUNT","FilterExpression":"begins_with(x, :x)","ExpressionAttributeValues":{":x":{"S":"x1"}}`, "")
	scan("filter with an unknown value", `"FilterExpression":"n > :n"`, "")
	scan("an empty filter", `"FilterExpression":""`, "")
	scan("projection", `"ProjectionExpression":"n, x"`, "")
	scan("projection with a filter", `"ProjectionExpression":"#n","FilterExpression":"#n = :n","ExpressionAttributeNames":{"#n":"n"},"ExpressionAttributeValues":{":n":{"N":"8"}}`, "")
	scan("limit zero", `"Limit":0`, malformed+"'0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1")
	scan("a negative limit", `"Limit":-1`, malformed+"'-1' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1")
	scan("a limit beyond the end", `"Limit":1000`, "")
	scan("count and a projection", `"Select":"COUNT","ProjectionExpression":"n"`, "")
	scan("no such index", `"IndexName":"by-z"`, "")
	scan("half a start", `"ExclusiveStartKey":{}`, "ValidationException: The provided starting key is invalid")
	scan("a start of the wrong type", `"ExclusiveStartKey":{"w":{"N":"1"}}`, "ValidationException: The provided starting key is invalid: The provided key element does not match the schema")
	scan("legacy", `"ScanFilter":{"w":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"q"}]}}`, legacy("ScanFilter"))
	scan("a segment beyond the last", `"Segment":2,"TotalSegments":2`, "ValidationException: The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2")
	scan("a segment alone", `"Segment":0`, "ValidationException: The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	scan("segments without one", `"TotalSegments":2`, "ValidationException: The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	scan("the only segment", `"Segment":0,"TotalSegments":1`, "")
	pages("five at a time", "words", `"Limit":5`)
	pages("one at a time with a filter", "words", `"Limit":1,"FilterExpression":"x = :x","ExpressionAttributeValues":{":x":{"S":"x2"}}`)
	pages("a table with a range key", "things", `"Limit":7,"ProjectionExpression":"h, r"`)
	pages("an index", "things", `"IndexName":"by-g","Limit":3`)
	pages("an index that includes some", "things", `"IndexName":"by-t","Limit":3`)
	pages("a local index", "things", `"IndexName":"local-t","Limit":3`)
	pages("counted", "things", `"Limit":3,"Select":"COUNT"`)
	// 1 MB and no more: 5 items of 300 KB are two pages.
	for i := range 5 {
		out = append(out, call{name: fmt.Sprintf("scan: large %d", i), operation: "PutItem",
			body: fmt.Sprintf(`{"TableName":"billed","Item":{"w":{"S":"large%d"},"v":{"S":"%s"}}}`, i, strings.Repeat("x", 300*1024))})
	}
	out = append(out,
		call{name: "scan pages: 1 MB", operation: "Scan", body: `{"TableName":"billed","ProjectionExpression":"w"}`, pages: true, unordered: true},
		call{name: "scan: no table", operation: "Scan", body: `{"TableName":"nowhere"}`, service: notFound},
		call{name: "query: no table", operation: "Query", body: `{"TableName":"nowhere","KeyConditionExpression":"h=:h","ExpressionAttributeValues":{":h":{"S":"x"}}}`, service: notFound},
	)
	return out
}

func transactionCalls() []call {
	write := func(name, service string, items ...string) call {
		return call{name: "transact: " + name, operation: "TransactWriteItems", body: `{"TransactItems":[` + strings.Join(items, ",") + `]}`, service: service}
	}
	read := func(name, service string, items ...string) call {
		return call{name: "transact get: " + name, operation: "TransactGetItems", body: `{"TransactItems":[` + strings.Join(items, ",") + `]}`, service: service}
	}
	action := func(kind, key, more string) string {
		member := "Key"
		if kind == "Put" {
			member = "Item"
		}
		return `{"` + kind + `":{"TableName":"things","` + member + `":{` + key + `}` + more + `}}`
	}
	tx := func(i int) string { return keyOf("tx", i) }
	getOf := func(i int, more string) string { return action("Get", tx(i), more) }
	const notExists = `,"ConditionExpression":"attribute_not_exists(h)"`
	const reasonsOnly = "TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError]"
	var many, manyGets []string
	for i := range 101 {
		many = append(many, action("Put", tx(i), ""))
		manyGets = append(manyGets, getOf(i, ""))
	}
	token := func(name, token, item, more, service string) call {
		return call{name: "transact token: " + name, operation: "TransactWriteItems", body: `{"TransactItems":[` + item + `],"ClientRequestToken":"` + token + `"` + more + `}`, service: service}
	}
	return []call{
		{name: "transact: one of each", operation: "TransactWriteItems", body: `{"ReturnConsumedCapacity":"TOTAL","TransactItems":[` + strings.Join([]string{
			action("Put", tx(1)+`,"v":{"N":"1E+2"}`, ""), action("Delete", tx(2), ""),
			action("Update", tx(3), `,"UpdateExpression":"SET a1 = :v","ExpressionAttributeValues":{":v":{"N":"1"}}`),
			action("ConditionCheck", tx(4), notExists)}, ",") + `]}`,
			// DynamoDB Local forgets the condition check, which costs like a write.
			service: `{"ConsumedCapacity":[{"TableName":"things","CapacityUnits":8.0}]}`},
		{name: "transact: one of each, read back", operation: "Query", body: `{"TableName":"things","KeyConditionExpression":"h=:h","ExpressionAttributeValues":{":h":{"S":"tx"}}}`},
		write("a condition that fails", "", action("Put", tx(1), notExists), action("Put", tx(5), "")),
		write("a condition that fails, with the item", "", action("Put", tx(5), ""), action("Put", tx(1), notExists+`,"ReturnValuesOnConditionCheckFailure":"ALL_OLD"`)),
		{name: "transact: nothing was written", operation: "GetItem", body: get(tx(5))},
		write("two tables", "", action("Put", tx(6), ""), `{"Put":{"TableName":"words","Item":{"w":{"S":"tx"}}}}`),
		write("nothing", malformed+"'[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1"),
		{name: "transact: no member", operation: "TransactWriteItems", body: `{}`, service: malformed + "null at 'transactItems' failed to satisfy constraint: Member must not be null"},
		write("one item twice", "", action("Put", tx(1), ""), action("Delete", tx(1), "")),
		write("two kinds in one", "", `{"Put":{"TableName":"things","Item":{`+tx(1)+`}},"Delete":{"TableName":"things","Key":{`+tx(1)+`}}}`),
		write("no kind", "", `{}`),
		write("no such table", notFound, `{"Put":{"TableName":"nowhere","Item":{"a":{"S":"x"}}}}`),
		write("no table", malformed+"null at 'transactItems.1.member.put.tableName' failed to satisfy constraint: Member must not be null", `{"Put":{"Item":{"a":{"S":"x"}}}}`),
		write("no item", malformed+"null at 'transactItems.1.member.put.item' failed to satisfy constraint: Member must not be null", `{"Put":{"TableName":"things"}}`),
		write("a check without a condition", malformed+"null at 'transactItems.1.member.conditionCheck.conditionExpression' failed to satisfy constraint: Member must not be null", action("ConditionCheck", tx(1), "")),
		write("an update without an expression", malformed+"null at 'transactItems.1.member.update.updateExpression' failed to satisfy constraint: Member must not be null", action("Update", tx(1), "")),
		write("half a key", reasonsOnly, action("Delete", `"h":{"S":"a"}`, "")),
		write("an item without its key", reasonsOnly, action("Put", `"h":{"S":"a"}`, "")),
		write("an update of the key", "", action("Update", tx(1), `,"UpdateExpression":"SET h = :v","ExpressionAttributeValues":{":v":{"S":"x"}}`)),
		write("a path that leads nowhere", reasonsOnly, action("Update", tx(3), `,"UpdateExpression":"SET a1.b1 = :v","ExpressionAttributeValues":{":v":{"S":"x"}}`)),
		write("an item too large", "", action("Put", tx(1)+`,"v":{"S":"`+strings.Repeat("x", 410000)+`"}`, "")),
		write("a bad number", "ValidationException: The parameter cannot be converted to a numeric value: x", action("Put", tx(1)+`,"v":{"N":"x"}`, "")),
		write("a broken condition", "", action("Put", tx(1), `,"ConditionExpression":"foo("`)),
		write("100 actions", "", many[:100]...),
		write("101 actions", "", many...),
		token("first", "token1", action("Put", tx(1), ""), "", ""),
		token("again", "token1", action("Put", tx(1), ""), "", ""),
		token("again, at the cost of a read", "token1", action("Put", tx(1), ""), `,"ReturnConsumedCapacity":"TOTAL"`, ""),
		token("another transaction", "token1", action("Put", tx(2), ""), "", ""),
		token("too long", strings.Repeat("x", 37), action("Put", tx(2), ""), "",
			malformed+"'"+strings.Repeat("x", 37)+"' at 'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to 36"),
		read("three", "", getOf(1, ""), getOf(500, ""), getOf(3, `,"ProjectionExpression":"r"`)),
		{name: "transact get: cost", operation: "TransactGetItems", body: `{"ReturnConsumedCapacity":"TOTAL","TransactItems":[` + getOf(1, "") + `,` + getOf(2, "") + `]}`},
		read("nothing", malformed+"'[]' at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1"),
		read("one item twice", "", getOf(1, ""), getOf(1, "")),
		read("no such table", notFound, `{"Get":{"TableName":"nowhere","Key":{"a":{"S":"x"}}}}`),
		read("half a key", reasonsOnly, action("Get", `"h":{"S":"a"}`, "")),
		read("no get", malformed+"null at 'transactItems.1.member.get' failed to satisfy constraint: Member must not be null", `{}`),
		read("no key", malformed+"null at 'transactItems.1.member.get.key' failed to satisfy constraint: Member must not be null", `{"Get":{"TableName":"things"}}`),
		read("a broken projection", "", getOf(1, `,"ProjectionExpression":"name"`)),
		read("101 gets", "", manyGets...),
	}
}
