package rest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/worker"
	"sluice/worker/validate"
)

// Kafka: org.apache.kafka.connect.runtime.rest.resources.ConnectorsResource.

// listConnectors answers with names, or, if the query has expand, with a map of what it asks for. A connector that has no status yet, or
// is being deleted, is left out of the map.
func (s *Server) listConnectors(w http.ResponseWriter, r *http.Request) error {
	names := s.herder.Connectors()
	if names == nil {
		names = []string{}
	}
	expansions, expand := r.URL.Query()["expand"]
	if !expand {
		writeJSON(w, http.StatusOK, names)
		return nil
	}
	expansions = slices.Compact(slices.Sorted(slices.Values(expansions))) // each once, however often it is asked for
	all := make(map[string]expansion, len(names))
	for _, name := range names {
		one, err := s.expand(r, name, expansions)
		if gone := (*worker.NotFoundError)(nil); errors.As(err, &gone) {
			continue
		}
		if err != nil {
			return err
		}
		all[name] = one
	}
	writeJSON(w, http.StatusOK, all)
	return nil
}

// expansion is what the query asks to be told of a connector. Kafka keeps the two in a hash map, in which they have this order.
type expansion struct {
	Status *worker.ConnectorStateInfo `json:"status,omitempty"`
	Info   *worker.ConnectorInfo      `json:"info,omitempty"`
}

func (s *Server) expand(r *http.Request, name string, expansions []string) (one expansion, err error) {
	for _, e := range expansions {
		switch e {
		case "status":
			var status worker.ConnectorStateInfo
			status, err = s.herder.ConnectorStatus(name)
			one.Status = &status
		case "info":
			var info worker.ConnectorInfo
			info, err = s.herder.ConnectorInfo(r.Context(), name)
			one.Info = &info
		}
		if err != nil {
			return expansion{}, err
		}
	}
	return one, nil
}

func (s *Server) createConnector(w http.ResponseWriter, r *http.Request) error {
	req, err := readCreateRequest(r)
	if err != nil {
		return err
	}
	config, err := withName(req.config, req.name)
	if err != nil {
		return err
	}
	info, _, err := s.herder.PutConnector(r.Context(), req.name, config, req.initial, false)
	if err != nil {
		return err
	}
	w.Header().Set("Location", location(r, req.name))
	writeJSON(w, http.StatusCreated, info)
	return nil
}

func (s *Server) putConnectorConfig(w http.ResponseWriter, r *http.Request) error {
	name := param(r, "name")
	config, err := readConfig(r)
	if err != nil {
		return err
	}
	if config, err = withName(config, name); err != nil {
		return err
	}
	info, created, err := s.herder.PutConnector(r.Context(), name, config, nil, true)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
		w.Header().Set("Location", location(r, name))
	}
	writeJSON(w, status, info)
	return nil
}

func (s *Server) patchConnectorConfig(w http.ResponseWriter, r *http.Request) error {
	data, err := readBody(r)
	if err != nil {
		return err
	}
	name := param(r, "name")
	if isNull(data) { // Kafka looks for the connector before it misses the patch
		if _, err := s.herder.ConnectorConfig(r.Context(), name); err != nil {
			return err
		}
	}
	patch, err := parseConfig(data)
	if err != nil {
		return err
	}
	info, err := s.herder.PatchConnector(r.Context(), name, patch)
	return answer(w, info, err)
}

func (s *Server) connectorInfo(w http.ResponseWriter, r *http.Request) error {
	info, err := s.herder.ConnectorInfo(r.Context(), param(r, "name"))
	return answer(w, info, err)
}

func (s *Server) connectorConfig(w http.ResponseWriter, r *http.Request) error {
	config, err := s.herder.ConnectorConfig(r.Context(), param(r, "name"))
	return answer(w, config, err)
}

func (s *Server) connectorStatus(w http.ResponseWriter, r *http.Request) error {
	state, err := s.herder.ConnectorStatus(param(r, "name"))
	return answer(w, state, err)
}

func (s *Server) deleteConnector(w http.ResponseWriter, r *http.Request) error {
	if err := s.herder.DeleteConnector(r.Context(), param(r, "name")); err != nil {
		return err
	}
	writeEmpty(w, http.StatusNoContent)
	return nil
}

func (s *Server) taskConfigs(w http.ResponseWriter, r *http.Request) error {
	tasks, err := s.herder.TaskConfigs(r.Context(), param(r, "name"))
	if tasks == nil {
		tasks = []worker.TaskInfo{}
	}
	return answer(w, tasks, err)
}

// taskConfigMap is the older form of taskConfigs: {"name-0":{…}}.
func (s *Server) taskConfigMap(w http.ResponseWriter, r *http.Request) error {
	tasks, err := s.herder.TaskConfigs(r.Context(), param(r, "name"))
	configs := make(map[string]worker.Properties, len(tasks))
	for _, t := range tasks {
		configs[t.ID.Connector+"-"+strconv.Itoa(t.ID.Task)] = t.Config
	}
	return answer(w, configs, err)
}

func (s *Server) taskStatus(w http.ResponseWriter, r *http.Request) error {
	task, err := taskParam(r)
	if err != nil {
		return err
	}
	state, err := s.herder.TaskStatus(connect.TaskID{Connector: param(r, "name"), Task: task})
	return answer(w, state, err)
}

type connectorTopics struct {
	Topics []string `json:"topics"`
}

func (s *Server) activeTopics(w http.ResponseWriter, r *http.Request) error {
	name := param(r, "name")
	topics, err := s.herder.ActiveTopics(name)
	if topics == nil {
		topics = []string{}
	}
	return answer(w, map[string]connectorTopics{name: {topics}}, err)
}

func (s *Server) resetActiveTopics(w http.ResponseWriter, r *http.Request) error {
	return accepted(w, s.herder.ResetActiveTopics(r.Context(), param(r, "name")))
}

// answer is 200 with a body, or the error.
func answer(w http.ResponseWriter, body any, err error) error {
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, body)
	return nil
}

// withName puts the connector's name into its configuration, which may hold that name already and no other.
//
// Kafka: ConnectorsResource.checkAndPutConnectorConfigName.
func withName(config worker.Properties, name string) (worker.Properties, error) {
	if given, ok := config.Get(validate.NameConfig); ok {
		if given != name {
			return nil, &worker.BadRequestError{Message: fmt.Sprintf("Connector name configuration (%s) doesn't match connector name in the URL (%s)", given, name)}
		}
		return config, nil
	}
	return config.With(validate.NameConfig, &name), nil
}

// location is the absolute address of a connector, on the listener that was asked. A slash in its name stays, and so does a semicolon, as Kafka
// leaves them.
func location(r *http.Request, name string) string {
	const plain = "-._~!$&'()*+,;=:@/"
	var b strings.Builder
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	b.WriteString(scheme + "://" + r.Host + "/connectors/")
	for i := range len(name) {
		c := name[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}
