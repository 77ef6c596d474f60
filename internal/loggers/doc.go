// Package loggers lets the levels of loggers be changed while they are in use: slog with the named, hierarchical loggers of Java, so that
// what an operator knows of a Kafka Connect worker works here too.
//
//	registry := loggers.New(loggers.Info)
//	log := slog.New(registry.Handler(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: loggers.All})))
//	tasks := log.With(loggers.Key, "org.apache.kafka.connect.runtime.WorkerSinkTask")
//	tasks.Debug("not logged")
//	registry.SetLevel("org.apache.kafka.connect", loggers.Debug)
//	tasks.Debug("logged")
//
// The name of a logger is its attribute [Key], given to With before any WithGroup. The level that counts for it is the one set for it or,
// if none is, for the nearest of the names before its dots, and at last the root's. A logger exists once With has named it, or a level was
// set for it.
//
// Whether a record is logged is decided by one atomic load. Names are kept for ever: they are those of classes, not of requests.
package loggers
