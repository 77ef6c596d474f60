// Package connect is what a plugin author imports: records and schemas, the definition of settings, and the
// contracts of sink connectors, sink tasks, converters, transforms and predicates. It has the vocabulary of Kafka Connect
// (org.apache.kafka.connect.*) in the shape of Go, and depends on the standard library alone.
//
// It is not the runtime: how tasks are started, fed and committed is package worker's business, and nothing here
// knows a Kafka client.
//
// # The parts
//
//	SinkRecord, Header, RawJSON      what travels            (record.go, rawjson.go)
//	Schema, Struct, Decimal          what it is made of      (schema.go, decimal.go)
//	ConfigDef, ConfigKey, Validator  what can be set         (configdef.go, config.go, validators.go)
//	SinkConnector, SinkTask          what a plugin implements (sink.go)
//	Converter, Transform, Predicate  what stands in between  (converter.go, transform.go)
//	Plugins                          what a worker can run   (plugins.go)
//	DataError, RetriableError, ...   how things fail         (errors.go)
//	Metrics                          what a plugin counts    (metrics.go)
//
// # A sink
//
// A sink is a connector, which checks settings and splits the work, and a task, which does it. The comments of [SinkConnector] and
// [SinkTask] are the specification: call order, concurrency, what may block, what each error does, offsets and the guarantee. The smallest
// task has three methods:
//
//	func (t *task) Start(ctx context.Context, tc connect.SinkTaskContext, props map[string]string) error {
//		config, err := settings.Parse(props)
//		...
//	}
//
//	// Put has written everything when it returns nil, so the task needs neither Flush nor PreCommit.
//	func (t *task) Put(ctx context.Context, records []connect.SinkRecord) error {
//		for i := range records {
//			if err := t.write(ctx, records[i].Value); err != nil {
//				return connect.Retriable(err) // all of the batch comes again
//			}
//		}
//		return nil
//	}
//
//	func (t *task) Stop(ctx context.Context) error { return t.close() }
//
// The package example is a complete one, and that of [Flusher] collects records before it writes them. A sink runs in a worker that package cli makes in the program's own main,
//
//	func main() { cli.Main(plugin()) }
//
// and package connecttest tries whether it keeps the contract. docs/write-a-sink.md goes through all of it, with the program in
// examples/httpsink; sinks/file and sinks/dynamodb are sinks in earnest.
package connect
