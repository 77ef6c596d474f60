package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Listener is told about the partitions of a GroupReader. Its methods are called on the goroutine that
// calls Poll or Close, one at a time. An error is returned by that Poll or Close.
//
// Kafka: org.apache.kafka.clients.consumer.ConsumerRebalanceListener. Differs: it is not called with
// an empty set.
type Listener interface {
	// Assigned names newly owned partitions and where reading starts: at the committed offset, or
	// where auto.offset.reset points. Seek and Pause work in here.
	Assigned(ctx context.Context, added map[TopicPartition]int64) error
	// Revoked names partitions about to be given up. They are still owned: Commit works in here. No
	// record of them is returned afterwards.
	Revoked(ctx context.Context, parts []TopicPartition) error
	// Lost names partitions that are no longer owned; another member may be reading them already.
	// Offsets of them cannot be committed.
	Lost(ctx context.Context, parts []TopicPartition) error
}

// GroupReaderConfig is what NewGroupReader needs.
type GroupReaderConfig struct {
	// Properties must hold bootstrap.servers and group.id.
	Properties Properties
	// Topics need not exist yet. Either they or Match are given.
	Topics []string
	// Match says which topics to read, of those that exist; it is asked again about all of them every
	// metadata.max.age.ms. An error ends the reader. It is called from goroutines of the reader, one at a time.
	//
	// Kafka: KafkaConsumer.subscribe(Pattern).
	Match func(topic string) (bool, error)
	// Manual leaves it to the owner where to read: committed offsets are not looked at, and a partition is assigned
	// at offset 0 and paused. The owner has it read with Seek and Resume, when it likes.
	Manual bool
	// Listener may be nil.
	Listener Listener
	// Logger may be nil: silence.
	Logger *slog.Logger
}

// GroupReader reads topics as a member of a consumer group. Offsets are committed only when the
// owner says so.
//
// Poll, Close, and with them the Listener's calls, belong to one goroutine. The owner has to call Poll
// at least every max.poll.interval.ms, or the member leaves the group and loses its partitions. The other
// methods may be called from any goroutine.
//
// Kafka: org.apache.kafka.clients.consumer.KafkaConsumer with subscribe.
type GroupReader struct {
	cfg         GroupReaderConfig
	cluster     *cluster
	fetcher     *fetcher
	protocol    *consumerProtocol
	member      *membership
	commits     *committer
	cooperative bool
	woken       chan struct{}
	polled      pollMeter

	group  sync.WaitGroup
	stop   context.CancelFunc
	closed atomic.Bool

	life      sync.Mutex // guards what follows
	started   bool
	abandoned bool
	noCommits context.CancelFunc // ends the committer

	// Owned by the goroutine of Poll.
	owned   map[TopicPartition]bool // assigned, whether its position is known yet or not
	finding *positionSearch         // nil when all positions of owned are known
}

// NewGroupReader checks cfg. It connects to nothing and starts nothing; the first Poll does.
func NewGroupReader(cfg GroupReaderConfig) (*GroupReader, error) {
	s, err := parseProperties(cfg.Properties, Consumer)
	if err != nil {
		return nil, err
	}
	if s.groupID == "" {
		return nil, &PropertyError{"group.id", "", "a group reader needs one"}
	}
	switch {
	case len(cfg.Topics) == 0 && cfg.Match == nil:
		return nil, fmt.Errorf("group reader of group %q: no topics", s.groupID)
	case len(cfg.Topics) > 0 && cfg.Match != nil:
		return nil, fmt.Errorf("group reader of group %q: both topics and a pattern", s.groupID)
	}
	cfg.Topics = slices.Compact(slices.Sorted(slices.Values(cfg.Topics)))
	if cfg.Listener == nil {
		cfg.Listener = noListener{}
	}
	c := newCluster(s, cfg.Logger, consumerLogger)
	protocol := newConsumerProtocol(c, cfg.Topics, cfg.Match)
	return &GroupReader{
		cfg: cfg, cluster: c, fetcher: newFetcher(c), protocol: protocol, member: newMembership(c, protocol),
		commits: newCommitter(c), cooperative: isCooperative(s.assignors),
		woken: make(chan struct{}, 1), owned: make(map[TopicPartition]bool), polled: newPollMeter(s.window),
	}, nil
}

// start runs the reader's goroutines until Close. It fails once the reader was abandoned.
func (r *GroupReader) start() error {
	r.life.Lock()
	defer r.life.Unlock()
	switch {
	case r.abandoned:
		return ErrClosed
	case r.started:
		return nil
	}
	r.started = true
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	committing, noCommits := context.WithCancel(ctx)
	r.noCommits = noCommits
	r.fetcher.start()
	r.group.Go(func() { r.member.run(ctx) })
	r.group.Go(func() { r.commits.run(committing) })
	return nil
}

// Poll returns up to max.poll.records messages of one or more partitions, offsets ascending per
// partition, as soon as there are any. It returns nothing after wait, after calls of the Listener, and
// after Wakeup. The first call connects and joins the group.
//
// Trouble with brokers is waited out for ever; it is logged when it starts and when it ends. An error
// is final: missing permission, settings that the group refuses, an offset out of range without a reset
// policy, a record batch that cannot be read. Other than that, a Listener's error and ctx's are returned.
func (r *GroupReader) Poll(ctx context.Context, wait time.Duration) ([]Message, error) {
	if r.closed.Load() {
		return nil, ErrClosed
	}
	if err := r.start(); err != nil {
		return nil, err
	}
	defer r.polled.ended(r.polled.began())
	r.member.setPolling(false)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		called, err := r.rebalance(ctx)
		if err != nil || called {
			return nil, err
		}
		messages, err := r.fetcher.take(r.cluster.settings.maxPollRecords)
		if err != nil || len(messages) > 0 {
			return messages, err
		}
		r.member.setPolling(true)
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-timer.C:
			called = true
		case <-r.woken:
			called = true
		case <-r.member.changed:
		case <-r.fetcher.ready:
		case <-r.finding.finished():
		}
		r.member.setPolling(false)
		if err != nil || called {
			return nil, err
		}
	}
}

// rebalance does the owner's part of the membership. called says that the Listener was called.
func (r *GroupReader) rebalance(ctx context.Context) (called bool, err error) {
	switch state := r.member.state(); state.phase {
	case memberFailed:
		return false, state.err
	case memberAbsent:
		r.member.rejoin(memberAbsent)
	case memberLost:
		called, err = r.drop(ctx, r.owned, r.cfg.Listener.Lost)
		r.protocol.keep(nil)
		r.member.rejoin(memberLost)
	case memberRebalancing:
		if !r.cooperative {
			called, err = r.drop(ctx, r.owned, r.cfg.Listener.Revoked)
		}
		r.protocol.keep(sortedPartitions(r.owned))
		r.member.rejoin(memberRebalancing)
	case memberStable:
		if state.assigned != nil {
			called, err = r.reconcile(ctx, state.assigned)
		}
	}
	if err != nil || called {
		return called, err
	}
	return r.startReading(ctx)
}

// reconcile gives up what an assignment no longer has and looks up where to start in what it adds.
func (r *GroupReader) reconcile(ctx context.Context, a *assignment) (called bool, err error) {
	assigned, err := assignedPartitions(a.data)
	if err != nil {
		return false, err
	}
	// A static member may have been handed what its predecessor subscribed to; membership.check sees to the rest.
	topics := r.protocol.subscribed()
	maps.DeleteFunc(assigned, func(tp TopicPartition, _ bool) bool { return !slices.Contains(topics, tp.Topic) })
	r.member.take(a)
	gone := maps.Clone(r.owned)
	maps.DeleteFunc(gone, func(tp TopicPartition, _ bool) bool { return assigned[tp] })
	called, err = r.drop(ctx, gone, r.cfg.Listener.Revoked)
	r.owned = assigned
	r.findPositions()
	if len(gone) > 0 {
		// What was given up can go to others now, which takes another join (KIP-429).
		r.protocol.keep(sortedPartitions(r.owned))
		r.member.rejoin(memberStable)
	}
	return called, err
}

// drop takes parts away from the reader, telling the Listener about those it was told were assigned.
func (r *GroupReader) drop(ctx context.Context, parts map[TopicPartition]bool, tell func(context.Context, []TopicPartition) error) (called bool, err error) {
	known := slices.DeleteFunc(r.fetcher.assigned(), func(tp TopicPartition) bool { return !parts[tp] })
	for _, tp := range slices.Collect(maps.Keys(parts)) {
		delete(r.owned, tp)
	}
	r.findPositions()
	if len(known) == 0 {
		return false, nil
	}
	err = tell(ctx, known)
	r.fetcher.remove(known)
	return true, err
}

// findPositions starts, restarts or ends the search so that it covers just the owned partitions whose
// position is not known yet.
func (r *GroupReader) findPositions() {
	reading := r.fetcher.positions()
	var lacking []TopicPartition
	for _, tp := range sortedPartitions(r.owned) {
		if _, known := reading[tp]; !known {
			lacking = append(lacking, tp)
		}
	}
	if r.finding != nil {
		if slices.Equal(r.finding.parts, lacking) {
			return
		}
		r.finding.cancel()
		r.finding = nil
	}
	if len(lacking) > 0 {
		r.finding = newPositionSearch(lacking)
		search := r.finding
		if r.cfg.Manual {
			search.skip()
			return
		}
		r.group.Go(func() { search.run(r.cluster) })
	}
}

// startReading begins to fetch the partitions whose positions were found.
func (r *GroupReader) startReading(ctx context.Context) (called bool, err error) {
	if !r.finding.isFinished() {
		return false, nil
	}
	search := r.finding
	if search.err != nil {
		return false, search.err // and so will every later Poll
	}
	r.finding = nil
	r.fetcher.assign(search.positions, r.cfg.Manual)
	return true, r.cfg.Listener.Assigned(ctx, maps.Clone(search.positions))
}

// Wakeup makes the current or the next Poll return early. It may be called from any goroutine.
func (r *GroupReader) Wakeup() { tell(r.woken) }

// Assignment returns the partitions being read, sorted: those that the Listener was told are
// assigned and not yet that they are gone.
func (r *GroupReader) Assignment() []TopicPartition { return r.fetcher.assigned() }

// Pause stops Poll from returning records of parts until Resume; the member stays in the group and
// other partitions go on. What was fetched already is kept. A partition that is taken away and comes
// back is not paused. Partitions that are not assigned are ignored.
func (r *GroupReader) Pause(parts ...TopicPartition) { r.fetcher.setPaused(parts, true) }

// Resume undoes Pause.
func (r *GroupReader) Resume(parts ...TopicPartition) { r.fetcher.setPaused(parts, false) }

// Seek makes offset the next one that Poll returns of tp. An offset that does not exist falls to
// auto.offset.reset. It fails if tp is not assigned.
func (r *GroupReader) Seek(tp TopicPartition, offset int64) error {
	switch {
	case offset < 0:
		return fmt.Errorf("seek partition %s to offset %d: offset must not be negative", tp, offset)
	case !r.fetcher.seek(tp, offset):
		return fmt.Errorf("seek partition %s to offset %d: the partition is not assigned", tp, offset)
	}
	return nil
}

// Position returns the next offset that Poll returns of tp; false if tp is not assigned.
func (r *GroupReader) Position(tp TopicPartition) (int64, bool) { return r.fetcher.position(tp) }

// Lag returns, per partition that was fetched from, how far the position is behind the high watermark
// of the last fetch.
func (r *GroupReader) Lag() map[TopicPartition]int64 { return r.fetcher.lag() }

// Commit commits offsets for the group and returns when the coordinator has stored them. What can be
// retried is retried until ctx ends. ErrFenced means that this member's generation is over; nothing
// was committed then.
func (r *GroupReader) Commit(ctx context.Context, offsets map[TopicPartition]OffsetAndMetadata) error {
	finished := make(chan error, 1)
	r.commit(&commit{ctx: ctx, offsets: maps.Clone(offsets), done: func(err error) { finished <- err }})
	select {
	case err := <-finished:
		return err
	case <-ctx.Done():
		return fmt.Errorf("commit offsets of group %q: %w", r.cluster.settings.groupID, ctx.Err())
	}
}

// asyncCommitAttempts bounds what an asynchronous commit, which has no context, may take; the next one
// will include its offsets anyway.
const asyncCommitAttempts = 3

// CommitAsync commits offsets in the background, after those of earlier calls. done, which may be
// nil, is called once, on a goroutine of the reader or, when nothing can be sent, before CommitAsync returns;
// it must not call Commit.
func (r *GroupReader) CommitAsync(offsets map[TopicPartition]OffsetAndMetadata, done func(error)) {
	if done == nil {
		done = func(error) {}
	}
	r.commit(&commit{ctx: context.Background(), attempts: asyncCommitAttempts, offsets: maps.Clone(offsets), done: done})
}

func (r *GroupReader) commit(request *commit) {
	if len(request.offsets) == 0 {
		request.done(nil)
		return
	}
	request.as = r.member.current()
	if request.as.generation < 0 || r.isAbandoned() {
		request.done(fmt.Errorf("commit offsets of group %q: %w", r.cluster.settings.groupID, ErrFenced))
		return
	}
	done := request.done
	request.done = func(err error) {
		if errors.Is(err, ErrFenced) {
			r.member.doubt()
		}
		done(err)
	}
	r.commits.add(request)
}

func (r *GroupReader) isStarted() bool {
	r.life.Lock()
	defer r.life.Unlock()
	return r.started
}

// Close gives up the partitions (Revoked, or Lost if they already were), leaves the group and stops
// every goroutine. ctx bounds the Listener's call, commits included, and the goodbye to the group; what is
// left then is cut off. It must not be called while Poll runs; it may be called twice.
//
// Differs: a static member leaves too; Java's stays until its session ends. See HandOver. With internal.leave.group.on.close=false no
// member leaves, as in Java.
func (r *GroupReader) Close(ctx context.Context) error { return r.close(ctx, true) }

// HandOver is Close for a reader that is about to have a successor: a static member keeps its place in the
// group until a reader with the same group.instance.id takes it, which then has the same partitions at
// once, or until session.timeout.ms is over. A dynamic member leaves.
//
// Kafka: KafkaConsumer.close of a static member.
func (r *GroupReader) HandOver(ctx context.Context) error { return r.close(ctx, false) }

// Abandon is for a reader whose owner is stuck and not waited for: nothing is committed any more, what is queued included, and Poll fails
// with ErrClosed. The member stays in the group until the owner calls Close, a successor takes its place, or max.poll.interval.ms is over: as long as
// it is there, nobody alters the group's offsets behind its back. It may be called from any goroutine, and returns at once.
func (r *GroupReader) Abandon() {
	r.life.Lock()
	defer r.life.Unlock()
	r.abandoned = true
	if r.started {
		r.noCommits()
	}
	r.Wakeup()
}

func (r *GroupReader) isAbandoned() bool {
	r.life.Lock()
	defer r.life.Unlock()
	return r.abandoned
}

func (r *GroupReader) close(ctx context.Context, leave bool) error {
	if r.closed.Swap(true) {
		return nil
	}
	if !r.isStarted() {
		r.leave(ctx, leave)
		return nil
	}
	tell := r.cfg.Listener.Revoked
	if r.member.current().generation < 0 {
		tell = r.cfg.Listener.Lost
	}
	_, err := r.drop(ctx, maps.Clone(r.owned), tell)
	if r.finding != nil {
		r.finding.cancel()
	}
	r.commits.drain(ctx)
	r.stop()
	r.fetcher.close()
	r.group.Wait()
	r.leave(ctx, leave)
	return err
}

// leave ends the membership and everything towards the brokers. Nothing of the reader may run any more.
func (r *GroupReader) leave(ctx context.Context, leave bool) {
	switch {
	case r.isAbandoned() && r.member.current().memberID == "": // it could only name its place, which may be its successor's by now
	case !leave && r.member.current().instanceID != "":
		r.cluster.logger.Debug("this static member's place is kept for its successor")
	case !r.cluster.settings.leaveOnClose:
		r.cluster.logger.Debug("this member stays until its session ends: internal.leave.group.on.close is false")
	default:
		if err := r.member.leave(ctx); err != nil {
			r.cluster.logger.Debug("could not tell the group that this member leaves", "err", err)
		}
	}
	r.member.close()
	r.cluster.close()
}

type noListener struct{}

func (noListener) Assigned(context.Context, map[TopicPartition]int64) error { return nil }
func (noListener) Revoked(context.Context, []TopicPartition) error          { return nil }
func (noListener) Lost(context.Context, []TopicPartition) error             { return nil }
