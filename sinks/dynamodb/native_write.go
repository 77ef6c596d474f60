package dynamodb

import (
	"time"

	"sluice/connect"
)

// The native keys for how items are written. Where Confluent's sink has a key of the same meaning, it has its name.
const (
	orderingConfig           = "aws.dynamodb.ordering"
	dedupConfig              = "aws.dynamodb.dedup"
	batchSizeConfig          = "aws.dynamodb.batch.size"
	batchBytesConfig         = "aws.dynamodb.batch.bytes"
	maxInFlightConfig        = "aws.dynamodb.max.in.flight"
	maxBufferedRecordsConfig = "aws.dynamodb.max.buffered.records"
	maxBufferedBytesConfig   = "aws.dynamodb.max.buffered.bytes"
	retryTimeConfig          = "aws.dynamodb.max.retry.time.seconds"
	onRetryExhaustedConfig   = "aws.dynamodb.on.retry.exhausted"
	onDataErrorConfig        = "aws.dynamodb.on.data.error"
	writeAPIConfig           = "aws.dynamodb.write.api"
)

// nativeWrite are the keys for how items are written: operations, conditions, order, retries.
func nativeWrite() nativeGroup {
	p := defaultPolicy()
	return nativeGroup{title: "Writing", check: checkWriting, keys: []nativeKey{
		choiceKey(orderingConfig, "key", "Which writes wait for which. With key those of one item key follow each other in topic order, and different keys do not wait for each other. "+
			"With partition, moreover, those of one Kafka partition do: the next batch.size of them are sent when all before them are in the table; within these the service keeps no order, so 1 is the strictest. "+
			"With none nothing waits, and of two records of a key either may end in the table.",
			[]choice[ordering]{{"key", byKey}, {"partition", byPartition}, {"none", unordered}},
			func(s *settings, o ordering) { s.policy.ordering = o }),
		choiceKey(dedupConfig, "last", "What becomes of older writes of a key that were not sent when a newer one comes. With last only the newest is sent, if nothing of the older ones would be left. "+
			"With none every version goes out, one after the other, for consumers of the table's stream. With "+orderingConfig+"=none every version goes out in any case.",
			[]choice[bool]{{"last", true}, {"none", false}},
			func(s *settings, merge bool) { s.policy.merge = merge }),
		numberKey(batchSizeConfig, int64(p.batchItems), connect.Between(1, maxTransactItems), "The number of items in one call, at most. More than 25 are for transactions only.",
			func(s *settings, n int64) { s.policy.batchItems = int(n) }),
		numberKey(batchBytesConfig, int64(p.batchBytes), connect.Between(1, maxBatchBytes), "The bytes of the items in one call, at most, as they are sent. A larger item is sent by itself.",
			func(s *settings, n int64) { s.policy.batchBytes = int(n) }),
		numberKey(maxInFlightConfig, int64(p.maxInFlight), connect.Between(1, maxWindow), "The number of calls that a task has in flight, at most. It begins with up to 32, takes more as long as that helps, and fewer when the service cannot keep up.",
			func(s *settings, n int64) { s.policy.maxInFlight = int(n) }),
		numberKey(maxBufferedRecordsConfig, int64(p.backlogRecords), connect.Between(1, 100_000_000), "The number of records that a task holds, at most; a batch from Kafka may come on top of it. At this bound its partitions are paused until half of it is written.",
			func(s *settings, n int64) { s.policy.backlogRecords = int(n) }),
		numberKey(maxBufferedBytesConfig, int64(p.backlogBytes), connect.Between(1, 1<<40), "The bytes that the records held by a task may take in memory, at most, by estimate; a batch from Kafka may come on top of it.",
			func(s *settings, n int64) { s.policy.backlogBytes = int(n) }),
		numberKey(retryTimeConfig, int64(0), connect.Between(0, 365*24*60*60), "For how many seconds a write that the service has no capacity for, or that gets no answer, is tried again after its first failure. 0 stands for ever.",
			func(s *settings, n int64) { s.policy.retryFor = time.Duration(n) * time.Second }),
		choiceKey(onRetryExhaustedConfig, "fail", "What happens when "+retryTimeConfig+" is over. With fail the task fails, and its offsets stay. With pause the write is tried further, with the partitions of the task paused until it gets through. "+
			"With dlq the record goes to the connector's error handling: errors.tolerance and the dead letter queue.",
			[]choice[fate]{{"fail", failTask}, {"pause", pauseAll}, {"dlq", deadLetter}},
			func(s *settings, f fate) { s.policy.onExhausted = f }),
		choiceKey(onDataErrorConfig, "dlq", "What becomes of a record that cannot be written, because the sink or the service finds its data wrong. With dlq it goes to the connector's error handling: errors.tolerance and the dead letter queue. "+
			"With fail the task fails whatever these say. With skip the record counts as done, and a line in the log says why it is not in the table.",
			[]choice[fate]{{"dlq", deadLetter}, {"fail", failTask}, {"skip", skip}},
			func(s *settings, f fate) { s.policy.onData = f }),
		choiceKey(writeAPIConfig, "auto", "Which of the service's calls are used. With auto puts and deletes without a condition go in batches, and everything else as a call for each record, many at once. With single everything goes as a call for each record. "+
			"With partiql what one statement can say (insert, and update without a condition) goes in batches of statements, which needs the rights for PartiQL. With transact each batch is carried out as a whole or not at all, at twice the write units.",
			[]choice[writeAPI]{{"auto", autoAPI}, {"single", singleAPI}, {"partiql", partiqlAPI}, {"transact", transactAPI}},
			func(s *settings, a writeAPI) { s.handling.api = a }),
	}}
}

func checkWriting(c connect.Config, s *settings) []*connect.ConfigError {
	var errs []*connect.ConfigError
	if s.policy.batchItems > maxBatchItems && s.handling.api != transactAPI {
		errs = append(errs, wrongValue(c, batchSizeConfig, "must be at most 25, unless "+writeAPIConfig+" is transact"))
	}
	return errs
}
