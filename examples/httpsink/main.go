// Command httpsink is a Kafka Connect worker with one more sink: it posts each record to a URL.
package main

import (
	"sluice/cli"
	"sluice/connect"
)

func main() { cli.Main(plugin()) }

func plugin() connect.Plugin {
	return connect.Plugin{
		Class: "com.example.HttpSinkConnector", TaskClass: "com.example.HttpSinkTask", Type: connect.SinkPluginType, Version: "1.0.0",
		NewSink: func() connect.SinkConnector { return &connector{} },
	}
}
