// Package dynamodb is an Amazon DynamoDB in memory, for a demo that needs nothing installed and for
// tests that need a service that misbehaves on purpose. It speaks the service's own wire protocol
// (JSON 1.0 over HTTP), so the AWS SDKs and the AWS CLI talk to it as they do to the service:
//
//	server := dynamodb.New(dynamodb.Options{})
//	http.ListenAndServe("127.0.0.1:8000", server)
//
// # What it is
//
// Tables with global and local secondary indexes; PutItem, GetItem, UpdateItem, DeleteItem,
// BatchWriteItem, BatchGetItem, Query, Scan, TransactWriteItems, TransactGetItems; condition,
// update, key condition, filter and projection expressions; time to live as a setting. It checks
// what the service checks (types, numbers, sets, sizes, keys of tables and indexes) and answers
// with the service's error types and texts. Where DynamoDB Local, the emulator of AWS, and the
// service are known to differ, it follows the service; the differential test names those places.
//
// Beyond the service's protocol it has what tests want: provisioned capacity that throttles
// ([Options.EnforceCapacity]), latency, and faults on demand ([Server.SetFaults]).
//
// # What it is not
//
// It stores nothing on disk. It does not check signatures: a request without credentials is
// refused as the service refuses it, but any signature is good. The forms that expressions
// replaced (Expected, AttributeUpdates, KeyConditions, AttributesToGet and their kin) are refused
// with a ValidationException, PartiQL, streams, backups and the rest of the control plane with an
// UnknownOperationException. Expired items are not removed.
//
// # How it works
//
// A request's body is read once by a cursor (json.go) that builds no tree; items go from JSON
// straight to their form at rest (attributes.go, codec.go), and are checked on the way. A table is
// a hash map of items plus, for itself and each index, an order that is made only when somebody
// reads in order (ordered.go). Expressions are parsed to a tree (expr*.go) and work on decoded
// values. One mutex per table is held for the time of a batch or a page.
package dynamodb
