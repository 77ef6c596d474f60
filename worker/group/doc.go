// Package group is Kafka Connect's group protocol: how the workers of a cluster agree on who runs which connectors and tasks.
//
// It has two layers. The first is made of values and pure functions, and holds all decisions:
//
//   - [WorkerState] is what a member tells when it joins, [Assignment] what the leader answers; both are encoded byte for byte as by
//     Kafka Connect (wire.go).
//   - [Compatibility] is the setting connect.protocol: which versions of the protocol a member offers (protocol.go).
//   - [Eager] deals everything out anew in each round (eager.go). [Incremental] moves as little as it can, and waits for members that may come
//     back (incremental.go).
//   - [Held] is what a member has, round after round (held.go).
//
// The second takes part in a group with them, on top of the membership of package kafka: [Member] follows the rounds and tells a worker what to stop
// and to start (member.go), and decides when it leads (leader.go). One goroutine, in Run, has all that; the membership's own goroutine comes for
// offers and decisions, for which the fields under the lock are.
//
// It does not run anything: a worker starts and stops connectors and tasks, and says when they have stopped.
//
// Kafka: package org.apache.kafka.connect.runtime.distributed.
package group
