package dynamodb

import (
	"encoding/json"
	"strings"
	"testing"

	"sluice/connect"
)

// composed composes a record for a table whose key is id, an S.
func composed(t *testing.T, s *settings, r *connect.SinkRecord) (*write, error) {
	t.Helper()
	c := &composer{settings: s, encoder: newEncoder(simple(kindS), s)}
	w, _, err := c.compose(r)
	return w, err
}

func TestARecordMayNameItsOperation(t *testing.T) {
	byField, byHeader := &settings{handling: handling{operationField: []string{"op"}}}, &settings{handling: handling{operationHeader: "op"}}
	header := func(v any) *connect.SinkRecord {
		r := record(connect.RawJSON(`{"id":"a"}`))
		r.Headers = []connect.Header{{Key: "op", Value: "put"}, {Key: "other", Value: "delete"}, {Key: "op", Value: v}}
		return r
	}
	for name, c := range map[string]struct {
		settings *settings
		record   *connect.SinkRecord
		want     operation
		err      string
	}{
		"none":               {byField, record(connect.RawJSON(`{"id":"a"}`)), putItem, ""},
		"null":               {byField, record(connect.RawJSON(`{"id":"a","op":null}`)), putItem, ""},
		"c":                  {byField, record(connect.RawJSON(`{"id":"a","op":"c"}`)), putItem, ""},
		"u of an upsert":     {&settings{operation: upsertItem, handling: handling{operationField: []string{"op"}}}, record(connect.RawJSON(`{"id":"a","op":"u"}`)), upsertItem, ""},
		"d":                  {byField, record(connect.RawJSON(`{"id":"a","op":"d"}`)), deleteItem, ""},
		"a name":             {byField, record(connect.RawJSON(`{"id":"a","op":"Insert"}`)), insertItem, ""},
		"Camel's name":       {byField, record(connect.RawJSON(`{"id":"a","op":"UpdateItem"}`)), upsertItem, ""},
		"of a map":           {byField, record(map[string]any{"id": "a", "op": "d"}), deleteItem, ""},
		"deeper":             {&settings{handling: handling{operationField: []string{"m", "op"}}}, record(connect.RawJSON(`{"id":"a","m":{"op":"d"}}`)), deleteItem, ""},
		"unknown":            {byField, record(connect.RawJSON(`{"id":"a","op":"t"}`)), 0, `table "t": the record's member "op" must name an operation (put, upsert, update, insert, delete, or c, r, u, d), found "t"`},
		"no text":            {byField, record(connect.RawJSON(`{"id":"a","op":1}`)), 0, `found "1"`},
		"the last header":    {byHeader, header("d"), deleteItem, ""},
		"a header of bytes":  {byHeader, header([]byte("delete")), deleteItem, ""},
		"no header":          {byHeader, record(connect.RawJSON(`{"id":"a"}`)), putItem, ""},
		"an unknown header":  {byHeader, header("x"), 0, `the record's header "op" must name an operation`},
		"Camel's own header": {&settings{mapHeaders: true, handling: handling{operationHeader: "CamelHeader.CamelAwsDdbOperation"}}, &connect.SinkRecord{Value: connect.RawJSON(`{"id":"a"}`), Headers: []connect.Header{{Key: "CamelHeader.CamelAwsDdbOperation", Value: "DeleteItem"}}}, deleteItem, ""},
	} {
		w, err := composed(t, c.settings, c.record)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: got %v, want %s", name, err, c.err)
			}
		case err != nil || w.op != c.want:
			t.Errorf("%s: got %+v, %v; want operation %d", name, w, err, c.want)
		}
	}
}

func TestATombstoneIsWhatTheSettingsSay(t *testing.T) {
	key := func(k any) *connect.SinkRecord { return &connect.SinkRecord{Key: k} }
	deletes := &settings{handling: handling{tombstones: tombstoneDeletes}}
	for name, c := range map[string]struct {
		settings *settings
		record   *connect.SinkRecord
		item     string // "": nothing is done
		op       operation
		err      string
	}{
		"bad by default":    {&settings{}, key("a"), "", 0, "found no value (a tombstone)"},
		"ignored":           {&settings{handling: handling{tombstones: tombstoneIgnored}}, key(nil), "", 0, ""},
		"deleted by text":   {deletes, key("a"), `{"id":{"S":"a"}}`, deleteItem, ""},
		"deleted by member": {deletes, key(connect.RawJSON(`{"id":"a","x":1}`)), `{"id":{"S":"a"}}`, deleteItem, ""},
		"put":               {&settings{handling: handling{tombstones: tombstoneUpserts}}, key("a"), `{"id":{"S":"a"}}`, putItem, ""},
		"no key":            {deletes, key(nil), "", 0, `table "t", attribute "id": the hash key must be in the record's key`},
		"another member":    {deletes, key(connect.RawJSON(`{"no":"a"}`)), "", 0, `table "t", attribute "id": the hash key must be in the record's key`},
		"another type":      {deletes, key(connect.RawJSON(`7`)), "", 0, `table "t", attribute "id": the hash key must be of type S, found N`},
	} {
		w, err := composed(t, c.settings, c.record)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: got %v, want %s", name, err, c.err)
			}
		case err != nil, (w == nil) != (c.item == ""), w != nil && (string(w.item) != c.item || w.op != c.op):
			t.Errorf("%s: got %+v, %v", name, w, err)
		}
	}
}

// What is sent for an operation but a plain put or delete. The texts were tried on DynamoDB Local.
func TestRequestsSayWhatIsToBeDone(t *testing.T) {
	expression, err := parseCondition(" #x < :x OR #old = :x ")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		handling handling
		op       operation
		want     string
	}{
		"upsert": {handling{}, upsertItem, `"Key":{"id":{"S":"a"}},"UpdateExpression":"SET #_0=:_1, #_2=:_3","ExpressionAttributeNames":{"#_0":"x","#_2":"n\"l"},"ExpressionAttributeValues":{":_1":{"N":"1"},":_3":{"NULL":true}}`},
		"update, nulls removed": {handling{updateNull: removeNull}, updateItem, `"Key":{"id":{"S":"a"}},"UpdateExpression":"SET #_0=:_1 REMOVE #_2","ReturnValuesOnConditionCheckFailure":"ALL_OLD","ConditionExpression":"attribute_exists(#_3)",` +
			`"ExpressionAttributeNames":{"#_0":"x","#_2":"n\"l","#_3":"id"},"ExpressionAttributeValues":{":_1":{"N":"1"}}`},
		"insert": {handling{}, insertItem, `"Item":{"id":{"S":"a"},"x":{"N":"1"},"n\"l":{"NULL":true}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD","ConditionExpression":"attribute_not_exists(#_0)","ExpressionAttributeNames":{"#_0":"id"}`},
		"newer wins": {handling{condition: condition{kind: newerWins, versionOf: "x"}}, putItem, `"Item":{"id":{"S":"a"},"x":{"N":"1"},"n\"l":{"NULL":true}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD",` +
			`"ConditionExpression":"(attribute_not_exists(#_0) OR #_0 < :_1)","ExpressionAttributeNames":{"#_0":"x"},"ExpressionAttributeValues":{":_1":{"N":"1"}}`},
		"newer wins, to delete": {handling{condition: condition{kind: newerWins, versionOf: "x"}}, deleteItem, `"Key":{"id":{"S":"a"}},"ReturnValuesOnConditionCheckFailure":"ALL_OLD",` +
			`"ConditionExpression":"(attribute_not_exists(#_0) OR #_0 < :_1)","ExpressionAttributeNames":{"#_0":"x"},"ExpressionAttributeValues":{":_1":{"N":"1"}}`},
		"an expression": {handling{condition: condition{kind: expressionCondition, expression: expression}}, updateItem, `"Key":{"id":{"S":"a"}},"UpdateExpression":"SET #_0=:_1, #_2=:_3","ReturnValuesOnConditionCheckFailure":"ALL_OLD",` +
			`"ConditionExpression":"attribute_exists(#_4) AND (#x < :x OR #old = :x)","ExpressionAttributeNames":{"#_0":"x","#_2":"n\"l","#_4":"id","#x":"x","#old":"old"},"ExpressionAttributeValues":{":_1":{"N":"1"},":_3":{"NULL":true},":x":{"N":"1"}}`},
	} {
		w := &write{op: c.op, item: []byte(`{"id":{"S":"a"},"x":{"N":"1"},"n\"l":{"NULL":true}}`), version: &version{kindN, "1"}}
		got := string(newRequest(w, simple(kindS), &c.handling).out)
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
		if !json.Valid([]byte("{" + got + "}")) {
			t.Errorf("%s: not JSON", name)
		}
	}
}

func TestStatementsSayWhatIsToBeDone(t *testing.T) {
	w := &write{op: insertItem, item: []byte(`{"id":{"S":"a"},"it's":{"N":"1"},"n\"l":{"NULL":true}}`)}
	for want, nulls := range map[string]nullFate{
		`{"Statement":"UPDATE \"t\" SET \"it's\"=? SET \"n\"\"l\"=? WHERE \"id\"=?","Parameters":[{"N":"1"},{"NULL":true},{"S":"a"}],"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`: setNull,
		`{"Statement":"UPDATE \"t\" SET \"it's\"=? REMOVE \"n\"\"l\" WHERE \"id\"=?","Parameters":[{"N":"1"},{"S":"a"}],"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`:              removeNull,
		`{"Statement":"UPDATE \"t\" SET \"it's\"=? WHERE \"id\"=?","Parameters":[{"N":"1"},{"S":"a"}],"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`:                                ignoreNull,
	} {
		update := &write{op: updateItem, item: w.item}
		if got := string(appendStatement(nil, update, simple(kindS), &handling{updateNull: nulls})); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	want := `{"Statement":"INSERT INTO \"t\" VALUE {'id': ?, 'it''s': ?, 'n\"l': ?}","Parameters":[{"S":"a"},{"N":"1"},{"NULL":true}],"ReturnValuesOnConditionCheckFailure":"ALL_OLD"}`
	if got := string(appendStatement(nil, w, simple(kindS), &handling{})); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestVersionsAreComparedAsTheServiceDoes(t *testing.T) {
	for _, c := range []struct {
		a, b  version
		newer bool
	}{
		{version{kindN, "2"}, version{kindN, "1"}, true},
		{version{kindN, "1"}, version{kindN, "1.0"}, false},
		{version{kindN, "10"}, version{kindN, "9.99"}, true},
		{version{kindN, "-1"}, version{kindN, "-2"}, true},
		{version{kindN, "-2"}, version{kindN, "-1"}, false},
		{version{kindN, "0"}, version{kindN, "-1e-100"}, true},
		{version{kindN, "1e-100"}, version{kindN, "0"}, true},
		{version{kindN, "1.01"}, version{kindN, "1.0099999999999999999999999999999999999"}, true},
		{version{kindN, "12345678901234567890123456789012345678"}, version{kindN, "12345678901234567890123456789012345677"}, true},
		{version{kindS, "b"}, version{kindS, "a"}, true},
		{version{kindS, "a"}, version{kindS, "B"}, true},
		{version{kindS, `\u0062`}, version{kindS, "a"}, true},
		{version{kindS, "2"}, version{kindN, "1"}, false},
	} {
		if got := c.a.newer(&c.b); got != c.newer {
			t.Errorf("%+v newer than %+v: %v", c.a, c.b, got)
		}
	}
}

func TestARecordWithoutAVersionIsBad(t *testing.T) {
	for name, c := range map[string]struct{ field, value, want string }{
		"missing":      {"v", `{"id":"a"}`, `table "t", attribute "v": the version must be of type N or S, found no value`},
		"null":         {"v", `{"id":"a","v":null}`, `the version must be of type N or S, found NULL`},
		"no timestamp": {timestampVersion, `{"id":"a"}`, `table "t": the record has no timestamp, by which its version is to be told`},
	} {
		r := record(connect.RawJSON(c.value))
		r.Timestamp = -1
		_, err := composed(t, &settings{handling: handling{condition: condition{kind: newerWins, versionOf: c.field}}}, r)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	_, err := composed(t, &settings{handling: handling{condition: condition{kind: expressionCondition, expression: &conditionExpression{values: []string{"x"}}}}}, record(connect.RawJSON(`{"id":"a"}`)))
	if want := `table "t", attribute "x": the condition expression needs its value, found none`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAPlaceInKafkaBecomesAnAttribute(t *testing.T) {
	s := &settings{handling: handling{condition: condition{kind: newerWins, versionOf: offsetVersion}}}
	r := record(connect.RawJSON(`{"__offset":"old","id":"a","x":1}`))
	r.Offset = 7
	w, err := composed(t, s, r)
	if want := `{"id":{"S":"a"},"x":{"N":"1"},"__offset":{"N":"7"}}`; err != nil || string(w.item) != want {
		t.Errorf("got %s, %v, want %s", w.item, err, want)
	}
	r.Value = connect.RawJSON(`{"id":"a","x":"` + strings.Repeat("x", maxItemSize-10) + `"}`)
	if _, err := composed(t, &settings{}, r); err != nil {
		t.Errorf("without a version: %v", err)
	}
	if _, err := composed(t, s, r); err == nil || !strings.Contains(err.Error(), "an item may have at most 409600 bytes, found 4096") {
		t.Errorf("got %v", err)
	}
}

// A condition that fails because of the write itself, carried out before, is no failure.
func TestAnItemIsKnownToBeWhatAWriteLeaves(t *testing.T) {
	for _, c := range []struct {
		op         operation
		item, have string
		want       bool
	}{
		{insertItem, `{"id":{"S":"a"},"n":{"N":"1.0"}}`, `{"n":{"N":"1"},"id":{"S":"a"}}`, true},
		{insertItem, `{"id":{"S":"a"},"n":{"N":"1.0"}}`, `{"n":{"N":"1"},"id":{"S":"a"},"x":{"S":"y"}}`, false},
		{insertItem, `{"id":{"S":"a"}}`, ``, false},
		{insertItem, `{"id":{"S":"a"},"s":{"NS":["1","2.0"]}}`, `{"id":{"S":"a"},"s":{"NS":["2","1"]}}`, true},
		{insertItem, `{"id":{"S":"a"},"s":{"L":[{"N":"1"},{"BOOL":true}]}}`, `{"id":{"S":"a"},"s":{"L":[{"BOOL":true},{"N":"1"}]}}`, false},
		{insertItem, `{"id":{"S":"a"},"s":{"M":{"x":{"L":[{"NULL":true},{"B":"AA=="}]}}}}`, `{"id":{"S":"a"},"s":{"M":{"x":{"L":[{"NULL":true},{"B":"AA=="}]}}}}`, true},
		{insertItem, `{"id":{"S":"a"},"s":{"S":"1"}}`, `{"id":{"S":"a"},"s":{"N":"1"}}`, false},
		{insertItem, `{"id":{"S":"\u0061"}}`, `{"id":{"S":"a"}}`, true},
		{upsertItem, `{"id":{"S":"a"},"n":{"N":"1"}}`, `{"id":{"S":"a"},"n":{"N":"1"},"x":{"S":"y"}}`, true},
		{upsertItem, `{"id":{"S":"a"},"n":{"N":"1"}}`, `{"id":{"S":"a"},"x":{"S":"y"}}`, false},
		{deleteItem, `{"id":{"S":"a"}}`, ``, true},
		{deleteItem, `{"id":{"S":"a"}}`, `{"id":{"S":"a"}}`, false},
	} {
		var have json.RawMessage
		if c.have != "" {
			have = json.RawMessage(c.have)
		}
		w := &write{op: c.op, item: []byte(c.item)}
		if got := w.holds(have, simple(kindS), &handling{}); got != c.want {
			t.Errorf("operation %d, %s of %s: got %v", c.op, c.item, c.have, got)
		}
	}
	removes := &write{op: updateItem, item: []byte(`{"id":{"S":"a"},"n":{"NULL":true}}`)}
	for have, want := range map[string]bool{`{"id":{"S":"a"}}`: true, `{"id":{"S":"a"},"n":{"N":"1"}}`: false} {
		if got := removes.holds(json.RawMessage(have), simple(kindS), &handling{updateNull: removeNull}); got != want {
			t.Errorf("an update that removes n, of %s: got %v", have, got)
		}
	}
	versioned := &write{op: putItem, item: []byte(`{"id":{"S":"a"},"v":{"N":"3"},"x":{"N":"1"}}`), version: &version{kindN, "3"}}
	for have, want := range map[string]bool{`{"v":{"N":"3.0"},"x":{"N":"2"}}`: true, `{"v":{"N":"4"},"x":{"N":"1"}}`: false} {
		if got := versioned.holds(json.RawMessage(have), simple(kindS), &handling{condition: condition{kind: newerWins, versionOf: "v"}}); got != want {
			t.Errorf("a version of %s: got %v", have, got)
		}
	}
}
