package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What Kafka Connect refuses, told without any of the code that is tested: a success for one of these is a mistake, whatever else is right.
//
//	body     not one JSON object; a name, a state or a value that is an object or array; for POST a field that is not name, config or
//	         initial_state, or a state that is none; for PUT and POST a null among the values, but for the connector's own keys (seen: file)
//	name     blank, with a control character inside, not the one in the config or in the path, or taken already (POST)
//	config   no connector.class, or none of a sink; neither topics nor topics.regex, or both; tasks.max that is no int32 from 1 on
//	request  a path that no endpoint has, a media type of the body that is not JSON, a body without one
//	level    none of log4j's
//	offsets  anything, where there is no Kafka that has any
//	fence    unsigned

// refusedCreate says why Kafka refuses a body of POST /connectors, or "".
func refusedCreate(body []byte) (name string, why string) {
	fields, why := object(body)
	if why != "" {
		return "", why
	}
	for k, v := range fields {
		if !slices.Contains([]string{"name", "config", "initial_state"}, k) {
			return "", "a field that nobody knows: " + k
		}
		if _, nested := scalarText(v); k != "config" && nested {
			return "", k + " is no scalar"
		}
	}
	name, _ = scalarText(fields["name"])
	name = trimJava(name)
	if state, given := scalarText(fields["initial_state"]); fields["initial_state"] != nil && string(fields["initial_state"]) != "null" {
		if given || !slices.Contains([]string{"RUNNING", "PAUSED", "STOPPED"}, strings.ToUpper(state)) {
			return "", "initial_state is none"
		}
	}
	return name, refusedConfig(name, fields["config"])
}

// refusedConfig says why Kafka refuses a config for a connector of the name, or "".
func refusedConfig(name string, body []byte) string {
	fields, why := object(body)
	if why != "" {
		return why
	}
	config := map[string]string{}
	for k, v := range fields {
		text, nested := scalarText(v)
		switch {
		case nested:
			return k + " is no scalar"
		case string(v) == "null" && k != "file":
			return k + " is null"
		}
		config[k] = text
	}
	if given, ok := config["name"]; ok && given != name {
		return "another name in the config"
	}
	if trimmed := trimJava(name); trimmed == "" || strings.ContainsFunc(trimmed, func(r rune) bool { return r < 0x20 || 0x7f <= r && r <= 0x9f }) {
		return "a name that is blank or has control characters"
	}
	if !regexp.MustCompile(`(^|\.)FileStreamSink(Connector)?$`).MatchString(trimJava(config["connector.class"])) {
		return "no class of a sink"
	}
	if (trimJava(config["topics"]) == "") == (trimJava(config["topics.regex"]) == "") {
		return "neither topics nor topics.regex, or both"
	}
	if text, ok := config["tasks.max"]; ok {
		if n, err := strconv.ParseInt(trimJava(text), 10, 32); err != nil || n < 1 {
			return "tasks.max is " + text
		}
	}
	return ""
}

// object reads one JSON object, of a key that occurs twice the last value, and nothing after it.
func object(body []byte) (map[string]json.RawMessage, string) {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	var fields map[string]json.RawMessage
	if err := d.Decode(&fields); err != nil || fields == nil || !utf8.Valid(body) {
		return nil, "not a JSON object"
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, "something after the JSON object"
	}
	return fields, ""
}

// scalarText is the text of a scalar.
func scalarText(v json.RawMessage) (text string, nested bool) {
	switch {
	case len(v) == 0 || string(v) == "null":
		return "", false
	case v[0] == '{' || v[0] == '[':
		return "", true
	case v[0] == '"':
		_ = json.Unmarshal(v, &text) // it was decoded once
		return text, false
	}
	return string(v), false
}

func trimJava(s string) string { return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' }) }

// known are the paths of all endpoints, with the methods that each has.
var known = func() map[*regexp.Regexp]string {
	const seg = `[^/]+`
	all := map[*regexp.Regexp]string{}
	for path, methods := range map[string]string{
		"/": "GET", "/health": "GET",
		"/connectors": "GET POST", "/connectors/" + seg: "GET DELETE",
		"/connectors/" + seg + "/config": "GET PUT PATCH", "/connectors/" + seg + "/(status|tasks-config)": "GET",
		"/connectors/" + seg + "/tasks": "GET POST", "/connectors/" + seg + "/tasks/" + seg + "/status": "GET",
		"/connectors/" + seg + "/tasks/" + seg + "/restart": "POST", "/connectors/" + seg + "/restart": "POST",
		"/connectors/" + seg + "/offsets": "GET PATCH DELETE", "/connectors/" + seg + "/topics": "GET",
		"/connectors/" + seg + "/(topics/reset|pause|resume|stop|fence)": "PUT",
		"/connector-plugins": "GET", "/connector-plugins/" + seg + "/config": "GET", "/connector-plugins/" + seg + "/config/validate": "PUT",
		"/admin/loggers": "GET", "/admin/loggers/" + seg: "GET PUT",
	} {
		all[regexp.MustCompile(`^`+path+`$`)] = methods
	}
	return all
}()

// refusedRequest says why Kafka refuses a request before it reads its body, or "". The path is as it was sent, without its query.
func refusedRequest(method, path, contentType string, body int) string {
	segments := strings.Split(path, "/")
	for i := range segments {
		segments[i], _, _ = strings.Cut(segments[i], ";")
	}
	path = strings.Join(segments, "/")
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	for pattern, methods := range known {
		if !pattern.MatchString(path) {
			continue
		}
		list := append(strings.Fields(methods), "OPTIONS")
		if slices.Contains(list, "GET") {
			list = append(list, "HEAD")
		}
		if !slices.Contains(list, method) {
			return "a method that the path does not have"
		}
		t, _, err := mime.ParseMediaType(contentType)
		free := path == "/" || path == "/health" || method == "OPTIONS" || strings.HasSuffix(path, "/fence") || strings.HasSuffix(path, "/tasks")
		if contentType != "" && !free && (t != "application/json" || err != nil && err != mime.ErrInvalidMediaParameter) {
			return fmt.Sprintf("the media type %q", contentType)
		}
		if contentType == "" && body > 0 && slices.Contains([]string{"POST", "PUT", "PATCH"}, method) && regexp.MustCompile(`^/connectors$|/config(/validate)?$|/offsets$|^/admin/loggers/`).MatchString(path) {
			return "a body without a media type"
		}
		return ""
	}
	return "a path that no endpoint has"
}
