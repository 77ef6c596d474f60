package rest

import (
	"net/http"
	"strings"

	"sluice/worker"
)

// Kafka: org.apache.kafka.connect.runtime.rest.resources.LoggingResource.

func (s *Server) listLoggers(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, s.herder.LoggerLevels()) // in the order of names, as JSON objects made of maps are
	return nil
}

func (s *Server) getLogger(w http.ResponseWriter, r *http.Request) error {
	level, err := s.herder.LoggerLevel(param(r, "logger"))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, level)
	return nil
}

// clusterScope is the scope, in any case, of a change that all workers of the cluster are to make. Every other is this worker alone.
const clusterScope = "cluster"

// setLogger changes the level of a logger and those below, and answers with their names; or, for the whole cluster, asks for that.
func (s *Server) setLogger(w http.ResponseWriter, r *http.Request) error {
	body, err := readConfig(r)
	if err != nil {
		return err
	}
	level, ok := body.Get("level")
	if !ok {
		return &worker.BadRequestError{Message: "Desired 'level' parameter was not specified in request."}
	}
	namespace := param(r, "logger")
	if strings.EqualFold(r.URL.Query().Get("scope"), clusterScope) {
		return done(w, s.herder.SetClusterLoggerLevel(r.Context(), namespace, level))
	}
	affected, err := s.herder.SetLoggerLevel(namespace, level)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, affected)
	return nil
}
