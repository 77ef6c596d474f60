// Package task runs one sink task: it polls records as a member of the connector's consumer group, converts them, gives them to the
// plugin's [connect.SinkTask] and commits what is durable.
//
//	reader.Poll ─> convert (key, value, headers) ─> transform ─> SinkTask.Put ─> PreCommit ─> reader.Commit
//	    │               │                               │           │
//	    │               └───────────────────────────────┴ failed: retry; log, dead letter queue; skip or fail (errors.*)
//	    └ Assigned / Revoked / Lost                                 └ Retriable: partitions paused, same batch again
//
// One goroutine, the one that calls [Task.Run], does all of it and owns the task's state; the other methods only leave a message
// and wake it. What may be committed when is written down in DESIGN.md.
//
// It is not for deciding which tasks run: that is the herder's.
//
// Kafka: org.apache.kafka.connect.runtime.WorkerSinkTask, WorkerTask, errors.RetryWithToleranceOperator.
package task
