// Package worker is the runtime of a Kafka Connect worker: it reads its settings, keeps the cluster's state in Kafka, and runs
// connectors and tasks as that state asks.
//
//	config_def.go, tls_def.go, config.go, unsupported.go  the settings, and what this version refuses
//	rest_config.go, response_headers.go                   those about how the REST API is served
//	environment.go, login_config.go                       what the environment says
//	variables.go                                          settings whose values config providers know
//	client_config.go, converters.go                       what becomes of them for Kafka clients and converters
//	worker.go                                             starts and stops it all
//	herder.go                                             the loop that owns the state, and the events it deals with
//	request.go, operations.go, restart.go                 requests that change something
//	offsets.go, offsets_parse.go, offsets_client.go       those about a connector's offsets
//	internal_requests.go, signature.go                    those of other workers
//	settle.go                                             when the answer to a change is due
//	queries.go                                            requests that only ask
//	loggers.go                                            the names of loggers, and requests about their levels
//	rebalance.go, membership.go                           rounds of the group: what this worker is to run
//	connectors.go, reconfigure.go                         the life of a connector, and the settings it makes for its tasks
//	tasks.go, task_run.go                                 the life of a task
//	lane.go, stage.go                                     slow work beside the loop, and what can be told of it
//	types.go, errors.go                                   what the REST API tells, and the errors that it answers with
//
// The path of a record is package worker/task, the topics' formats are worker/store, the rules of a connector's settings
// worker/validate. HTTP is package rest's business; it calls [Herder]. DESIGN.md says why it is as it is.
package worker
