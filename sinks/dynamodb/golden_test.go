package dynamodb

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/internal/capturedtest"
)

// goldenCase is a line of testdata/camel/items.jsonl.
type goldenCase struct {
	Name    string          `json:"name"`
	Config  string          `json:"config"`
	Value   json.RawMessage `json:"record_value"`
	Stored  json.RawMessage `json:"stored"`
	Outcome string          `json:"outcome"`
}

func goldenCases(t *testing.T) []goldenCase {
	t.Helper()
	return capturedtest.Cases[goldenCase](t, "testdata/camel/items.jsonl", 121)
}

// Why an item differs from Camel's. Each case that differs is listed below with one of these.
const (
	numbersAreN = "numbers are N with all their digits; Camel writes fractions and wide integers as S, after Java's long and double have rounded them"
	arraysAreL  = "arrays are L and keep order, repeats, nulls and types; Camel writes SS or NS of the members' Java texts, which the service may refuse"
	outOfRange  = "a number that DynamoDB cannot hold is an error of the record; Camel writes the text Infinity"
)

// differs holds, for the cases of single records, what is stored here instead. An empty text stands for an error of the record.
var differs = map[string]struct{ why, attributes string }{
	"flagged-transaction":              {numbersAreN, `"transaction_amount":{"N":"6252.83"}`},
	"int32-max-plus-1":                 {numbersAreN, `"x":{"N":"2147483648"}`},
	"int32-min-minus-1":                {numbersAreN, `"x":{"N":"-2147483649"}`},
	"int-2pow53-plus-1":                {numbersAreN, `"x":{"N":"9007199254740993"}`},
	"int64-max":                        {numbersAreN, `"x":{"N":"9223372036854775807"}`},
	"int64-max-plus-1":                 {numbersAreN, `"x":{"N":"9223372036854775808"}`},
	"int-30-digits":                    {numbersAreN, `"x":{"N":"123456789012345678901234567890"}`},
	"float-3.14":                       {numbersAreN, `"x":{"N":"3.14"}`},
	"float-0.1":                        {numbersAreN, `"x":{"N":"0.1"}`},
	"float-1.0":                        {numbersAreN, `"x":{"N":"1.0"}`},
	"float-100.00":                     {numbersAreN, `"x":{"N":"100.00"}`},
	"float-6252.80":                    {numbersAreN, `"x":{"N":"6252.80"}`},
	"float-1e21":                       {numbersAreN, `"x":{"N":"1e21"}`},
	"float-1E2":                        {numbersAreN, `"x":{"N":"1E2"}`},
	"float-1e-7":                       {numbersAreN, `"x":{"N":"1e-7"}`},
	"float-12345678.9":                 {numbersAreN, `"x":{"N":"12345678.9"}`},
	"float-long":                       {numbersAreN, `"x":{"N":"123456789012345678.123456789"}`},
	"float-neg-zero":                   {numbersAreN, `"x":{"N":"0"}`},
	"float-overflow":                   {outOfRange, ``},
	"float-38-digits":                  {numbersAreN, `"x":{"N":"0.12345678901234567890123456789012345678"}`},
	"object":                           {numbersAreN, `"x":{"M":{"a":{"N":"1"},"b":{"S":"s"},"c":{"BOOL":true},"d":{"NULL":true},"e":{"N":"1.5"},"f":{"N":"2147483648"}}}`},
	"gsi-key-int64":                    {numbersAreN, `"account_id":{"N":"3000000001"}`},
	"gsi-key-float":                    {numbersAreN, `"account_id":{"N":"1.5"}`},
	"object-deep":                      {arraysAreL, `"x":{"M":{"a":{"M":{"b":{"M":{"c":{"L":[{"N":"1"},{"N":"2"}]}}}}}}}`},
	"array-strings":                    {arraysAreL, `"x":{"L":[{"S":"b"},{"S":"a"}]}`},
	"array-strings-duplicate":          {arraysAreL, `"x":{"L":[{"S":"a"},{"S":"a"}]}`},
	"array-strings-empty-member":       {arraysAreL, `"x":{"L":[{"S":""},{"S":"a"}]}`},
	"array-ints":                       {arraysAreL, `"x":{"L":[{"N":"3"},{"N":"1"},{"N":"2"}]}`},
	"array-ints-duplicate":             {arraysAreL, `"x":{"L":[{"N":"1"},{"N":"1"}]}`},
	"array-longs":                      {arraysAreL, `"x":{"L":[{"N":"2147483648"},{"N":"1"}]}`},
	"array-floats":                     {arraysAreL, `"x":{"L":[{"N":"1.5"},{"N":"2.0"}]}`},
	"array-int-then-float":             {arraysAreL, `"x":{"L":[{"N":"1"},{"N":"2.5"}]}`},
	"array-mixed-int-first":            {arraysAreL, `"x":{"L":[{"N":"1"},{"S":"a"},{"BOOL":true}]}`},
	"array-mixed-string-first":         {arraysAreL, `"x":{"L":[{"S":"a"},{"N":"1"},{"BOOL":true},{"NULL":true}]}`},
	"array-mixed-string-first-no-null": {arraysAreL, `"x":{"L":[{"S":"a"},{"N":"1"},{"BOOL":true},{"N":"1.5"}]}`},
	"array-bools":                      {arraysAreL, `"x":{"L":[{"BOOL":true},{"BOOL":false}]}`},
	"array-null":                       {arraysAreL, `"x":{"L":[{"NULL":true}]}`},
	"array-of-arrays":                  {arraysAreL, `"x":{"L":[{"L":[{"N":"1"},{"N":"2"}]},{"L":[{"N":"3"}]}]}`},
	"array-of-objects":                 {arraysAreL, `"x":{"L":[{"M":{"a":{"N":"1"}}},{"M":{"a":{"N":"2"}}}]}`},
	"array-empty":                      {arraysAreL, `"x":{"L":[]}`},
	"array-of-empty-array":             {arraysAreL, `"x":{"L":[{"L":[]}]}`},
}

// byConverter are the cases whose value is no JSON text, so that the sink never sees it.
var byConverter = map[string]bool{"not-json": true, "truncated-json": true, "invalid-utf8": true, "json-nan": true, "two-documents": true}

// The records of the captured connector, one by one: either the same item is stored, or the same record is refused, or the difference is
// one of those listed above.
func TestItemsAreCamelsItemsButForTheListedDifferences(t *testing.T) {
	unused := make(map[string]bool)
	for name := range differs {
		unused[name] = true
	}
	seen := 0
	for _, c := range goldenCases(t) {
		if strings.Contains(c.Name, "/") { // other settings than PutItem, or the life of a whole connector: TestGoldenConnectors
			continue
		}
		seen++
		if byConverter[c.Name] {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			got, err := encoded(t, flagged(), &settings{mapHeaders: true, marshal: true}, goldenValue(t, c))
			want, stored := goldenItem(t, c)
			if d, ok := differs[c.Name]; ok {
				delete(unused, c.Name)
				if stored && reflect.DeepEqual(got, want) {
					t.Fatalf("this case is listed as different (%s) but is not", d.why)
				}
				want, stored = goldenDifference(t, c, d.attributes)
			}
			switch {
			case err != nil && stored:
				t.Fatalf("got error %v, want %v", err, want)
			case err == nil && !stored:
				t.Fatalf("got %v, want an error of the record", got)
			case stored && !reflect.DeepEqual(got, want):
				t.Fatalf("got  %v\nwant %v", got, want)
			}
		})
	}
	if seen != 91 {
		t.Errorf("saw %d cases, the golden has 91 of this kind", seen)
	}
	for name := range unused {
		t.Errorf("difference %q names no case", name)
	}
}

// goldenValue makes the record's value of a case, as a converter for JSON without schemas would.
func goldenValue(t *testing.T, c goldenCase) any {
	t.Helper()
	var text *string
	if err := json.Unmarshal(c.Value, &text); err != nil {
		t.Fatal(err)
	}
	if text == nil || *text == "" || *text == "null" {
		return nil
	}
	value := *text
	if strings.HasSuffix(value, " bytes)") { // the capture was shortened
		n := 390_000
		if c.Name == "item-over-400kB" {
			n = 420_000
		}
		head, _, _ := strings.Cut(value, "xxx")
		value = head + strings.Repeat("x", n) + `"}`
	}
	return connect.RawJSON(value)
}

func goldenItem(t *testing.T, c goldenCase) (map[string]any, bool) {
	t.Helper()
	if len(c.Stored) == 0 {
		return nil, false
	}
	item := tree(t, c.Stored)
	switch c.Name {
	case "item-390kB":
		item["x"] = map[string]any{"S": strings.Repeat("x", 390_000)}
	case "overwrite-first": // the capture shows the item after the second record
		item["v"] = map[string]any{"N": "1"}
		item["only_in_first"] = map[string]any{"BOOL": true}
	}
	return item, true
}

// goldenDifference returns the captured item with our attributes in place of Camel's. A record that Camel could not store has the usual
// attributes.
func goldenDifference(t *testing.T, c goldenCase, attributes string) (map[string]any, bool) {
	t.Helper()
	if attributes == "" {
		return nil, false
	}
	item, stored := goldenItem(t, c)
	if !stored {
		item = tree(t, []byte(`{"transaction_id":{"S":"`+c.Name+`"},"transaction_date":{"S":"2023-08-14 10:00:00.000000"},"account_id":{"N":"1000000001"}}`))
	}
	for name, value := range tree(t, []byte("{"+attributes+"}")) {
		item[name] = value
	}
	return item, true
}

// The definition of settings is compared with what the real connector answered.
func TestDefinitionIsCamels(t *testing.T) {
	type definition struct {
		Name       string   `json:"name"`
		Type       string   `json:"type"`
		Required   bool     `json:"required"`
		Default    *string  `json:"default_value"`
		Importance string   `json:"importance"`
		Group      *string  `json:"group"`
		Width      string   `json:"width"`
		Display    string   `json:"display_name"`
		Dependents []string `json:"dependents"`
		Order      int      `json:"order"`
	}
	var want []definition
	text, err := os.ReadFile("testdata/camel/plugin-config.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&want); err != nil {
		t.Fatal(err)
	}
	want = want[:31] // the rest are the framework's
	keys := slices.DeleteFunc(camel().configDef().Keys(), func(k connect.ConfigKey) bool { return k.Internal })
	if len(keys) != len(want) {
		t.Fatalf("got %d keys, want %d", len(keys), len(want))
	}
	for i, k := range keys {
		got := definition{
			Name: k.Name, Type: string(k.Type), Required: k.Required, Importance: string(k.Importance),
			Width: string(k.Width), Display: k.Name, Dependents: []string{}, Order: k.Order,
		}
		if k.Default != nil {
			text := connect.ConfigText(k.Default, k.Type)
			got.Default = &text
		}
		if k.Width == connect.WidthNone {
			got.Width = "NONE"
		}
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("key %d:\ngot  %+v\nwant %+v", i, got, want[i])
		}
		if k.Group != "" || k.DisplayName != "" || k.Validator != nil || len(k.Doc) < 20 {
			t.Errorf("%s: group, display name and validator must be empty and the documentation not: %+v", k.Name, k)
		}
	}
}
