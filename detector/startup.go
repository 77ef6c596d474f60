package detector

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sluice/detector/state"
	"sluice/internal/kafka"
)

// HistoryError says that a topic no longer has what the state needs to be built: retention has removed it, or the topic was made anew.
type HistoryError struct {
	Topic     string
	Partition int32
	Needed    int64 // offset from which the records are needed
	First     int64 // what the topic has: offsets from here
	End       int64 // to before here
}

func (e *HistoryError) Error() string {
	if e.Needed > e.End {
		return fmt.Sprintf("topic %s, partition %d ends at offset %d, before offset %d that was read of it: it seems to have been made anew; "+
			"delete the consumer group and start with --reset-state to begin anew with it", e.Topic, e.Partition, e.End, e.Needed)
	}
	return fmt.Sprintf("topic %s, partition %d begins at offset %d, and the state needs what was there from offset %d on: retention has removed it. "+
		"Without it, flagged transactions would be missing silently; delete the consumer group and start with --reset-state to begin anew with what is left", e.Topic, e.Partition, e.First, e.Needed)
}

// start opens the state and begins to read the flags.
func (e *engine) start(ctx context.Context) (*kafka.TopicReader, error) {
	if e.plain != nil {
		if err := e.plain.Start(ctx); err != nil {
			return nil, fmt.Errorf("start the producer of topic %q: %w", e.cfg.Output.Topic, err)
		}
	}
	// A transaction that a predecessor has left open is ended by its shard's successor, which is yet to come.
	committed, err := e.admin.SettledOffsets(ctx, e.cfg.Transactions.group())
	if err != nil {
		return nil, err
	}
	if e.bases, err = e.flagBases(ctx, committed); err != nil {
		return nil, fmt.Errorf("startup of topic %q: %w", e.cfg.Flags.Topic, err)
	}
	if e.cfg.ResetState {
		if err := state.Remove(e.dir); err != nil {
			return nil, fmt.Errorf("reset the state: %w", err)
		}
	}
	e.store, err = state.Open(state.Options{
		Dir: e.dir, Logger: e.log, OneAlert: e.cfg.OneAlert,
		Owner: fmt.Sprintf("transactions %q, flags %q, group %q", e.cfg.Transactions.Topic, e.cfg.Flags.Topic, e.cfg.Transactions.group()),
	})
	if err != nil {
		return nil, err
	}
	if err := e.store.StartFlags(e.bases); err != nil {
		return nil, err
	}
	instance := "" // whose state is in a temporary directory has nothing that a successor could take over
	if e.cfg.StateDir != "" {
		if instance, err = instanceID(e.dir); err != nil {
			return nil, err
		}
	}
	if e.reader, err = kafka.NewGroupReader(e.cfg.Transactions.groupConfig(e.log, e, instance)); err != nil {
		return nil, fmt.Errorf("reader of topic %q: %w", e.cfg.Transactions.Topic, err)
	}
	config := e.cfg.Flags.readerConfig(e.log)
	config.Offsets = make(map[kafka.TopicPartition]int64)
	for p, r := range e.store.FlagRanges() {
		tp := kafka.TopicPartition{Topic: e.cfg.Flags.Topic, Partition: int32(p)}
		if err := checkHistory(ctx, e.flagAdmin, tp, r.Next); err != nil {
			return nil, err
		}
		config.Offsets[tp] = r.Next
	}
	flags, err := kafka.NewTopicReader(config)
	if err != nil {
		return nil, err
	}
	return flags, flags.Start(ctx)
}

// instanceFile is the file in the state's directory that says who this member of the group is.
const instanceFile = "group.instance.id"

// instanceID returns the member that has the state: after a crash the next process of the same directory is given its
// partitions at once, whose rows it has, and not when the old one's session is over.
func instanceID(dir string) (string, error) {
	file := filepath.Join(dir, instanceFile)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		data = []byte(clientID + "-" + rand.Text())
		err = os.WriteFile(file, data, 0o644)
	}
	if err != nil {
		return "", fmt.Errorf("name this member of the group: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// flagBases finds where the flags begin: where the group's positions say, or, at the very first start, where the startup mode says.
func (e *engine) flagBases(ctx context.Context, committed map[kafka.TopicPartition]kafka.OffsetAndMetadata) ([]int64, error) {
	n, err := e.flagAdmin.PartitionCount(ctx, e.cfg.Flags.Topic)
	if err != nil {
		return nil, err
	}
	var bases []int64
	for tp, o := range committed {
		if tp.Topic != e.cfg.Transactions.Topic {
			continue
		}
		pos, err := state.ParsePosition(o.Offset, o.Metadata)
		if errors.Is(err, state.ErrForeign) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for p, r := range pos.Flags {
			if p == len(bases) {
				bases = append(bases, r.Base)
			}
			bases[p] = min(bases[p], r.Base)
		}
	}
	startup := e.cfg.Flags
	if bases != nil {
		startup.Startup = Startup{Mode: StartupEarliest} // for partitions that were added
	}
	for p := int32(len(bases)); p < n; p++ {
		base, err := firstOffset(ctx, e.flagAdmin, &startup, p)
		if err != nil {
			return nil, err
		}
		bases = append(bases, base)
	}
	return bases, nil
}

// firstOffset is where a source begins to read a partition, by its startup mode.
func firstOffset(ctx context.Context, admin *kafka.Admin, s *Source, partition int32) (int64, error) {
	tp := kafka.TopicPartition{Topic: s.Topic, Partition: partition}
	var offsets map[kafka.TopicPartition]int64
	var err error
	if s.Startup.Mode == StartupGroup {
		o, found, err := admin.PartitionOffset(ctx, s.group(), tp)
		if err != nil {
			return 0, err
		}
		if !found {
			return 0, fmt.Errorf("startup mode %s: group %q has no committed offset for partition %s", StartupGroup, s.group(), tp)
		}
		return o.Offset, nil
	}
	if offsets, err = admin.StartOffsets(ctx, s.Topic, s.Startup.startAt()); err != nil {
		return 0, err
	}
	offset, found := offsets[tp]
	if !found {
		return 0, fmt.Errorf("partition %s does not exist", tp)
	}
	return offset, nil
}

// checkHistory makes sure that a partition can be read from an offset on.
func checkHistory(ctx context.Context, admin *kafka.Admin, tp kafka.TopicPartition, from int64) error {
	first, err := admin.EarliestOffsets(ctx, tp.Topic)
	if err != nil {
		return err
	}
	end, err := admin.EndOffsets(ctx, tp.Topic)
	if err != nil {
		return err
	}
	if from < first[tp] || from > end[tp] {
		return &HistoryError{Topic: tp.Topic, Partition: tp.Partition, Needed: from, First: first[tp], End: end[tp]}
	}
	return nil
}
