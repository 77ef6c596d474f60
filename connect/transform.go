package connect

// Transform changes one record at a time (a single message transform, SMT).
//
// Apply gets a record it may change in place and returns it, or another one; nil drops the record. It is called by one
// goroutine. Data it cannot handle is a [*DataError]. After a [Retriable] error the same record comes again, if the connector has
// errors.retry.timeout: it must be as it was.
//
// Kafka: org.apache.kafka.connect.transforms.Transformation.
type Transform interface {
	Config() *ConfigDef
	Configure(props map[string]string) error
	Apply(r *SinkRecord) (*SinkRecord, error)
	Close() error
}

// Predicate tells whether a transform applies to a record.
//
// Kafka: org.apache.kafka.connect.transforms.predicates.Predicate.
type Predicate interface {
	Config() *ConfigDef
	Configure(props map[string]string) error
	Test(r *SinkRecord) (bool, error)
	Close() error
}
