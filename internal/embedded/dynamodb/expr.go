package dynamodb

import (
	"slices"
	"strconv"
	"strings"
)

// Limits of expressions.
const (
	maxExpressionBytes = 4096
	maxOperators       = 300
	maxInOperands      = 100
	maxPathElements    = 32
)

// expressions is what the expressions of one call share: the placeholders and which of them were
// used. Parse every expression of the call, then call unused.
type expressions struct {
	names      map[string]string
	values     map[string]value
	usedNames  map[string]bool
	usedValues map[string]bool
}

// readExpressions reads the placeholders. given says which expression members the call knows.
func (p *params) readExpressions(given ...string) *expressions {
	x := &expressions{usedNames: map[string]bool{}, usedValues: map[string]bool{}}
	some := slices.ContainsFunc(given, p.has)
	if p.has("ExpressionAttributeNames") {
		x.readNames(p, some)
	}
	if p.has("ExpressionAttributeValues") {
		x.readValues(p, some, given)
	}
	return x
}

// readNames reads ExpressionAttributeNames. some says that the call has an expression.
func (x *expressions) readNames(p *params, some bool) {
	x.names = p.stringMap("ExpressionAttributeNames")
	switch {
	case p.err != nil:
		return
	case !some:
		p.err = validationError("ExpressionAttributeNames can only be specified when using expressions")
		return
	case len(x.names) == 0:
		p.err = validationError("ExpressionAttributeNames must not be empty")
		return
	}
	for _, k := range sortedKeys(x.names) {
		if !placeholder(k, '#') {
			p.err = validationErrorf("ExpressionAttributeNames contains invalid key: Syntax error; key: %q", k)
			return
		}
		if x.names[k] == "" {
			p.err = validationErrorf("ExpressionAttributeNames contains invalid value: Empty attribute name for key %s", k)
			return
		}
	}
}

// readValues reads ExpressionAttributeValues.
func (x *expressions) readValues(p *params, some bool, given []string) {
	if p.err != nil {
		return
	}
	if !some {
		var missing []string
		for _, name := range given {
			if name != "ProjectionExpression" {
				missing = append(missing, name)
			}
		}
		verb := " is null"
		if len(missing) > 1 {
			verb = " are null"
		}
		p.err = validationError("ExpressionAttributeValues can only be specified when using expressions: " + strings.Join(missing, " and ") + verb)
		return
	}
	x.values = make(map[string]value)
	p.scan("ExpressionAttributeValues", func(c *cursor) {
		c.open('{')
		first := true
		for {
			name, ok := c.member(&first)
			if !ok {
				break
			}
			key := string(name)
			if !placeholder(key, ':') {
				c.fail(validationErrorf("ExpressionAttributeValues contains invalid key: Syntax error; key: %q", key))
				return
			}
			v, err := decodeAttribute(c.skip())
			if err != nil && c.err == nil {
				if err.typ == typeValidation {
					err = validationErrorf("ExpressionAttributeValues contains invalid value: %s for key %s", err.message, key)
				}
				c.fail(err)
				return
			}
			x.values[key] = v
		}
		if len(x.values) == 0 && c.err == nil {
			c.fail(validationError("ExpressionAttributeValues must not be empty"))
		}
	})
}

// decodeAttribute reads one attribute value from JSON.
func decodeAttribute(text []byte) (value, *apiError) {
	var r attributeReader
	r.reset(text)
	if r.null() {
		return value{}, validationError("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	}
	r.value(1)
	if r.err != nil {
		return value{}, r.err
	}
	reader := itemReader{data: r.out}
	return reader.value(), nil
}

// placeholder reports whether key is the sign and at least one letter, digit or underscore.
func placeholder(key string, sign byte) bool {
	if len(key) < 2 || key[0] != sign {
		return false
	}
	for i := 1; i < len(key); i++ {
		if !inWord(key[i]) {
			return false
		}
	}
	return true
}

// unused reports placeholders that no expression mentions.
func (x *expressions) unused() *apiError {
	if x == nil {
		return nil
	}
	if rest := without(sortedKeys(x.names), x.usedNames); len(rest) > 0 {
		return validationErrorf("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", strings.Join(rest, ", "))
	}
	if rest := without(sortedKeys(x.values), x.usedValues); len(rest) > 0 {
		return validationErrorf("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", strings.Join(rest, ", "))
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func without(keys []string, used map[string]bool) []string {
	return slices.DeleteFunc(keys, func(k string) bool { return used[k] })
}

// path is the way to an attribute or a part of one: an attribute's name, then members of maps and
// elements of lists.
type path []pathElement

type pathElement struct {
	name  string // empty: an element of a list
	index int
}

func (e pathElement) isIndex() bool { return e.name == "" }

// String is the path as error texts show it: [a, [0], b].
func (p path) String() string {
	parts := make([]string, len(p))
	for i, e := range p {
		parts[i] = e.name
		if e.isIndex() {
			parts[i] = "[" + strconv.Itoa(e.index) + "]"
		}
	}
	return bracketed(parts)
}

// resolve answers what the path leads to in an item.
func (p path) resolve(item fields) (value, bool) {
	v, ok := item.get(p[0].name)
	for _, e := range p[1:] {
		switch {
		case !ok:
			return value{}, false
		case e.isIndex():
			if v.kind != kindList || e.index >= len(v.list) {
				return value{}, false
			}
			v = v.list[e.index]
		case v.kind != kindMap:
			return value{}, false
		default:
			v, ok = v.fields.get(e.name)
		}
	}
	return v, ok
}

// overlap compares two paths of which an expression may name only one: the first mistake is
// reported in the service's words. second is the later one.
func overlap(first, second path) (fault string) {
	for i := range min(len(first), len(second)) {
		a, b := first[i], second[i]
		if a == b {
			continue
		}
		if a.isIndex() != b.isIndex() {
			return "Two document paths conflict with each other"
		}
		return ""
	}
	return "Two document paths overlap with each other"
}

// checkOverlap applies overlap to all pairs of paths.
func checkOverlap(expression string, paths []path) *apiError {
	for j := range paths {
		for i := range j {
			if fault := overlap(paths[i], paths[j]); fault != "" {
				return invalidExpression(expression, "%s; must remove or rewrite one of these paths; path one: %s, path two: %s",
					fault, paths[i], paths[j])
			}
		}
	}
	return nil
}

func invalidExpression(expression, format string, args ...any) *apiError {
	return validationErrorf("Invalid "+expression+": "+format, args...)
}
