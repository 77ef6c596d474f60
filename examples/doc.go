// Package examples holds no code, only the test that keeps the programs in its folders what they are: programs of somebody who imports
// Sluice from another module.
//
//	httpsink   a worker with a sink of its own: the program of docs/write-a-sink.md
package examples
