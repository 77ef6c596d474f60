package main

import (
	"fmt"
	"runtime"

	"sluice/cli"
)

// version is the version of this build. A release sets it: go build -ldflags "-X main.version=1.2.3".
var version = "0.1.0-dev"

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(env environment) error {
	_, err := fmt.Fprintf(env.stdout, "sluice %s (Kafka Connect %s), commit %s, %s %s/%s\n",
		version, cli.ConnectVersion, cli.Commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
