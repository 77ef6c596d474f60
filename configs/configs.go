// Package configs holds the files an operator edits, and carries a copy of them in the binary.
//
// The files are what the commands of cmd/sluice are given on the command line; the copy is for what must work
// without a checkout beside it (sluice demo). It depends on nothing and decides nothing.
package configs

import "embed"

// Files holds sink.json, ddb.json, application_properties.json and worker.properties as they were when the
// binary was built. Reading one of these names never fails. It is safe for concurrent use.
//
//go:embed sink.json ddb.json application_properties.json worker.properties
var Files embed.FS
