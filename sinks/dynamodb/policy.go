package dynamodb

import "time"

// ordering says which writes wait for which others.
type ordering uint8

const (
	byKey       ordering = iota // the writes of one key, in topic order; different keys do not wait for each other
	byPartition                 // moreover those of a partition, one call's worth after the other
	unordered                   // none: several writes of a key may be with the service at once
)

// fate is what becomes of a record that is not written.
type fate uint8

const (
	deadLetter fate = iota // the connector's error handling has it: errors.tolerance, the dead letter queue
	failTask               // the task fails, with its offsets kept
	skip                   // it counts as done, with a line in the log
	pauseAll               // it is tried further, with the partitions paused
)

// policy is how an engine orders, joins and sends writes, and how much it holds.
type policy struct {
	ordering ordering
	merge    bool // a write that leaves nothing of an older one that was not sent is sent in its stead

	batchItems  int // in one call
	batchBytes  int // in one call, by the length of the items on the wire
	maxInFlight int // calls

	retryFor    time.Duration // how long a write is tried after its first failure; 0: for ever
	onExhausted fate          // what happens then
	onData      fate          // what becomes of a record that cannot be written
	onUnmet     fate          // what becomes of a record whose condition does not hold

	// The bounds of what is unfinished. At either of them the partitions are paused.
	backlogRecords int
	backlogBytes   int
}

// route is one of the service's calls for writes.
type route uint8

const (
	batchRoute     route = iota // BatchWriteItem
	statementRoute              // BatchExecuteStatement
	transactRoute               // TransactWriteItems
	singleRoute                 // PutItem, UpdateItem, DeleteItem
	routes
)

// bounds are what a call may carry.
type bounds struct {
	items, bytes int
	units        int // write units, by estimate; 0: any
}

func (p *policy) bounds(r route) bounds {
	switch r {
	case singleRoute:
		return bounds{items: 1, bytes: p.batchBytes}
	case transactRoute:
		return bounds{items: p.batchItems, bytes: min(p.batchBytes, maxTransactBytes)}
	}
	return bounds{items: min(p.batchItems, maxBatchItems), bytes: p.batchBytes}
}

// defaultPolicy is what holds if no setting says otherwise.
func defaultPolicy() policy {
	return policy{
		ordering: byKey, merge: true,
		batchItems: maxBatchItems, batchBytes: maxBatchBytes, maxInFlight: maxWindow,
		onExhausted: failTask, onData: deadLetter, onUnmet: skip,
		backlogRecords: maxBacklogRecords, backlogBytes: maxBacklogBytes,
	}
}

// Bounds of calls, by the service, and defaults of the memory of one task and of the time of one call, by us.
const (
	maxBatchItems = 25
	maxBatchBytes = 16<<20 - 64<<10 // of 16 MB; the rest is for what stands around the items

	maxTransactItems = 100
	maxTransactBytes = 4<<20 - 64<<10

	maxBacklogRecords = 50_000
	maxBacklogBytes   = 4 << 20

	// How long a call may take. While calls run into it, it is doubled up to the maximum: a slow service is served slowly, rather than
	// asked the same again and again.
	callTimeout    = 10 * time.Second
	maxCallTimeout = 80 * time.Second
)
