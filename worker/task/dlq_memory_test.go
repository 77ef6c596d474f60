package task_test

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"sluice/internal/kafka"
)

// What waits for the queue's broker is bounded by the producer's buffer.memory, which counts the record. It must not keep the fetched
// batch that the record was a slice of: a broker that is away for long would fill the memory with batches.
func TestARecordOnItsWayToTheQueueDoesNotKeepItsBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake, queue := &fakeSink{}, &fakeDLQ{hold: true}
		h := run(t, fake, nil, withDLQ(t, queue))
		h.reader.assign(tp0)
		batch := fetched(h.reader)
		time.Sleep(time.Minute)
		synctest.Wait()
		h.reader.set(func() { h.reader.logs[tp0] = nil })
		h.reader.produce(tp0, "0", "1") // another poll, so that the task has let go of the last one
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		runtime.GC()
		runtime.GC()
		if batch.Value() != nil {
			t.Error("the batch is still in memory, 1 MiB for a record of 8 bytes")
		}
		queue.release(nil)
		h.stop()
		h.expect("queue", queue.taken(), "not json")
	})
}

// fetched delivers one bad record, a slice of a batch of 1 MiB.
func fetched(r *fakeReader) weak.Pointer[byte] {
	buffer := make([]byte, 1<<20)
	copy(buffer, "not json")
	r.set(func() {
		r.logs[tp0] = append(r.logs[tp0], kafka.Message{Topic: tp0.Topic, Partition: tp0.Partition, Timestamp: 1700000000000, Value: buffer[:8:8]})
	})
	tell(r.ready)
	return weak.Make(&buffer[0])
}
