package rest

import (
	"bytes"
	"encoding/json"
	"net/http"

	"sluice/worker"
)

// Kafka: org.apache.kafka.connect.runtime.rest.resources.ConnectorsResource.

func (s *Server) connectorOffsets(w http.ResponseWriter, r *http.Request) error {
	offsets, err := s.herder.ConnectorOffsets(r.Context(), param(r, "name"))
	return answer(w, offsets, err)
}

func (s *Server) alterOffsets(w http.ResponseWriter, r *http.Request) error {
	changes, err := readOffsetChanges(r)
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		return &worker.BadRequestError{Message: "Partitions / offsets need to be provided for an alter offsets request"}
	}
	message, err := s.herder.AlterOffsets(r.Context(), param(r, "name"), changes)
	return answer(w, message, err)
}

func (s *Server) resetOffsets(w http.ResponseWriter, r *http.Request) error {
	message, err := s.herder.ResetOffsets(r.Context(), param(r, "name"))
	return answer(w, message, err)
}

// readOffsetChanges reads the body of PATCH offsets. What its values mean is the herder's business; here it has to be of the right shape:
//
//	{"offsets":[{"partition":{…},"offset":{…}}]}
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.ConnectorOffsets.
func readOffsetChanges(r *http.Request) ([]worker.OffsetChange, error) {
	data, err := readBody(r)
	if err != nil {
		return nil, err
	}
	return parseOffsetChanges(data)
}

func parseOffsetChanges(data []byte) ([]worker.OffsetChange, error) {
	var changes []worker.OffsetChange
	err := eachField(data, "the request", func(key string, value json.RawMessage) error {
		if key != "offsets" {
			return badBody("Unrecognized field %q (known field: \"offsets\")", key)
		}
		var entries []json.RawMessage
		if err := json.Unmarshal(value, &entries); err != nil {
			return badBody("Cannot deserialize value: \"offsets\" is not a JSON array")
		}
		changes = make([]worker.OffsetChange, len(entries))
		for i, entry := range entries {
			var err error
			if changes[i], err = parseOffsetChange(entry); err != nil {
				return err
			}
		}
		return nil
	})
	return changes, err
}

func parseOffsetChange(data json.RawMessage) (c worker.OffsetChange, err error) {
	err = eachField(data, "an entry of \"offsets\"", func(key string, value json.RawMessage) (err error) {
		switch key {
		case "partition":
			c.Partition, err = parseMap(key, value)
		case "offset":
			c.Offset, err = parseMap(key, value)
		default:
			err = badBody("Unrecognized field %q (known fields: \"partition\", \"offset\")", key)
		}
		return err
	})
	return c, err
}

// The limits of Java's JSON library. They keep a request from costing more than its size.
//
// Kafka: com.fasterxml.jackson.core.StreamReadConstraints.
const (
	maxNumberLength = 1000
	maxDepth        = 1000
)

// parseMap reads an object of any values, nil for null.
func parseMap(key string, value json.RawMessage) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return nil, badBody("Cannot deserialize value: %q is not a JSON object", key)
	}
	const above = 3 // the request, its array and the array's entry
	return m, checkLimits(m, above)
}

func checkLimits(v any, depth int) error {
	if depth >= maxDepth {
		return badBody("the request is nested more than %d levels deep", maxDepth)
	}
	switch v := v.(type) {
	case json.Number:
		if len(v) > maxNumberLength {
			return badBody("a number has %d characters: it may have %d", len(v), maxNumberLength)
		}
	case []any:
		for _, item := range v {
			if err := checkLimits(item, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, item := range v {
			if err := checkLimits(item, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
