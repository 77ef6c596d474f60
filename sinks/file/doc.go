// Package file is Kafka's example sink: it appends the text of each record's value to a file, one line a record, or prints it on standard
// output. It is the smallest sink that shows the contract of package connect; read it before you write one.
//
//	connector.go  the settings, and how the work is split
//	task.go       open, put, flush, close
//	pipe.go       named pipes, which can make a task wait
package file
