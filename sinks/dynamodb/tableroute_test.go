package dynamodb

import (
	"strings"
	"testing"

	"sluice/connect"
)

func TestRecordsNameTheirTables(t *testing.T) {
	r := &connect.SinkRecord{
		Topic: "in", TargetTopic: "renamed", Partition: 3, Timestamp: 1692008493123, Key: "k", Value: connect.RawJSON(`{"a":{"b":"x"},"n":7,"o":{},"bad":"a/b","short":"a"}`),
		Headers: []connect.Header{{Key: "tenant", Value: "t1"}},
	}
	for _, c := range []struct{ format, tables, want, fail string }{
		{"plain", "", "plain", ""},
		{"${topic}", "", "renamed", ""},
		{"${topic}-${partition}", "", "renamed-3", ""},
		{"pre_${header:tenant}.${key}", "", "pre_t1.k", ""},
		{"${value:a.b}-${value:n}-t", "", "x-7-t", ""},
		{"t-${timestamp:yyyyMM}", "", "t-202308", ""},
		{"t-${timestamp:yyyy-MM-dd_HH.mm}", "", "t-2023-08-14_10.21", ""},
		{"arn:aws:dynamodb:eu-west-1:1:table/t", "", "arn:aws:dynamodb:eu-west-1:1:table/t", ""},
		{"arn:aws:dynamodb:eu-west-1:1:table/t", "other:o", "arn:aws:dynamodb:eu-west-1:1:table/t", ""},
		{"other", "a:b, renamed:mapped", "mapped", ""},
		{"other", "in:mapped", "other", ""},
		{"${value:none}", "", "", `table "${value:none}": value.none: the record has none`},
		{"${header:none}", "", "", `header.none: the record has none`},
		{"x-${value:o}", "", "", `table "x-${value:o}": value.o is an object, and must be a value without members`},
		{"x-${key:id}", "", "", `key.id: the record has none`},
		{"${value:bad}", "", "", `"a/b" is not the name of a table, which has 3 to 255 letters, digits, _, - and .`},
		{"${value:short}", "", "", `"a" is not the name of a table`},
	} {
		s := mapped(t, tableFormatConfig, c.format, topicTableMapConfig, c.tables)
		if s.route == nil {
			if s.table != c.want {
				t.Errorf("%s: got %s, want %s", c.format, s.table, c.want)
			}
			continue
		}
		got, err := s.route.table(nil, r)
		if string(got) != c.want && c.fail == "" || c.fail != "" && (err == nil || !strings.Contains(err.Error(), c.fail)) {
			t.Errorf("%s: got %s, %v, want %s%s", c.format, got, err, c.want, c.fail)
		}
	}
	r.Timestamp = -1
	if _, err := mapped(t, tableFormatConfig, "t-${timestamp:yyyy}").route.table(nil, r); err == nil || !strings.Contains(err.Error(), "no timestamp") {
		t.Errorf("got %v", err)
	}
	only, err := camel().settings(map[string]string{topicTableMapConfig: "a:aaa"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := only.route.table(nil, r); err == nil || !strings.Contains(err.Error(), `topic "renamed": aws.dynamodb.topic.table.map names none`) {
		t.Errorf("got %v", err)
	}
}

func TestTableFormatsAreChecked(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{tableFormatConfig, "", "must not be empty"},
		{tableFormatConfig, "${topic", "has ${ without a }"},
		{tableFormatConfig, "${offset}", "${offset} must be ${topic}, ${partition}, ${header:name}, ${key:path}, ${value:path} or ${timestamp:yyyyMMdd}"},
		{tableFormatConfig, "${value}", "${value} must be"},
		{tableFormatConfig, "${header:}", "${header:} must be"},
		{tableFormatConfig, "${timestamp:yy}", "must be made of yyyy, MM, dd, HH and mm"},
		{tableFormatConfig, "${timestamp:-}", "must be made of yyyy, MM, dd, HH and mm"},
		{topicTableMapConfig, "a", `"a" must be a topic and a table, such as orders:orders-table`},
		{topicTableMapConfig, "a:b,a:c", `topic "a" has two tables`},
	} {
		_, err := camel().settings(map[string]string{camelTableConfig: "t", c.key: c.value})
		if err == nil || !strings.HasPrefix(err.Error(), "Invalid value ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%s: got %v, want %s", c.key, c.value, err, c.want)
		}
	}
}
