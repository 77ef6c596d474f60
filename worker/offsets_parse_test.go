package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The answers to what cannot be read are checked with Java's in package rest; here is what it takes in.

func TestOffsetChangesOfOnePartition(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes []OffsetChange
		want    string
	}{
		{"the same twice: the last counts", []OffsetChange{change("a", json.Number("0"), json.Number("1")), change("a", json.Number("0"), json.Number("2"))}, "2"},
		{"a number, then a text: Java's order of hashes", []OffsetChange{change("a", json.Number("0"), json.Number("1")), change("a", "0", json.Number("2"))}, "2"},
		{"a sign", []OffsetChange{change("a", "-0", "+5")}, "5"},
		{"the largest", []OffsetChange{change("a", "0", "9223372036854775807")}, "9223372036854775807"},
		{"digits of another script", []OffsetChange{change("a", "०", "१२३४५६७८९०")}, "1234567890"},
		{"full width", []OffsetChange{change("a", "０", "９")}, "9"},
	} {
		offsets, err := ParseOffsetChanges(c.changes)
		got := "no change"
		for _, o := range offsets {
			got = fmt.Sprint(*o)
		}
		if err != nil || len(offsets) != 1 || got != c.want {
			t.Errorf("%s: got %s of %d, error %v, want %s", c.name, got, len(offsets), err, c.want)
		}
	}
}

// Hash codes from Java 17.
func TestHashesAreJavas(t *testing.T) {
	for text, want := range map[string]int32{
		`"orders"`: -1008770331, `""`: 0, `"ä😀"`: 1992007, `5`: 5, `-7`: -7, `2147483648`: -2147483648, `-2147483649`: -2147483648,
		`9223372036854775808`: -2147483648, `99999999999999999999`: 1882487351, `-99999999999999999999`: -1882487351,
		`1.5`: 1073217536, `-0.25`: -1076887552, `1e400`: 2146435072, `true`: 1231, `false`: 1237, `null`: 0, `[]`: 1, `[1,"a",null]`: 33759, `{"a":1}`: 96,
	} {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if got := javaHash(v); got != want {
			t.Errorf("%s: got %d, want %d", text, got, want)
		}
	}
}

func FuzzOffsetChanges(f *testing.F) {
	for _, s := range []string{
		`[{"kafka_topic":"t","kafka_partition":0},{"kafka_offset":1}]`, `[{"kafka_topic":{"a":[1,2.5,null,true]},"kafka_partition":"٣"},null]`,
		`[null,{}]`, `[{"kafka_topic":5,"kafka_partition":1e400},{"kafka_offset":-99999999999999999999}]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var maps []map[string]any
		if d.Decode(&maps) != nil || len(maps) < 2 {
			return
		}
		changes := []OffsetChange{{maps[0], maps[1]}, {maps[0], nil}, {maps[1], maps[0]}}
		offsets, err := ParseOffsetChanges(changes)
		var bad *BadRequestError
		switch {
		case err != nil && !errors.As(err, &bad):
			t.Errorf("error %T %v", err, err)
		case err == nil && len(offsets) == 0:
			t.Error("no offsets and no error")
		}
	})
}
