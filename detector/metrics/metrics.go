// Package metrics shows what a detector does, for Prometheus.
//
//	detector.Snapshot ─> groups ─> page (internal/exposition)
//
// A group is a table: each line says what a metric is called, what it means and which field it is. The table of docs/detector.md is
// written from the same tables. The metrics of Kafka clients are those of internal/clientmetrics, which the worker has as well.
package metrics

import (
	"strconv"

	"sluice/detector"
	"sluice/detector/state"
	"sluice/internal/clientmetrics"
	"sluice/internal/exposition"
	"sluice/internal/fraud"
	"sluice/internal/kafka"
)

type (
	snapshot = detector.Snapshot
	shard    = detector.ShardStats
	flagLog  = detector.FlagStats
)

// domain is what all names begin with.
const domain = "sluice"

var processGroup = exposition.Group[snapshot]{
	Domain: domain, Bean: "detector",
	Rows: []exposition.Row[snapshot]{
		exposition.Counter("flags-total", "rows", "Rows read from the topic of flagged accounts, by this process, which reads all of them.", func(s *snapshot) float64 { return float64(s.Stats.Flags) }),
		exposition.Counter("results-total", exposition.Records, "Results that were committed: pairs of a transaction and a flag.", func(s *snapshot) float64 { return float64(s.Stats.Acknowledged) }),
		exposition.Counter("skipped-records-total", exposition.Records, "Records of both topics that hold no row: no value, blanks, null.", func(s *snapshot) float64 { return float64(s.Stats.Skipped) }),
		exposition.Counter("null-key-rows-total", "rows", "Rows of both topics without account or date, which match nothing.", func(s *snapshot) float64 { return float64(s.NullKeys) }),
		exposition.Counter("failed-records-total", exposition.Records, "Records that could not be read. One ends the detector.", func(s *snapshot) float64 { return float64(s.Failed) }),
		exposition.Counter("commit-failures-total", "", "Commits that have failed. Kafka aborts their transaction, and the shard begins again from its committed position.", func(s *snapshot) float64 { return float64(s.CommitFailures) }),
		exposition.Counter("shard-restarts-total", "", "Times that a shard began again from its committed position, after a failed commit or because another process had taken it over.", func(s *snapshot) float64 { return float64(s.Restarts) }),
		exposition.Gauge("shards", "", "Partitions of the transactions that this process has.", func(s *snapshot) float64 { return float64(len(s.Shards)) }),
		exposition.Counter("shards-assigned-total", "", "Partitions that the group has given to this process.", func(s *snapshot) float64 { return float64(s.Assigned) }),
		exposition.Counter("shards-revoked-total", "", "Partitions that the group has taken away in order.", func(s *snapshot) float64 { return float64(s.Revoked) }),
		exposition.Counter("shards-lost-total", "", "Partitions that this process has lost, by being away for longer than its session.", func(s *snapshot) float64 { return float64(s.Lost) }),
		exposition.Gauge("last-contact-seconds-ago", exposition.Seconds, "Since Kafka has answered last. It is asked every two seconds.", func(s *snapshot) float64 { return max(0, s.Now.Sub(s.Contact).Seconds()) }),
	},
}

var watermarkGroup = exposition.Group[fraud.Timestamp]{
	Domain: domain, Bean: "detector",
	Rows: []exposition.Row[fraud.Timestamp]{
		exposition.Gauge("watermark-timestamp-seconds", sinceEpoch, "The least of the newest dates of shards and flags; missing until each has one.", inSeconds),
	},
}

const sinceEpoch = "s since 1970"

func inSeconds(t *fraud.Timestamp) float64 { return float64(*t) / 1000 }

var partitionTags = []string{"topic", "partition"}

var shardGroup = exposition.Group[shard]{
	Domain: domain, Bean: "detector-shard", Tags: partitionTags,
	Rows: []exposition.Row[shard]{
		exposition.Counter("records-total", exposition.Records, "Records that were read, since the partition was given to this process; those read again to build the state are among them.", func(s *shard) float64 { return float64(s.Records) }),
		exposition.Gauge("lag", exposition.Records, "Records between what is committed and the end of the partition, as far as is known.", func(s *shard) float64 { return float64(s.Behind()) }),
		exposition.Gauge("committed-offset", "offset", "Everything before it is in a commit.", func(s *shard) float64 { return float64(s.Committed) }),
		exposition.Gauge("applied-offset", "offset", "Everything before it was joined.", func(s *shard) float64 { return float64(s.Applied) }),
		exposition.Gauge("stored-offset", "offset", "The rows before it are in the state.", func(s *shard) float64 { return float64(s.Stored) }),
		exposition.Gauge("durable-offset", "offset", "The rows before it, or more, are in the state on disk: from here on is read again after a crash.", func(s *shard) float64 { return float64(s.Durable) }),
		exposition.Gauge("base-offset", "offset", "Where the shard began at its first start: from here on is read if the directory is lost.", func(s *shard) float64 { return float64(s.Base) }),
		exposition.Gauge("earliest-offset", "offset", "The oldest record that the topic still has. Above the base: a lost directory cannot be built anew. Near the durable offset: a crash stops the detector.", func(s *shard) float64 { return float64(s.Earliest) }),
		exposition.Gauge("end-offset", "offset", "End of the partition.", func(s *shard) float64 { return float64(s.End) }),
		exposition.Gauge("remaining-records", exposition.Records, "Records of transactions and flags that are still to be read again until the shard is live.", func(s *shard) float64 { return float64(s.Remaining) }),
		exposition.Gauge("waiting-flags", exposition.Records, "Records of flags that were read and that the shard has not joined yet.", func(s *shard) float64 { return float64(s.FlagsLeft) }),
		exposition.Gauge("joining-flag", "0 or 1", "Whether a flag that came late is being joined in pieces.", func(s *shard) float64 { return one(s.Late) }),
	},
	Infos: []exposition.Info[shard]{
		exposition.Text("phase", "What the shard does: starting (takes the partition over), restoring (reads again what the state lacks) or live.", func(s *shard) string { return string(s.Phase) }, ""),
	},
}

var flagGroup = exposition.Group[flagLog]{
	Domain: domain, Bean: "detector-flags", Tags: partitionTags,
	Rows: []exposition.Row[flagLog]{
		exposition.Counter("records-total", exposition.Records, "Records that were read since the start.", func(f *flagLog) float64 { return float64(f.Records) }),
		exposition.Gauge("lag", exposition.Records, "Records between what was read and the end of the partition, as far as is known.", func(f *flagLog) float64 { return float64(max(0, f.End-f.Position)) }),
		exposition.Gauge("stored-offset", "offset", "Everything before it is in the state; shard_waiting_flags says what of it is not joined.", func(f *flagLog) float64 { return float64(f.Position) }),
		exposition.Gauge("earliest-offset", "offset", "The oldest record that the topic still has. Above 0: a process without a directory may not be able to build its state.", func(f *flagLog) float64 { return float64(f.Earliest) }),
		exposition.Gauge("end-offset", "offset", "End of the partition.", func(f *flagLog) float64 { return float64(f.End) }),
	},
}

// newest is the date of the last row of a shard or of a partition of the flags.
var (
	shardNewest = newest("detector-shard")
	flagNewest  = newest("detector-flags")
)

func newest(bean string) exposition.Group[fraud.Timestamp] {
	return exposition.Group[fraud.Timestamp]{
		Domain: domain, Bean: bean, Tags: partitionTags,
		Rows: []exposition.Row[fraud.Timestamp]{
			exposition.Gauge("newest-timestamp-seconds", sinceEpoch, "Latest date of a row that was read; missing until there is one.", inSeconds),
		},
	}
}

var stateGroup = exposition.Group[state.Metrics]{
	Domain: domain, Bean: "detector-state",
	Rows: []exposition.Row[state.Metrics]{
		exposition.Gauge("flags", "rows", "Flags in the state, with account and date.", func(m *state.Metrics) float64 { return float64(m.Flags) }),
		exposition.Gauge("disk-bytes", exposition.Bytes, "What the state takes on disk.", func(m *state.Metrics) float64 { return float64(m.DiskBytes) }),
		exposition.Gauge("write-buffer-bytes", exposition.Bytes, "Memory for rows on their way to the disk.", func(m *state.Metrics) float64 { return float64(m.MemoryBytes) }),
		exposition.Gauge("cache-bytes", exposition.Bytes, "Memory for what was read from the disk.", func(m *state.Metrics) float64 { return float64(m.CacheBytes) }),
		exposition.Gauge("compaction-debt-bytes", exposition.Bytes, "What is still to be rewritten until the files are in their order. If it only grows, the disk is too slow.", func(m *state.Metrics) float64 { return float64(m.CompactionDebt) }),
		exposition.Gauge("read-amplification", "", "Files, or layers of them, that a search may have to look into.", func(m *state.Metrics) float64 { return float64(m.ReadFiles) }),
		exposition.Counter("compactions-total", "", "Times that files were rewritten.", func(m *state.Metrics) float64 { return float64(m.Compactions) }),
		exposition.Counter("flushes-total", "", "Times that rows were written to the disk.", func(m *state.Metrics) float64 { return float64(m.Flushes) }),
		exposition.Counter("write-stalls-total", "", "Times that rows had to wait for the disk.", func(m *state.Metrics) float64 { return float64(m.Stalls) }),
		exposition.Counter("write-stall-seconds-total", exposition.Seconds, "How long they have waited together.", func(m *state.Metrics) float64 { return m.Stalled.Seconds() }),
		exposition.Gauge("write-stalled", "0 or 1", "Whether rows wait for the disk right now.", func(m *state.Metrics) float64 { return one(m.Stalling) }),
	},
}

var (
	commitSeconds = exposition.Definition{
		Name: "sluice_detector_commit_seconds", Kind: exposition.KindHistogram, Unit: exposition.Seconds,
		Help: "How long the commits of results and positions took, of all shards.",
	}
	flagResults = exposition.Definition{
		Name: "sluice_detector_flag_results", Kind: exposition.KindHistogram, Unit: exposition.Records,
		Help: "Transactions that a flag was found to match when it came, one value for each flag and shard: how late flags fan out.",
	}
)

// Write adds all of a snapshot to a page.
func Write(p *exposition.Page, s *detector.Snapshot, app clientmetrics.App) {
	everywhere := []string{""}
	processGroup.Write(p, []snapshot{*s}, everywhere)
	if w := s.Watermark(); w.Valid {
		watermarkGroup.Write(p, []fraud.Timestamp{w.Value}, everywhere)
	}
	writeHistogram(p, &commitSeconds, s.Commits)
	writeHistogram(p, &flagResults, s.FanOut)
	at := make([]string, len(s.Shards))
	for i := range s.Shards {
		at[i] = place(s.Shards[i].Topic, s.Shards[i].Partition)
		writeNewest(p, &shardNewest, s.Shards[i].Newest, at[i])
	}
	shardGroup.Write(p, s.Shards, at)
	at = make([]string, len(s.Flags))
	for i := range s.Flags {
		at[i] = place(s.Flags[i].Topic, s.Flags[i].Partition)
		writeNewest(p, &flagNewest, s.Flags[i].Newest, at[i])
	}
	flagGroup.Write(p, s.Flags, at)
	if s.Store != nil {
		stateGroup.Write(p, []state.Metrics{*s.Store}, everywhere)
	}
	var readers []clientmetrics.Reader
	var producers []*kafka.ProducerStats
	for _, c := range s.Clients {
		if c.Reader != nil {
			readers = append(readers, clientmetrics.Reader{ReaderStats: c.Reader, Member: c.Member})
		}
		if c.Producer != nil {
			producers = append(producers, c.Producer)
		}
	}
	clientmetrics.Write(p, app, s.Now, readers, producers)
}

func place(topic string, partition int32) string {
	return exposition.Labels("topic", topic, "partition", strconv.Itoa(int(partition)))
}

func writeNewest(p *exposition.Page, g *exposition.Group[fraud.Timestamp], newest fraud.Nullable[fraud.Timestamp], at string) {
	if newest.Valid {
		g.Write(p, []fraud.Timestamp{newest.Value}, []string{at})
	}
}

// writeHistogram adds a histogram without labels.
func writeHistogram(p *exposition.Page, d *exposition.Definition, h detector.Histogram) {
	f := p.Family(d.Name, d.Kind, d.Help)
	var below int64
	for i, bound := range h.Bounds {
		below += h.Counts[i]
		f.Add("_bucket", exposition.Labels("le", string(exposition.AppendValue(nil, bound))), float64(below))
	}
	f.Add("_bucket", exposition.Labels("le", "+Inf"), float64(h.Count()))
	f.Add("_sum", "", h.Sum)
	f.Add("_count", "", float64(h.Count()))
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Definitions lists the detector's own metrics, in the order of the page. Those of its Kafka clients, which the worker has as well, and of the
// process are not among them.
func Definitions() []exposition.Definition {
	var out []exposition.Definition
	for _, of := range [][]exposition.Definition{
		processGroup.Definitions(), watermarkGroup.Definitions(), {commitSeconds, flagResults},
		shardNewest.Definitions(), shardGroup.Definitions(), flagNewest.Definitions(), flagGroup.Definitions(), stateGroup.Definitions(),
	} {
		out = append(out, of...)
	}
	return out
}
