package converter

import (
	"strconv"
	"strings"

	"sluice/connect"
)

// payloadReader reads payloads by their schema. The usual ones it reads straight from the text: each value is what its schema says, and no name is
// there twice. For the others, and for those with mistakes, there is a tree (see [jsonReader]).
type payloadReader struct {
	jsonReader
	at   treeReader
	text string // a copy, which the strings of the value are parts of
}

// read reads a checked text.
func (p *payloadReader) read(s *connect.Schema, payload []byte) (any, error) {
	if s != nil {
		p.at, p.text = treeReader{data: payload}, string(payload)
		v, ok := p.usual(s)
		p.at, p.text = treeReader{}, "" // the record alone holds it
		if ok {
			return v, nil
		}
	}
	return p.value(s, readTree(payload))
}

// usual reads the value at pos. It reports false for what the tree is for.
func (p *payloadReader) usual(s *connect.Schema) (any, bool) {
	c := p.at.peek()
	if c == 'n' {
		p.at.pos += len("null")
		v, err := p.value(s, nil)
		return v, err == nil
	}
	logical := isLogical(s.Name)
	if !logical {
		switch s.Type {
		case connect.StructT:
			return p.usualStruct(s)
		case connect.Array:
			return p.usualArray(s)
		case connect.Map:
			return p.usualMap(s)
		}
	}
	switch {
	case c == '"':
		text, ok := p.plainText()
		if !ok || s.Type == connect.String && !logical {
			return text, ok
		}
		return p.bent(s, text)
	case c == 't' || c == 'f':
		p.at.pos += len("true")
		if c == 'f' {
			p.at.pos++
		}
		if s.Type == connect.Boolean && !logical {
			return c == 't', true
		}
		return p.bent(s, c == 't')
	case c == '-' || isDigit(c):
		start := p.at.pos
		for p.at.pos < len(p.text) && isNumberByte(p.text[p.at.pos]) {
			p.at.pos++
		}
		n := p.text[start:p.at.pos]
		if !logical {
			switch s.Type {
			case connect.Int64:
				i, err := strconv.ParseInt(n, 10, 64)
				return i, err == nil
			case connect.Int32:
				i, err := strconv.ParseInt(n, 10, 32)
				return int32(i), err == nil
			}
		}
		return p.bent(s, number(n))
	}
	return nil, false
}

// bent reads a value in the long way.
func (p *payloadReader) bent(s *connect.Schema, v any) (any, bool) {
	x, err := p.value(s, v)
	return x, err == nil && x != nil // a null may not be allowed here
}

// usualStruct reads an object whose members come in the order of the fields, most often.
func (p *payloadReader) usualStruct(s *connect.Schema) (any, bool) {
	if p.at.peek() != '{' {
		return nil, false
	}
	p.at.pos++
	out := connect.NewStruct(s)
	next := 0
	for p.at.peek() != '}' {
		name, ok := p.name()
		if !ok {
			return nil, false
		}
		i := p.field(s, name, next)
		if i < 0 || out.Values[i] != nil {
			return nil, false
		}
		if out.Values[i], ok = p.usual(s.Fields[i].Schema); !ok {
			return nil, false
		}
		next = i + 1
		p.at.skipComma()
	}
	p.at.pos++
	for i := range out.Values {
		if out.Values[i] != nil {
			continue
		}
		var err error // it is null or not there
		if out.Values[i], err = p.value(s.Fields[i].Schema, nil); err != nil {
			return nil, false
		}
	}
	return out, true
}

// nearby is how many fields are looked at for a name: a tree is better for objects in which fields are far from where they are expected.
const nearby = 64

// field returns the place of a field, which is expected at a place or behind, -1 if it is not near.
func (p *payloadReader) field(s *connect.Schema, name string, expected int) int {
	for i := expected; i < min(len(s.Fields), expected+nearby); i++ {
		if s.Fields[i].Name == name {
			return i
		}
	}
	for i := range min(len(s.Fields), expected, nearby) {
		if s.Fields[i].Name == name {
			return i
		}
	}
	return -1
}

func (p *payloadReader) usualArray(s *connect.Schema) (any, bool) {
	if p.at.peek() != '[' || s.Values == nil {
		return nil, false
	}
	p.at.pos++
	items := []any{}
	for p.at.peek() != ']' {
		v, ok := p.usual(s.Values)
		if !ok {
			return nil, false
		}
		items = append(items, v)
		p.at.skipComma()
	}
	p.at.pos++
	return items, true
}

// usualMap reads an object. Of a name that is there twice the last value counts.
func (p *payloadReader) usualMap(s *connect.Schema) (any, bool) {
	if p.at.peek() != '{' || s.Keys.Type != connect.String || isLogical(s.Keys.Name) {
		return nil, false
	}
	p.at.pos++
	m := map[string]any{}
	for p.at.peek() != '}' {
		name, ok := p.name()
		if !ok {
			return nil, false
		}
		if m[name], ok = p.usual(s.Values); !ok {
			return nil, false
		}
		p.at.skipComma()
	}
	p.at.pos++
	return m, true
}

// name reads a name and its colon.
func (p *payloadReader) name() (string, bool) {
	name, ok := p.plainText()
	p.at.peek()
	p.at.pos++
	return name, ok
}

// plainText reads a string, and reports false if it has escapes.
func (p *payloadReader) plainText() (string, bool) {
	rest := p.text[p.at.pos+1:]
	end := strings.IndexByte(rest, '"')
	if end < 0 || strings.IndexByte(rest[:end], '\\') >= 0 {
		return "", false
	}
	p.at.pos += end + 2
	return rest[:end], true
}

// isLogical reports whether a schema of the name holds values of another type than it says.
func isLogical(name string) bool {
	switch name {
	case connect.DecimalName, connect.DateName, connect.TimeName, connect.TimestampName:
		return true
	}
	return false
}
