package dynamodb

import "sluice/connect"

// refusal is a record that cannot be written: found so by the encoder, or rejected by the service.
type refusal struct {
	part   *partition
	seq    uint64
	cost   int
	record *connect.SinkRecord
	reason error
	fate   fate
}

// outcome is what became of the record once the refusal is accepted.
func (r *refusal) outcome() recordOutcome {
	if r.fate == skip {
		return skippedRecord
	}
	return reportedRecord
}

// unanswered is a refusal that the worker was told of and has not answered yet.
type unanswered struct {
	refusal
	answer <-chan error
}

// reject takes in a record that the encoder refused, in its place of the order, and reports it.
func (e *engine) reject(r *connect.SinkRecord, reason error) {
	record := *r
	cost := writeOverhead
	e.mu.Lock()
	p := e.partition(r.TopicPartition())
	seq := p.add(r.Offset)
	p.reports++
	e.records++
	e.bytes += cost
	e.mu.Unlock()
	e.refuse(refusal{part: p, seq: seq, cost: cost, record: &record, reason: reason, fate: e.policy.onData})
}

// refuse sees to it that a record has its fate: mostly it is reported to the worker. An answer that is there at once, as when errors are not tolerated, is taken in before refuse
// returns; otherwise a goroutine waits for it.
func (e *engine) refuse(r refusal) {
	switch r.fate {
	case failTask:
		e.reported(r, r.reason)
		return
	case skip:
		e.log.Warn("a record cannot be written and is skipped", "topic", r.record.Topic, "partition", r.record.Partition, "offset", r.record.Offset, "err", r.reason)
		e.reported(r, nil)
		return
	}
	answer := e.report(r.record, r.reason)
	select {
	case err := <-answer:
		e.reported(r, err)
		return
	default:
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped {
		return
	}
	e.reports = append(e.reports, unanswered{r, answer})
	if !e.awaiting {
		e.awaiting = true
		e.wg.Go(e.awaitReports)
	}
}

// awaitReports takes in the answers one after the other until there are none to wait for.
func (e *engine) awaitReports() {
	for {
		e.mu.Lock()
		if len(e.reports) == 0 {
			e.awaiting = false
			e.mu.Unlock()
			return
		}
		next := e.reports[0]
		e.reports = e.reports[1:]
		e.mu.Unlock()
		select {
		case err := <-next.answer:
			e.reported(next.refusal, err)
		case <-e.ctx.Done():
			return
		}
	}
}

// reported takes in the answer to a report. Only nil finishes the record; an error means that it is not tolerated, and the task fails
// with it.
func (e *engine) reported(r refusal, err error) {
	e.mu.Lock()
	r.part.reports--
	e.signal(r.part)
	if err == nil {
		e.tally.records[r.outcome()]++
		e.finish(r.part, r.seq, r.cost)
	} else {
		e.fail(err)
	}
	e.dispatch(true) // others of the partition may have waited for this one
	wake := e.failed != nil
	if e.wantRoom && e.roomy() {
		e.wantRoom, wake = false, true
	}
	e.publish()
	e.mu.Unlock()
	if wake {
		e.wake()
	}
}
