// Package bench measures what a user of the worker waits for, in Go benchmarks that anybody can repeat:
//
//	go test ./bench -run '^$' -bench . -benchtime 10x
//
// What is measured and how is written above each benchmark. By themselves they run on the embedded Kafka, so they say what Sluice takes, and not
// what a broker's disks do. They share the machine with that Kafka, which makes the numbers an upper bound. docs/benchmarks.md says how to
// compare with Kafka Connect, and what came of it.
//
//	BenchmarkListNames, BenchmarkListExpanded   reading 1,000 connectors
//	BenchmarkCreate                             POST /connectors, the first and the thousandth
//	BenchmarkStart                              the binary, from its start to GET / and to 1,000 connectors that run
//	BenchmarkRecords                            the binary, from a topic to a sink: processor time of a record, memory
//	BenchmarkSinkSpeed                          the DynamoDB sink on a stub of the service, beside a program made by hand
//	BenchmarkSinkKeys                           the same with few keys, and with hot ones
//	BenchmarkSinkFaults                         the same with faults of every kind at once, and with rejected items
//	BenchmarkSinkDown                           what the worker occupies while the service is down
//	BenchmarkSinkLatency                        one record on an idle worker
//	BenchmarkSinkStart                          the binary, from its start to tasks that run
//	BenchmarkSinkCamel                          the same connector on Kafka Connect with Camel
//	BenchmarkDetectorSpeed                      the detector's join, beside the job of Flink 1.15.2 on the same topics
//	BenchmarkDetectorLatency                    one transaction on an idle detector
//	BenchmarkDetectorHistory                    a detector with a long history: memory, disk, restart after kill -9, a late flag
//	BenchmarkProducerSpeed, BenchmarkProducerPace   sluice producer as fast as it can, and at a rate
//	BenchmarkMemory                             what a worker occupies whose sink is stuck or slow
//
// Results are custom metrics: ms for what a client waits, cpu-ms for processor time of the whole process, including what runs beside.
// Nothing here fails for being slow: a busy machine would.
package bench
