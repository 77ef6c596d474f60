package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is the version of this build. A release sets it: go build -ldflags "-X main.version=1.2.3".
var version = "0.1.0-dev"

// connectVersion is the release of Kafka Connect whose REST API the worker speaks; clients parse the leading numbers of GET /.
const connectVersion = "3.9.2"

// commit returns the commit the binary was built from, shortened as Kafka shows its own, or "unknown".
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 16 {
			return s.Value[:16]
		}
	}
	return "unknown"
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(env environment) error {
	_, err := fmt.Fprintf(env.stdout, "sluice %s (Kafka Connect %s), commit %s, %s %s/%s\n",
		version, connectVersion, commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
