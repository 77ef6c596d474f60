package worker

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"sluice/internal/kafka"
	"sluice/worker/validate"
)

// adminProperties returns the settings of the client that reads and changes the offsets of a connector, whose settings connector holds:
// unlike a task's consumer it gets the worker's settings without prefix too.
//
//	what it needs ─> worker's settings without prefix ─> worker's admin.* ─> connector's admin.override.*
//
// Kafka: org.apache.kafka.connect.runtime.Worker.adminConfigs.
func (c *Config) adminProperties(name string, connector map[string]string) (kafka.Properties, error) {
	p := c.connectorAdmin("connector-worker-adminclient-"+name, connector)
	return p, checkTimeouts(p)
}

// adminSettings returns the settings of the clients that administrate Kafka for connectors. admin.listeners and what stands behind it have the
// same prefix and are the REST API's.
func (c *Config) adminSettings() map[string]string {
	out := c.withPrefix(adminPrefix)
	listeners := strings.TrimPrefix(AdminListenersConfig, adminPrefix)
	maps.DeleteFunc(out, func(k, _ string) bool { return k == listeners || strings.HasPrefix(k, listeners+".") })
	return out
}

// connectorAdmin returns the settings of an admin client that works for a connector. The client's id is the given one unless somebody sets it.
func (c *Config) connectorAdmin(clientID string, connector map[string]string) kafka.Properties {
	p := c.givenToClients()
	for _, k := range idleClientKeys {
		delete(p, k)
	}
	if p[ClientIDConfig] == "" {
		p[ClientIDConfig] = clientID
	}
	maps.Copy(p, c.adminSettings())
	maps.Copy(p, withPrefix(connector, validate.AdminOverridePrefix))
	return p
}

// checkTimeouts refuses what Kafka's admin client refuses, though here the limit of a call is never the smaller one: it is that of
// REST requests.
//
// Kafka: KafkaAdminClient.configureDefaultApiTimeoutMs.
func checkTimeouts(p kafka.Properties) error {
	call, err := strconv.Atoi(p["default.api.timeout.ms"])
	if err != nil { // not given, or no number, which the client tells
		return nil
	}
	request, err := strconv.Atoi(p["request.timeout.ms"])
	if err != nil {
		if p["request.timeout.ms"] != "" {
			return nil
		}
		request = 30_000
	}
	if call < request {
		return fmt.Errorf("default.api.timeout.ms is %d: it must not be smaller than request.timeout.ms, which is %d", call, request)
	}
	return nil
}
