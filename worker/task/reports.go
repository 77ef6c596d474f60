package task

import (
	"context"
	"sync"

	"sluice/connect"
)

// openReports are the records that were handed to the dead letter queue and that no broker has acknowledged yet. No commit goes past the
// first of them in a partition: if this process ends now, they have to come again.
//
// Kafka: org.apache.kafka.connect.runtime.errors.WorkerErrantRecordReporter.futures.
// Differs: records that could not be converted or transformed are among them; Kafka waits for those that a task has reported alone.
type openReports struct {
	mu      sync.Mutex // guards what follows
	parts   map[connect.TopicPartition]map[*openReport]struct{}
	settled chan struct{} // closed and replaced when there are fewer
}

type openReport struct {
	partition connect.TopicPartition
	offset    int64
}

func (o *openReports) init() {
	o.parts, o.settled = map[connect.TopicPartition]map[*openReport]struct{}{}, make(chan struct{})
}

func (o *openReports) add(tp connect.TopicPartition, offset int64) *openReport {
	r := &openReport{tp, offset}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.parts[tp] == nil {
		o.parts[tp] = map[*openReport]struct{}{}
	}
	o.parts[tp][r] = struct{}{}
	return r
}

// has reports whether somebody still cares: false once the record's partition is gone.
func (o *openReports) has(r *openReport) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, open := o.parts[r.partition][r]
	return open
}

// settle takes a report out.
func (o *openReports) settle(r *openReport) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if delete(o.parts[r.partition], r); len(o.parts[r.partition]) == 0 {
		delete(o.parts, r.partition)
	}
	o.tell()
}

// forget drops the reports of partitions that are gone. Whatever becomes of them concerns their next owner, who sees the records again.
func (o *openReports) forget(parts []connect.TopicPartition) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, tp := range parts {
		delete(o.parts, tp)
	}
	o.tell()
}

// tell wakes those who wait. o.mu is held.
func (o *openReports) tell() {
	close(o.settled)
	o.settled = make(chan struct{})
}

// first returns the lowest offset of a partition that waits for its acknowledgement.
func (o *openReports) first(tp connect.TopicPartition) (offset int64, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for r := range o.parts[tp] {
		if !ok || r.offset < offset {
			offset, ok = r.offset, true
		}
	}
	return offset, ok
}

// wait returns when nothing of the partitions is open, or when ctx ends.
func (o *openReports) wait(ctx context.Context, parts []connect.TopicPartition) {
	for {
		o.mu.Lock()
		open, settled := 0, o.settled
		for _, tp := range parts {
			open += len(o.parts[tp])
		}
		o.mu.Unlock()
		if open == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-settled:
		}
	}
}
