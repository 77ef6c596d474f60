package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
)

// MemoryLog is a compacted topic's twin in memory, for tests and for a worker without Kafka. Several stores may share one, as
// workers share a topic; it outlives them. The zero value is an empty log.
type MemoryLog struct {
	mu      sync.Mutex // guards all fields; held while readers are called, which keeps them in step
	records []Record
	readers []*memoryReader

	// Fail, if set, decides about each write: an error refuses it. Set it before the log is used.
	Fail func(Record) error
	// Hold, if set, is waited for before each write, as for a broker that does not answer. Set it before the log is used.
	Hold func(ctx context.Context, key string) error
}

// Records returns all records, oldest first.
func (l *MemoryLog) Records() []Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.records)
}

// Append adds a record, as another worker would.
func (l *MemoryLog) Append(key string, value []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.append(key, value)
}

func (l *MemoryLog) append(key string, value []byte) {
	r := Record{Offset: int64(len(l.records)), Key: key, Value: bytes.Clone(value)}
	l.records = append(l.records, r)
	for _, reader := range l.readers {
		reader.onRecord(r)
	}
}

func (l *MemoryLog) open(onRecord func(Record)) (keyedLog, error) {
	return &memoryReader{log: l, onRecord: onRecord}, nil
}

// memoryReader is one store's view of a MemoryLog. A record has been read as soon as it is written.
type memoryReader struct {
	log      *MemoryLog
	onRecord func(Record)
}

var errLogClosed = errors.New("log is closed")

// Start hands out the existing records.
func (r *memoryReader) Start(ctx context.Context) error {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	for _, rec := range r.log.records {
		r.onRecord(rec)
	}
	r.log.readers = append(r.log.readers, r)
	return nil
}

// Send appends a record.
func (r *memoryReader) Send(ctx context.Context, key string, value []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.log.Hold != nil {
		if err := r.log.Hold(ctx, key); err != nil {
			return err
		}
	}
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	if !slices.Contains(r.log.readers, r) {
		return errLogClosed
	}
	if r.log.Fail != nil {
		if err := r.log.Fail(Record{Offset: int64(len(r.log.records)), Key: key, Value: value}); err != nil {
			return err
		}
	}
	r.log.append(key, value)
	return nil
}

// ReadToEnd has nothing to wait for.
func (r *memoryReader) ReadToEnd(ctx context.Context) error { return ctx.Err() }

// Failed is never closed.
func (r *memoryReader) Failed() <-chan struct{} { return nil }

// Err returns nil.
func (r *memoryReader) Err() error { return nil }

// Close stops following the log.
func (r *memoryReader) Close(ctx context.Context) error {
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	r.log.readers = slices.DeleteFunc(r.log.readers, func(o *memoryReader) bool { return o == r })
	return nil
}
