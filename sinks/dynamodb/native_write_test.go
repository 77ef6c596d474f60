package dynamodb

import (
	"strings"
	"testing"
	"time"
)

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
		{orderingConfig, "topic"}, {dedupConfig, "first"}, {batchSizeConfig, "0"}, {batchSizeConfig, "26"}, {batchBytesConfig, "0"},
		{batchBytesConfig, "16777216"}, {maxInFlightConfig, "0"}, {maxInFlightConfig, "129"}, {maxBufferedRecordsConfig, "0"}, {maxBufferedBytesConfig, "-1"},
		{retryTimeConfig, "-1"}, {onRetryExhaustedConfig, "skip"}, {onDataErrorConfig, "pause"},
	} {
		if _, err := nativePolicy(t, c[0], c[1]); err == nil || !strings.Contains(err.Error(), c[0]) || !strings.Contains(err.Error(), c[1]) {
			t.Errorf("%s=%s: got %v", c[0], c[1], err)
		}
	}
}
