package distributed

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"sluice/connect"
	"sluice/internal/tlsconfig"
	"sluice/rest"
	"sluice/worker"
)

// listen binds the REST API's addresses, as the settings say.
func listen(ctx context.Context, c *worker.Config) (*rest.Listeners, error) {
	l, err := rest.Listen(ctx, rest.ListenerOptions{
		Listeners:          c.Listeners,
		AdminListeners:     c.REST.AdminListeners,
		MetricsListeners:   c.REST.MetricsListeners,
		TLS:                c.REST.TLS,
		AdminTLS:           c.REST.AdminTLS,
		AdvertisedHost:     c.AdvertisedHost,
		AdvertisedPort:     c.AdvertisedPort,
		AdvertisedListener: c.AdvertisedListener,
	})
	if err == nil {
		return l, nil
	}
	var store *tlsconfig.Error
	var setting *connect.ConfigError
	return nil, &StartError{Err: err, Settings: errors.As(err, &store) || errors.As(err, &setting)}
}

// newServer makes the server of the REST API and the metrics, as the settings say. log is told what an operator should know of them.
func newServer(c *worker.Config, herder rest.Herder, metrics http.Handler, logger, log *slog.Logger) (*rest.Server, error) {
	var auth *rest.BasicAuth
	if c.REST.BasicAuth {
		property := func(name string) (string, bool) { v, ok := c.REST.SystemProperties[name]; return v, ok }
		var notices []string
		var err error
		if auth, notices, err = rest.LoadBasicAuth(c.REST.LoginConfig, property); err != nil {
			return nil, &StartError{Err: err, Settings: true}
		}
		for _, n := range notices {
			log.Warn(n)
		}
	}
	server, err := rest.New(rest.Options{
		Herder:           herder,
		Logger:           logger,
		AdminListeners:   c.REST.AdminListeners,
		Metrics:          metrics,
		MetricsListeners: c.REST.MetricsListeners,
		AllowedOrigins:   c.REST.AllowedOrigins,
		AllowedMethods:   c.REST.AllowedMethods,
		ResponseHeaders:  c.REST.ResponseHeaders,
		BasicAuth:        auth,
	})
	if err != nil {
		return nil, &StartError{Err: err}
	}
	return server, nil
}
