// Package dynamodb is the sink that writes records to Amazon DynamoDB tables. It takes the settings of Camel's aws-ddb-sink connector, 3.20.3, or
// those of Confluent's DynamoDB sink, and settings of its own beside either (dialect.go, native.go). It does their work in batches, with many calls in flight.
//
//	plugins, err := connect.NewPlugins(dynamodb.Plugin(dynamodb.Options{}), dynamodb.ConfluentPlugin(dynamodb.Options{}))
//
// # How a record gets to the table
//
//	Put ─> encode      record -> key and item in DynamoDB's JSON; wrong key and index types are found here   encode.go, item.go, json.go, value.go
//	    ─> operation   put, upsert, update, insert or delete, and when; by which call                        operation.go, condition.go
//	    ─> slot        of its key: one write with the service, one that waits; a newer one replaces it       write.go, engine.go
//	    ─> batch       up to 25 items and 16 MB, never two of one key; sent at once when a call is free      engine.go
//	    ─> call        mostly BatchWriteItem, up to 128 in flight, fewer when the service cannot keep up             client.go, calls.go, wire.go, signing.go, pace.go
//	                   or a limit of the rate is reached                                                    limit.go, limiter.go
//	    ─> answer      written │ back to its slot │ batch halved to find a bad item │ the task fails         answer.go, outcome.go, errors.go
//	    ─> partition   the prefix of finished offsets ─> PreCommit                                           tracker.go
//
// A task has one engine for each table, mostly one (targets.go). An engine is a set of slots and queues under one lock, which is never held while something
// waits; DESIGN.md has its rules and what was rejected.
//
// # The guarantee
//
// At least once, and the writes of one key in topic order: the table ends as if the records of each key had been written one by one. A
// record that was replaced by a newer one of its key before it was sent is never seen in the table. An offset is committed only
// when its record is written, replaced by one that is, or reported and tolerated. After a crash or a rebalance the records above
// the committed offset are written again, in order, so an item may for a moment show an older record than before.
//
// That is aws.dynamodb.ordering=key with aws.dynamodb.dedup=last, the default. With dedup=none every record is seen in the table for a moment.
// With ordering=partition the records of a Kafka partition follow each other too, a batch at a time. With ordering=none a key may have
// several writes under way, and ends with any of its records.
//
// # What is done for a record
//
// A put, unless settings or the record itself (a member or header, such as a change event's op) say otherwise: upsert and update set the record's
// attributes and leave the others, insert only makes what is missing, delete deletes by the record's key. A tombstone is a bad record in Camel's
// dialect, and by behavior.on.null.values a delete, nothing, or an item of the key alone. A condition (insert-only, newer-wins by a
// version, or an expression) decides whether a write is carried out. One that fails because the write itself had been carried out before, by a call
// without an answer or before a crash, is no failure: the sink compares what the table holds with what the write would have left.
//
// Everything but updates of what must exist ends the same when records are read again; such an update may then find an item that was made after it.
//
// # What goes wrong, and what happens
//
//	throttled, unprocessed     tried again with jittered back-off, for ever, slower while it lasts; one line in the log at its
//	                           start and one at its end
//	a hot key                  the key slows down alone, whether its items come back or the service names it as the reason (KeyRange)
//	no answer, HTTP 500        likewise; a service that is down is asked every few seconds by one call
//	a bad record               a DataError for the errant record reporter, naming table, attribute, expected and found
//	rejected by the service    the batch is halved until the bad item is found; it is reported, the others are written
//	table being created        waited for
//	table missing              made, if aws.dynamodb.table.create says so; otherwise the task fails
//	access denied, bad         the task fails with the call, the region, the endpoint and whose credentials they were; where it
//	credentials                is DescribeTable alone that is denied, the settings may tell the key instead
//
// aws.dynamodb.max.retry.time.seconds ends the trying where it is wanted, and aws.dynamodb.on.retry.exhausted says what then; aws.dynamodb.on.data.error
// says what becomes of bad records. What the service or the lack of it had to do with an error stands in headers of the dead letter queue:
// __connect.errors.dynamodb.code, .table, .operation and .request.id; of a record that was found to be bad before it was sent, table and operation.
//
// While the backlog of a task is full (50,000 records or 4 MiB, unless set otherwise) its partitions are paused. When partitions are given away, what was not
// sent is dropped (it is read again by their next owner) and what is with the service is waited for.
//
// # How values are stored
//
// Text is S, true and false are BOOL, null is NULL, objects are M. Numbers are N with all their digits, and arrays are L. Members "key" and
// "item" at the top of a record's value are unwrapped as Camel does. A Connect struct is stored by its fields: integers, floats
// and Decimal as N, bytes as B, Date as the number of days, Time and Timestamp as milliseconds, which is what JsonConverter makes of them.
//
// # What differs from Camel 3.20.3
//
//   - Numbers: fractions and integers beyond 32 bits are N, exact. Camel stores S, rounded by Java's double and long.
//   - Numbers that DynamoDB cannot hold (over 38 digits, beyond 1E+126) are errors of the record. Camel stores S, such as Infinity.
//   - Arrays are L, in order, with repeats, nulls and members of any type. Camel stores SS or NS of Java's texts, or fails.
//   - Objects need no camel.sink.unmarshal. Camel cannot read them without it.
//   - Connect structs are stored by their fields. Camel fails on them.
//   - Throttling and outages are waited for. Camel fails the task, or moves the records to the dead letter queue.
//   - A missing table fails the task at its start, whatever the tolerance, or is made by aws.dynamodb.table.create. Camel fails, or dead-letters, each record.
//   - Old items are not returned by each write. Camel asks for them and throws them away.
//   - UpdateItem finds the key among the attributes of a plain object. Camel takes all of them for the key, which the service refuses.
//   - An aggregation bean and the idempotency filter are refused by name.
//   - A record with a header CamelHeader.CamelAwsDdbOperation is an error if it asks for another operation than the settings: Camel 3 pays no heed to it, Camel 4
//     does. CamelAwsDdbTableName names the record's table, as in Camel.
//   - UriEndpointOverride without overrideEndpoint is mentioned in the log; neither does anything with it.
package dynamodb
