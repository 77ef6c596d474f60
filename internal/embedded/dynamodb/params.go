package dynamodb

import (
	"strconv"
	"strings"
)

// params is the top level of a request: names and the text of their values. Reading it checks the
// syntax of the whole body. Its error is sticky, like the cursor's.
type params struct {
	members []param
	err     *apiError
}

type param struct {
	name string
	text []byte
}

// read splits a body. A member that is null counts as absent.
func (p *params) read(body []byte) *apiError {
	p.members = p.members[:0]
	p.err = nil
	c := cursor{text: body}
	if c.peek() != '{' {
		c.failSyntax()
	}
	c.open('{')
	first := true
	for {
		name, ok := c.member(&first)
		if !ok {
			break
		}
		text := c.skip()
		if string(text) != "null" {
			p.members = append(p.members, param{paramName(name), text})
		}
	}
	if c.err == nil && c.peek() != 0 {
		c.failSyntax()
	}
	return c.err
}

// paramName avoids an allocation for the names of the hot calls.
func paramName(name []byte) string {
	switch string(name) {
	case "RequestItems":
		return "RequestItems"
	case "TableName":
		return "TableName"
	case "Item":
		return "Item"
	case "Key":
		return "Key"
	}
	return string(name)
}

// text answers a member's JSON, nil if it is absent. The last of equal names wins.
func (p *params) text(name string) []byte {
	for i := len(p.members) - 1; i >= 0; i-- {
		if p.members[i].name == name {
			return p.members[i].text
		}
	}
	return nil
}

func (p *params) has(name string) bool { return p.text(name) != nil }

// scan reads one member with a cursor, if it is there.
func (p *params) scan(name string, read func(*cursor)) {
	text := p.text(name)
	if text == nil || p.err != nil {
		return
	}
	c := cursor{text: text}
	read(&c)
	p.err = c.err
}

func (p *params) string(name string) (s string) {
	p.scan(name, func(c *cursor) { s = string(c.string()) })
	return s
}

func (p *params) boolean(name string) (b bool) {
	p.scan(name, func(c *cursor) { b = c.boolean() })
	return b
}

// integer answers a number that must be at least low, absent if there is none.
func (p *params) integer(name string, absent, low int64) int64 {
	n := absent
	p.scan(name, func(c *cursor) {
		if n = c.integer(); n < low && c.err == nil {
			c.fail(constraintError("'"+strconv.FormatInt(n, 10)+"'", lowerFirst(name),
				"Member must have value greater than or equal to "+strconv.FormatInt(low, 10)))
		}
	})
	return n
}

// enum answers one of the words of a set, in the order in which the service prints it, or absent
// if there is no such member.
func (p *params) enum(name, absent string, set ...string) string {
	s := absent
	p.scan(name, func(c *cursor) {
		s = string(c.string())
		for _, word := range set {
			if s == word {
				return
			}
		}
		c.fail(constraintError("'"+s+"'", lowerFirst(name), "Member must satisfy enum value set: ["+strings.Join(set, ", ")+"]"))
	})
	return s
}

// stringMap reads an object of strings; nil if it is absent.
func (p *params) stringMap(name string) (m map[string]string) {
	p.scan(name, func(c *cursor) {
		m = make(map[string]string)
		c.open('{')
		first := true
		for {
			key, ok := c.member(&first)
			if !ok {
				return
			}
			k := string(key)
			m[k] = string(c.string())
		}
	})
	return m
}

func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// refuse answers an error if any of the legacy members is there.
func (p *params) refuse(names ...string) {
	for _, name := range names {
		if p.err == nil && p.has(name) {
			p.err = validationErrorf("The legacy parameter %s is not supported by this embedded DynamoDB: use the expression parameters", name)
		}
	}
}

// requestTable answers the table a call is about. The name is checked before anything else is, the table
// looked up when the rest of the request is known to be good; so it may be nil.
func (s *Server) requestTable(p *params) (t *table, name string) {
	if !p.has("TableName") {
		if p.err == nil {
			p.err = constraintError("null", "tableName", "Member must not be null")
		}
		return nil, ""
	}
	name = tableName(p.string("TableName"))
	if p.err == nil {
		p.err = checkTableName(name)
	}
	return s.table(name), name
}

func checkTableName(name string) *apiError {
	valid := len(name) >= 3 && len(name) <= 255
	for i := 0; valid && i < len(name); i++ {
		b := name[i]
		valid = b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b == '-' || b == '.'
	}
	if valid {
		return nil
	}
	return validationError("Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain only the characters a-z, A-Z, 0-9, '_', '-', and '.'")
}
