package rest

import (
	"net/http"

	"sluice/connect"
	"sluice/worker"
)

func (s *Server) pauseConnector(w http.ResponseWriter, r *http.Request) error {
	return accepted(w, s.herder.PauseConnector(r.Context(), param(r, "name")))
}

func (s *Server) resumeConnector(w http.ResponseWriter, r *http.Request) error {
	return accepted(w, s.herder.ResumeConnector(r.Context(), param(r, "name")))
}

func (s *Server) stopConnector(w http.ResponseWriter, r *http.Request) error {
	return done(w, s.herder.StopConnector(r.Context(), param(r, "name")))
}

// restartConnector restarts the connector alone and answers when that is done, or, if the query asks for tasks or failed parts, plans a
// restart and answers with the states that follow.
func (s *Server) restartConnector(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	req := worker.RestartRequest{
		Connector:    param(r, "name"),
		IncludeTasks: boolParam(query, "includeTasks", false),
		OnlyFailed:   boolParam(query, "onlyFailed", false),
	}
	if !req.IncludeTasks && !req.OnlyFailed {
		return done(w, s.herder.RestartConnector(r.Context(), req.Connector))
	}
	state, err := s.herder.RestartConnectorAndTasks(r.Context(), req)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusAccepted, state)
	return nil
}

func (s *Server) restartTask(w http.ResponseWriter, r *http.Request) error {
	task, err := taskParam(r)
	if err != nil {
		return err
	}
	return done(w, s.herder.RestartTask(r.Context(), connect.TaskID{Connector: param(r, "name"), Task: task}))
}

// accepted is 202 without a body: asked for, not yet done.
func accepted(w http.ResponseWriter, err error) error {
	if err != nil {
		return err
	}
	writeEmpty(w, http.StatusAccepted)
	return nil
}

// done is 204.
func done(w http.ResponseWriter, err error) error {
	if err != nil {
		return err
	}
	writeEmpty(w, http.StatusNoContent)
	return nil
}
