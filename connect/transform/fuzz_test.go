package transform_test

import (
	"reflect"
	"testing"

	"sluice/connect"
	"sluice/connect/converter"
	"sluice/internal/capturedtest"
)

// FuzzTransforms sends values through the transforms of the captured cases: whatever comes, they change it or say what is wrong, do the same to a text as to
// what it is decoded to, and leave what they were given as it was.
func FuzzTransforms(f *testing.F) {
	cases := capturedtest.Cases[captured](f, "testdata/cases.jsonl", 229)
	for i, c := range cases {
		if c.InputValue != nil {
			f.Add(i, *c.InputValue, c.ValueSchemas)
		}
	}
	f.Fuzz(func(t *testing.T, i int, text string, schemas bool) {
		if i < 0 || i >= len(cases) || len(text) > 10_000 {
			return
		}
		c := cases[i]
		settings := map[string]string{"schemas.enable": "false"}
		if schemas {
			settings["schemas.enable"] = "true"
		}
		j := converter.NewJSON()
		if err := j.Configure(settings, false); err != nil {
			t.Fatal(err)
		}
		v, err := j.ToConnect("t", nil, []byte(text))
		if err != nil {
			return
		}
		tree, err := connect.Decode(v.Value)
		if err != nil {
			t.Fatal(err)
		}
		var shown [2][]any
		var problems [2]string
		for k, value := range []any{v.Value, tree} {
			smt, _, err := configured(t, c.Transform, c.Config)
			if smt == nil || err != nil {
				return
			}
			r := &connect.SinkRecord{Topic: "t", Timestamp: 1, ValueSchema: v.Schema, Value: value}
			before := inside(r)
			out, err := smt.Apply(copied(r))
			if now := inside(r); !reflect.DeepEqual(now, before) {
				t.Fatalf("%s %v: what the record held was %v and is now %v", c.Transform, c.Config, before, now)
			}
			switch {
			case err != nil && capturedtest.Class(err) == "":
				t.Fatalf("%s %v: error %v is of no class", c.Transform, c.Config, err)
			case err != nil:
				problems[k] = err.Error()
			case out != nil:
				shown[k] = inside(out)
			}
		}
		if !c.OrderDependent && (problems[0] != problems[1] || !reflect.DeepEqual(shown[0], shown[1])) {
			t.Errorf("%s %v of %s: got %v %s, decoded before %v %s", c.Transform, c.Config, text, shown[0], problems[0], shown[1], problems[1])
		}
	})
}
