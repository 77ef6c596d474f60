package rest

import (
	"context"
	"strings"
)

// starter is a herder that may be asked before it knows what connectors there are.
type starter interface {
	// Started returns when it knows them, or when ctx has ended.
	Started(ctx context.Context) error
}

// awaitStart holds back a request about connectors while the worker starts: to say that there are none would be a lie, after which a
// client such as Terraform makes them anew.
func (s *Server) awaitStart(ctx context.Context, rt route) error {
	if h, ok := s.herder.(starter); ok && strings.HasPrefix(rt.pattern, "/connectors") {
		return h.Started(ctx)
	}
	return nil
}
