package dynamodb

import (
	"encoding/json"
	"sync"

	"sluice/connect"
)

// askForCapacity is the member of a request that has its answer tell what it has consumed. Without it answers are the same for every call that
// went well, and need not be read.
const askForCapacity = `"ReturnConsumedCapacity":"INDEXES",`

// consumption is what a call has consumed, in write units.
type consumption struct {
	of      string             // the table's name
	table   float64            // the table itself
	local   map[string]float64 // its local indexes, which live on its capacity
	indexes map[string]float64 // its global indexes
}

// of returns what of a rate's name was consumed.
func (c *consumption) units(name string) float64 {
	if name != tableUnits {
		return c.indexes[name]
	}
	units := c.table
	for _, n := range c.local {
		units += n
	}
	return units
}

func (c *consumption) total() float64 {
	units := c.units(tableUnits)
	for _, n := range c.indexes {
		units += n
	}
	return units
}

// consumed reads what an answer says of it, if it was asked for.
func (c *client) consumed(answer []byte) *consumption {
	if c.ask == "" {
		return nil
	}
	return readConsumption(c.table.name, answer)
}

// consumedCapacity is the service's form of it, for one table.
type consumedCapacity struct {
	CapacityUnits          float64
	Table                  *indexCapacity
	LocalSecondaryIndexes  map[string]indexCapacity
	GlobalSecondaryIndexes map[string]indexCapacity
}

type indexCapacity struct{ CapacityUnits float64 }

// readConsumption reads what the answer to a call has consumed, nil if it does not say. Calls with several items answer with a list, by table or
// by statement; all of it is of one table here.
//
//	{"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"t","CapacityUnits":2.0,"Table":{"CapacityUnits":1.0},"GlobalSecondaryIndexes":{"i":{"CapacityUnits":1.0}}}]}
func readConsumption(table string, answer []byte) *consumption {
	var body struct{ ConsumedCapacity json.RawMessage }
	if json.Unmarshal(answer, &body) != nil {
		return nil
	}
	all := make([]consumedCapacity, 1)
	var err error
	switch text := body.ConsumedCapacity; {
	case len(text) > 0 && text[0] == '[':
		err = json.Unmarshal(text, &all)
	case len(text) > 0 && text[0] == '{':
		err = json.Unmarshal(text, &all[0])
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	c := &consumption{of: table}
	for i := range all {
		c.add(&all[i])
	}
	return c
}

func (c *consumption) add(one *consumedCapacity) {
	rest := one.CapacityUnits
	collect := func(into *map[string]float64, from map[string]indexCapacity) {
		for name, used := range from {
			if *into == nil {
				*into = make(map[string]float64, len(from))
			}
			(*into)[name] += used.CapacityUnits
			rest -= used.CapacityUnits
		}
	}
	collect(&c.local, one.LocalSecondaryIndexes)
	collect(&c.indexes, one.GlobalSecondaryIndexes)
	if one.Table != nil {
		rest = one.Table.CapacityUnits
	}
	c.table += max(0, rest)
}

// consumedMeters count what calls have consumed, by table and index.
type consumedMeters struct {
	in *connect.Metrics

	mu sync.Mutex                     // guards of; taken while the lock of an engine is held
	of map[[2]string]*connect.Counter // by table and index
}

// otherTables stands for the tables and indexes that there is no room for any more: records name tables as they like, and metrics of one name are
// few.
const otherTables = "other"

func newConsumedMeters(in *connect.Metrics) *consumedMeters {
	m := &consumedMeters{in: in, of: map[[2]string]*connect.Counter{}}
	m.counter(otherTables, "")
	return m
}

// count takes in what one call has consumed.
func (m *consumedMeters) count(c *consumption) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counter(c.of, "").Add(c.table)
	for _, indexes := range []map[string]float64{c.local, c.indexes} {
		for name, units := range indexes {
			m.counter(c.of, name).Add(units)
		}
	}
}

func (m *consumedMeters) counter(table, index string) *connect.Counter {
	key := [2]string{table, index}
	if m.of[key] == nil && len(m.of) >= connect.MaxMetricsPerName {
		key = [2]string{otherTables, ""}
	}
	c := m.of[key]
	if c == nil {
		c = m.in.Counter("dynamodb_consumed_write_units_total", "Write units that calls have consumed, by table and by index; those of the table itself have no index.",
			connect.MetricLabel{Name: "table", Value: key[0]}, connect.MetricLabel{Name: "index", Value: key[1]})
		m.of[key] = c
	}
	return c
}
