// Package integration tests the finished binary against real components: Apache Kafka, Apache Kafka Connect (Java)
// and DynamoDB Local. It holds tests only, and nothing imports it.
//
// The tests run when SLUICE_TEST_REAL=1 is set; else they skip and say so. Each component is looked for in this order:
//
//  1. an address in the environment: SLUICE_TEST_KAFKA (host:port), SLUICE_TEST_DYNAMODB (URL), SLUICE_TEST_CONNECT (URL);
//  2. Docker, if an engine answers, through testcontainers-go;
//  3. jars from Maven Central, fetched once into the user's cache folder by mvn, and a local java;
//  4. else the test skips and says what is missing.
//
// A component is started when the first test asks for it, shared by the others, and stopped at the end of the run. Tests
// use topics, groups, connectors and tables of their own, but for the one that runs the pipeline with the files of configs/
// as they are: it deletes the topics transactions, flagged-accounts and flagged-transactions, and the table
// flagged-transactions, so an address in the environment must be that of a component kept for tests.
//
// The logs of every process, java's and sluice's, are in one folder, which is kept and named when a test failed, and when
// SLUICE_TEST_KEEP_LOGS=1 is set.
package integration
