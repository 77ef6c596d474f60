package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"sluice/worker"
)

// Bodies are read as Java's JSON library reads them there: scalars become their literal text, of a key that occurs twice the last value
// counts at the first one's place, the order of keys is kept, and whatever is wrong with a body is a 500, not a 400.

// badBody is what is wrong with a body.
func badBody(format string, args ...any) error {
	return &statusError{http.StatusInternalServerError, fmt.Sprintf(format, args...)}
}

// createRequest is the body of POST /connectors.
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.CreateConnectorRequest.
type createRequest struct {
	name    string
	config  worker.Properties
	initial *worker.TargetState
}

// initialStates are the texts of initial_state, in any case, with the target state that each sets.
var initialStates = map[string]worker.TargetState{"RUNNING": "STARTED", "PAUSED": "PAUSED", "STOPPED": "STOPPED"}

func readCreateRequest(r *http.Request) (createRequest, error) {
	data, err := readBody(r)
	if err != nil {
		return createRequest{}, err
	}
	return parseCreateRequest(data)
}

func parseCreateRequest(data []byte) (createRequest, error) {
	var req createRequest
	var initial *string
	hasConfig := false
	err := eachField(data, "the request", func(key string, value json.RawMessage) error {
		switch key {
		case "name":
			text, err := scalar(key, value)
			if text != nil {
				req.name = trim(*text)
			}
			return err
		case "config":
			if string(value) == "null" {
				return nil
			}
			config, err := parseConfig(value)
			req.config, hasConfig = config, true
			return err
		case "initial_state":
			var err error
			initial, err = scalar(key, value)
			return err
		}
		return badBody("Unrecognized field %q (known fields: \"name\", \"config\", \"initial_state\")", key)
	})
	if err != nil {
		return createRequest{}, err
	}
	if !hasConfig {
		return createRequest{}, badBody("the request has no config: a JSON object is needed")
	}
	if initial != nil {
		state, ok := initialStates[strings.ToUpper(*initial)]
		if !ok {
			return createRequest{}, badBody("initial_state is %q: it must be RUNNING, PAUSED or STOPPED", *initial)
		}
		req.initial = &state
	}
	return req, nil
}

// readConfig reads the body of PUT and PATCH config and of validate: a flat object.
func readConfig(r *http.Request) (worker.Properties, error) {
	data, err := readBody(r)
	if err != nil {
		return nil, err
	}
	return parseConfig(data)
}

func parseConfig(data []byte) (worker.Properties, error) {
	config := worker.Properties{}
	index := map[string]int{}
	err := eachField(data, "the configuration", func(key string, value json.RawMessage) error {
		text, err := scalar(key, value)
		if err != nil {
			return err
		}
		if i, twice := index[key]; twice {
			config[i].Value = text
			return nil
		}
		index[key] = len(config)
		config = append(config, worker.Properties{{Key: key, Value: text}}...)
		return nil
	})
	return config, err
}

// readBody reads the whole body. A body whose media type is not there or leaves open whether it is JSON is refused; one that is not there at
// all is another kind of mistake.
func readBody(r *http.Request) ([]byte, error) {
	data, err := readAll(r)
	if err != nil {
		return nil, err
	}
	if given, err := contentType(r); len(data) > 0 && (err != nil || given == nil || given.sub != "json") {
		return nil, errUnsupportedMediaType
	}
	return decodeJSON(data), nil
}

// isNull reports whether a body is nothing or a null, which to Kafka is the same.
func isNull(data []byte) bool {
	data = bytes.TrimSpace(data)
	return len(data) == 0 || string(data) == "null"
}

// readAll reads the whole body as it is.
func readAll(r *http.Request) ([]byte, error) {
	data, err := io.ReadAll(r.Body)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, err
	}
	if err != nil {
		return nil, &statusError{http.StatusBadRequest, "read the request's body: " + err.Error()}
	}
	return data, nil
}

// eachField calls f for each field of a JSON object, in order. The text must be one object and nothing after it.
func eachField(data []byte, what string, f func(key string, value json.RawMessage) error) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return badBody("%s is empty: a JSON object is needed", what)
	}
	if !utf8.Valid(data) {
		return badBody("%s is not valid UTF-8", what)
	}
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		return badBody("%s is not JSON: %v%s", what, err, position(err))
	}
	d := json.NewDecoder(bytes.NewReader(whole))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return badBody("Cannot deserialize value: %s is not a JSON object", what)
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := f(key.(string), value); err != nil { // the keys of an object are texts
			return err
		}
	}
	return nil
}

// position tells where in a text its syntax ends.
func position(err error) string {
	if syntax, ok := err.(*json.SyntaxError); ok {
		return fmt.Sprintf(" at byte %d", syntax.Offset)
	}
	return ""
}

// scalar returns the text of a value: a text as it is, a number or boolean as it is written, nil for null.
func scalar(key string, value json.RawMessage) (*string, error) {
	text := string(value)
	switch text[0] {
	case '{', '[':
		return nil, badBody("Cannot deserialize value of type `java.lang.String`: the value of %q is an object or array", key)
	case 'n':
		return nil, nil
	case '"':
		if err := json.Unmarshal(value, &text); err != nil {
			return nil, err
		}
	}
	return &text, nil
}

// trim takes blanks and control characters off both ends, as String.trim does.
func trim(s string) string { return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' }) }
