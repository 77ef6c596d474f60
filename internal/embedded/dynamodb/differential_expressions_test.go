package dynamodb_test

import (
	"fmt"
	"strings"
)

// keyU is the item that expressions are tried on.
const keyU = `"h":{"S":"u"},"r":{"N":"1"}`

const itemU = keyU + `,"s":{"S":"abc"},"n":{"N":"5"},"ss":{"SS":["a","b"]},"ns":{"NS":["1","2"]},
	"l":{"L":[{"S":"x"},{"N":"1"},{"S":"y"}]},"m":{"M":{"a":{"S":"1"},"b":{"M":{"c":{"N":"1"}}}}},
	"nul":{"NULL":true},"b":{"B":"AQID"},"yes":{"BOOL":true}`

func quote(s string) string { return fmt.Sprintf("%q", s) }

// conditionCalls try conditions with a put that writes the item as it is.
func conditionCalls() []call {
	var out []call
	number := 0
	cond := func(expression, v, service string) {
		number++
		body := `{"TableName":"things","Item":{` + itemU + `},"ConditionExpression":` + quote(expression)
		if v != "" {
			body += `,"ExpressionAttributeValues":{":v":` + v + `}`
		}
		out = append(out, call{name: fmt.Sprintf("condition %d: %s", number, expression), operation: "PutItem", body: body + "}", service: service})
	}
	same := func(v string, expressions ...string) {
		for _, e := range expressions {
			cond(e, v, "")
		}
	}
	out = append(out, call{name: "condition: the item", operation: "PutItem", body: `{"TableName":"things","Item":{` + itemU + `}}`})
	same(`{"S":"abc"}`, "s = :v", "s <> :v", "s < :v", "s <= :v", "s > :v", "s >= :v", "zz = :v", "zz <> :v", "zz < :v", "NOT zz < :v",
		"s IN (:v)", "s IN (:v, n)", "zz IN (:v)", "NOT s = :v", "not (s=:v)", "s = :v AND n = :v", "s = :v or n = :v", "(s = :v)", "NOT NOT s = :v",
		"s between :v and :v", "s\n=\t:v", "(s) = :v", ":v = s", ":v = :v", "l[0] = :v", "l[9] = :v", "a.b.c.d = :v", "m.a = :v", "s.x = :v", "s[0] = :v",
		"begins_with(:v, s)", "contains(:v, s)", "s BETWEEN :v AND n", "n BETWEEN :v AND :v", "attribute_exists(s) AND s = :v OR n = :v",
		"((s = :v))", "s = :v = :v", "s == :v", "s = :v AND", "AND = :v", "s IN :v", "#x = :v", "1a = :v", "l[a] = :v", "l[-1] = :v", "_a = :v", "s = :v -- x",
		"l[99999999999] = :v", "contains(s,:v,:v)", "if_not_exists(s,:v)", "s = if_not_exists(s,:v)", "attribute_exists(:v)", ":v", "s = :w", "missing = :v")
	same(`{"S":"b"}`, "contains(s,:v)", "contains(ss,:v)", "contains(ns,:v)", "contains(n,:v)", "contains(zz,:v)", "NOT contains(zz,:v)", "contains(m,:v)")
	same(`{"S":"x"}`, "contains(l,:v)", "l[0] = :v", "begins_with(l,:v)")
	same(`{"N":"1.0"}`, "contains(ns,:v)", "contains(l,:v)", "m.b.c = :v", "l[1] = :v", "contains(s,:v)")
	same(`{"N":"10"}`, "n < :v", "n <> :v", "n >= :v", "n BETWEEN :v AND :v", "n IN (:v)", "s < :v", "begins_with(s,:v)", "attribute_type(s,:v)", "size(:v) = :v", "n + n = :v")
	same(`{"N":"3"}`, "size(s) = :v", "size(n) = :v", "size(l) = :v", "size(b) = :v", "size(zz) = :v", "size(s) IN (:v)", "size(s) BETWEEN :v AND :v", "size(nul) = :v", "size(yes) = :v")
	same(`{"N":"2"}`, "size(ss) = :v", "size(m) = :v", "size(ns) = :v")
	same(`{"S":"ab"}`, "begins_with(s,:v)", "begins_with(n,:v)", "begins_with(zz,:v)")
	for _, k := range []string{"S", "N", "B", "SS", "NS", "BS", "L", "M", "NULL", "BOOL"} {
		same(`{"S":"`+k+`"}`, "attribute_type(s,:v)", "attribute_type(yes,:v)", "attribute_type(nul,:v)")
	}
	same(`{"S":"X"}`, "attribute_type(s,:v)")
	same(`{"BOOL":true}`, "yes = :v", "yes > :v")
	same(`{"NULL":true}`, "nul = :v")
	same(`{"B":"AQ=="}`, "begins_with(b,:v)", "b > :v")
	same(`{"B":"Ag=="}`, "contains(b,:v)", "b < :v")
	same(`{"SS":["b","a"]}`, "ss = :v", "ss < :v", "ss IN (:v)")
	same(`{"L":[]}`, "l < :v", "l = :v", "contains(l,:v)")
	same(`{"M":{"b":{"M":{"c":{"N":"1.0"}}},"a":{"S":"1"}}}`, "m = :v", "m <> :v")
	same("", "attribute_exists(s)", "attribute_exists(zz)", "attribute_not_exists(h)", "attribute_not_exists(zz)", "attribute_exists(l[0])", "attribute_exists(m.zz)",
		"attribute_exists (s)", "(attribute_exists(s) AND attribute_exists(n)) OR attribute_exists(zz)", "((attribute_exists(s)) AND attribute_exists(n))",
		"s = s", "s", "AND", "foo(s)", "ATTRIBUTE_EXISTS(s)", "attribute_exists(s, n)", "attribute_exists(size(s))", "size(s)", "contains(s, s)", "begins_with(s,s)",
		"attribute_exists(name)", "s IN ()", "size(s) > size(l)", "s = 'abc'", "n = 5", "n AND l", "size(s) AND attribute_exists(n)", "s = attribute_exists(n)", "and = or", "s <> n", "s < n", "()", "(", ")",
		"attribute_exists(s))", "s ! n", "", "s.", "s.1", "l[", "l[0", "l[0]x", "attribute_exists(", "attribute_exists()")
	many := func(name, expression string) {
		out = append(out, call{name: "condition: " + name, operation: "PutItem",
			body: `{"TableName":"things","Item":{` + itemU + `},"ConditionExpression":` + quote(expression) + `,"ExpressionAttributeValues":{":v":{"N":"5"}}}`})
	}
	many("100 operands of IN", "n IN ("+strings.TrimSuffix(strings.Repeat(":v,", 100), ",")+")")
	many("101 operands of IN", "n IN ("+strings.TrimSuffix(strings.Repeat(":v,", 101), ",")+")")
	many("150 comparisons", strings.TrimSuffix(strings.Repeat("n = :v OR ", 150), " OR "))
	many("160 comparisons", strings.TrimSuffix(strings.Repeat("n = :v OR ", 160), " OR "))
	many("4096 bytes", "n = :v"+strings.Repeat(" ", 4090))
	many("4097 bytes", "n = :v"+strings.Repeat(" ", 4091))
	with := func(name, more, service string) {
		out = append(out, call{name: "condition: " + name, operation: "PutItem", body: `{"TableName":"things","Item":{` + itemU + `}` + more + `}`, service: service})
	}
	with("fails, with the item", `,"ConditionExpression":"attribute_not_exists(h)","ReturnValuesOnConditionCheckFailure":"ALL_OLD"`, "")
	with("names", `,"ConditionExpression":"#s = :v","ExpressionAttributeNames":{"#s":"s"},"ExpressionAttributeValues":{":v":{"S":"abc"}}`, "")
	with("a name with a dot", `,"ConditionExpression":"attribute_not_exists(#s)","ExpressionAttributeNames":{"#s":"m.a"}`, "")
	with("an unused name", `,"ConditionExpression":"attribute_exists(s)","ExpressionAttributeNames":{"#s":"s"}`, "")
	with("an unused value", `,"ConditionExpression":"attribute_exists(s)","ExpressionAttributeValues":{":v":{"S":"abc"}}`, "")
	with("names without an expression", `,"ExpressionAttributeNames":{"#s":"s"}`, "")
	with("values without an expression", `,"ExpressionAttributeValues":{":v":{"S":"abc"}}`, "")
	with("no names", `,"ConditionExpression":"attribute_exists(s)","ExpressionAttributeNames":{}`, "")
	with("no values", `,"ConditionExpression":"attribute_exists(s)","ExpressionAttributeValues":{}`, "")
	with("a name without its sign", `,"ConditionExpression":"attribute_exists(s)","ExpressionAttributeNames":{"s":"s"}`, "")
	with("a name with a dash", `,"ConditionExpression":"attribute_exists(s)","ExpressionAttributeNames":{"#a-b":"s"}`, "")
	with("an empty name", `,"ConditionExpression":"attribute_exists(#s)","ExpressionAttributeNames":{"#s":""}`, "")
	with("a value without its sign", `,"ConditionExpression":"attribute_exists(s)","ExpressionAttributeValues":{"v":{"S":"abc"}}`, "")
	with("a value that is nothing", `,"ConditionExpression":"s = :v","ExpressionAttributeValues":{":v":{}}`, "")
	with("a value that is no number", `,"ConditionExpression":"s = :v","ExpressionAttributeValues":{":v":{"N":"x"}}`,
		"ValidationException: ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :v")
	with("a value that is an empty set", `,"ConditionExpression":"s = :v","ExpressionAttributeValues":{":v":{"SS":[]}}`, "")
	return out
}

// updateCalls try update expressions, each on a fresh item.
func updateCalls() []call {
	var out []call
	number := 0
	fresh := func() {
		out = append(out, call{name: fmt.Sprintf("update %d: afresh", number), operation: "PutItem", body: `{"TableName":"things","Item":{` + itemU + `}}`})
	}
	try := func(expression, values, returns, service string) {
		number++
		fresh()
		body := `{"TableName":"things","Key":{` + keyU + `},"UpdateExpression":` + quote(expression) + `,"ReturnValues":"` + returns + `"`
		if values != "" {
			body += `,"ExpressionAttributeValues":{` + values + `}`
		}
		out = append(out,
			call{name: fmt.Sprintf("update %d: %s", number, expression), operation: "UpdateItem", body: body + "}", service: service},
			call{name: fmt.Sprintf("update %d: %s, read back", number, expression), operation: "GetItem", body: get(keyU)})
	}
	same := func(v string, expressions ...string) {
		if v != "" {
			v = `":v":` + v
		}
		for _, e := range expressions {
			try(e, v, "UPDATED_NEW", "")
		}
	}
	const precision = "ValidationException: Attempting to store more than 38 significant digits in a Number"
	same(`{"S":"z"}`, "SET q = :v", "SET s = :v", "SET l[0] = :v", "SET l[9] = :v", "SET m.a = :v", "SET m.z = :v", "SET x.y = :v", "SET s.y = :v", "SET s[0] = :v",
		"SET h = :v", "SET q = n + :v", "SET q = if_not_exists(n, :v)", "SET q = if_not_exists(:v, :v)", "SET a = :v SET b = :v", "SET q = :v, q = :v",
		"SET m.a = :v, m = :v", "SET m.a = :v, m[0] = :v", "SET m.a = :v, m.b = :v", "SET q = :v + :v", "SET #a = :v", "SET name = :v", "SET a.b[1].c = :v",
		"set q = :v remove s", "SET set = :v", "SET l[1] = :v REMOVE l[0]", "REMOVE l[0] SET l[1] = :v", "SET q = list_append(:v, :v)", "ADD n :v", "DELETE ss :v", "ADD q :v",
		"SET q = :v,", "SET q :v", "SET q = ", "SET = :v", "SET q = :v REMOVE", "SET q = :v foo", "ADD n n", "SET :v = n", "SET l[1].a = :v", "SET m.b.c.d = :v", "SET t = :v",
		"SET q = :v DELETE s :v", "SET q=:v,w=:v")
	same(`{"S":""}`, "SET s = :v", "SET t = :v")
	same(`{"N":"1.5"}`, "SET q = n + :v", "SET q = n - :v", "SET n = :v - n", "SET q = s + :v", "SET q = zz + :v", "SET q = if_not_exists(n, :v) + :v",
		"SET q = if_not_exists(zz, if_not_exists(n, :v))", "SET m.b.c = m.b.c + :v", "ADD n :v", "ADD nn :v", "ADD s :v", "ADD m.cnt :v", "ADD q.r :v", "ADD l[1] :v", "ADD l[7] :v", "DELETE n :v", "SET r = :v", "ADD r :v",
		"SET q = (n + :v)", "SET q = ((n))", "SET q = n + :v + :v", "SET q = l[1] + :v", "SET g = :v", "ADD g :v")
	// DynamoDB Local stores the results of arithmetic and the values of updates as they are spelled.
	normalized := func(expression, v, q string) {
		try(expression, `":v":{"N":"`+v+`"}`, "UPDATED_NEW", `{"Attributes":{"q":{"N":"`+q+`"}}}`)
		out[len(out)-1].body = get(keyU)[:len(get(keyU))-1] + `,"ProjectionExpression":"q"}`
		out[len(out)-1].service = `{"Item":{"q":{"N":"` + q + `"}}}`
	}
	normalized("SET q = n - :v", "-0.50", "5.5")
	normalized("SET q = :v + :v", "1.5", "3")
	normalized("SET q = if_not_exists(zz, :v) + :v", "1.5", "3")
	normalized("SET q = :v", "1E+2", "100")
	try("SET q = n + :v", `":v":{"N":"99999999999999999999999999999999999999"}`, "UPDATED_NEW", precision)
	try("SET q = n + :v", `":v":{"N":"0.00000000000000000000000000000000000000000001"}`, "UPDATED_NEW", precision)
	try("SET q = :v + :v", `":v":{"N":"9E125"}`, "UPDATED_NEW", "")
	try("SET q = :v - :v", `":v":{"N":"9E125"}`, "UPDATED_NEW", "")
	same(`{"L":[{"S":"z"}]}`, "SET q = list_append(l, :v)", "SET q = list_append(:v, l)", "SET q = list_append(s, :v)", "SET q = list_append(zz, :v)",
		"SET q = list_append(if_not_exists(zz, :v), :v)", "SET q = list_append(list_append(l,:v),:v)", "SET l = list_append(l, :v), s = l[0]", "ADD l :v", "SET q = list_append(l)")
	same("", "REMOVE s", "REMOVE zz", "REMOVE h", "REMOVE h.a", "REMOVE l", "REMOVE l[0]", "REMOVE l[0], l[2]", "REMOVE l[2], l[0]", "REMOVE l[9]", "REMOVE m.a", "REMOVE m.zz", "REMOVE m.z.q", "REMOVE x.y", "REMOVE s, s",
		"SET q = n + n + n", "SET q = (n)", "SET q = (n + n)", "SET q = n - n", "SET q", "SET", "", "FOO q", "SET q = size(s)", "SET q = attribute_exists(s)", "SET q = foo(s)", "SET q = if_not_exists(n)",
		"SET q = zz", "SET q = l[1]", "SET q = m.b", "SET q = n, n = q", "SET q = n, s = q", "SET n = s, s = n", "SET q = if_not_exists(a77, a78)", "SET q = 5", "REMOVE", "REMOVE n SET q = n", "SET q = missing", "SET q = nul + n")
	same(`{"SS":["b","c"]}`, "ADD ss :v", "ADD zz :v", "ADD ns :v", "DELETE ss :v", "DELETE ns :v", "DELETE zz :v", "DELETE s :v", "DELETE m.q :v", "DELETE x.y :v")
	same(`{"SS":["a","b"]}`, "DELETE ss :v")
	same(`{"NS":["2","3.0"]}`, "ADD ns :v", "DELETE ns :v")
	try("SET q = :v REMOVE s ADD n :w DELETE ss :x", `":v":{"S":"1"},":w":{"N":"1"},":x":{"SS":["a"]}`, "UPDATED_NEW", "")
	try("SET l[7] = :v, l[5] = :w", `":v":{"S":"7"},":w":{"S":"5"}`, "ALL_NEW", "")
	try("SET n = n + :v, s = :w", `":v":{"N":"1"},":w":{"S":"z"}`, "UPDATED_NEW", "")
	try("SET n = n + :v, s = :w REMOVE zz", `":v":{"N":"1"},":w":{"S":"z"}`, "UPDATED_OLD", "")
	try("SET q = :v", `":v":{"S":"a"}`, "ALL_OLD", "")
	try("SET q = :v", `":v":{"S":"a"}`, "ALL_NEW", "")
	try("SET q = :v", `":v":{"S":"a"}`, "UPDATED_OLD", "")
	try("SET m.a = :v", `":v":{"S":"a"}`, "UPDATED_OLD", "")
	try("SET q = :v", `":v":{"S":"a"}`, "NONE", "")
	try("SET q = :v", `":v":{"S":"a"},":w":{"S":"b"}`, "NONE", "")
	try("SET g = :v", `":v":{"S":"a"}`, "NONE", "ValidationException: The update expression attempted to update the secondary index key to unsupported type")
	out = out[:len(out)-1] // DynamoDB Local does not check the type, so what it would read back is no guide
	try("SET g = :v", `":v":{"NULL":true}`, "NONE", "ValidationException: The update expression attempted to update the secondary index key to unsupported type")
	try("SET "+strings.Repeat("a.", 32)+"a = :v", `":v":{"S":"a"}`, "NONE", "")
	try("SET "+strings.Repeat("a.", 31)+"a = :v", `":v":{"S":"a"}`, "NONE", "")
	try("SET q = :v", `":v":{"S":"`+strings.Repeat("x", 409600)+`"}`, "NONE", "")
	try("SET l[0] = :v", `":v":`+nested(31, `{"L":[`, `]}`), "NONE", "")
	out = append(out, call{name: "update: the item", operation: "PutItem", body: `{"TableName":"things","Item":{` + itemU + `}}`})
	plain := func(name, key, more, service string) {
		out = append(out, call{name: "update: " + name, operation: "UpdateItem", body: `{"TableName":"things","Key":{` + key + `}` + more + `}`, service: service})
	}
	plain("no expression makes an item", keyOf("new", 1), `,"ReturnValues":"ALL_NEW"`, "")
	plain("REMOVE makes an item", keyOf("new", 2), `,"ReturnValues":"ALL_NEW","UpdateExpression":"REMOVE x"`, "")
	plain("SET makes an item", keyOf("new", 3), `,"ReturnValues":"ALL_NEW","UpdateExpression":"SET x = :v","ExpressionAttributeValues":{":v":{"N":"100"}}`, "")
	plain("DELETE makes an item", keyOf("new", 4), `,"ReturnValues":"ALL_NEW","UpdateExpression":"DELETE x :v","ExpressionAttributeValues":{":v":{"SS":["1"]}}`, "")
	plain("ADD makes an item", keyOf("new", 5), `,"ReturnValues":"UPDATED_NEW","UpdateExpression":"ADD x :v","ExpressionAttributeValues":{":v":{"N":"1"}}`, "")
	plain("nothing old of a new item", keyOf("new", 6), `,"ReturnValues":"ALL_OLD","UpdateExpression":"ADD x :v","ExpressionAttributeValues":{":v":{"N":"1"}}`, "")
	plain("a condition that fails", keyOf("new", 7), `,"UpdateExpression":"SET x = :v","ConditionExpression":"attribute_exists(h)","ExpressionAttributeValues":{":v":{"N":"1"}}`, "")
	plain("a condition that fails, with the item", keyU, `,"ReturnValuesOnConditionCheckFailure":"ALL_OLD","UpdateExpression":"SET x = :v","ConditionExpression":"n > :v","ExpressionAttributeValues":{":v":{"N":"100"}}`, "")
	plain("a condition that holds", keyU, `,"UpdateExpression":"SET x = :v","ConditionExpression":"n < :v","ExpressionAttributeValues":{":v":{"N":"100"}},"ReturnConsumedCapacity":"TOTAL"`, "")
	plain("nothing was made", keyOf("new", 7), `,"ReturnValues":"SOME"`, malformed+"'SOME' at 'returnValues' failed to satisfy constraint: Member must satisfy enum value set: [ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]")
	plain("values without an expression", keyU, `,"ExpressionAttributeValues":{":v":{"N":"100"}}`, "")
	plain("legacy", keyU, `,"AttributeUpdates":{"q":{"Value":{"S":"1"},"Action":"PUT"}}`, legacy("AttributeUpdates"))
	out = append(out, call{name: "update: no table", operation: "UpdateItem", body: `{"TableName":"nowhere","Key":{"a":{"S":"x"}}}`, service: notFound})
	return out
}

func projectionCalls() []call {
	var out []call
	out = append(out, call{name: "projection: the item", operation: "PutItem", body: `{"TableName":"things","Item":{` + itemU + `}}`})
	try := func(expression, names string) {
		body := `{"TableName":"things","Key":{` + keyU + `},"ProjectionExpression":` + quote(expression)
		if names != "" {
			body += `,"ExpressionAttributeNames":{` + names + `}`
		}
		out = append(out, call{name: "projection: " + expression + " " + names, operation: "GetItem", body: body + "}"})
	}
	for _, e := range []string{"s", "s, n", "zz", "h,r", "m.a", "m.b", "m.b.c", "m.a, m.b", "m.zz", "s.x", "l[0]", "l[2], l[0]", "l[9]", "l[0], s", "m.b.c, l[1], s",
		"", " ", "s,", ",", "s n", "s, s", "m, m.a", "m[0], m.a", "l[0], l[0]", "name", "s.name", "#s", "s + n", "size(s)", ":v", "l[x]", "s..n", "(s)"} {
		try(e, "")
	}
	try("#s", `"#s":"s"`)
	try("#m.#a", `"#m":"m","#a":"a"`)
	try("s", `"#s":"s"`)
	try("#s", `"#s":"m.a"`)
	out = append(out, call{name: "projection: legacy", operation: "GetItem", body: `{"TableName":"things","Key":{` + keyU + `},"AttributesToGet":["s"]}`, service: legacy("AttributesToGet")})
	return out
}
