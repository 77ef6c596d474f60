package sluice_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/internal/distributed"
	"sluice/sinks/dynamodb"
)

const (
	kafkaTransforms = "org.apache.kafka.connect.transforms."
	kafkaPredicates = kafkaTransforms + "predicates."
	camelTransforms = "org.apache.camel.kafkaconnector.transforms."
)

// docs/transforms.md has every transform and predicate, and each of its examples is what happens.
func TestTransformsPage(t *testing.T) {
	data, err := os.ReadFile("docs/transforms.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	plugins, err := distributed.Plugins(dynamodb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, row := range tableRows(page, "## Kafka's transforms") {
		shown[kafkaTransforms+playTransform(t, plugins, kafkaTransforms, row)] = true
	}
	for _, row := range tableRows(page, "## Transforms of Camel's connectors") {
		if len(row) == 5 {
			shown[camelTransforms+playTransform(t, plugins, camelTransforms, row)] = true
			continue
		}
		class := strings.Trim(row[0], "`")
		if !strings.Contains(class, ".") {
			class = camelTransforms + class
		}
		if _, err := plugins.Find(class, connect.TransformationPluginType); err == nil || !strings.Contains(err.Error(), "leave it out") {
			t.Errorf("%s: got %v, want a refusal", class, err)
		}
	}
	for _, row := range tableRows(page, "## Predicates") {
		shown[kafkaPredicates+playPredicate(t, plugins, row)] = true
	}
	for _, p := range plugins.OfType(connect.TransformationPluginType, connect.PredicatePluginType) {
		if class := strings.Replace(p.Class, "$Key", "$Value", 1); !shown[class] {
			t.Errorf("the page does not have %s", class)
		}
	}
}

// tableRows returns the cells of the rows of the tables under a heading, without their heads.
func tableRows(page, heading string) [][]string {
	_, text, _ := strings.Cut(page, "\n"+heading+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	var rows [][]string
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		head := i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|---")
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || head {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows = append(rows, cells)
	}
	return rows
}

// playTransform applies the transform of a row to the record before, and compares it with that after. It returns the class.
func playTransform(t *testing.T, plugins *connect.Plugins, pkg string, row []string) string {
	t.Helper()
	class := strings.Trim(row[0], "`")
	p, err := plugins.Find(pkg+class, connect.TransformationPluginType)
	if err != nil {
		t.Fatal(err)
	}
	smt := p.NewTransform()
	if err := smt.Configure(pageSettings(row[2])); err != nil {
		t.Errorf("%s: %v", class, err)
		return class
	}
	out, err := smt.Apply(pageRecord(t, row[3]))
	switch {
	case err != nil:
		t.Errorf("%s: %v", class, err)
	case out == nil:
		if row[4] != "dropped" {
			t.Errorf("%s: the record was dropped, want %s", class, row[4])
		}
	default:
		want := pageRecord(t, row[4])
		if got, want := show(out), show(want); got != want {
			t.Errorf("%s: got %s, want %s", class, got, want)
		}
		if name, found := strings.CutPrefix(strings.Join(pageItems(row[4])["schema"], ""), "order "); found {
			if out.ValueSchema.Name != "order" || strconv.Itoa(*out.ValueSchema.Version) != name {
				t.Errorf("%s: got schema %s", class, out.ValueSchema.Name)
			}
		}
	}
	return class
}

func playPredicate(t *testing.T, plugins *connect.Plugins, row []string) string {
	t.Helper()
	class := strings.Trim(row[0], "`")
	p, err := plugins.Find(kafkaPredicates+class, connect.PredicatePluginType)
	if err != nil {
		t.Fatal(err)
	}
	predicate := p.NewPredicate()
	if err := predicate.Configure(pageSettings(row[2])); err != nil {
		t.Errorf("%s: %v", class, err)
		return class
	}
	for i, want := range []bool{true, false} {
		if got, err := predicate.Test(pageRecord(t, row[3+i])); err != nil || got != want {
			t.Errorf("%s for %s: got %v, %v", class, row[3+i], got, err)
		}
	}
	return class
}

var (
	pageCode = regexp.MustCompile("`([^`]*)`")
	pageItem = regexp.MustCompile("(\\w+) `([^`]*)`")
)

func pageSettings(cell string) map[string]string {
	settings := map[string]string{}
	for _, code := range pageCode.FindAllStringSubmatch(cell, -1) {
		key, value, _ := strings.Cut(code[1], "=")
		settings[key] = value
	}
	return settings
}

func pageItems(cell string) map[string][]string {
	items := map[string][]string{}
	for _, m := range pageItem.FindAllStringSubmatch(cell, -1) {
		items[m[1]] = append(items[m[1]], m[2])
	}
	return items
}

// pageRecord reads a record of the page: values are JSON without a schema, texts and bytes have one.
func pageRecord(t *testing.T, cell string) *connect.SinkRecord {
	t.Helper()
	r := &connect.SinkRecord{Timestamp: -1}
	for what, texts := range pageItems(cell) {
		for _, text := range texts {
			switch what {
			case "value":
				r.Value = connect.RawJSON(text)
			case "key":
				r.Key = connect.RawJSON(text)
			case "text":
				r.ValueSchema, r.Value = connect.StringSchema, text
			case "bytes":
				r.ValueSchema, r.Value = connect.BytesSchema, []byte(text)
			case "struct": // of one field, which is null
				r.ValueSchema = &connect.Schema{Type: connect.StructT, Fields: []connect.Field{{Name: text, Schema: connect.OptionalStringSchema}}}
				r.Value = connect.NewStruct(r.ValueSchema)
			case "topic":
				r.Topic = text
			case "timestamp":
				r.Timestamp, _ = strconv.ParseInt(text, 10, 64)
			case "header":
				key, value, _ := strings.Cut(text, "=")
				r.Headers = append(r.Headers, connect.Header{Key: key, Value: value})
			case "schema":
			default:
				t.Errorf("the page says %s `%s`", what, text)
			}
		}
	}
	return r
}

// show is what the page says of a record.
func show(r *connect.SinkRecord) string {
	plain := func(v any) any {
		if data, ok := v.([]byte); ok {
			return "bytes " + string(data)
		}
		if s, ok := v.(*connect.Struct); ok {
			return "struct " + s.Schema.Fields[0].Name
		}
		tree, err := connect.Decode(v)
		if err != nil {
			return err
		}
		data, err := json.Marshal(tree) // in the order of keys
		if err != nil || reflect.ValueOf(v).Kind() == reflect.String {
			return fmt.Sprintf("%v", v)
		}
		return string(data)
	}
	var headers []string
	for _, h := range r.Headers {
		headers = append(headers, fmt.Sprintf("%s=%v", h.Key, h.Value))
	}
	slices.Sort(headers)
	return fmt.Sprintf("key %v, value %v, topic %s, timestamp %d, headers %q", plain(r.Key), plain(r.Value), r.CurrentTopic(), r.Timestamp, headers)
}
