package store_test

import (
	"encoding/json"
	"strings"
	"testing"

	"sluice/worker/store"
)

func TestPropertiesKeepTheirOrder(t *testing.T) {
	const text = `{"z":"1","a":null,"m":"<&>"}`
	var p store.Properties
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	got, err := p.MarshalJSON()
	if err != nil || string(got) != text {
		t.Errorf("got %s (%v), want %s", got, err, text)
	}
	if _, ok := p.Get("a"); ok || !p.Has("a") {
		t.Error("a null is not told from a missing key")
	}
}

func TestRepeatedKeyTakesTheLastValue(t *testing.T) {
	var p store.Properties
	if err := json.Unmarshal([]byte(`{"a":"1","b":"2","a":"3"}`), &p); err != nil {
		t.Fatal(err)
	}
	if got, _ := p.MarshalJSON(); string(got) != `{"a":"3","b":"2"}` {
		t.Errorf("got %s", got)
	}
}

func TestPropertiesRefuseOtherValues(t *testing.T) {
	for _, text := range []string{`{"a":1}`, `{"a":true}`, `{"a":{}}`, `{"a":[]}`, `[]`, `"a"`, `{"a":"b"`} {
		var p store.Properties
		if err := json.Unmarshal([]byte(text), &p); err == nil {
			t.Errorf("%s was read as %v", text, p)
		} else if strings.HasPrefix(text, `{"a":`) && strings.HasSuffix(text, "}") && !strings.Contains(err.Error(), `"a"`) {
			t.Errorf("%s: the error does not name the key: %v", text, err)
		}
	}
}

// The error is logged, and the value may be a password.
func TestRefusedPropertiesDoNotShow(t *testing.T) {
	var p store.Properties
	err := json.Unmarshal([]byte(`{"password":271828}`), &p)
	if err == nil || strings.Contains(err.Error(), "271828") || !strings.Contains(err.Error(), "password") {
		t.Errorf("error %v", err)
	}
}

func TestPropertiesAreChangedByCopy(t *testing.T) {
	one, two := "1", "2"
	p := store.Properties{{Key: "a", Value: &one}, {Key: "b", Value: &one}}
	q := p.With("a", &two).Without("b").With("c", nil)
	if got, _ := p.MarshalJSON(); string(got) != `{"a":"1","b":"1"}` {
		t.Errorf("the original became %s", got)
	}
	if got, _ := q.MarshalJSON(); string(got) != `{"a":"2","c":null}` {
		t.Errorf("the copy is %s", got)
	}
}

func TestPropertiesMerge(t *testing.T) {
	for _, tc := range []struct{ name, before, patch, want string }{
		{"nothing", `{"a":"1","b":null}`, `{}`, `{"a":"1","b":null}`},
		{"into nothing", `{}`, `{"b":"1","a":"2"}`, `{"b":"1","a":"2"}`},
		{"a value keeps its key's place", `{"a":"1","b":"2"}`, `{"c":"3","a":"4"}`, `{"a":"4","b":"2","c":"3"}`},
		{"a null removes", `{"a":"1","b":"2","c":"3"}`, `{"b":null}`, `{"a":"1","c":"3"}`},
		{"a null for a key that is not there", `{"a":"1"}`, `{"b":null}`, `{"a":"1"}`},
		{"a value in place of a null", `{"a":null}`, `{"a":"1"}`, `{"a":"1"}`},
		{"everything goes", `{"a":"1","b":null}`, `{"b":null,"a":null}`, `{}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var before, patch store.Properties
			must(t, json.Unmarshal([]byte(tc.before), &before))
			must(t, json.Unmarshal([]byte(tc.patch), &patch))
			if got, _ := before.Merge(patch).MarshalJSON(); string(got) != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if got, _ := before.MarshalJSON(); string(got) != tc.before {
				t.Errorf("the original became %s", got)
			}
		})
	}
	// A patch made by hand may name a key twice.
	v, w := "1", "2"
	got, _ := store.Properties{{Key: "a", Value: &v}, {Key: "b", Value: &v}}.Merge(store.Properties{{Key: "a"}, {Key: "a", Value: &w}, {Key: "c", Value: &v}, {Key: "c"}}).MarshalJSON()
	if string(got) != `{"b":"1","a":"2"}` {
		t.Errorf("a key that is removed and set: %s", got)
	}
}
