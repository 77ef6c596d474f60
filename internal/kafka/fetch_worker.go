package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// fetchWorker fetches from one broker what that broker leads.
type fetchWorker struct {
	f    *fetcher
	conn *conn
	wake chan struct{}
	size fetchSize
}

// fetchItem is one partition of one fetch.
type fetchItem struct {
	part   *partition
	epoch  int
	offset int64
	leader leader
}

// run fetches until ctx ends.
func (w *fetchWorker) run(ctx context.Context) {
	defer w.conn.close()
	pause := w.f.settings.newBackoff()
	for ctx.Err() == nil {
		items, budget, leads := w.f.fetchable(w.conn.addr, w.size.ask())
		if len(items) == 0 {
			if !leads {
				w.conn.close() // the broker may be gone for good
			}
			select {
			case <-ctx.Done():
			case <-w.wake:
			}
			continue
		}
		resp, err := w.fetch(ctx, items, budget)
		if ctx.Err() != nil {
			return
		}
		ok := false
		if err != nil {
			w.failed(items, err)
		} else {
			w.f.cluster.outage.worked(w.conn.addr)
			var bytes int
			bytes, ok = w.handle(items, resp)
			w.size.learn(budget, bytes)
		}
		if ok {
			pause.reset()
		} else if pause.wait(ctx) != nil {
			return
		}
	}
}

// fetchable returns what to ask the broker at addr for now, and how many bytes, at most the given number. leads says whether the broker leads any
// partition at all.
//
// Nothing is asked for while one of the broker's partitions that the owner wants is full: the owner
// is busy, and a fetch for the others could wait in the broker long after the full one was emptied.
func (f *fetcher) fetchable(addr string, most int) (items []fetchItem, budget int, leads bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return nil, 0, false
	}
	budget = min(bufferedBytesLimit, max(1, int(f.settings.fetchMaxBytes)))
	full := false
	for _, p := range f.order {
		leads = leads || p.leader.addr == addr
		if p.paused {
			continue
		}
		budget -= p.queuedBytes
		if p.leader.addr != addr || p.needsReset || full {
			continue
		}
		if p.queuedBytes >= f.partitionLimit() {
			full = true
			continue
		}
		item := fetchItem{p, p.epoch, p.fetchOffset, p.leader}
		if p.alone {
			return []fetchItem{item}, int(f.settings.partitionMaxBytes), true
		}
		items = append(items, item)
	}
	if budget <= 0 || full {
		return nil, 0, leads
	}
	return items, min(budget, most), leads
}

func (w *fetchWorker) fetch(ctx context.Context, items []fetchItem, budget int) (*sarama.FetchResponse, error) {
	s := w.f.settings
	req := &sarama.FetchRequest{
		Version:      12,
		MinBytes:     min(s.fetchMinBytes, int32(budget)), // or the broker would wait for more than it may return
		MaxWaitTime:  int32(s.fetchMaxWait / time.Millisecond),
		MaxBytes:     int32(budget),
		SessionEpoch: -1, // no incremental fetch session
	}
	if s.readCommitted {
		req.Isolation = sarama.ReadCommitted
	}
	for _, it := range items {
		req.AddBlock(it.part.tp.Topic, it.part.tp.Partition, it.offset, s.partitionMaxBytes, it.leader.epoch)
	}
	began := time.Now()
	resp, err := exchange(ctx, w.conn.sender(s.requestTimeout+s.fetchMaxWait), (*sarama.Broker).Fetch, req)
	if err == nil {
		w.f.meter.fetches.Since(began)
		w.f.meter.throttled.Millis(resp.ThrottleTime)
	}
	if err == nil && resp.ErrorCode != 0 {
		err = sarama.KError(resp.ErrorCode)
	}
	return resp, err
}

// failed handles a fetch without a usable answer.
func (w *fetchWorker) failed(items []fetchItem, err error) {
	f := w.f
	var undecodable sarama.PacketDecodingError
	if errors.As(err, &undecodable) {
		// The answer cannot be read, and it does not say because of which partition: ask one by one.
		if len(items) == 1 && items[0].part.alone {
			f.fail(fmt.Errorf("read partition %s at offset %d: the record batch cannot be read: %w", items[0].part.tp, items[0].offset, err))
			return
		}
		f.mu.Lock()
		for _, it := range items {
			it.part.alone = true
		}
		f.mu.Unlock()
		return
	}
	if IsAuthorization(err) { // the metadata cannot tell, which come over another connection
		f.fail(fmt.Errorf("read from %w", err))
		return
	}
	if isConnectionError(err) {
		f.cluster.outage.failed(err, w.conn.addr)
	}
	for _, it := range items {
		f.loseLeader(it)
	}
	tell(f.route)
}

// loseLeader makes the router look for the leader again.
func (f *fetcher) loseLeader(it fetchItem) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if it.part.leader == it.leader {
		it.part.leader = leader{}
	}
}

// readItem is what an answer holds of one partition.
type readItem struct {
	fetchItem
	messages []Message
	next     int64 // the offset after what was read
	end      int64 // the high watermark
	bytes    int
}

// handle sorts an answer into queues. It returns how much memory that takes; ok is false when a partition has to be looked for elsewhere.
func (w *fetchWorker) handle(items []fetchItem, resp *sarama.FetchResponse) (bytes int, ok bool) {
	read, ok := w.read(items, resp)
	records := 0
	for i := range read {
		records, bytes = records+len(read[i].messages), bytes+read[i].bytes
	}
	// Counted before anybody can take them: what was consumed is never more than what was fetched.
	if records > 0 {
		w.f.meter.fetched.Record(float64(records))
		w.f.meter.fetchBytes.Record(float64(bytes - records*messageOverhead))
	}
	for i := range read {
		w.f.store(read[i].part, read[i].epoch, read[i].messages, read[i].next, read[i].end, read[i].bytes)
	}
	return bytes, ok
}

// read decodes an answer, up to the first partition whose error ends the reading.
func (w *fetchWorker) read(items []fetchItem, resp *sarama.FetchResponse) (read []readItem, ok bool) {
	f := w.f
	read, ok = make([]readItem, 0, len(items)), true
	for _, it := range items {
		tp := it.part.tp
		block := resp.GetBlock(tp.Topic, tp.Partition)
		if block == nil {
			continue
		}
		switch {
		case block.Err == sarama.ErrNoError:
			if r, whole := w.readPartition(it, block); whole {
				read = append(read, r)
			}
		case block.Err == sarama.ErrOffsetOutOfRange:
			f.mu.Lock()
			if f.parts[tp] == it.part && it.part.epoch == it.epoch {
				it.part.needsReset = true
			}
			f.mu.Unlock()
			tell(f.route)
		case block.Err == sarama.ErrUnknown || IsRetriable(block.Err):
			f.loseLeader(it)
			tell(f.route)
			ok = false
		default:
			f.fail(fmt.Errorf("read partition %s at offset %d: %w", tp, it.offset, block.Err))
			return read, false
		}
	}
	return read, ok
}

// readPartition decodes the records of one partition. It returns false if they are damaged or if not even one batch is whole.
func (w *fetchWorker) readPartition(it fetchItem, block *sarama.FetchResponseBlock) (readItem, bool) {
	f := w.f
	messages, next, err := readBlock(it.part.tp, block, it.offset, f.settings.readCommitted, &f.buffers)
	if err != nil {
		f.fail(fmt.Errorf("read %w", err))
		return readItem{}, false
	}
	if next == it.offset && isPartial(block) {
		// The batch did not fit beside those of other partitions. Alone it comes whole, whatever its size.
		f.mu.Lock()
		wasAlone := it.part.alone
		it.part.alone = true
		f.mu.Unlock()
		if wasAlone {
			f.fail(fmt.Errorf("read partition %s at offset %d: the record batch ends early", it.part.tp, it.offset))
		}
		return readItem{}, false
	}
	return readItem{fetchItem: it, messages: messages, next: next, end: block.HighWaterMarkOffset, bytes: sizeOf(messages)}, true
}

// isPartial reports whether block holds the beginning of a batch only.
func isPartial(block *sarama.FetchResponseBlock) bool {
	if block.Partial {
		return true
	}
	for _, set := range block.RecordsSet {
		if set.RecordBatch != nil && set.RecordBatch.PartialTrailingRecord || set.MsgSet != nil && set.MsgSet.PartialTrailingMessage {
			return true
		}
	}
	return false
}
