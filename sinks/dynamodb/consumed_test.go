package dynamodb

import (
	"fmt"
	"reflect"
	"testing"

	"sluice/connect"
)

func TestConsumptionIsRead(t *testing.T) {
	type units = map[string]float64
	for name, c := range map[string]struct {
		answer string
		want   *consumption
	}{
		"a batch": {
			`{"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"t","CapacityUnits":6.0,"Table":{"CapacityUnits":3.0},` +
				`"LocalSecondaryIndexes":{"l":{"CapacityUnits":1.0}},"GlobalSecondaryIndexes":{"g":{"CapacityUnits":1.5},"h":{"CapacityUnits":0.5}}}]}`,
			&consumption{of: "t", table: 3, local: units{"l": 1}, indexes: units{"g": 1.5, "h": .5}},
		},
		"in another order":        {`{"ConsumedCapacity":[{"Table":{"CapacityUnits":3},"CapacityUnits":3,"TableName":"t"}],"UnprocessedItems":{}}`, &consumption{of: "t", table: 3}},
		"one write":               {`{"ConsumedCapacity":{"TableName":"t","CapacityUnits":2,"Table":{"CapacityUnits":1},"GlobalSecondaryIndexes":{"g":{"CapacityUnits":1}}}}`, &consumption{of: "t", table: 1, indexes: units{"g": 1}}},
		"statements, one by one":  {`{"Responses":[{},{}],"ConsumedCapacity":[{"CapacityUnits":1,"Table":{"CapacityUnits":1}},{"CapacityUnits":2,"Table":{"CapacityUnits":2}}]}`, &consumption{of: "t", table: 3}},
		"a total without a table": {`{"ConsumedCapacity":[{"CapacityUnits":5,"GlobalSecondaryIndexes":{"g":{"CapacityUnits":2}}}]}`, &consumption{of: "t", table: 3, indexes: units{"g": 2}}},
		"a sum that is less":      {`{"ConsumedCapacity":[{"CapacityUnits":1,"GlobalSecondaryIndexes":{"g":{"CapacityUnits":2}}}]}`, &consumption{of: "t", indexes: units{"g": 2}}},
		"nothing":                 {`{"UnprocessedItems":{},"ConsumedCapacity":[]}`, &consumption{of: "t"}},
		"a service that does not": {`{"UnprocessedItems":{}}`, nil},
		"null":                    {`{"ConsumedCapacity":null}`, nil},
		"a text":                  {`{"ConsumedCapacity":"5"}`, nil},
		"units that are none":     {`{"ConsumedCapacity":[{"CapacityUnits":"5"}]}`, nil},
		"no JSON":                 {`<html>`, nil},
	} {
		if got := readConsumption("t", []byte(c.answer)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
	c := &consumption{table: 3, local: units{"l": 1}, indexes: units{"g": 2}}
	if c.units(tableUnits) != 4 || c.units("g") != 2 || c.units("l") != 0 || c.total() != 6 {
		t.Errorf("got %v, %v, %v and %v in total", c.units(tableUnits), c.units("g"), c.units("l"), c.total())
	}
}

// Tables are named by records; there is a bound to how many are counted by themselves, and nothing is left out.
func TestConsumptionOfManyTablesIsCounted(t *testing.T) {
	seen := connect.NewMetrics(func(err error) { t.Error(err) })
	m := newConsumedMeters(seen)
	const tables = 3 * connect.MaxMetricsPerName
	for i := range tables {
		m.count(&consumption{of: fmt.Sprintf("t%d", i%(tables/2)), table: 1, indexes: map[string]float64{"i": .5}})
	}
	shown := shown(seen)
	total := 0.
	for _, n := range shown {
		total += n
	}
	if total != 1.5*tables || len(shown) != connect.MaxMetricsPerName || shown["dynamodb_consumed_write_units_total t0 i"] != 1 {
		t.Errorf("got %v units in %d counters", total, len(shown))
	}
}
