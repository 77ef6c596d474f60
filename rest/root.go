package rest

import (
	"context"
	"net/http"
)

// Kafka: org.apache.kafka.connect.runtime.rest.resources.RootResource.

func (s *Server) serverInfo(w http.ResponseWriter, _ *http.Request) error {
	writeJSON(w, http.StatusOK, s.herder.ServerInfo())
	return nil
}

// workerStatus is the body of /health, also when it is bad.
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.WorkerStatus.
type workerStatus struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// health tells whether the herder still does its work: it has some seconds to come to this request.
func (s *Server) health(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), s.healthTimeout)
	defer cancel()
	h, err := s.herder.Health(ctx)
	stage := ""
	if h.Stage != "" {
		stage = " " + h.Stage
	}
	switch {
	case err == nil:
		writeJSON(w, http.StatusOK, workerStatus{"healthy", "Worker has completed startup and is ready to handle requests."})
	case h.Ready:
		writeJSON(w, http.StatusInternalServerError, workerStatus{"unhealthy", "Worker was unable to handle this request and may be unable to handle other requests." + stage})
	default:
		writeJSON(w, http.StatusServiceUnavailable, workerStatus{"starting", "Worker is still starting up." + stage})
	}
	return nil
}
