package metrics_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"sluice/detector"
	"sluice/detector/metrics"
	"sluice/detector/state"
	"sluice/internal/clientmetrics"
	"sluice/internal/exposition"
	"sluice/internal/fraud"
	"sluice/internal/kafka"
)

// everything is a snapshot with something of each kind.
func everything() detector.Snapshot {
	now := time.UnixMilli(1_700_000_100_000)
	return detector.Snapshot{
		Now: now, Contact: now.Add(-3 * time.Second), Phase: detector.Live,
		Stats: detector.Stats{Flags: 5, Acknowledged: 70, Skipped: 2}, NullKeys: 3, Failed: 1,
		Commits: detector.Histogram{Bounds: []float64{0.01, 0.1}, Counts: []int64{4, 2, 1}, Sum: 1.5},
		FanOut:  detector.Histogram{Bounds: []float64{0, 10}, Counts: []int64{1, 1, 1}, Sum: 42},
		Shards: []detector.ShardStats{
			{Topic: "transactions", Partition: 0, Phase: detector.Live, Committed: 90, Applied: 95, Stored: 95, Durable: 60, End: 100, Newest: fraud.Of(fraud.Timestamp(1_500))},
			{Topic: "transactions", Partition: 1, Phase: detector.Restoring, Committed: -1, End: 100, Remaining: 40, Newest: fraud.Of(fraud.Timestamp(9_000))},
		},
		Flags: []detector.FlagStats{{Topic: "flagged-accounts", Partition: 0, Records: 5, Position: 5, End: 8, Newest: fraud.Of(fraud.Timestamp(2_000))}},
		Store: &state.Metrics{Flags: 5, DiskBytes: 1000, Stalls: 2, Stalled: 1500 * time.Millisecond, Stalling: true},
		Clients: []detector.ClientStats{
			{Reader: &kafka.ReaderStats{ClientStats: kafka.ClientStats{ClientID: "d-flags"}}},
			{Reader: &kafka.ReaderStats{ClientStats: kafka.ClientStats{ClientID: "d-transactions"}}, Member: true},
			{Producer: &kafka.ProducerStats{ClientStats: kafka.ClientStats{ClientID: "d-output-0"}}},
		},
	}
}

func scrape(t *testing.T, s detector.Snapshot) string {
	t.Helper()
	h := exposition.NewHandler(func(p *exposition.Page) { metrics.Write(p, &s, clientmetrics.App{Version: "1"}) })
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func TestPage(t *testing.T) {
	page := scrape(t, everything())
	for _, want := range []string{
		"sluice_detector_results_total 70",
		"sluice_detector_null_key_rows_total 3",
		"sluice_detector_last_contact_seconds_ago 3",
		"sluice_detector_watermark_timestamp_seconds 1.5",
		`sluice_detector_commit_seconds_bucket{le="0.1"} 6`,
		`sluice_detector_commit_seconds_bucket{le="+Inf"} 7`,
		"sluice_detector_flag_results_sum 42",
		`sluice_detector_shard_lag{topic="transactions",partition="0"} 10`,
		`sluice_detector_shard_lag{topic="transactions",partition="1"} 0`,
		`sluice_detector_shard_durable_offset{topic="transactions",partition="0"} 60`,
		`sluice_detector_shard_phase{topic="transactions",partition="1",phase="restoring"} 1`,
		`sluice_detector_shard_remaining_records{topic="transactions",partition="1"} 40`,
		`sluice_detector_flags_lag{topic="flagged-accounts",partition="0"} 3`,
		"sluice_detector_state_write_stall_seconds_total 1.5",
		`kafka_consumer_consumer_coordinator_metrics_rebalance_total{client_id="d-transactions"} 0`,
	} {
		if !strings.Contains(page, "\n"+want+"\n") {
			t.Errorf("%s is missing", want)
		}
	}
	if strings.Contains(page, `coordinator_metrics_rebalance_total{client_id="d-flags"}`) {
		t.Error("the reader of the flags is no member of a group, and has a member's metrics")
	}
}

// Prometheus reads the page, and finds each metric that is defined, once, of the kind and with the labels that it is said to have.
func TestPageIsAsDefined(t *testing.T) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(scrape(t, everything())))
	if err != nil {
		t.Fatalf("Prometheus cannot read the page: %v", err)
	}
	defined := map[string]bool{}
	for _, d := range metrics.Definitions() {
		if defined[d.Name] {
			t.Errorf("%s is defined twice", d.Name)
		}
		defined[d.Name] = true
		f := families[d.Name]
		if f == nil {
			t.Errorf("%s is defined and not on the page", d.Name)
			continue
		}
		if kind := strings.ToLower(f.GetType().String()); kind != d.Kind || f.GetHelp() != d.Help || d.Help == "" {
			t.Errorf("%s: got %s %q, want %s %q", d.Name, kind, f.GetHelp(), d.Kind, d.Help)
		}
		if strings.HasSuffix(d.Name, "_total") != (d.Kind == exposition.KindCounter) {
			t.Errorf("%s is a %s", d.Name, d.Kind)
		}
		for _, m := range f.GetMetric() {
			var names []string
			for _, l := range m.GetLabel() {
				names = append(names, l.GetName())
			}
			if strings.Join(names, ",") != strings.Join(d.Labels, ",") {
				t.Errorf("%s: got labels %v, want %v", d.Name, names, d.Labels)
			}
		}
	}
	for name := range families {
		if strings.HasPrefix(name, "sluice_") && !defined[name] {
			t.Errorf("%s is on the page and not defined", name)
		}
	}
}

// A shard that has seen no date yet holds the watermark back.
func TestWatermarkWaitsForAll(t *testing.T) {
	s := everything()
	s.Shards[1].Newest = fraud.Nullable[fraud.Timestamp]{}
	if w := s.Watermark(); w.Valid {
		t.Errorf("got %v, want none", w)
	}
}
