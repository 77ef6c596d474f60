package connect

// Origin returns what the worker knows the record by, nil for one that a task made itself. Copies of a record have it too.
func (r *SinkRecord) Origin() any { return r.origin }

// SetOrigin notes what the worker knows the record by. It is for workers alone: they need the record as it was in Kafka when a task reports
// it, whatever transforms and the task have made of it.
//
// Kafka: org.apache.kafka.connect.runtime.InternalSinkRecord.
func (r *SinkRecord) SetOrigin(origin any) { r.origin = origin }
