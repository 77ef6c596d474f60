package detector

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/detector/state"
	"sluice/internal/fraud"
	"sluice/internal/kafka"
)

// engine is the detector with its state on disk. Every process reads all flags;
// the partitions of the transactions are shared out among the processes of the group.
//
//	flags ────────> read ─> store ◄──────────────┐
//	transactions ─> poll ─┬─> shard 0 ─> sink 0 ─┼─> output and offsets
//	                      └─> shard 1 ─> sink 1 ─┘
type engine struct {
	cfg       Config
	log       *slog.Logger
	counters  *counters
	admin     *kafka.Admin // of the transactions' cluster, where the group is
	flagAdmin *kafka.Admin
	reader    *kafka.GroupReader
	plain     *kafka.Producer // for at-least-once, nil otherwise
	store     *state.Store
	bases     []int64 // where the flags begin
	live      func()  // called when a shard goes live, any number of times

	// Owned by the goroutine of poll.
	shards   map[kafka.TopicPartition]*shardRun
	unowned  map[int32]time.Time // partitions with rows that are not ours, and since when
	requests chan seekRequest
	failures chan error
	fault    func(point string) error // of tests: an error is a crash there
}

// seekRequest asks poll to deliver from an offset on.
type seekRequest struct {
	shard  *shardRun
	offset int64
	done   chan struct{}
}

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

// newEngine checks what only an engine needs. It connects to nothing.
func newEngine(cfg Config, c *counters, live func()) (*engine, error) {
	e := &engine{
		cfg: cfg, log: cfg.Logger, counters: c, live: live, shards: make(map[kafka.TopicPartition]*shardRun), unowned: make(map[int32]time.Time),
		requests: make(chan seekRequest), failures: make(chan error, 1), fault: func(string) error { return nil },
	}
	var err error
	if e.admin, err = kafka.NewAdmin(cfg.Transactions.adminConfig(cfg.Logger)); err != nil {
		return nil, fmt.Errorf("admin of topic %q: %w", cfg.Transactions.Topic, err)
	}
	if e.flagAdmin, err = kafka.NewAdmin(cfg.Flags.adminConfig(cfg.Logger)); err != nil {
		return nil, fmt.Errorf("admin of topic %q: %w", cfg.Flags.Topic, err)
	}
	if _, err = kafka.NewGroupReader(cfg.Transactions.groupConfig(cfg.Logger, e, "")); err != nil { // start makes the one that is used
		return nil, fmt.Errorf("reader of topic %q: %w", cfg.Transactions.Topic, err)
	}
	if cfg.Guarantee == AtLeastOnce {
		if e.plain, err = kafka.NewProducer(cfg.Output.producerConfig(cfg.Logger)); err != nil {
			return nil, fmt.Errorf("producer of topic %q: %w", cfg.Output.Topic, err)
		}
		return e, nil
	}
	if cfg.Output.BootstrapServers != cfg.Transactions.BootstrapServers {
		return nil, fmt.Errorf("guarantee %s: output and transactions must be in one cluster, and are at %s and %s: use %s", ExactlyOnce,
			cfg.Output.BootstrapServers, cfg.Transactions.BootstrapServers, AtLeastOnce)
	}
	_, err = e.newTransactional(0)
	return e, err
}

// run goes on until ctx ends or something is wrong for good. Whatever it returns, every shard has stopped by then.
func (e *engine) run(ctx context.Context) (err error) {
	flags, err := e.start(ctx)
	if e.store != nil {
		defer func() { err = errors.Join(err, e.store.Close()) }()
	}
	if err != nil {
		return err
	}
	defer flags.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return e.readFlags(ctx, flags) })
	group.Go(func() error { return e.poll(ctx) })
	group.Go(func() error { return e.save(ctx) })
	return group.Wait()
}

// close closes the clients.
func (e *engine) close(ctx context.Context) error {
	var errs []error
	if e.plain != nil {
		errs = append(errs, e.plain.Close(ctx))
	}
	if e.reader != nil {
		errs = append(errs, e.reader.Close(ctx))
	}
	return errors.Join(append(errs, e.admin.Close(), e.flagAdmin.Close())...)
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
		if err := state.Remove(e.cfg.StateDir); err != nil {
			return nil, fmt.Errorf("reset the state: %w", err)
		}
	}
	e.store, err = state.Open(state.Options{
		Dir: e.cfg.StateDir, Logger: e.log,
		Owner: fmt.Sprintf("transactions %q, flags %q, group %q", e.cfg.Transactions.Topic, e.cfg.Flags.Topic, e.cfg.Transactions.group()),
	})
	if err != nil {
		return nil, err
	}
	if err := e.store.StartFlags(e.bases); err != nil {
		return nil, err
	}
	instance, err := instanceID(e.cfg.StateDir)
	if err != nil {
		return nil, err
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

// readFlags brings the flags into the store.
func (e *engine) readFlags(ctx context.Context, r *kafka.TopicReader) error {
	for {
		messages, err := r.Poll(ctx, pollWait)
		if err != nil {
			return fmt.Errorf("read topic %q: %w", e.cfg.Flags.Topic, err)
		}
		added := make(map[int32][]state.FlagAt)
		next := make(map[int32]int64)
		var poison error
		for i := range messages {
			m := &messages[i]
			f, ok, err := fraud.DecodeFlaggedAccount(m.Value)
			if err != nil {
				poison = &PoisonError{Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Err: err}
				break
			}
			if ok {
				e.counters.flags.Add(1)
				added[m.Partition] = append(added[m.Partition], state.FlagAt{Offset: m.Offset, FlaggedAccount: f})
			} else {
				e.counters.skipped.Add(1)
			}
			next[m.Partition] = m.Offset + 1
		}
		positions := r.Position()
		if poison == nil {
			for tp, position := range positions {
				next[tp.Partition] = position
			}
		}
		for partition, position := range next {
			if err := e.store.AddFlags(partition, added[partition], position); err != nil {
				return err
			}
		}
		if poison != nil {
			return poison
		}
		e.counters.moved(positions, e.size())
	}
}

func (e *engine) size() JoinSize {
	return JoinSize{Flags: int(e.store.FlagCount()), Transactions: int(e.counters.stored.Load()), Bytes: e.store.Bytes()}
}

const (
	saveInterval    = 5 * time.Second  // of bringing rows to the disk: what a crash loses is read again
	unownedPatience = 10 * time.Minute // until the rows of a partition that others read now are removed
)

// save has the state written to disk from time to time, and reports that it cannot be.
func (e *engine) save(ctx context.Context) error {
	tick := time.NewTicker(saveInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.store.Failed():
			return e.store.Err()
		case <-tick.C:
			if err := e.store.SaveSoon(); err != nil {
				return err
			}
		}
	}
}

// poll is a member of the group: it hands messages to the shards of the partitions it was given.
func (e *engine) poll(ctx context.Context) (err error) {
	defer func() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.cfg.StopTimeout)
		defer cancel()
		err = errors.Join(err, e.reader.Close(stop)) // which stops the shards, by Revoked
		select {
		case failure := <-e.failures: // of a shard on its way out
			err = errors.Join(err, failure)
		default:
		}
	}()
	cleaned, asked := time.Now(), time.Now()
	for {
		messages, err := e.reader.Poll(ctx, pollWait)
		if err != nil {
			return fmt.Errorf("read topic %q: %w", e.cfg.Transactions.Topic, err)
		}
		e.deliver(messages)
		if time.Since(asked) > e.cfg.StatsInterval {
			asked = time.Now()
			e.noteEnds()
		}
		if time.Since(cleaned) > time.Minute {
			cleaned = time.Now()
			if err := e.dropUnowned(cleaned); err != nil {
				return err
			}
		}
		for more := true; more; {
			select {
			case failure := <-e.failures:
				return failure
			case r := <-e.requests:
				if e.shards[r.shard.tp] == r.shard {
					if err := e.reader.Seek(r.shard.tp, r.offset); err != nil {
						return err
					}
					r.shard.inbox.restart(r.offset)
					e.reader.Resume(r.shard.tp)
				}
				close(r.done)
			default:
				more = false
			}
		}
	}
}

// deliver hands the messages of a poll to their shards, with the positions behind them.
func (e *engine) deliver(messages []kafka.Message) {
	for len(messages) > 0 {
		tp := messages[0].TopicPartition()
		n := slices.IndexFunc(messages, func(m kafka.Message) bool { return m.Partition != tp.Partition })
		if n < 0 {
			n = len(messages)
		}
		if s := e.shards[tp]; s != nil && s.inbox.add(messages[:n]) {
			e.reader.Pause(tp) // until the shard has taken them
		}
		messages = messages[n:]
	}
	for tp, s := range e.shards {
		if position, ok := e.reader.Position(tp); ok {
			s.inbox.moved(position)
		}
	}
}

// noteEnds tells those who watch where the partitions end.
func (e *engine) noteEnds() {
	ends := make(map[kafka.TopicPartition]int64)
	for tp, lag := range e.reader.Lag() {
		if position, ok := e.reader.Position(tp); ok {
			ends[tp] = position + lag
		}
	}
	e.counters.ended(ends)
}

// Assigned starts shards. It is called by poll's reader, as are Revoked and Lost.
func (e *engine) Assigned(ctx context.Context, added map[kafka.TopicPartition]int64) error {
	for tp := range added {
		s, err := newShardRun(e, tp)
		if err != nil {
			return err
		}
		e.shards[tp] = s
		delete(e.unowned, tp.Partition)
		s.start(context.WithoutCancel(ctx))
	}
	return nil
}

// Revoked has the shards commit what they have joined, and waits for them.
func (e *engine) Revoked(ctx context.Context, parts []kafka.TopicPartition) error {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.StopTimeout)
	defer cancel()
	e.end(ctx, parts)
	return nil
}

// Lost ends the shards: what they could commit now would be refused, or another's.
func (e *engine) Lost(_ context.Context, parts []kafka.TopicPartition) error {
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	e.end(gone, parts)
	return nil
}

// end stops shards: in order for as long as ctx lives, at once after that.
func (e *engine) end(ctx context.Context, parts []kafka.TopicPartition) {
	var stopping sync.WaitGroup
	for _, tp := range parts {
		s := e.shards[tp]
		if s == nil {
			continue
		}
		delete(e.shards, tp)
		e.unowned[tp.Partition] = time.Now()
		stopping.Go(func() { s.end(ctx) })
	}
	stopping.Wait()
}

// dropUnowned removes the rows of partitions that have been others' for a while.
func (e *engine) dropUnowned(now time.Time) error {
	partitions, err := e.store.Partitions()
	if err != nil {
		return err
	}
	for _, p := range partitions {
		if e.shards[kafka.TopicPartition{Topic: e.cfg.Transactions.Topic, Partition: p}] != nil {
			continue
		}
		since, known := e.unowned[p]
		if !known {
			e.unowned[p] = now
			continue
		}
		if now.Sub(since) > unownedPatience {
			if err := e.store.Drop(p); err != nil {
				return err
			}
			e.log.Info("removed the state of a partition that is another's", "partition", p)
			delete(e.unowned, p)
		}
	}
	return nil
}

// fail ends the engine because of a shard.
func (e *engine) fail(err error) {
	select {
	case e.failures <- err:
	default: // it ends because of another one
	}
	e.reader.Wakeup()
}
