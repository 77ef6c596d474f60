package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"sluice/worker"
)

// The requests of workers to each other. Who may send them shows in a signature of the body; the herder judges it.
//
// Kafka: org.apache.kafka.connect.runtime.rest.resources.InternalClusterResource.

// The headers of a signature.
const (
	signatureHeader = "X-Connect-Authorization"
	algorithmHeader = "X-Connect-Request-Signature-Algorithm"
)

func (s *Server) putTaskConfigs(w http.ResponseWriter, r *http.Request) error {
	body, err := readAll(r)
	if err != nil {
		return err
	}
	configs, err := parseTaskConfigs(body)
	if err != nil {
		return err
	}
	signature, err := readSignature(r, body)
	if err != nil {
		return err
	}
	return done(w, s.herder.PutTaskConfigs(r.Context(), param(r, "name"), configs, signature))
}

func (s *Server) fenceZombies(w http.ResponseWriter, r *http.Request) error {
	body, err := readAll(r)
	if err != nil {
		return err
	}
	signature, err := readSignature(r, body)
	if err != nil {
		return err
	}
	return done(w, s.herder.FenceZombies(r.Context(), param(r, "name"), signature))
}

// readSignature returns the signature in the headers, nil unless both are there.
func readSignature(r *http.Request, body []byte) (*worker.RequestSignature, error) {
	signature, algorithm := r.Header.Values(signatureHeader), r.Header.Values(algorithmHeader)
	if len(signature) == 0 || len(algorithm) == 0 {
		return nil, nil
	}
	return worker.ParseRequestSignature(strings.Join(algorithm, ","), strings.Join(signature, ","), body)
}

// parseTaskConfigs reads [{"topics":"a","name":"foo"},…]: the settings of a connector's tasks, by number. What follows the array is ignored. A
// null is nil, in the array and in place of it: whether it is refused comes after the signature.
func parseTaskConfigs(body []byte) ([]worker.Properties, error) {
	var list []json.RawMessage
	switch err := json.NewDecoder(bytes.NewReader(body)).Decode(&list); {
	case errors.Is(err, io.EOF):
		return nil, badBody("No content to map: a JSON array of task configurations is needed")
	case err != nil:
		return nil, badBody("Cannot deserialize value: the request is not a JSON array of task configurations: %v%s", err, position(err))
	case list == nil:
		return nil, nil
	}
	configs := make([]worker.Properties, len(list))
	for i, raw := range list {
		if string(raw) == "null" {
			continue
		}
		config, err := parseConfig(raw)
		if err != nil {
			return nil, err
		}
		configs[i] = config
	}
	return configs, nil
}
