package transform

import "sluice/connect"

// filter drops every record. It makes sense with a predicate.
//
// Kafka: org.apache.kafka.connect.transforms.Filter.
type filter struct {
	unconfigured
	unheld
}

// Apply drops the record.
func (filter) Apply(*connect.SinkRecord) (*connect.SinkRecord, error) { return nil, nil }
