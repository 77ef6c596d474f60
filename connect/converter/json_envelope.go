package converter

import (
	"bytes"

	"sluice/connect"
)

// fromEnvelope reads {"schema":...,"payload":...} from a checked text, which was made of data.
func (c *JSON) fromEnvelope(text, data []byte) (connect.SchemaAndValue, error) {
	var e envelope
	if len(text) > 0 && text[0] == '{' {
		e = readEnvelope(text)
	}
	if e.schema == nil || e.payload == nil {
		return connect.SchemaAndValue{}, &connect.DataError{Message: needsEnvelope}
	}
	schema, ok := c.cache.get(e.schema)
	if !ok {
		var err error
		if schema, err = c.payloads.schema(readTree(e.schema)); err != nil {
			return connect.SchemaAndValue{}, err
		}
		c.cache.put(e.schema, schema)
	}
	v, err := c.payloads.read(schema, e.payload)
	if err != nil {
		return connect.SchemaAndValue{}, err
	}
	if e.before != nil && &e.before[0] == &data[0] {
		c.cache.know(e.before, schema)
	}
	return connect.SchemaAndValue{Schema: schema, Value: v}, nil
}

// fromKnownEnvelope reads an envelope that begins as one before did, up to its payload: then that part is right and the schema is the same. It
// reports false for all that is not so, mistakes included.
func (c *JSON) fromKnownEnvelope(data []byte) (connect.SchemaAndValue, bool) {
	schema, start := c.cache.known(data)
	if start == 0 {
		return connect.SchemaAndValue{}, false
	}
	s := scanner{data: data}
	payload, ok := s.scanPayload(start)
	if !ok || s.illFormed {
		return connect.SchemaAndValue{}, false
	}
	v, err := c.payloads.read(schema, payload)
	return connect.SchemaAndValue{Schema: schema, Value: v}, err == nil
}

// scanPayload checks the value at start, which is the last member of the object around it, and returns its text.
func (s *scanner) scanPayload(start int) ([]byte, bool) {
	s.pos, s.depth = start, 1
	s.isObject[0] = 1 << 1
	c, ok := s.skipBlanks()
	if !ok || s.pos == len(s.data) {
		return nil, false
	}
	start = s.pos
	if !s.value(c) {
		return nil, false
	}
	for s.depth > 1 {
		if !s.next() {
			return nil, false
		}
	}
	payload := s.data[start:s.pos]
	c, ok = s.skipBlanks()
	return payload, ok && s.pos < len(s.data) && c == '}'
}

// envelope holds the texts of the two members of an envelope; each is nil unless there are exactly these two.
type envelope struct {
	schema, payload []byte
	before          []byte // what stands before the payload, nil unless the schema does and nothing stands behind
}

// readEnvelope reads a checked object.
func readEnvelope(text []byte) envelope {
	var e envelope
	t := treeReader{data: text, pos: 1}
	for t.peek() != '}' {
		name := t.text()
		t.peek()
		t.pos++ // the colon
		t.peek()
		start := t.pos
		t.skip()
		e.before = nil
		switch name {
		case "schema":
			e.schema = text[start:t.pos]
		case "payload":
			e.payload = text[start:t.pos]
			if e.schema != nil {
				e.before = text[:start]
			}
		default:
			return envelope{}
		}
		t.skipComma()
	}
	return e
}

// schemaCache keeps schemas by their text. A full cache is emptied: topics have few schemas, and who has more than the cache holds
// gains nothing from keeping the right ones.
type schemaCache struct {
	limit   int
	schemas map[string]*connect.Schema
	size    int // of the texts

	beginnings []beginning // of envelopes, the last one used first
}

// beginning is what stands before the payload of an envelope, and what it says.
type beginning struct {
	text   []byte
	schema *connect.Schema
}

const (
	mostSchemaText = 16 << 20 // bytes of texts that a cache keeps
	mostBeginnings = 16
	longBeginning  = 64 << 10
)

func newSchemaCache(limit int) schemaCache {
	return schemaCache{limit: limit, schemas: map[string]*connect.Schema{}}
}

func (c *schemaCache) get(text []byte) (*connect.Schema, bool) {
	s, ok := c.schemas[string(text)]
	return s, ok
}

func (c *schemaCache) put(text []byte, s *connect.Schema) {
	if c.limit <= 0 || len(text) > mostSchemaText {
		return
	}
	if len(c.schemas) >= c.limit || c.size+len(text) > mostSchemaText {
		clear(c.schemas)
		c.size = 0
	}
	c.schemas[string(text)] = s
	c.size += len(text)
}

// know notes a beginning.
func (c *schemaCache) know(text []byte, s *connect.Schema) {
	if c.limit <= 0 || len(text) > longBeginning {
		return
	}
	if len(c.beginnings) == min(mostBeginnings, c.limit) {
		c.beginnings = c.beginnings[:len(c.beginnings)-1]
	}
	c.beginnings = append(c.beginnings, beginning{bytes.Clone(text), s})
	c.use(len(c.beginnings) - 1)
}

// known returns the schema of an envelope's beginning, and how long it is; 0 if it is not known.
func (c *schemaCache) known(data []byte) (*connect.Schema, int) {
	for i := range c.beginnings {
		if b := c.beginnings[i]; bytes.HasPrefix(data, b.text) {
			if i > 0 {
				c.use(i)
			}
			return b.schema, len(b.text)
		}
	}
	return nil, 0
}

// use moves a beginning to the front.
func (c *schemaCache) use(i int) {
	b := c.beginnings[i]
	copy(c.beginnings[1:], c.beginnings[:i])
	c.beginnings[0] = b
}
