package avro

import (
	"context"
	"time"
)

// SetClock replaces the clock by which a schema that was not found is asked for again.
func (c *Converter) SetClock(now func() time.Time) { c.now = now }

// SetPause replaces the wait between two tries.
func (c *Converter) SetPause(pause func(time.Duration)) {
	c.registry.pause = func(_ context.Context, d time.Duration) { pause(d) }
}

// UnknownFor is how long a schema that was not found is not asked for.
const UnknownFor = unknownFor

// MaxDepth bounds the nesting of data.
const MaxDepth = maxDepth

// ReadWith reads data with the text of a schema.
func ReadWith(schema string, data []byte) (any, error) {
	s, err := parseSchemas(schema, nil)
	if err != nil {
		return nil, err
	}
	p, err := newPlan(s, settings{metaData: true, flattenSingle: true}, nil)
	if err != nil {
		return nil, err
	}
	d := newDecoder(data)
	v, err := d.value(p.root)
	if err == nil {
		_, _ = schemaText(p.root.schema, settings{metaData: true})
	}
	return v, err
}
