// Package store keeps the state of a Connect cluster where Kafka Connect keeps it: connector configs, task configs and target states
// on the config topic, observed states and active topics on the status topic, each a compacted topic in Java's exact formats, so that a
// Java worker can take over from this one and the other way round.
//
// It knows nothing of running connectors: what follows from a change is decided in package worker, which is told through
// [ConfigListener].
//
// # The parts
//
//	Properties                       a configuration, in its order         (properties.go)
//	keys, values                     bytes of records and back, pure       (config_record.go, status_record.go, cluster_record.go, json.go)
//	configModel, Snapshot            what the config topic says, pure      (config_model.go, snapshot.go)
//	statusModel                      what the status topic says, pure      (status_model.go)
//	pendingStatuses                  own states that are not read back     (status_pending.go)
//	ConfigStore, StatusStore         the models on a log, with the writes  (config_store.go, status_store.go, status_queue.go)
//	a log                            Kafka's topic or memory               (log.go, memory_log.go)
//	OffsetsTopic                     created and checked, not used         (offsets_topic.go)
//
// A store is a struct over one of two logs: [kafka.KeyedLog], or a [MemoryLog] for tests and for a worker without Kafka. Everything
// above the log is the same code, and one contract suite runs on both.
//
// Writes go to the log and count once they have been read back from it, so that all workers of a cluster see the same order. States are shown
// before, by the worker that writes them: it knows already what the others will read.
package store
