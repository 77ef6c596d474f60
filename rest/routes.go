package rest

import "net/http"

// route is one line of the table of endpoints.
type route struct {
	method  string
	pattern string
	handle  func(*Server, http.ResponseWriter, *http.Request) error

	// A request that names a media type for its body is refused unless that is JSON, even where no body is read. Kafka has the rule on all
	// its resources but the root, health and what is among workers.
	anyType bool
}

// routes is the table of endpoints, but for [adminRoutes]. HEAD goes with every GET, OPTIONS with every path, and each path may end in one slash.
//
// Kafka: the resources in org.apache.kafka.connect.runtime.rest.resources.
var routes = []route{
	{"GET", "/", (*Server).serverInfo, true},
	{"GET", "/health", (*Server).health, true},

	{"GET", "/connectors", (*Server).listConnectors, false},
	{"POST", "/connectors", (*Server).createConnector, false},
	{"GET", "/connectors/{name}", (*Server).connectorInfo, false},
	{"DELETE", "/connectors/{name}", (*Server).deleteConnector, false},
	{"GET", "/connectors/{name}/config", (*Server).connectorConfig, false},
	{"PUT", "/connectors/{name}/config", (*Server).putConnectorConfig, false},
	{"PATCH", "/connectors/{name}/config", (*Server).patchConnectorConfig, false},
	{"GET", "/connectors/{name}/status", (*Server).connectorStatus, false},
	{"GET", "/connectors/{name}/tasks", (*Server).taskConfigs, false},
	{"GET", "/connectors/{name}/tasks-config", (*Server).taskConfigMap, false}, // gone in Kafka 4
	{"GET", "/connectors/{name}/tasks/{task}/status", (*Server).taskStatus, false},
	{"GET", "/connectors/{name}/offsets", (*Server).connectorOffsets, false},
	{"PATCH", "/connectors/{name}/offsets", (*Server).alterOffsets, false},
	{"DELETE", "/connectors/{name}/offsets", (*Server).resetOffsets, false},
	{"GET", "/connectors/{name}/topics", (*Server).activeTopics, false},
	{"PUT", "/connectors/{name}/topics/reset", (*Server).resetActiveTopics, false},

	{"PUT", "/connectors/{name}/pause", (*Server).pauseConnector, false},
	{"PUT", "/connectors/{name}/resume", (*Server).resumeConnector, false},
	{"PUT", "/connectors/{name}/stop", (*Server).stopConnector, false},
	{"POST", "/connectors/{name}/restart", (*Server).restartConnector, false},
	{"POST", "/connectors/{name}/tasks/{task}/restart", (*Server).restartTask, false},

	// Among workers.
	{"POST", "/connectors/{name}/tasks", (*Server).putTaskConfigs, true},
	{"PUT", "/connectors/{name}/fence", (*Server).fenceZombies, true},

	{"GET", "/connector-plugins", (*Server).listPlugins, false},
	{"GET", "/connector-plugins/{plugin}/config", (*Server).pluginConfig, false},
	{"PUT", "/connector-plugins/{plugin}/config/validate", (*Server).validateConfig, false},
}

// adminRoutes are the endpoints that admin.listeners can move to listeners of their own, or switch off.
//
// Kafka: org.apache.kafka.connect.runtime.rest.RestServer.
var adminRoutes = []route{
	{"GET", "/admin/loggers", (*Server).listLoggers, false},
	{"GET", "/admin/loggers/{logger}", (*Server).getLogger, false},
	{"PUT", "/admin/loggers/{logger}", (*Server).setLogger, false},
}
