package transform_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/connect/transform"
)

var text = transform.Text{
	Parse: converter.ParseText, String: converter.JavaString, Decode: converter.DecodeUTF8,
	JSON: func() connect.Converter { return converter.NewJSON() },
}

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestPluginsAreTheOnesOfKafkaConnect(t *testing.T) {
	type entry struct{ Class, Type, Version string }
	var all, want, got []entry
	readJSON(t, "connector-plugins-all.json", &all)
	for _, e := range all {
		if e.Type == "transformation" || e.Type == "predicate" {
			want = append(want, e)
		}
	}
	plugins, err := connect.NewPlugins(transform.Plugins(text)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plugins.All() {
		got = append(got, entry{p.Class, string(p.Type), p.Version})
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// definition returns the settings of a plugin by the end of its class name.
func definition(t testing.TB, class string) *connect.ConfigDef {
	t.Helper()
	for _, p := range transform.Plugins(text) {
		switch {
		case !strings.HasSuffix(p.Class, "."+class):
		case p.NewTransform != nil:
			return p.NewTransform().Config()
		default:
			return p.NewPredicate().Config()
		}
	}
	t.Fatalf("no plugin %s", class)
	return nil
}

func TestDefinitionsAreTheOnesOfKafkaConnect(t *testing.T) {
	files, err := filepath.Glob("testdata/plugin-config-*.json")
	if err != nil || len(files) != 19 {
		t.Fatalf("got %d files, %v, want one for each transform and predicate", len(files), err)
	}
	for _, file := range files {
		class := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "plugin-config-"), ".json")
		class = strings.Replace(class, ".Value", "$Value", 1)
		t.Run(class, func(t *testing.T) {
			var want []map[string]any
			readJSON(t, filepath.Base(file), &want)
			got := []map[string]any{}
			for _, k := range definition(t, class).Keys() {
				if k.Doc == "" || k.Group != "" || k.Width != "" || k.DisplayName != "" || k.Dependents != nil {
					t.Errorf("%s: got %+v, want a documentation, and nothing about forms", k.Name, k)
				}
				var def any
				if k.Default != nil {
					def = connect.ConfigText(k.Default, k.Type)
				}
				got = append(got, map[string]any{
					"name": k.Name, "type": string(k.Type), "required": k.Required, "default_value": def, "importance": string(k.Importance),
					"group": nil, "order": -1.0, "width": "NONE", "display_name": k.Name, "dependents": []any{},
				})
			}
			for _, k := range want {
				delete(k, "documentation") // ours are in other words
			}
			if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
			if value, ok := strings.CutSuffix(class, "$Value"); ok {
				if definition(t, value+"$Key") != definition(t, class) {
					t.Errorf("keys and values have different settings")
				}
			}
		})
	}
}
