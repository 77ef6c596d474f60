package rest

import (
	"errors"
	"fmt"
	"net/http"

	"sluice/connect"
	"sluice/worker"
	"sluice/worker/validate"
)

// Kafka: org.apache.kafka.connect.runtime.rest.resources.ConnectorPluginsResource.

func (s *Server) listPlugins(w http.ResponseWriter, r *http.Request) error {
	plugins := s.herder.Plugins(boolParam(r.URL.Query(), "connectorsOnly", true))
	if plugins == nil {
		plugins = []worker.PluginInfo{}
	}
	writeJSON(w, http.StatusOK, plugins)
	return nil
}

func (s *Server) pluginConfig(w http.ResponseWriter, r *http.Request) error {
	keys, err := s.herder.PluginConfig(param(r, "plugin"))
	if keys == nil {
		keys = []validate.ConfigKeyInfo{}
	}
	return answer(w, keys, err)
}

// validateConfig checks the configuration in the body. It is answered with 200 whatever is wrong with single settings.
func (s *Server) validateConfig(w http.ResponseWriter, r *http.Request) error {
	config, err := readConfig(r)
	if err != nil {
		return err
	}
	plugin := param(r, "plugin")
	if class, ok := config.Get(validate.ConnectorClassConfig); ok && !validate.MatchesPlugin(class, plugin) {
		return &worker.BadRequestError{Message: fmt.Sprintf("Included connector type %s does not match request type %s", class, plugin)}
	}
	infos, err := s.herder.ValidateConfig(r.Context(), plugin, config)
	return answer(w, infos, unchecked(err))
}

// unchecked makes a 500 of a configuration that could not be checked at all. Here, and only here, Kafka answers with the name of the Java
// exception in front, because the endpoint does not unwrap it.
func unchecked(err error) error {
	var (
		noClass    *validate.NoConnectorTypeError
		badRequest *worker.BadRequestError
		unknown    *validate.UnknownClassError
		ambiguous  *validate.AmbiguousClassError
		config     *connect.ConfigError
		broken     *validate.ExceptionError
	)
	exception := ""
	switch {
	case errors.As(err, &broken):
		exception = broken.Class + ": "
	case errors.As(err, &noClass), errors.As(err, &badRequest):
		exception = "org.apache.kafka.connect.runtime.rest.errors.BadRequestException: "
	case errors.As(err, &unknown), errors.As(err, &ambiguous):
		exception = "org.apache.kafka.connect.errors.ConnectException: "
	case errors.As(err, &config):
		exception = "org.apache.kafka.common.config.ConfigException: "
	default:
		return err
	}
	return &statusError{http.StatusInternalServerError, exception + err.Error()}
}
