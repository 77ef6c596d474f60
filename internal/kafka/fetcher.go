package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"sluice/internal/sampled"
)

// fetcher reads assigned partitions ahead of its owner, who takes messages out.
//
// One router goroutine finds leaders and repairs positions; one worker per leading broker sends
// fetches, each over a connection of its own. What was fetched waits per partition until it is taken. A
// broker is not asked for more while any of its partitions still has plenty waiting: so memory stays
// bounded (see fetchable), and a long poll for a quiet partition never holds up a busy one.
//
// Kafka: org.apache.kafka.clients.consumer.internals.Fetcher.
type fetcher struct {
	cluster  *cluster
	settings *settings
	logger   *slog.Logger

	ready chan struct{} // told when there may be something to take, an error, or a position moved
	route chan struct{} // told when a partition may need a leader or a position
	meter fetchMeter
	group sync.WaitGroup
	stop  context.CancelFunc

	buffers atomic.Uint32 // counts for Message.Buffer

	mu      sync.Mutex
	parts   map[TopicPartition]*partition
	order   []*partition // the order of taking; rotates
	workers map[string]*fetchWorker
	err     error // fatal; ends everything
}

// partition is what the fetcher knows about one assigned partition. It is guarded by fetcher.mu.
type partition struct {
	tp     TopicPartition
	leader leader
	epoch  int // counts seeks, so that the answer to an older fetch is recognised

	fetchOffset int64 // next offset to ask for; behind everything in queue
	position    int64 // next offset to be taken
	needsReset  bool  // fetchOffset is out of range; the router applies auto.offset.reset
	alone       bool  // fetch without other partitions, because a shared fetch could not be read
	paused      bool

	queue       []chunk
	queuedBytes int
	highWater   int64 // -1 unknown
	lags        *sampled.Sensor
}

// chunk is the result of one fetch of one partition.
type chunk struct {
	messages []Message
	next     int64 // position once all messages are taken
	bytes    int   // approximate size, of what is left
}

// bufferedBytesLimit bounds what waits in all queues of the unpaused partitions of one fetcher, and of the paused ones; one
// more answer per broker may be on its way (see fetchSize). fetch.max.bytes lowers it.
const bufferedBytesLimit = 16 << 20

func newFetcher(c *cluster) *fetcher {
	return &fetcher{
		cluster: c, settings: c.settings, logger: named(c.unnamed, fetcherLogger),
		ready: make(chan struct{}, 1), route: make(chan struct{}, 1),
		parts: make(map[TopicPartition]*partition), workers: make(map[string]*fetchWorker), meter: newFetchMeter(c.settings.window),
	}
}

// start runs the fetcher until close.
func (f *fetcher) start() {
	ctx, cancel := context.WithCancel(context.Background())
	f.stop = cancel
	f.group.Go(func() { f.runRouter(ctx) })
}

// close stops all goroutines and waits for them. It may be called without start, and twice.
func (f *fetcher) close() {
	if f.stop != nil {
		f.stop()
		f.group.Wait()
	}
}

// tell wakes the one that waits on ch, without waiting for it.
func tell(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// assign adds partitions with the offset to start from. Nothing is fetched of those that are paused.
func (f *fetcher) assign(positions map[TopicPartition]int64, paused bool) {
	f.mu.Lock()
	for _, tp := range sortedPartitions(positions) {
		p := &partition{tp: tp, fetchOffset: positions[tp], position: positions[tp], highWater: -1, paused: paused, lags: sampled.New(f.settings.window)}
		f.parts[tp] = p
		f.order = append(f.order, p)
	}
	f.mu.Unlock()
	tell(f.route)
}

// remove drops partitions and whatever was fetched of them.
func (f *fetcher) remove(parts []TopicPartition) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, tp := range parts {
		delete(f.parts, tp)
	}
	kept := f.order[:0]
	for _, p := range f.order {
		if f.parts[p.tp] == p {
			kept = append(kept, p)
		}
	}
	clear(f.order[len(kept):])
	f.order = kept
}

// take returns up to limit messages, of one partition if that has enough, else of several.
func (f *fetcher) take(limit int) ([]Message, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, f.err
	}
	var taken []Message
	for i := 0; i < len(f.order) && len(taken) < limit; i++ {
		if p := f.order[i]; !p.paused {
			taken = f.takeFrom(p, taken, limit)
		}
	}
	if len(f.order) > 1 { // the next call begins with another partition
		f.order = append(f.order[1:], f.order[0])
	}
	return taken, nil
}

// takeFrom moves messages of p to taken.
func (f *fetcher) takeFrom(p *partition, taken []Message, limit int) []Message {
	before, had := p.queuedBytes, len(taken)
	for len(p.queue) > 0 && len(taken) < limit {
		c := &p.queue[0]
		n := min(limit-len(taken), len(c.messages))
		if taken == nil {
			taken = c.messages[:n:n] // shared: a full slice, so that appending copies
		} else {
			taken = append(taken, c.messages[:n]...)
		}
		if n == len(c.messages) {
			p.position = c.next
			p.queuedBytes -= c.bytes
			p.queue[0] = chunk{}
			p.queue = p.queue[1:]
			continue
		}
		share := c.bytes * n / len(c.messages)
		c.messages, c.bytes = c.messages[n:], c.bytes-share
		p.queuedBytes -= share
		p.position = c.messages[0].Offset
	}
	if n := len(taken) - had; n > 0 {
		f.meter.took(p, n, before-p.queuedBytes)
	}
	if before >= f.partitionLimit() && p.queuedBytes < f.partitionLimit() || before > 0 && p.queuedBytes == 0 {
		for _, w := range f.workers { // all: they share the limit on buffered bytes
			tell(w.wake)
		}
	}
	return taken
}

// partitionLimit is how much may wait for the owner before a partition counts as full.
func (f *fetcher) partitionLimit() int { return max(1, int(f.settings.partitionMaxBytes)/2) }

// wakeWorker tells a worker that it may have something to do. f.mu is held.
func (f *fetcher) wakeWorker(addr string) {
	if w := f.workers[addr]; w != nil {
		tell(w.wake)
	}
}

// seek makes offset the next one to be taken.
func (f *fetcher) seek(tp TopicPartition, offset int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.parts[tp]
	if p == nil {
		return false
	}
	p.restart(offset)
	f.wakeWorker(p.leader.addr)
	return true
}

// restart drops what was fetched and begins anew at offset.
func (p *partition) restart(offset int64) {
	p.epoch++
	p.queue, p.queuedBytes = nil, 0
	p.fetchOffset, p.position, p.needsReset = offset, offset, false
}

func (f *fetcher) setPaused(parts []TopicPartition, paused bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, tp := range parts {
		if p := f.parts[tp]; p != nil && p.paused != paused {
			p.paused = paused
			f.wakeWorker(p.leader.addr)
			tell(f.ready)
		}
	}
	f.dropPaused()
}

// dropPaused lets go of what was fetched of paused partitions if that is too much: it is fetched again when they are resumed. It must not count
// as waiting for the owner, who may need that room for others. f.mu is held.
func (f *fetcher) dropPaused() {
	kept := 0
	for _, p := range f.order {
		if !p.paused {
			continue
		}
		if kept += p.queuedBytes; kept > bufferedBytesLimit {
			kept -= p.queuedBytes
			p.restart(p.position)
		}
	}
}

// assigned returns the partitions in order.
func (f *fetcher) assigned() []TopicPartition {
	f.mu.Lock()
	defer f.mu.Unlock()
	return sortedPartitions(f.parts)
}

// positions returns the next offset to be taken per partition.
func (f *fetcher) positions() map[TopicPartition]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	positions := make(map[TopicPartition]int64, len(f.parts))
	for tp, p := range f.parts {
		positions[tp] = p.position
	}
	return positions
}

func (f *fetcher) position(tp TopicPartition) (int64, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.parts[tp]
	if p == nil {
		return 0, false
	}
	return p.position, true
}

// lag returns high watermark minus position of the partitions that were fetched from.
func (f *fetcher) lag() map[TopicPartition]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	lag := make(map[TopicPartition]int64, len(f.parts))
	for tp, p := range f.parts {
		if p.highWater >= 0 {
			lag[tp] = p.lag()
		}
	}
	return lag
}

// fail ends the fetcher with an error that take returns.
func (f *fetcher) fail(err error) {
	f.mu.Lock()
	if f.err == nil {
		f.err = err
	}
	f.mu.Unlock()
	tell(f.ready)
}

// runRouter gives partitions a leader and a valid position whenever they lack one.
func (f *fetcher) runRouter(ctx context.Context) {
	pause := f.settings.newBackoff()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.route:
		}
		for {
			again, err := f.repair(ctx)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				if !IsRetriable(err) {
					f.fail(err)
					return
				}
				f.logger.Debug("cannot fetch yet", "err", err)
			}
			if !again {
				pause.reset()
				break
			}
			if pause.wait(ctx) != nil {
				return
			}
		}
	}
}

// repair does one round of what runRouter is for. again says that something is left to do.
func (f *fetcher) repair(ctx context.Context) (again bool, err error) {
	topics, resets := f.lacking()
	if len(topics) > 0 {
		if err := f.cluster.refresh(ctx, topics, false); err != nil {
			return true, err
		}
		missing, err := f.applyLeaders(ctx)
		if err != nil {
			return true, err
		}
		again = missing
	}
	if len(resets) > 0 {
		if err := f.reset(ctx, resets); err != nil {
			return true, err
		}
	}
	return again, nil
}

// lacking returns the topics with partitions that have no leader, and the partitions whose position
// is out of range.
func (f *fetcher) lacking() (topics []string, resets map[TopicPartition]int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	resets = make(map[TopicPartition]int64)
	for _, p := range f.order {
		if p.leader.addr == "" {
			topics = appendOnce(topics, p.tp.Topic)
		}
		if p.needsReset {
			resets[p.tp] = p.fetchOffset
		}
	}
	return topics, resets
}

// applyLeaders takes over the leaders of the last metadata and starts a worker for each new one.
func (f *fetcher) applyLeaders(ctx context.Context) (missing bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.order {
		if p.leader.addr != "" {
			continue
		}
		if _, err := f.cluster.partitions(p.tp.Topic); err != nil && IsAuthorization(err) {
			return false, fmt.Errorf("read partition %s: %w", p.tp, err)
		}
		p.leader = f.cluster.leader(p.tp)
		if p.leader.addr == "" {
			missing = true // being elected, or the topic was deleted and may come back
			continue
		}
		w := f.workers[p.leader.addr]
		if w == nil {
			w = &fetchWorker{f: f, conn: f.cluster.net.conn(p.leader.addr), wake: make(chan struct{}, 1)}
			f.workers[p.leader.addr] = w
			f.group.Go(func() { w.run(ctx) })
		}
		tell(w.wake)
	}
	return missing, nil
}

// errOutOfRange says that a position does not exist and that no reset policy allows another one.
var errOutOfRange = errors.New("offset is out of range and auto.offset.reset is none")

// reset applies auto.offset.reset to partitions whose fetch offset the broker does not have.
func (f *fetcher) reset(ctx context.Context, parts map[TopicPartition]int64) error {
	timestamps := make(map[TopicPartition]int64, len(parts))
	for tp, offset := range parts {
		timestamp, ok := f.settings.resetTimestamp()
		if !ok {
			return fmt.Errorf("read partition %s at offset %d: %w", tp, offset, errOutOfRange)
		}
		timestamps[tp] = timestamp
	}
	offsets, err := f.cluster.listOffsets(ctx, timestamps)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for tp, offset := range offsets {
		p := f.parts[tp]
		if p == nil || !p.needsReset || p.fetchOffset != parts[tp] {
			continue // removed or moved meanwhile
		}
		f.logger.Warn("offset is out of range, reset by auto.offset.reset", "topic", tp.Topic, "partition", tp.Partition,
			"offset", p.fetchOffset, "to", offset, "policy", f.settings.offsetReset)
		p.restart(offset)
		f.wakeWorker(p.leader.addr)
	}
	return nil
}

// messageOverhead is about what a message costs beside its bytes.
const messageOverhead = 160

// store queues what was fetched of p, unless p was moved or removed since the request.
func (f *fetcher) store(p *partition, epoch int, messages []Message, next, highWater int64, bytes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.parts[p.tp] != p || p.epoch != epoch {
		return
	}
	p.highWater = highWater
	p.alone = false
	if next <= p.fetchOffset && len(messages) == 0 {
		return
	}
	p.fetchOffset = next
	switch {
	case len(messages) > 0:
		p.queue = append(p.queue, chunk{messages, next, bytes})
		p.queuedBytes += bytes
	case len(p.queue) > 0:
		p.queue[len(p.queue)-1].next = next // control records behind the messages that wait
	default:
		p.position = next
	}
	tell(f.ready)
}

// sizeOf estimates the memory of messages.
func sizeOf(messages []Message) int {
	bytes := 0
	for i := range messages {
		bytes += len(messages[i].Key) + len(messages[i].Value) + messageOverhead
	}
	return bytes
}
