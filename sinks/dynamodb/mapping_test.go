package dynamodb

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/connect"
)

// mapped reads settings of Camel's dialect with the given native keys.
func mapped(t testing.TB, props ...string) *settings {
	t.Helper()
	all := map[string]string{camelTableConfig: "t"}
	for i := 0; i < len(props); i += 2 {
		all[props[i]] = props[i+1]
	}
	s, err := camel().settings(all)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// indexed is a table with a key id of type S, and indexes by n (N), s (S) and bin (B).
func indexed() *table {
	t := simple(kindS)
	for _, a := range []struct {
		name string
		kind kind
	}{{"n", kindN}, {"s", kindS}, {"bin", kindB}} {
		t.attributes = append(t.attributes, keyAttribute{name: a.name, escaped: a.name, kind: a.kind, role: fmt.Sprintf("key of index %q", "by-"+a.name)})
	}
	return t
}

func TestSettingsDecideHowAValueIsStored(t *testing.T) {
	const n39 = "123456789012345678901234567890123456789"
	for name, c := range map[string]struct {
		props            []string
		text, want, fail string // the value without its id; the item without its id, or part of the error
	}{
		"numbers as text":                    {[]string{numberModeConfig, "string"}, `"x":1.50,"y":[007],"n":3`, `"x":{"S":"1.50"},"y":{"L":[{"S":"7"}]},"n":{"N":"3"}`, ""},
		"numbers as Camel's":                 {[]string{numberModeConfig, "camel"}, `"x":2147483647,"y":2147483648,"z":1.50,"w":1e400`, `"x":{"N":"2147483647"},"y":{"S":"2147483648"},"z":{"S":"1.5"},"w":{"S":"Infinity"}`, ""},
		"too many digits fail":               {nil, `"x":` + n39, "", `attribute "x": a number may have at most 38 significant digits, found 39`},
		"too many digits as text":            {[]string{numberOverflowConfig, "string"}, `"x":` + n39 + `,"y":1`, `"x":{"S":"` + n39 + `"},"y":{"N":"1"}`, ""},
		"too many digits are rounded":        {[]string{numberOverflowConfig, "round"}, `"x":` + n39 + `,"y":-0.` + strings.Repeat("9", 39) + `,"z":1e-200`, `"x":{"N":"12345678901234567890123456789012345679e1"},"y":{"N":"-1` + strings.Repeat("0", 37) + `e-37"},"z":{"N":"0"}`, ""},
		"too large a number is not rounded":  {[]string{numberOverflowConfig, "round"}, `"x":1e126`, "", "must be below 1E+126"},
		"a number that rounds beyond":        {[]string{numberOverflowConfig, "round"}, `"x":` + strings.Repeat("9", 39) + `e87`, "", "must be below 1E+126"},
		"nulls are left out":                 {[]string{nullModeConfig, "omit"}, `"x":null,"y":{"a":null,"b":1},"z":[null],"w":null`, `"y":{"M":{"b":{"N":"1"}}},"z":{"L":[{"NULL":true}]}`, ""},
		"an empty object of nulls":           {[]string{nullModeConfig, "omit"}, `"x":{"a":null}`, `"x":{"M":{}}`, ""},
		"the last of two is null":            {[]string{nullModeConfig, "omit"}, `"x":1,"y":2,"x":null`, `"y":{"N":"2"}`, ""},
		"arrays as Camel's":                  {[]string{arrayModeConfig, "camel"}, `"x":[1,2.5],"y":["b","a"],"z":[{"a":[1,null]}],"v":{"w":[2147483648]}`, `"x":{"NS":["1","2.5"]},"y":{"SS":["b","a"]},"z":{"SS":["{a=[1, null]}"]},"v":{"M":{"w":{"SS":["2147483648"]}}}`, ""},
		"an empty array as Camel's":          {[]string{arrayModeConfig, "camel"}, `"x":[]`, "", `attribute "x": a set must have a member, found an empty one`},
		"repeats in an array as Camel's":     {[]string{arrayModeConfig, "camel"}, `"x":["a","a"]`, "", `attribute "x": a set must not have the same member twice`},
		"a null in an array as Camel's":      {[]string{arrayModeConfig, "camel"}, `"x":["a",null]`, "", `attribute "x": an array must have no null`},
		"sets":                               {[]string{typeOverridesConfig, "x:SS, y:NS,z:BS"}, `"x":["b","a","b",1,true],"y":[1,"2.0",2,1e0],"z":["AQI=","AQI="]`, `"x":{"SS":["b","a","1","true"]},"y":{"NS":["1","2.0"]},"z":{"BS":["AQI="]}`, ""},
		"an empty set":                       {[]string{typeOverridesConfig, "x:SS"}, `"x":[]`, "", `attribute "x": a set must have a member, found an empty one`},
		"a set of objects":                   {[]string{typeOverridesConfig, "x:SS"}, `"x":[{"a":1}]`, "", `attribute "x": the settings give it type SS, whose members cannot be an object`},
		"a set of what is no array":          {[]string{typeOverridesConfig, "x:NS"}, `"x":{"a":[null]}`, "", `attribute "x": the settings give it type NS, which an object cannot have`},
		"a set of words as numbers":          {[]string{typeOverridesConfig, "x:NS"}, `"x":["a"]`, "", `whose members cannot be a string`},
		"null stays null":                    {[]string{typeOverridesConfig, "x:SS,y:N"}, `"x":null,"y":null`, `"x":{"NULL":true},"y":{"NULL":true}`, ""},
		"scalars":                            {[]string{typeOverridesConfig, "a:S,b:S,c:N,d:B,e:B(utf8)"}, `"a":1.50,"b":true,"c":"2.50","d":"AQI=","e":"AQ"`, `"a":{"S":"1.50"},"b":{"S":"true"},"c":{"N":"2.50"},"d":{"B":"AQI="},"e":{"B":"QVE="}`, ""},
		"no number":                          {[]string{typeOverridesConfig, "c:N"}, `"c":"two"`, "", `attribute "c": the settings give it type N, which a string cannot have`},
		"no base64":                          {[]string{typeOverridesConfig, "c:B"}, `"c":"?"`, "", `attribute "c": the settings give it type B, which a string cannot have`},
		"an object as a number":              {[]string{typeOverridesConfig, "c:N"}, `"c":{"d":"1"}`, "", `attribute "c": the settings give it type N, which an object cannot have`},
		"a type through arrays and objects":  {[]string{typeOverridesConfig, "o.p:N"}, `"o":[{"p":"1","q":"2"},{"p":["3"]}]`, `"o":{"L":[{"M":{"p":{"N":"1"},"q":{"S":"2"}}},{"M":{"p":{"L":[{"N":"3"}]}}}]}`, ""},
		"a name with a dot":                  {[]string{typeOverridesConfig, `a\.b:N`}, `"a.b":"1","a":{"b":"1"}`, `"a.b":{"N":"1"},"a":{"M":{"b":{"S":"1"}}}`, ""},
		"an escaped name":                    {[]string{typeOverridesConfig, `é:N`}, `"\u00e9":"1"`, `"é":{"N":"1"}`, ""},
		"keys take their type":               {[]string{coerceKeysConfig, "true"}, `"n":"12.0","s":5.10,"bin":"AQI="`, `"n":{"N":"12.0"},"s":{"S":"5.10"},"bin":{"B":"AQI="}`, ""},
		"a key that cannot take its type":    {[]string{coerceKeysConfig, "true"}, `"n":"x"`, "", `attribute "n": the key of index "by-n" must be of type N, found S`},
		"only keys take a type":              {[]string{coerceKeysConfig, "true"}, `"x":"12","y":{"n":"12"}`, `"x":{"S":"12"},"y":{"M":{"n":{"S":"12"}}}`, ""},
		"keys are strict otherwise":          {nil, `"n":"12"`, "", `must be of type N, found S`},
		"empty index keys are left out":      {[]string{sparseIndexesConfig, "true"}, `"n":null,"s":"","x":"","y":null`, `"x":{"S":""},"y":{"NULL":true}`, ""},
		"empty index keys are bad otherwise": {nil, `"s":""`, "", `attribute "s": the key of index "by-s" must be a value of type S that is not empty`},
		"null index keys are bad otherwise":  {nil, `"n":null`, "", `must be of type N, found NULL`},
		"some are included":                  {[]string{fieldsIncludeConfig, "a,b.c"}, `"a":{"x":1},"b":{"c":1,"d":2},"e":1e400`, `"a":{"M":{"x":{"N":"1"}}},"b":{"M":{"c":{"N":"1"}}}`, ""},
		"some are excluded":                  {[]string{fieldsExcludeConfig, "a,b.c"}, `"a":1e400,"b":{"c":1,"d":2},"e":1`, `"b":{"M":{"d":{"N":"2"}}},"e":{"N":"1"}`, ""},
		"some are renamed":                   {[]string{fieldsRenameConfig, "a:z,b.c:d"}, `"a":1,"b":{"c":1}`, `"z":{"N":"1"},"b":{"M":{"d":{"N":"1"}}}`, ""},
		"renamed and typed":                  {[]string{fieldsRenameConfig, "a:n", typeOverridesConfig, "a:N"}, `"a":"1"`, `"n":{"N":"1"}`, ""},
		"renamed onto another":               {[]string{fieldsRenameConfig, "a:z"}, `"z":2,"a":1`, `"z":{"N":"1"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, text := mapped(t, c.props...), connect.RawJSON(`{"id":"a",`+c.text+`}`)
			got, err := encoded(t, indexed(), s, text)
			switch {
			case c.fail != "":
				if err == nil || !strings.Contains(err.Error(), c.fail) || !strings.HasPrefix(err.Error(), `table "t"`) {
					t.Fatalf("got %v, %v, want an error with %s", got, err, c.fail)
				}
			case err != nil:
				t.Fatal(err)
			default:
				if want := tree(t, []byte(`{"id":{"S":"a"},`+c.want+`}`)); !reflect.DeepEqual(got, want) {
					t.Fatalf("got  %v\nwant %v", got, want)
				}
			}
			checkSize(t, indexed(), s, text)
			checkDecoded(t, indexed(), s, text)
		})
	}
}

// checkDecoded encodes the decoded value too, which takes another way to the same item, but for digits that decoding loses.
func checkDecoded(t *testing.T, tab *table, s *settings, text connect.RawJSON) {
	t.Helper()
	v, err := text.Decode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(v)
	if err != nil {
		return // a number that is infinite now
	}
	fromText, textErr := encoded(t, tab, s, connect.RawJSON(again))
	fromValue, valueErr := encoded(t, tab, s, v)
	if !reflect.DeepEqual(numeric(fromText), numeric(fromValue)) || (textErr == nil) != (valueErr == nil) {
		t.Errorf("from text  %v, %v\nfrom value %v, %v", fromText, textErr, fromValue, valueErr)
	}
}

// numeric replaces numbers by their canonical text.
func numeric(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			if text, ok := v[name].(string); ok && name == "N" {
				n, _ := measureNumber([]byte(text))
				v[name] = string(n.appendCanonical(nil, []byte(text)))
			} else {
				v[name] = numeric(v[name])
			}
		}
	case []any:
		for i := range v {
			v[i] = numeric(v[i])
		}
	}
	return v
}

// checkSize compares the size that the writer has counted with one that is counted from the finished item, by the rules of the service's
// documentation.
func checkSize(t *testing.T, tab *table, s *settings, v any) {
	t.Helper()
	e := newEncoder(tab, s)
	item, _, err := e.encode(record(v))
	if err != nil {
		return
	}
	want := 0
	for name, value := range tree(t, item) {
		want += len(name) + sizeOf(t, value)
	}
	if e.writer.size != want {
		t.Errorf("the writer has counted %d bytes, want %d for %s", e.writer.size, want, item)
	}
}

func sizeOf(t *testing.T, v any) int {
	t.Helper()
	for k, v := range v.(map[string]any) {
		switch k {
		case "S":
			return len(v.(string))
		case "N":
			return numberSize(v.(string))
		case "B":
			return base64Size(t, v)
		case "BOOL", "NULL":
			return 1
		case "M":
			size := 3
			for name, m := range v.(map[string]any) {
				size += 1 + len(name) + sizeOf(t, m)
			}
			return size
		case "L":
			size := 3
			for _, m := range v.([]any) {
				size += 1 + sizeOf(t, m)
			}
			return size
		case "SS", "NS", "BS":
			size := 0
			for _, m := range v.([]any) {
				size += sizeOf(t, map[string]any{k[:1]: m})
			}
			return size
		}
	}
	t.Fatalf("no value: %v", v)
	return 0
}

// numberSize counts the pairs of digits, to both sides of the point, that are not zeros at the ends.
func numberSize(text string) int {
	size := 1
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		text, size = rest, 2
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	shift, _ := strconv.Atoi(exponent)
	for ; shift > 0; shift-- {
		fraction += "0"
		whole, fraction = whole+fraction[:1], fraction[1:]
	}
	for ; shift < 0; shift++ {
		whole = "0" + whole
		whole, fraction = whole[:len(whole)-1], whole[len(whole)-1:]+fraction
	}
	if len(whole)%2 == 1 {
		whole = "0" + whole
	}
	if len(fraction)%2 == 1 {
		fraction += "0"
	}
	pairs := whole + fraction
	for strings.HasPrefix(pairs, "00") {
		pairs = pairs[2:]
	}
	for strings.HasSuffix(pairs, "00") && len(pairs)%2 == 0 {
		pairs = pairs[:len(pairs)-2]
	}
	if pairs == "" {
		return 1 // zero, which has no sign
	}
	return size + len(pairs)/2
}

func base64Size(t *testing.T, v any) int {
	b, err := base64.StdEncoding.DecodeString(v.(string))
	if err != nil {
		t.Fatal(err)
	}
	return len(b)
}

func TestTimesAreStoredInTheFormThatIsAskedFor(t *testing.T) {
	at := time.Date(2023, 8, 14, 10, 21, 33, 123_000_000, time.UTC)
	date := time.Date(2023, 8, 14, 0, 0, 0, 0, time.UTC)
	clock := time.Date(1970, 1, 1, 10, 21, 33, 123_000_000, time.UTC)
	field := func(name, logical string, kind connect.Type) connect.Field {
		return connect.Field{Name: name, Schema: &connect.Schema{Type: kind, Name: logical}}
	}
	s := connect.NewStruct(&connect.Schema{Type: connect.StructT, Fields: []connect.Field{
		{Name: "id", Schema: connect.StringSchema},
		field("d", connect.DateName, connect.Int32), field("t", connect.TimeName, connect.Int32), field("ts", connect.TimestampName, connect.Int64),
		{Name: "l", Schema: &connect.Schema{Type: connect.Array, Values: &connect.Schema{Type: connect.Int32, Name: connect.DateName}}},
	}})
	s.Put("id", "a")
	s.Put("d", date)
	s.Put("t", clock)
	s.Put("ts", at)
	s.Put("l", []any{date})
	for format, want := range map[string]string{
		"connect":  `"d":{"N":"19583"},"t":{"N":"37293123"},"ts":{"N":"1692008493123"},"l":{"L":[{"N":"19583"}]}`,
		"iso":      `"d":{"S":"2023-08-14"},"t":{"S":"10:21:33.123"},"ts":{"S":"2023-08-14T10:21:33.123Z"},"l":{"L":[{"S":"2023-08-14"}]}`,
		"epoch-s":  `"d":{"N":"1691971200"},"t":{"N":"37293"},"ts":{"N":"1692008493"},"l":{"L":[{"N":"1691971200"}]}`,
		"epoch-ms": `"d":{"N":"1691971200000"},"t":{"N":"37293123"},"ts":{"N":"1692008493123"},"l":{"L":[{"N":"1691971200000"}]}`,
	} {
		got, err := encoded(t, simple(kindS), mapped(t, timeFormatConfig, format), s)
		if want := tree(t, []byte(`{"id":{"S":"a"},`+want+`}`)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %v, %v\nwant %v", format, got, err, want)
		}
	}
}

func TestPathsThatContradictEachOtherAreRefused(t *testing.T) {
	for _, c := range []struct{ key, value, key2, value2, want string }{
		{typeOverridesConfig, "a.b:SS,a:N", "", "", "a has type N, so that nothing can be said about what is in it"},
		{fieldsExcludeConfig, "a", typeOverridesConfig, "a.b:N", "a is left out, so that nothing can be said about what is in it"},
		{fieldsExcludeConfig, "x.a", fieldsRenameConfig, "x.a:b", "x.a is left out, so that it can have neither another name nor another type"},
		{typeOverridesConfig, "a", "", "", `"a" must be a path and a type, such as tags:SS`},
		{typeOverridesConfig, "a:XS", "", "", `"a:XS" must have one of the types S, N, B, B(base64), B(utf8), SS, NS, BS, BS(base64), BS(utf8)`},
		{fieldsRenameConfig, "a:", "", "", `"a:" must be a path and a new name, such as id:pk`},
		{fieldsIncludeConfig, "a..b", "", "", "a path must have a name between its dots"},
		{numberModeConfig, "exactly", "", "", "String must be one of (case insensitive): exact, camel, string"},
	} {
		_, err := camel().settings(map[string]string{camelTableConfig: "t", c.key: c.value, c.key2: c.value2})
		if err == nil || !strings.HasPrefix(err.Error(), "Invalid value ") || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s=%s: got %v, want %s", c.key, c.value, err, c.want)
		}
	}
}

// With the modes that are named after it, every captured record ends as with Camel, none of them differently.
func TestCamelModesStoreWhatCamelStored(t *testing.T) {
	s := mapped(t, camelMarshalConfig, "jackson", numberModeConfig, "camel", arrayModeConfig, "camel")
	for _, c := range goldenCases(t) {
		if strings.Contains(c.Name, "/") || byConverter[c.Name] {
			continue
		}
		got, err := encoded(t, flagged(), s, goldenValue(t, c))
		want, stored := goldenItem(t, c)
		if stored != (err == nil) || stored && !reflect.DeepEqual(sortedSets(got), sortedSets(want)) {
			t.Errorf("%s:\ngot  %v, %v\nwant %v", c.Name, got, err, want)
		}
	}
}

// FuzzMappedItemsAreItems reads any text by any rules: what comes out is an item that the service could read, and its size is counted right.
func FuzzMappedItemsAreItems(f *testing.F) {
	f.Add([]byte(`{"id":"a","x":[1,"b",{"c":null}],"n":"1","s":2,"bin":"","o":{"p":1e400,"p":null,"q":[[]]}}`), uint16(0))
	f.Add([]byte(`{"id":"a","x":null,"n":null,"s":"","bin":null,"z":{"a":null,"a":[null]},"o":{"p":["1","AQI="]}}`), uint16(0xffff))
	f.Add([]byte(`{"id":{"S":"a"},"x":{"NULL":true},"n":{"S":"1"},"m":{"M":{"l":{"L":[{"SS":["a","a"]},{"B":"AQI="}]}}}}`), uint16(1<<12))
	paths := []string{"x:SS", "x:NS", "x:BS", "x:N", "x:S", "o.p:B", "o.p:N,o.q:SS", "o:S"}
	f.Fuzz(func(t *testing.T, text []byte, bits uint16) {
		if !json.Valid(text) {
			return
		}
		s := mapped(t, typeOverridesConfig, paths[bits>>8&7])
		s.mapping.rules = valueRules{
			numbers: numberMode(bits & 3 % 3), overflow: overflowMode(bits >> 2 & 3 % 3), arrays: arrayMode(bits >> 4 & 1),
			omitNulls: bits&1<<5 != 0, coerceKeys: bits&1<<6 != 0, sparse: bits&1<<7 != 0,
		}
		if bits&1<<11 != 0 {
			s.plan().at([]string{"z"}).drop = true
		}
		if bits&1<<12 != 0 {
			s = mapped(t, inputFormatConfig, "dynamodb-json", fieldsRenameConfig, "x:y")
			s.mapping.rules = valueRules{omitNulls: bits&1 != 0, coerceKeys: bits&2 != 0, sparse: bits&4 != 0}
		}
		checkSize(t, indexed(), s, string(text))
	})
}

// sortedSets gives sets, which have no order, one.
func sortedSets(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, m := range v {
			if members, ok := m.([]any); ok && (name == "SS" || name == "NS") {
				texts := make(map[any]bool)
				for _, text := range members {
					texts[text] = true
				}
				v[name] = texts
			} else {
				v[name] = sortedSets(m)
			}
		}
	case []any:
		for i := range v {
			v[i] = sortedSets(v[i])
		}
	}
	return v
}
