package detector

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"sluice/detector/state"
	"sluice/internal/fraud"
	"sluice/internal/kafka"
)

// Snapshot is all that a detector tells about itself at a moment, for metrics and health. What counts in it never goes down; what is said of
// shards is of those that this process has.
type Snapshot struct {
	Now   time.Time
	Phase Phase // Starting, Live or Stopping
	Stats Stats

	NullKeys int64 // rows without account or date, of both topics: they match nothing
	Failed   int64 // records that could not be read

	Commits        Histogram // how long the commits of results and positions took, in seconds
	CommitFailures int64     // commits that did not succeed: their transaction is aborted
	Restarts       int64     // of shards, from their committed position
	FanOut         Histogram // transactions that a flag was found to match when it came, by shard and flag

	Assigned, Revoked, Lost int64 // partitions that were given to this process and taken away, in order and not

	Shards  []ShardStats   // by partition
	Flags   []FlagStats    // by partition
	Store   *state.Metrics // nil before the state is open, and after it was closed
	Clients []ClientStats  // by what they are for

	Contact time.Time // when Kafka has answered last
	Trouble error     // what it said since then; nil if it answers
}

// Phase is what a shard, or a detector as a whole, does.
type Phase string

// The phases.
const (
	Starting  Phase = "starting"  // waits for Kafka, or takes a partition over
	Restoring Phase = "restoring" // reads again what the state lacks, silently
	Live      Phase = "live"      // joins
	Stopping  Phase = "stopping"  // commits what it has joined, and ends
)

// Phases lists those of shards.
func Phases() []Phase { return []Phase{Starting, Restoring, Live} }

// ShardStats is how far a partition of the transactions is. Offsets are the next ones, -1 if they are not known.
type ShardStats struct {
	Topic     string
	Partition int32
	Phase     Phase
	Base      int64                           // where the shard began at its first start
	Committed int64                           // everything before it is in a commit
	Applied   int64                           // everything before it was joined
	Stored    int64                           // the rows before it are in the state
	Durable   int64                           // the rows before it are in the state on disk
	Earliest  int64                           // oldest record that the topic still has
	End       int64                           // end of the partition
	Records   int64                           // that were read since the partition was given to this process
	Remaining int64                           // records of both topics to be read again before the shard is live
	FlagsLeft int64                           // records of flags that are in the state and not joined yet
	Late      bool                            // a flag is being joined in pieces
	Newest    fraud.Nullable[fraud.Timestamp] // latest date of a transaction that was read
	Progress  time.Time                       // when it has moved last

	furthest int64 // largest Applied
}

// Behind is how many records wait to be committed, 0 if that is not known.
func (s *ShardStats) Behind() int64 {
	if s.Committed < 0 {
		return 0
	}
	return max(0, s.End-s.Committed)
}

// FlagStats is how far a partition of the flags is.
type FlagStats struct {
	Topic     string
	Partition int32
	Records   int64                           // that were read since the start
	Position  int64                           // everything before it is in the state
	Earliest  int64                           // oldest record that the topic still has, -1 if that is not known
	End       int64                           // end of the partition, -1 if that is not known
	Newest    fraud.Nullable[fraud.Timestamp] // latest date of a flag that was read
}

// ClientStats is what a Kafka client tells about itself. One of the two is not nil; its ClientID is the client's with what it is for behind it.
type ClientStats struct {
	Reader   *kafka.ReaderStats
	Member   bool // Reader is a member of the group
	Producer *kafka.ProducerStats
}

// Watermark is up to when everything was seen: the least of the newest dates of shards and flags. There is none as long as one of them has none.
func (s *Snapshot) Watermark() (least fraud.Nullable[fraud.Timestamp]) {
	var all []fraud.Nullable[fraud.Timestamp]
	for i := range s.Shards {
		all = append(all, s.Shards[i].Newest)
	}
	for i := range s.Flags {
		all = append(all, s.Flags[i].Newest)
	}
	for i, newest := range all {
		if !newest.Valid {
			return newest
		}
		if i == 0 || newest.Value < least.Value {
			least = newest
		}
	}
	return least
}

// Snapshot returns what there is to tell. It may be called from any goroutine at any time.
func (d *Detector) Snapshot() Snapshot {
	s := d.engine.meter.snapshot()
	s.Stats = d.Stats()
	ends := make(map[kafka.TopicPartition]int64)
	for _, p := range s.Stats.Partitions {
		ends[kafka.TopicPartition{Topic: p.Topic, Partition: p.Partition}] = p.End
	}
	known := func(offsets map[kafka.TopicPartition]int64, tp kafka.TopicPartition) int64 {
		if offset, ok := offsets[tp]; ok {
			return offset
		}
		return -1
	}
	m := d.engine.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range s.Shards {
		sh := &s.Shards[i]
		sh.Topic = d.cfg.Transactions.Topic
		tp := kafka.TopicPartition{Topic: sh.Topic, Partition: sh.Partition}
		sh.Earliest, sh.End = known(m.earliest, tp), known(ends, tp)
		sh.Durable = -1
		if s.Store != nil {
			if durable, ok := s.Store.Durable[sh.Partition]; ok {
				sh.Durable = durable
			}
		}
	}
	for i := range s.Flags {
		f := &s.Flags[i]
		f.Topic = d.cfg.Flags.Topic
		tp := kafka.TopicPartition{Topic: f.Topic, Partition: f.Partition}
		f.Earliest, f.End = known(m.earliest, tp), known(ends, tp)
	}
	return s
}

// snapshot returns what the meter knows by itself.
func (m *meter) snapshot() Snapshot {
	s := Snapshot{
		Now: time.Now(), NullKeys: m.nullKeys.Load(), Failed: m.failed.Load(),
		Commits: m.commits.read(), CommitFailures: m.commitFailures.Load(), Restarts: m.restarts.Load(), FanOut: m.fanOut.read(),
		Assigned: m.assigned.Load(), Revoked: m.revoked.Load(), Lost: m.lost.Load(),
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	s.Phase, s.Contact, s.Trouble = m.phase, m.contact, m.trouble
	for _, sh := range m.shards {
		s.Shards = append(s.Shards, sh.read())
	}
	slices.SortFunc(s.Shards, func(a, b ShardStats) int { return cmp.Compare(a.Partition, b.Partition) })
	for _, f := range m.flags {
		s.Flags = append(s.Flags, *f)
	}
	slices.SortFunc(s.Flags, func(a, b FlagStats) int { return cmp.Compare(a.Partition, b.Partition) })
	if m.store != nil {
		of := m.store.Metrics()
		s.Store = &of
	}
	for _, purpose := range slices.Sorted(maps.Keys(m.clients)) {
		c := m.clients[purpose]()
		switch { // clients share an id, unless the settings give them different ones
		case c.Reader != nil:
			c.Reader.ClientID += "-" + purpose
		case c.Producer != nil:
			c.Producer.ClientID += "-" + purpose
		}
		s.Clients = append(s.Clients, c)
	}
	return s
}
