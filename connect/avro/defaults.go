package avro

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"sluice/connect"
)

// defaultValue returns the Connect value of a default in a schema's JSON, and false if it does not fit: then it counts as not there, as
// in Confluent's converter. Bytes are texts whose characters are the bytes.
//
// Kafka: AvroData.defaultValueFromAvro.
func (c *compiler) defaultValue(n *node, v any) (any, bool) {
	switch n.op {
	case opBoolean:
		b, ok := v.(bool)
		return b, ok
	case opInt, opInt8, opInt16, opLong, opDate, opTime, opTimestamp:
		return integerDefault(n, v)
	case opFloat, opDouble:
		number, ok := v.(json.Number)
		f, err := strconv.ParseFloat(string(number), 64)
		if !ok || err != nil {
			return nil, false
		}
		if n.op == opFloat {
			return float32(f), true
		}
		return f, true
	case opString, opEnum:
		s, ok := v.(string)
		return s, ok
	case opBytes, opFixed:
		b, ok := latin1(v)
		return b, ok
	case opDecimal, opFixedDecimal:
		b, ok := latin1(v)
		if !ok {
			return nil, false
		}
		d, err := decimal(b, n.scale)
		return d, err == nil
	case opOptional:
		if v == nil {
			return nil, true
		}
		return c.defaultValue(n.elem, v)
	case opSingle:
		return c.defaultValue(n.elem, v)
	case opUnion: // a default is one of the first type
		first := n.members[0]
		if first.node == nil {
			return nil, v == nil
		}
		x, ok := c.defaultValue(first.node, v)
		if !ok {
			return nil, false
		}
		s := connect.NewStruct(n.schema)
		s.Values[first.field] = x
		return s, true
	}
	return c.complexDefault(n, v)
}

func (c *compiler) complexDefault(n *node, v any) (any, bool) {
	switch n.op {
	case opArray:
		list, ok := v.([]any)
		if !ok {
			return nil, false
		}
		items := make([]any, len(list))
		for i, x := range list {
			if items[i], ok = c.defaultValue(n.elem, x); !ok {
				return nil, false
			}
		}
		return items, true
	case opMap:
		object, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		m := make(map[string]any, len(object))
		for k, x := range object {
			if m[k], ok = c.defaultValue(n.elem, x); !ok {
				return nil, false
			}
		}
		return m, true
	case opRecord:
		object, ok := v.(map[string]any)
		if !ok || !n.layout.complete {
			return nil, false
		}
		s := connect.NewStruct(n.schema)
		for i, f := range n.schema.Fields {
			x, given := object[f.Name]
			switch {
			case given:
				if s.Values[i], ok = c.defaultValue(n.layout.fields[i], x); !ok {
					return nil, false
				}
			case f.Schema.Default != nil || f.Schema.Optional:
				s.Values[i] = f.Schema.Default
			default:
				return nil, false
			}
		}
		return s, true
	}
	return c.entriesDefault(n, v)
}

// entriesDefault reads a list of pairs.
func (c *compiler) entriesDefault(n *node, v any) (any, bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	m := map[any]any{}
	for _, pair := range list {
		var k, x any
		switch p := pair.(type) {
		case []any:
			if len(p) != 2 {
				return nil, false
			}
			k, x = p[0], p[1]
		case map[string]any:
			k, x = p[keyField], p[valueField]
		default:
			return nil, false
		}
		key, ok := c.defaultValue(n.key, k)
		if !ok {
			return nil, false
		}
		if m[key], ok = c.defaultValue(n.elem, x); !ok {
			return nil, false
		}
	}
	if !byText(n.schema) {
		return m, true
	}
	texts := make(map[string]any, len(m))
	for k, x := range m {
		texts[k.(string)] = x
	}
	return texts, true
}

func integerDefault(n *node, v any) (any, bool) {
	number, ok := v.(json.Number)
	if !ok {
		return nil, false
	}
	i, err := strconv.ParseInt(strings.TrimSuffix(string(number), ".0"), 10, 64)
	if err != nil {
		return nil, false
	}
	switch n.op {
	case opLong:
		return i, true
	case opTimestamp:
		return time.UnixMilli(i).UTC(), true
	}
	if i < math.MinInt32 || i > math.MaxInt32 {
		return nil, false
	}
	switch n.op {
	case opInt8:
		return int8(i), true
	case opInt16:
		return int16(i), true
	case opDate:
		return dateOf(int32(i)), true
	case opTime:
		t, err := timeOf(int32(i))
		return t, err == nil
	}
	return int32(i), true
}

func latin1(v any) ([]byte, bool) {
	s, ok := v.(string)
	if !ok {
		return nil, false
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > math.MaxUint8 {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, true
}
