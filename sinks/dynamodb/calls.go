package dynamodb

import (
	"bytes"
	"strconv"
)

// Bounds of PartiQL statements, by the service.
const maxStatement = 8192

// request is one write as a call other than BatchWriteItem has it: the members of a PutItem, UpdateItem or DeleteItem request behind its
// table, which are those of an action of TransactWriteItems too.
//
//	"Key":{"id":{"S":"a"}},"UpdateExpression":"SET #_0=:_0","ExpressionAttributeNames":{"#_0":"x"},"ExpressionAttributeValues":{":_0":{"N":"1"}}
type request struct {
	out    []byte
	names  []byte // members of ExpressionAttributeNames
	values []byte // members of ExpressionAttributeValues
	n      int    // placeholders of ours
}

// operationNames are the service's names of single calls; without Item they are the actions of a transaction.
var operationNames = map[operation]string{
	putItem: "PutItem", insertItem: "PutItem", deleteItem: "DeleteItem", upsertItem: "UpdateItem", updateItem: "UpdateItem",
}

// newRequest writes a request.
func newRequest(w *write, t *table, h *handling) *request {
	r := &request{out: make([]byte, 0, len(w.item)+256)}
	switch w.op {
	case putItem, insertItem:
		r.out = append(append(r.out, `"Item":`...), w.item...)
	case deleteItem:
		r.out = append(append(r.out, `"Key":`...), t.keyText(w.item)...)
	default:
		r.out = append(append(r.out, `"Key":`...), t.keyText(w.item)...)
		r.update(w, t, h.updateNull)
	}
	if condition := r.condition(w, t, h); condition != "" {
		r.out = append(r.out, `,"ReturnValuesOnConditionCheckFailure":"ALL_OLD","ConditionExpression":"`...)
		r.out = append(appendEscaped(r.out, condition), '"')
	}
	if r.names != nil {
		r.out = append(append(append(r.out, `,"ExpressionAttributeNames":{`...), r.names...), '}')
	}
	if r.values != nil {
		r.out = append(append(append(r.out, `,"ExpressionAttributeValues":{`...), r.values...), '}')
	}
	return r
}

// name makes a placeholder for an attribute's name, which is given as it stands in JSON.
func (r *request) name(escaped []byte) string {
	p := "#_" + strconv.Itoa(r.n)
	r.n++
	r.names = appendMember(r.names, p)
	r.names = append(append(append(r.names, '"'), escaped...), '"')
	return p
}

// value makes a placeholder for a value in DynamoDB's JSON.
func (r *request) value(text []byte) string {
	p := ":_" + strconv.Itoa(r.n)
	r.n++
	r.values = append(appendMember(r.values, p), text...)
	return p
}

func appendMember(dst []byte, name string) []byte {
	if dst != nil {
		dst = append(dst, ',')
	}
	return append(append(append(dst, '"'), name...), `":`...)
}

// update writes the expression that sets, and with removeNull removes, what is not the key. Without any there is none: the item is made if it
// is missing, and left alone if not.
func (r *request) update(w *write, t *table, nulls nullFate) {
	var sets, removes []byte
	for _, a := range attributesOf(w.item) {
		switch {
		case t.isKey(&a), a.isNull() && nulls == ignoreNull:
		case a.isNull() && nulls == removeNull:
			removes = append(append(removes, ',', ' '), r.name(a.name)...)
		default:
			sets = append(append(sets, ',', ' '), r.name(a.name)...)
			sets = append(append(sets, '='), r.value(a.value)...)
		}
	}
	if sets == nil && removes == nil {
		return
	}
	r.out = append(r.out, `,"UpdateExpression":"`...)
	if sets != nil {
		r.out = append(append(r.out, "SET"...), sets[1:]...)
	}
	if removes != nil {
		if sets != nil {
			r.out = append(r.out, ' ')
		}
		r.out = append(append(r.out, "REMOVE"...), removes[1:]...)
	}
	r.out = append(r.out, '"')
}

// condition returns the condition expression of a write, "" if there is none.
func (r *request) condition(w *write, t *table, h *handling) string {
	var all []string
	exists := func(function string) {
		all = append(all, function+"("+r.name([]byte(t.attributes[0].escaped))+")")
	}
	if w.op == updateItem {
		exists("attribute_exists")
	}
	c := &h.condition
	if w.op == insertItem || c.kind == insertOnly && c.applies(w.op) {
		exists("attribute_not_exists")
	}
	switch {
	case c.kind == newerWins:
		name := r.name(appendEscaped(nil, c.versionOf))
		all = append(all, "(attribute_not_exists("+name+") OR "+name+" < "+r.value([]byte(w.version.attributeValue()))+")")
	case c.kind == expressionCondition:
		e := c.expression
		for _, name := range e.names {
			r.names = append(appendEscaped(append(appendMember(r.names, "#"+name), '"'), name), '"')
		}
		attributes := attributesOf(w.item)
		for _, name := range e.values {
			escaped := appendEscaped(nil, name)
			for i := range attributes {
				if bytes.Equal(attributes[i].name, escaped) {
					r.values = append(appendMember(r.values, ":"+name), attributes[i].value...)
				}
			}
		}
		all = append(all, "("+e.text+")")
	}
	text := ""
	for i, one := range all {
		if i > 0 {
			text += " AND "
		}
		text += one
	}
	return text
}

// appendStatement appends a write as a statement of BatchExecuteStatement.
//
//	{"Statement":"INSERT INTO \"t\" VALUE {'id': ?, 'x': ?}","Parameters":[{"S":"a"},{"N":"1"}]}
//	{"Statement":"UPDATE \"t\" SET \"x\"=? REMOVE \"y\" WHERE \"id\"=?","Parameters":[{"N":"1"},{"S":"a"}]}
func appendStatement(dst []byte, w *write, t *table, h *handling) []byte {
	attributes := attributesOf(w.item)
	var text, parameters, where, keys []byte
	parameter := func(list, value []byte) []byte {
		if len(list) > 0 {
			list = append(list, ',')
		}
		return append(list, value...)
	}
	if w.op == updateItem {
		text = append(quoteName(append(text, "UPDATE "...), []byte(t.name)), ' ')
		for _, a := range attributes {
			name := appendUnescaped(nil, a.name)
			switch {
			case t.isKey(&a):
				if where != nil {
					where = append(where, " AND "...)
				}
				where = append(quoteName(where, name), "=?"...)
				keys = parameter(keys, a.value)
			case a.isNull() && h.updateNull == ignoreNull:
			case a.isNull() && h.updateNull == removeNull:
				text = append(quoteName(append(text, "REMOVE "...), name), ' ')
			default:
				text = append(quoteName(append(text, "SET "...), name), "=? "...)
				parameters = parameter(parameters, a.value)
			}
		}
		text = append(append(text, "WHERE "...), where...)
		parameters = parameter(parameters, keys)
	} else {
		text = append(quoteName(append(text, "INSERT INTO "...), []byte(t.name)), " VALUE {"...)
		for i, a := range attributes {
			if i > 0 {
				text = append(text, ", "...)
			}
			text = append(append(text, '\''), bytes.ReplaceAll(appendUnescaped(nil, a.name), []byte("'"), []byte("''"))...)
			text = append(text, "': ?"...)
			parameters = parameter(parameters, a.value)
		}
		text = append(text, '}')
	}
	dst = appendEscaped(append(dst, `{"Statement":"`...), text)
	dst = append(append(dst, `","Parameters":[`...), parameters...)
	return append(dst, `],"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`...)
}

func quoteName(dst, name []byte) []byte {
	dst = append(dst, '"')
	dst = append(dst, bytes.ReplaceAll(name, []byte(`"`), []byte(`""`))...)
	return append(dst, '"')
}

// statementSize estimates the length of an item's statement, from above.
func statementSize(item []byte) int {
	size := 512 // the words, and the table's name
	for _, a := range attributesOf(item) {
		size += 2*len(a.name) + 16
	}
	return size
}
