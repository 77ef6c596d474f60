package dynamodb

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"sluice/connect"
)

// tableRoute names the table of each record, where a connector writes to several.
type tableRoute struct {
	byTopic map[string]string // tables that are given for topics, by the topic's name after transforms
	format  []namePart        // of every other record's table; nil: it has none
	text    string            // the format as it is written in the settings
}

// namePart is a piece of a table's name: literal text, a source, or the record's time in a layout.
type namePart struct {
	literal string
	source  *source
	layout  string // of time.Format
}

// String returns the settings in one line, for the log.
func (t *tableRoute) String() string {
	if t.text != "" {
		return t.text
	}
	return topicTableMapConfig
}

// table returns the name of a record's table. It appends to dst, and the error is one of the record's data.
func (t *tableRoute) table(dst []byte, r *connect.SinkRecord) ([]byte, error) {
	if name, ok := t.byTopic[r.CurrentTopic()]; ok {
		return append(dst, name...), nil
	}
	if t.format == nil {
		return nil, connect.NewDataError("table of topic %q: %s names none", r.CurrentTopic(), topicTableMapConfig)
	}
	start := len(dst)
	for i := range t.format {
		p := &t.format[i]
		switch {
		case p.source == nil && p.layout == "":
			dst = append(dst, p.literal...)
			continue
		case p.layout != "":
			if r.Timestamp < 0 {
				return nil, connect.NewDataError("table %q: the record has no timestamp", t.text)
			}
			dst = time.UnixMilli(r.Timestamp).UTC().AppendFormat(dst, p.layout)
			continue
		case p.source.from == topicName:
			dst = append(dst, r.CurrentTopic()...)
			continue
		}
		found, err := expression{*p.source}.token(r)
		if err != nil {
			return nil, connect.NewDataError("table %q: %v", t.text, err)
		}
		dst = append(dst, found.text...)
	}
	if t.named() && !isTableName(dst[start:]) {
		return nil, connect.NewDataError("table %q: %q is not the name of a table, which has 3 to 255 letters, digits, _, - and .", t.text, dst[start:])
	}
	return dst, nil
}

// named reports whether the format is one name for all, which may be an ARN too.
func (t *tableRoute) named() bool { return len(t.format) > 1 || t.format[0].literal == "" }

func isTableName(name []byte) bool {
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
			return false
		}
	}
	return len(name) >= 3 && len(name) <= 255
}

// tableFormat is what table.name.format says: the name of one table, or how to name many.
type tableFormat struct {
	fixed string
	parts []namePart
	text  string
}

const placeholderRule = "must be ${topic}, ${partition}, ${header:name}, ${key:path}, ${value:path} or ${timestamp:yyyyMMdd}"

// parseTableFormat reads a table's name with placeholders.
func parseTableFormat(text string) (tableFormat, error) {
	f := tableFormat{text: text}
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "${")
		if before != "" {
			f.parts = append(f.parts, namePart{literal: before})
		}
		if !found {
			break
		}
		inside, behind, closed := strings.Cut(after, "}")
		if !closed {
			return tableFormat{}, errors.New("has ${ without a }")
		}
		p, err := parsePlaceholder(inside)
		if err != nil {
			return tableFormat{}, err
		}
		f.parts = append(f.parts, p)
		rest = behind
	}
	switch {
	case len(f.parts) == 0:
		return tableFormat{}, errors.New("must not be empty")
	case len(f.parts) == 1 && f.parts[0].literal != "":
		return tableFormat{fixed: text, text: text}, nil
	}
	return f, nil
}

func parsePlaceholder(inside string) (namePart, error) {
	name, argument, has := strings.Cut(inside, ":")
	var text string
	switch {
	case !has && (name == "topic" || name == "partition"):
		text = name
	case name == "timestamp" && argument != "":
		layout, err := goLayout(argument)
		return namePart{layout: layout}, err
	case (name == "header" || name == "key" || name == "value") && argument != "":
		text = name + "." + argument
	case !has && name == "key":
		text = name
	default:
		return namePart{}, fmt.Errorf("${%s} %s", inside, placeholderRule)
	}
	s, err := parseSource(text)
	return namePart{source: &s}, err
}

// goLayout returns the layout of time.Format for a pattern of Java's, of which table names need few letters. Times are in UTC.
func goLayout(pattern string) (string, error) {
	layout := strings.NewReplacer("yyyy", "2006", "MM", "01", "dd", "02", "HH", "15", "mm", "04").Replace(pattern)
	if strings.Trim(layout, "0123456789_-.") != "" || strings.Trim(pattern, "0123456789_-.") == "" || strings.ContainsAny(pattern, "0123456789") {
		return "", fmt.Errorf("${timestamp:%s} must be made of yyyy, MM, dd, HH and mm, with _, - or . between them", pattern)
	}
	return layout, nil
}

// parseTopicTables reads a list such as "orders:orders-table, users:people".
func parseTopicTables(text string) (map[string]string, error) {
	tables := make(map[string]string)
	for _, entry := range splitList(text) {
		topic, name, ok := strings.Cut(entry, ":")
		if topic, name = strings.TrimSpace(topic), strings.TrimSpace(name); !ok || topic == "" || name == "" {
			return nil, fmt.Errorf("%q must be a topic and a table, such as orders:orders-table", entry)
		}
		if tables[topic] != "" {
			return nil, fmt.Errorf("topic %q has two tables", topic)
		}
		tables[topic] = name
	}
	return tables, nil
}
