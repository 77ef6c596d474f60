// Package group is Kafka Connect's group protocol: how the workers of a cluster agree on who runs which connectors and tasks.
//
// It is made of values and pure functions, which hold all decisions:
//
//   - [WorkerState] is what a member tells when it joins, [Assignment] what the leader answers; both are encoded byte for byte as by
//     Kafka Connect (wire.go).
//   - [Compatibility] is the setting connect.protocol: which versions of the protocol a member offers (protocol.go).
//   - [Eager] deals everything out anew in each round (eager.go). [Incremental] moves as little as it can, and waits for members that may come
//     back (incremental.go).
//   - [Held] is what a member has, round after round (held.go).
//
// It does not run anything, and talks to nobody: a worker starts and stops connectors and tasks, and says what it holds.
//
// Kafka: package org.apache.kafka.connect.runtime.distributed.
package group
