package dynamodb

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestSettingsOfOperationsReachTheComposer(t *testing.T) {
	read := func(more ...string) (*settings, error) {
		props := map[string]string{camelTableConfig: "t"}
		for i := 0; i < len(more); i += 2 {
			props[more[i]] = more[i+1]
		}
		return camel().settings(props)
	}
	for _, c := range []struct {
		props []string
		op    operation
		want  handling
		unmet fate
	}{
		{nil, putItem, handling{}, skip},
		{[]string{operationConfig, "upsert"}, upsertItem, handling{}, skip},
		{[]string{operationConfig, "update", updateNullConfig, "remove"}, updateItem, handling{updateNull: removeNull}, skip},
		{[]string{operationConfig, "insert", onConditionFailedConfig, "dlq"}, insertItem, handling{}, deadLetter},
		{[]string{operationConfig, "delete"}, deleteItem, handling{}, skip},
		{[]string{camelOperationConfig, "DeleteItem"}, deleteItem, handling{onlyKey: true}, skip},
		{[]string{camelOperationConfig, "DeleteItem", operationConfig, "delete"}, deleteItem, handling{}, skip},
		{[]string{camelOperationConfig, "UpdateItem", updateNullConfig, "ignore"}, upsertItem, handling{updateNull: ignoreNull}, skip},
		{[]string{operationFieldConfig, "meta.op"}, putItem, handling{operationField: []string{"meta", "op"}}, skip},
		{[]string{operationHeaderConfig, "op", onConditionFailedConfig, "fail"}, putItem, handling{operationHeader: "op"}, failTask},
		{[]string{onNullValuesConfig, "delete"}, putItem, handling{tombstones: tombstoneDeletes}, skip},
		{[]string{onNullValuesConfig, "IGNORE"}, putItem, handling{tombstones: tombstoneIgnored}, skip},
		{[]string{onNullValuesConfig, "upsert"}, putItem, handling{tombstones: tombstoneUpserts}, skip},
		{[]string{conditionConfig, "insert-only"}, putItem, handling{condition: condition{kind: insertOnly}}, skip},
		{[]string{conditionConfig, "newer-wins", versionFieldConfig, "v"}, putItem, handling{condition: condition{kind: newerWins, versionOf: "v"}}, skip},
		{
			[]string{conditionConfig, "expression", conditionExpressionConfig, "#a < :a AND size(#b) < :a"}, putItem,
			handling{condition: condition{kind: expressionCondition, expression: &conditionExpression{text: "#a < :a AND size(#b) < :a", names: []string{"a", "b"}, values: []string{"a"}}}}, skip,
		},
		{[]string{writeAPIConfig, "transact", batchSizeConfig, "100"}, putItem, handling{api: transactAPI}, skip},
		{[]string{writeAPIConfig, "single"}, putItem, handling{api: singleAPI}, skip},
		{[]string{writeAPIConfig, "partiql", operationConfig, "insert"}, insertItem, handling{api: partiqlAPI}, skip},
	} {
		s, err := read(c.props...)
		if err != nil || s.operation != c.op || !reflect.DeepEqual(s.handling, c.want) || s.policy.onUnmet != c.unmet {
			t.Errorf("%v: got operation %d, %+v, %v, want %d, %+v", c.props, s.operation, s.handling, err, c.op, c.want)
		}
	}
	for _, c := range []struct {
		props []string
		want  string
	}{
		{[]string{operationConfig, "replace"}, operationConfig},
		{[]string{operationFieldConfig, "a,b"}, "must be one path"},
		{[]string{onNullValuesConfig, "dlq"}, onNullValuesConfig},
		{[]string{updateNullConfig, "remove"}, "has no effect unless records are updated"},
		{[]string{conditionConfig, "expression"}, conditionExpressionConfig + ": must be set if"},
		{[]string{conditionExpressionConfig, "#a < :a"}, "has no effect unless " + conditionConfig + " is expression"},
		{[]string{conditionConfig, "newer-wins"}, versionFieldConfig + ": must be set if"},
		{[]string{versionFieldConfig, "v"}, "has no effect unless " + conditionConfig + " is newer-wins"},
		{[]string{conditionConfig, "insert-only", operationConfig, "update"}, "contradicts an operation that needs the item"},
		{[]string{conditionConfig, "newer-wins", versionFieldConfig, "v", operationConfig, "insert"}, "has no effect on an operation that replaces nothing"},
		{[]string{onConditionFailedConfig, "dlq"}, "has no effect without a condition"},
		{[]string{writeAPIConfig, "partiql"}, "no statement says what is done"},
		{[]string{batchSizeConfig, "26"}, "must be at most 25, unless " + writeAPIConfig + " is transact"},
		{[]string{operationHeaderConfig, "CamelHeader.CamelAwsDdbOperation", camelMapHeadersConfig, "false"}, "has no effect with " + camelMapHeadersConfig},
	} {
		if _, err := read(c.props...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %s", c.props, err, c.want)
		}
	}
}

// nativePolicy reads the settings of writing.
func nativePolicy(t *testing.T, more ...string) (policy, error) {
	t.Helper()
	props := map[string]string{camelTableConfig: "t"}
	for i := 0; i < len(more); i += 2 {
		props[more[i]] = more[i+1]
	}
	s, err := camel().settings(props)
	if err != nil {
		return policy{}, err
	}
	return s.policy, nil
}

func TestSettingsOfWritingReachTheEngine(t *testing.T) {
	for _, c := range []struct {
		key, value string
		want       func(*policy)
	}{
		{orderingConfig, "key", func(*policy) {}},
		{orderingConfig, "Partition", func(p *policy) { p.ordering = byPartition }},
		{orderingConfig, "none", func(p *policy) { p.ordering = unordered }},
		{dedupConfig, "last", func(*policy) {}},
		{dedupConfig, "none", func(p *policy) { p.merge = false }},
		{batchSizeConfig, "7", func(p *policy) { p.batchItems = 7 }},
		{batchBytesConfig, "1000", func(p *policy) { p.batchBytes = 1000 }},
		{maxInFlightConfig, "3", func(p *policy) { p.maxInFlight = 3 }},
		{maxBufferedRecordsConfig, "100", func(p *policy) { p.backlogRecords = 100 }},
		{maxBufferedBytesConfig, "5000", func(p *policy) { p.backlogBytes = 5000 }},
		{retryTimeConfig, "90", func(p *policy) { p.retryFor = 90 * time.Second }},
		{onRetryExhaustedConfig, "fail", func(*policy) {}},
		{onRetryExhaustedConfig, "pause", func(p *policy) { p.onExhausted = pauseAll }},
		{onRetryExhaustedConfig, "DLQ", func(p *policy) { p.onExhausted = deadLetter }},
		{onDataErrorConfig, "dlq", func(*policy) {}},
		{onDataErrorConfig, "fail", func(p *policy) { p.onData = failTask }},
		{onDataErrorConfig, "skip", func(p *policy) { p.onData = skip }},
	} {
		want := defaultPolicy()
		c.want(&want)
		if got, err := nativePolicy(t, c.key, c.value); err != nil || got != want {
			t.Errorf("%s=%s: got %+v, %v; want %+v", c.key, c.value, got, err, want)
		}
	}
	for _, c := range [][2]string{
		{orderingConfig, "topic"}, {dedupConfig, "first"}, {batchSizeConfig, "0"}, {batchSizeConfig, "101"}, {batchBytesConfig, "0"},
		{batchBytesConfig, "16777216"}, {maxInFlightConfig, "0"}, {maxInFlightConfig, "129"}, {maxBufferedRecordsConfig, "0"}, {maxBufferedBytesConfig, "-1"},
		{retryTimeConfig, "-1"}, {onRetryExhaustedConfig, "skip"}, {onDataErrorConfig, "pause"},
	} {
		if _, err := nativePolicy(t, c[0], c[1]); err == nil || !strings.Contains(err.Error(), c[0]) || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s=%s: got %v", c[0], c[1], err)
		}
	}
}
