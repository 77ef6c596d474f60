package dynamodb

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sluice/connect"
)

// pair is a table with a hash key pk of type S and a range key sk of type N.
func pair() *table {
	return &table{name: "t", keys: 2, attributes: []keyAttribute{
		{name: "pk", escaped: "pk", kind: kindS, role: "hash key", maxSize: maxHashSize},
		{name: "sk", escaped: "sk", kind: kindN, role: "range key", maxSize: maxRangeSize},
	}}
}

func TestAttributesAreDerivedFromTheRecord(t *testing.T) {
	const at = 1692008493123
	struc := connect.NewStruct(&connect.Schema{Type: connect.StructT, Fields: []connect.Field{{Name: "pk", Schema: connect.StringSchema}, {Name: "sk", Schema: connect.Int32Schema}}})
	struc.Put("pk", "a")
	struc.Put("sk", int32(7))
	for name, c := range map[string]struct {
		props      []string
		table      *table // nil: pair
		key, value any
		want, fail string
	}{
		"a key out of the record's key":               {[]string{keyFieldsFromConfig, "key"}, nil, connect.RawJSON(`{"sk":7,"pk":"a","no":1}`), `{"x":1,"pk":"of the value"}`, `{"pk":{"S":"a"},"sk":{"N":"7"},"x":{"N":"1"}}`, ""},
		"a key out of a struct":                       {[]string{keyFieldsFromConfig, "key"}, nil, struc, `{}`, `{"pk":{"S":"a"},"sk":{"N":"7"}}`, ""},
		"a key that is one value":                     {[]string{keyFieldsFromConfig, "key"}, simple(kindS), "k", `{"x":1}`, `{"id":{"S":"k"},"x":{"N":"1"}}`, ""},
		"a key of JSON that is one value":             {[]string{keyFieldsFromConfig, "key"}, simple(kindN), connect.RawJSON(`12.50`), `{}`, `{"id":{"N":"12.50"}}`, ""},
		"a key that lacks a field":                    {[]string{keyFieldsFromConfig, "key"}, nil, connect.RawJSON(`{"pk":"a"}`), `{"sk":7}`, "", `attribute "sk": the range key must be in the record's key, found a key without it`},
		"no key":                                      {[]string{keyFieldsFromConfig, "key"}, nil, nil, `{"pk":"a","sk":7}`, "", `attribute "pk": the hash key must be in the record's key, found no key`},
		"one value for two attributes":                {[]string{keyFieldsFromConfig, "key"}, nil, "k", `{}`, "", `found a string, which cannot be a key of several attributes`},
		"a key of the wrong type":                     {[]string{keyFieldsFromConfig, "key"}, nil, connect.RawJSON(`{"pk":1,"sk":2}`), `{}`, "", `attribute "pk": the hash key must be of type S, found N`},
		"a key of the wrong type that is coerced":     {[]string{keyFieldsFromConfig, "key", coerceKeysConfig, "true"}, nil, connect.RawJSON(`{"pk":1,"sk":"2"}`), `{}`, `{"pk":{"S":"1"},"sk":{"N":"2"}}`, ""},
		"a key that is an object":                     {[]string{keyFieldsFromConfig, "key"}, nil, connect.RawJSON(`{"pk":{},"sk":2}`), `{}`, "", `attribute "pk": the hash key must be of type S, found M in the record's key`},
		"a key in part":                               {[]string{keyFieldsFromConfig, "key-then-value"}, nil, connect.RawJSON(`{"pk":"a"}`), `{"pk":"b","sk":7}`, `{"pk":{"S":"a"},"sk":{"N":"7"}}`, ""},
		"Confluent's words":                           {[]string{hashKeyConfig, "value.user.id:pk", sortKeyConfig, "offset:sk"}, nil, nil, `{"user":{"id":"u"}}`, `{"user":{"M":{"id":{"S":"u"}}},"pk":{"S":"u"},"sk":{"N":"5"}}`, ""},
		"a key without an alias":                      {[]string{hashKeyConfig, "key.a.pk", sortKeyConfig, "value.sk"}, nil, connect.RawJSON(`{"a":{"pk":"x"}}`), `{"sk":1}`, `{"pk":{"S":"x"},"sk":{"N":"1"}}`, ""},
		"a joined key":                                {[]string{hashKeyConfig, `topic+"#"+value.a+"+:"+partition:pk`, sortKeyConfig, "timestamp:sk"}, nil, nil, `{"a":true}`, `{"a":{"BOOL":true},"pk":{"S":"in#true+:3"},"sk":{"N":"1692008493123"}}`, ""},
		"a key out of a header":                       {[]string{hashKeyConfig, "header.h.1:pk", sortKeyConfig, "offset:sk"}, nil, nil, `{}`, `{"pk":{"S":"second"},"sk":{"N":"5"}}`, ""},
		"a key whose part is missing":                 {[]string{hashKeyConfig, "value.a:pk", sortKeyConfig, "offset:sk"}, nil, nil, `{}`, "", `attribute "pk": the hash key is to be made of value.a:pk, but value.a: the record has none`},
		"a key whose part is null":                    {[]string{hashKeyConfig, "value.a:pk", sortKeyConfig, "offset:sk"}, nil, nil, `{"a":null}`, "", `value.a: the record has none`},
		"a key whose part is an array":                {[]string{hashKeyConfig, "value.a:pk", sortKeyConfig, "offset:sk"}, nil, nil, `{"a":[1]}`, "", `value.a is an array, and must be a value without members`},
		"a part that is no UTF-8":                     {[]string{hashKeyConfig, "value.a:pk", sortKeyConfig, "offset:sk", fieldsExcludeConfig, "a"}, nil, nil, `{"a":"\ud800"}`, "", `attribute "pk": a string must be valid UTF-8`},
		"the offset in Camel's numbers":               {[]string{numberModeConfig, "camel", kafkaAttributesConfig, "timestamp"}, simple(kindS), nil, `{"id":"a","x":2147483648}`, `{"id":{"S":"a"},"x":{"S":"2147483648"},"kafka_timestamp":{"N":"1692008493123"}}`, ""},
		"coordinates":                                 {[]string{kafkaAttributesConfig, "topic:source, partition,offset"}, simple(kindS), nil, `{"id":"a","source":1}`, `{"id":{"S":"a"},"source":{"S":"in"},"kafka_partition":{"N":"3"},"kafka_offset":{"N":"5"}}`, ""},
		"headers":                                     {[]string{headersAttributeConfig, "headers"}, simple(kindS), nil, `{"id":"a"}`, `{"id":{"S":"a"},"headers":{"M":{"h.1":{"S":"second"},"n":{"N":"1"},"none":{"NULL":true}}}}`, ""},
		"an expiry from now":                          {[]string{ttlAttributeConfig, "ttl", ttlSecondsConfig, "60"}, simple(kindS), nil, `{"id":"a","ttl":1}`, `{"id":{"S":"a"},"ttl":{"N":"1700000060"}}`, ""},
		"an expiry from the record's time":            {[]string{ttlAttributeConfig, "ttl", ttlSecondsConfig, "60", ttlFromConfig, "record"}, simple(kindS), nil, `{"id":"a"}`, `{"id":{"S":"a"},"ttl":{"N":"1692008553"}}`, ""},
		"an expiry from seconds":                      {[]string{ttlAttributeConfig, "ttl", ttlFromConfig, "value.e"}, simple(kindS), nil, `{"id":"a","e":1692008493.9}`, `{"id":{"S":"a"},"e":{"N":"1692008493.9"},"ttl":{"N":"1692008493"}}`, ""},
		"an expiry from milliseconds":                 {[]string{ttlAttributeConfig, "ttl", ttlFromConfig, "value.e", ttlSecondsConfig, "1"}, simple(kindS), nil, `{"id":"a","e":"1692008493123"}`, `{"id":{"S":"a"},"e":{"S":"1692008493123"},"ttl":{"N":"1692008494"}}`, ""},
		"an expiry from a text":                       {[]string{ttlAttributeConfig, "e", ttlFromConfig, "value.e"}, simple(kindS), nil, `{"id":"a","e":"2023-08-14T12:21:33.5+02:00"}`, `{"id":{"S":"a"},"e":{"N":"1692008493"}}`, ""},
		"an expiry that is missing":                   {[]string{ttlAttributeConfig, "ttl", ttlFromConfig, "value.e"}, simple(kindS), nil, `{"id":"a","e":null}`, `{"id":{"S":"a"},"e":{"NULL":true}}`, ""},
		"an expiry that is no time":                   {[]string{ttlAttributeConfig, "ttl", ttlFromConfig, "value.e"}, simple(kindS), nil, `{"id":"a","e":"soon"}`, "", `attribute "ttl": value.e must be a time in seconds or milliseconds since 1970, or a text such as 2023-08-14T10:21:33Z, found a string that is none`},
		"an expiry out of any range":                  {[]string{ttlAttributeConfig, "ttl", ttlFromConfig, "value.e"}, simple(kindS), nil, `{"id":"a","e":1e99999}`, "", `value.e must be a time`},
		"DynamoDB's JSON":                             {[]string{inputFormatConfig, "dynamodb-json"}, simple(kindS), nil, `{"id":{"S":"a\u00e9"},"n":{"N":"1.50"},"b":{"B":"AQI="},"t":{"BOOL":true},"o":{"NULL":true},"m":{"M":{"l":{"L":[{"N":"1"},{"SS":["b","a"]}]}}},"ns":{"NS":["2","1"]},"bs":{"BS":["AQI="]}}`, `{"id":{"S":"aé"},"n":{"N":"1.50"},"b":{"B":"AQI="},"t":{"BOOL":true},"o":{"NULL":true},"m":{"M":{"l":{"L":[{"N":"1"},{"SS":["b","a"]}]}}},"ns":{"NS":["2","1"]},"bs":{"BS":["AQI="]}}`, ""},
		"an export's line":                            {[]string{inputFormatConfig, "dynamodb-json"}, simple(kindS), nil, `{"Item":{"id":{"S":"a"}}}`, `{"id":{"S":"a"}}`, ""},
		"DynamoDB's JSON without some":                {[]string{inputFormatConfig, "dynamodb-json", nullModeConfig, "omit", fieldsExcludeConfig, "m.x"}, simple(kindS), nil, `{"id":{"S":"a"},"o":{"NULL":true},"m":{"M":{"x":{"N":"1"},"y":{"N":"2"}}}}`, `{"id":{"S":"a"},"m":{"M":{"y":{"N":"2"}}}}`, ""},
		"DynamoDB's JSON of a tree":                   {[]string{inputFormatConfig, "dynamodb-json"}, simple(kindS), nil, map[string]any{"id": map[string]any{"S": "a"}, "n": map[string]any{"N": "1"}}, `{"id":{"S":"a"},"n":{"N":"1"}}`, ""},
		"plain JSON where types are wanted":           {[]string{inputFormatConfig, "dynamodb-json"}, simple(kindS), nil, `{"id":"a"}`, "", `attribute "id": must be DynamoDB's JSON, such as {"S":"a"}`},
		"a type that there is not":                    {[]string{inputFormatConfig, "dynamodb-json"}, simple(kindS), nil, `{"id":{"S":"a"},"x":{"Q":"a"}}`, "", `attribute "x": must be DynamoDB's JSON, such as {"S":"a"}, found the type "Q"`},
		"a value that has not its type":               {[]string{inputFormatConfig, "dynamodb-json"}, simple(kindS), nil, `{"id":{"S":"a"},"x":{"N":"one"}}`, "", `attribute "x": must be DynamoDB's JSON, such as {"S":"a"}, found a string for the type N`},
		"a value with two types":                      {[]string{inputFormatConfig, "dynamodb-json"}, simple(kindS), nil, `{"id":{"S":"a"},"x":{"N":"1","S":"1"}}`, "", `attribute "x": must be DynamoDB's JSON`},
		"an array where an object is to be, in types": {[]string{inputFormatConfig, "dynamodb-json"}, simple(kindS), nil, `{"id":{"S":"a"},"x":{"M":[]}}`, "", `found an array for the type M`},
	} {
		t.Run(name, func(t *testing.T) {
			if c.table == nil {
				c.table = pair()
			}
			if text, ok := c.value.(string); ok {
				c.value = connect.RawJSON(text)
			}
			e := newEncoder(c.table, mapped(t, c.props...))
			e.now = func() time.Time { return time.Unix(1_700_000_000, 5) }
			item, _, err := e.encode(&connect.SinkRecord{
				Topic: "in", Partition: 3, Offset: 5, Timestamp: at, Key: c.key, Value: c.value,
				Headers: []connect.Header{{Key: "h.1", Value: "first"}, {Key: "n", Value: int64(1)}, {Key: "h.1", Value: "second"}, {Key: "none"}},
			})
			switch {
			case c.fail != "":
				if err == nil || !strings.Contains(err.Error(), c.fail) || !strings.HasPrefix(err.Error(), `table "t"`) {
					t.Fatalf("got %s, %v, want an error with %s", item, err, c.fail)
				}
			case err != nil:
				t.Fatal(err)
			case !reflect.DeepEqual(tree(t, item), tree(t, []byte(c.want))):
				t.Fatalf("got  %s\nwant %s", item, c.want)
			}
			if err == nil {
				checkWriter(t, e, item)
			}
		})
	}
}

// The key of a record without a value is the one that the same record's key gives with a value.
func TestTheKeyOfATombstoneIsThatOfTheItem(t *testing.T) {
	tab := simple(kindN)
	for _, key := range []any{connect.RawJSON(`3000000000.50`), connect.RawJSON(`{"id":3000000000.50}`), int64(3_000_000_000)} {
		e := newEncoder(tab, mapped(t, keyFieldsFromConfig, "key", numberModeConfig, "camel"))
		r := &connect.SinkRecord{Topic: "in", Key: key, Value: connect.RawJSON(`{"x":1}`)}
		_, want, err := e.encode(r)
		if err != nil {
			t.Fatal(err)
		}
		want = bytes.Clone(want)
		r.Value = nil
		item, got, err := e.encodeRecordKey(r)
		if err != nil || !bytes.Equal(got, want) || !strings.HasPrefix(string(item), `{"id":{"N":"3000000000`) {
			t.Errorf("%v: got %s with key %q, %v, want key %q", key, item, got, err, want)
		}
	}
}

// checkWriter compares what the writer has counted with what the item says.
func checkWriter(t *testing.T, e *encoder, item []byte) {
	t.Helper()
	want := 0
	for name, value := range tree(t, item) {
		want += len(name) + sizeOf(t, value)
	}
	if e.writer.size != want {
		t.Errorf("the writer has counted %d bytes, want %d", e.writer.size, want)
	}
}

func TestSettingsOfDerivedAttributesAreChecked(t *testing.T) {
	for _, c := range []struct{ props, want string }{
		{hashKeyConfig + "=user", `"user" must be partition, offset, topic, timestamp, key, key.path, value.path, header.name or a text in quotes`},
		{hashKeyConfig + "=value.a:b:c", `must be a source, and may have one name of an attribute behind a colon`},
		{hashKeyConfig + "=value.a+offset", `must have the name of an attribute behind a colon, since it is not the value of one field`},
		{hashKeyConfig + "=value..a", `a path must have a name between its dots`},
		{sortKeyConfig + "=offset", "needs aws.dynamodb.pk.hash"},
		{hashKeyConfig + "=offset:a " + sortKeyConfig + "=value.a", "must give another attribute than aws.dynamodb.pk.hash"},
		{kafkaAttributesConfig + "=key", `"key" must be topic, partition, offset or timestamp, and may have the name of an attribute behind a colon`},
		{ttlSecondsConfig + "=1", "has no effect without aws.dynamodb.ttl.attribute"},
		{ttlAttributeConfig + "=t", "needs aws.dynamodb.ttl.seconds, or every item would expire at once"},
		{ttlAttributeConfig + "=t " + ttlFromConfig + "=later", `"later" must be partition`},
		{itemTooLargeConfig + "=shrink", "must be error, truncate:attribute or gzip:attribute"},
		{inputFormatConfig + "=dynamodb-json " + typeOverridesConfig + "=a:N", "has no effect with aws.dynamodb.input.format=dynamodb-json, which names all types, leave it out"},
	} {
		props := map[string]string{camelTableConfig: "t"}
		for _, p := range strings.Fields(c.props) {
			key, value, _ := strings.Cut(p, "=")
			props[key] = value
		}
		_, err := camel().settings(props)
		if err == nil || !strings.HasPrefix(err.Error(), "Invalid value ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.props, err, c.want)
		}
	}
}

func TestAnItemThatIsTooLargeCanBeMadeToFit(t *testing.T) {
	long := strings.Repeat("é\n", 300_000) // 3 bytes each
	value := connect.RawJSON(`{"a":1,"x":"` + strings.ReplaceAll(long, "\n", `\n`) + `","id":"k","n":{"x":2}}`)
	t.Run("cut off", func(t *testing.T) {
		e := newEncoder(simple(kindS), mapped(t, itemTooLargeConfig, "truncate:x"))
		item, key, err := e.encode(record(value))
		if err != nil {
			t.Fatal(err)
		}
		got := tree(t, item)["x"].(map[string]any)["S"].(string)
		if e.writer.size > maxItemSize || e.writer.size < maxItemSize-1 || !strings.HasPrefix(long, got) {
			t.Errorf("%d bytes are left, of the text %d", e.writer.size, len(got))
		}
		if string(key) != string(appendKeyPart(nil, kindS, []byte("k"))) {
			t.Errorf("the key is %q", key)
		}
		checkWriter(t, e, item)
	})
	t.Run("packed", func(t *testing.T) {
		e := newEncoder(simple(kindS), mapped(t, itemTooLargeConfig, "gzip:x"))
		item, _, err := e.encode(record(value))
		if err != nil {
			t.Fatal(err)
		}
		checkWriter(t, e, item)
		if got := gunzipped(t, tree(t, item)["x"].(map[string]any)["B"].(string)); got != long {
			t.Errorf("the text has %d bytes, want %d", len(got), len(long))
		}
	})
	for how, want := range map[string]string{"error": "409600 bytes", "truncate:a": "409600 bytes", "truncate:none": "409600 bytes", "gzip:id": "409600 bytes"} {
		if _, err := encoded(t, simple(kindS), mapped(t, itemTooLargeConfig, how), value); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", how, err, want)
		}
	}
	small, err := encoded(t, simple(kindS), mapped(t, itemTooLargeConfig, "gzip:x"), connect.RawJSON(`{"id":"a","x":"b"}`))
	if err != nil || small["x"].(map[string]any)["S"] != "b" {
		t.Errorf("a small item became %v, %v", small, err)
	}
}

// FuzzMembersOfText finds members of any object as encoding/json does.
func FuzzMembersOfText(f *testing.F) {
	for _, text := range []string{`{"a":1}`, ` { "b" : [ "}" , {"a":2} ] , "\u0061" : "x\\\"" , "a" : {"a":null} } `, `{}`, `[]`, `{"a":-0.5e3,"a":true}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		checkMember(t, text)
	})
}

func checkMember(t *testing.T, text []byte) {
	t.Helper()
	if !json.Valid(text) || !utf8.Valid(text) || bytes.Contains(text, []byte(`\u`)) && !bytes.Contains(text, []byte(`\u0061`)) {
		return // half surrogates are replaced by encoding/json
	}
	var want map[string]json.RawMessage
	if json.Unmarshal(text, &want) != nil {
		want = nil
	}
	got, ok := memberOfText(text, "a")
	raw, there := want["a"]
	if ok != there || string(got) != string(raw) {
		t.Errorf("got %q, %v, want %q, %v in %q", got, ok, raw, there, text)
	}
}

func gunzipped(t *testing.T, text string) string {
	t.Helper()
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
