package converter

import "sluice/connect"

// container reads a list or map, if there is one.
func (p *valueParser) container() (v connect.SchemaAndValue, ok bool, err error) {
	switch {
	case p.take("["):
		v, err = p.list()
		return v, true, err
	case p.take("{"):
		v, err = p.mapOf()
		return v, true, err
	}
	return v, false, nil
}

func (p *valueParser) list() (connect.SchemaAndValue, error) {
	items := []any{}
	var common commonSchema
	for p.more() {
		if p.take("]") {
			s := &connect.Schema{Type: connect.Array, Values: common.schema}
			return connect.SchemaAndValue{Schema: s, Value: items}, alignAll(items, common.schema)
		}
		if p.take(",") {
			return connect.SchemaAndValue{}, errNoValue
		}
		item, err := p.value(true)
		if err != nil {
			return connect.SchemaAndValue{}, err
		}
		common.add(item)
		items = append(items, item.Value)
		here := p.mark()
		if p.take("]") {
			p.rewind(here)
		} else if !p.take(",") {
			return connect.SchemaAndValue{}, errNoValue
		}
	}
	return connect.SchemaAndValue{}, errNoValue
}

func (p *valueParser) mapOf() (connect.SchemaAndValue, error) {
	var keys, values []any
	var commonKey, commonValue commonSchema
	for p.more() {
		if p.take("}") {
			s := &connect.Schema{Type: connect.Map, Keys: commonKey.schema, Values: commonValue.schema}
			if err := alignAll(keys, s.Keys); err != nil {
				return connect.SchemaAndValue{}, err
			}
			if err := alignAll(values, s.Values); err != nil {
				return connect.SchemaAndValue{}, err
			}
			return connect.SchemaAndValue{Schema: s, Value: mapFrom(keys, values, commonKey.schema)}, nil
		}
		if p.take(",") {
			return connect.SchemaAndValue{}, errNoValue
		}
		key, err := p.value(true)
		if err != nil {
			return connect.SchemaAndValue{}, err
		}
		switch key.Value.(type) {
		case nil, []any, map[string]any, map[any]any, connect.Decimal:
			return connect.SchemaAndValue{}, errNoValue // Go has no maps with such keys
		}
		if !p.take(":") {
			return connect.SchemaAndValue{}, errNoValue
		}
		value, err := p.value(true)
		if err != nil {
			return connect.SchemaAndValue{}, err
		}
		keys, values = append(keys, key.Value), append(values, value.Value)
		p.take(",")
		commonKey.add(key)
		commonValue.add(value)
	}
	return connect.SchemaAndValue{}, errNoValue
}

// mapFrom returns a map; of equal keys the last value counts.
func mapFrom(keys, values []any, keySchema *connect.Schema) any {
	if keySchema == nil || keySchema.Type == connect.String {
		m := make(map[string]any, len(keys))
		for i, k := range keys {
			name, ok := k.(string)
			if !ok {
				return mapOfAny(keys, values)
			}
			m[name] = values[i]
		}
		return m
	}
	return mapOfAny(keys, values)
}

func mapOfAny(keys, values []any) map[any]any {
	m := make(map[any]any, len(keys))
	for i, k := range keys {
		m[k] = values[i]
	}
	return m
}

// commonSchema is the schema that all values so far can have; nil before the first, and for good once there is none.
type commonSchema struct {
	schema *connect.Schema
	failed bool
}

func (c *commonSchema) add(v connect.SchemaAndValue) {
	switch {
	case v.Schema == nil || c.failed:
	case c.schema == nil:
		c.schema = v.Schema
	default:
		c.schema = wider(c.schema, v.Schema)
		c.failed = c.schema == nil
	}
}

// widths orders the types of numbers: one of them can become any that is greater.
var widths = map[connect.Type]int{connect.Int8: 1, connect.Int16: 2, connect.Int32: 3, connect.Int64: 4, connect.Float32: 5, connect.Float64: 6}

// wider returns the schema of two that holds the values of both, nil if there is none. Of two with one type the second counts.
func wider(a, b *connect.Schema) *connect.Schema {
	if a.Type == b.Type {
		return b
	}
	if widths[a.Type] == 0 || widths[b.Type] == 0 {
		return nil
	}
	if widths[a.Type] > widths[b.Type] {
		return a
	}
	return b
}

// alignAll gives all values the type of the schema, in place. Nulls do not fit.
func alignAll(values []any, s *connect.Schema) error {
	if s == nil {
		return nil
	}
	for i, v := range values {
		a, ok := align(v, s)
		if !ok {
			return errNoValue
		}
		values[i] = a
	}
	return nil
}
