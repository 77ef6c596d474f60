package dynamodb

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sluice/connect"
)

// conditionKind says when a write is carried out.
type conditionKind uint8

const (
	noCondition         conditionKind = iota // always
	insertOnly                               // a put or an update, if the item is missing
	newerWins                                // if the item is missing, has no version, or an older one than the record
	expressionCondition                      // if a condition expression holds
)

// condition is what must hold of an item for a write to be carried out.
type condition struct {
	kind       conditionKind
	versionOf  string               // newerWins: the attribute that is compared
	expression *conditionExpression // expressionCondition
}

// applies reports whether a write of the operation depends on the condition. To delete is not to insert.
func (c *condition) applies(op operation) bool {
	return c.kind != noCondition && (c.kind != insertOnly || op != deleteItem)
}

// fromKafka reports whether newer-wins compares the records' places in Kafka.
func (c *condition) fromKafka() bool {
	return c.kind == newerWins && (c.versionOf == offsetVersion || c.versionOf == timestampVersion)
}

// version is what newer-wins compares: a number, text or bytes, as it stands between the quotes of DynamoDB's JSON.
type version struct {
	kind kind
	text string
}

// newer reports whether a is known to be above b, as the service compares them. Versions of different types are not.
func (a *version) newer(b *version) bool {
	if a.kind != b.kind {
		return false
	}
	switch a.kind {
	case kindN:
		return compareNumbers(a.text, b.text) > 0
	case kindS:
		return bytes.Compare(appendUnescaped(nil, []byte(a.text)), appendUnescaped(nil, []byte(b.text))) > 0
	}
	return false
}

// attributeValue is the version in DynamoDB's JSON.
func (a *version) attributeValue() string { return `{"` + a.kind.String() + `":"` + a.text + `"}` }

// version returns the version of a record, nil if none is compared. A record's place in Kafka becomes an attribute of the item, which is returned
// too.
func (c *condition) version(r *connect.SinkRecord, op operation, item []byte, table string) (*version, []byte, error) {
	if c.kind != newerWins {
		return nil, item, nil
	}
	if c.fromKafka() {
		if c.versionOf == timestampVersion && r.Timestamp < 0 {
			return nil, nil, connect.NewDataError("table %q: the record has no timestamp, by which its version is to be told", table)
		}
		v := &version{kindN, kafkaVersion(r, c.versionOf)}
		return v, withAttribute(item, attribute{[]byte(c.versionOf), []byte(v.attributeValue())}), nil
	}
	name := string(appendEscaped(nil, c.versionOf))
	for _, a := range attributesOf(item) {
		if string(a.name) != name {
			continue
		}
		for _, k := range []kind{kindN, kindS} {
			if text, ok := a.scalar(k); ok {
				return &version{k, string(text)}, item, nil
			}
		}
		return nil, nil, connect.NewDataError("table %q, attribute %q: the version must be of type N or S, found %s", table, c.versionOf, a.kindName())
	}
	return nil, nil, connect.NewDataError("table %q, attribute %q: the version must be of type N or S, found no value", table, c.versionOf)
}

// compareNumbers compares two numbers by their digits: no float is exact enough.
func compareNumbers(a, b string) int {
	x, okX := measureNumber([]byte(a))
	y, okY := measureNumber([]byte(b))
	if !okX || !okY {
		return 0
	}
	sign := func(n number) int {
		switch {
		case n.digits == 0:
			return 0
		case n.negative:
			return -1
		}
		return 1
	}
	if s := cmp.Compare(sign(x), sign(y)); s != 0 || sign(x) == 0 {
		return s
	}
	order := cmp.Compare(x.magnitude, y.magnitude)
	if order == 0 {
		order = strings.Compare(significant(x, a), significant(y, b))
	}
	return order * sign(x)
}

// significant returns the significant digits of a number.
func significant(n number, text string) string {
	return strings.Replace(text[n.first:n.last+1], ".", "", 1)
}

// conditionExpression is a condition expression of the service, in which #name stands for the attribute with that name, and :name for the value that the
// record has for it.
type conditionExpression struct {
	text   string
	names  []string // after #
	values []string // after :
}

var placeholders = regexp.MustCompile(`[#:][A-Za-z0-9_]+`)

// parseCondition finds the placeholders of an expression; the service reads the rest.
func parseCondition(text string) (*conditionExpression, error) {
	e := &conditionExpression{text: strings.TrimSpace(text)}
	for _, p := range placeholders.FindAllString(text, -1) {
		list := &e.names
		if p[0] == ':' {
			list = &e.values
		}
		if !slices.Contains(*list, p[1:]) {
			*list = append(*list, p[1:])
		}
	}
	if len(e.text) > 4096 {
		return nil, fmt.Errorf("must have at most 4096 bytes, the service's limit, found %d", len(e.text))
	}
	return e, nil
}

// check refuses a record that lacks a value of the condition expression.
func (c *condition) check(item []byte, table string, op operation) error {
	if c.kind != expressionCondition {
		return nil
	}
	attributes := attributesOf(item)
	for _, name := range c.expression.values {
		escaped := string(appendEscaped(nil, name))
		if !slices.ContainsFunc(attributes, func(a attribute) bool { return string(a.name) == escaped }) {
			return connect.NewDataError("table %q, attribute %q: the condition expression needs its value, found none", table, name)
		}
	}
	return nil
}
