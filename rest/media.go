package rest

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

const jsonType = "application/json"

// negotiate returns the Content-Type of the answer, false if the client takes no JSON. Parameters that it asks for are repeated.
func negotiate(r *http.Request) (mediaType string, ok bool) {
	params, ok := match(r, "application", "json")
	if !ok {
		return "", false
	}
	delete(params, "q")
	if len(params) == 0 {
		return jsonType, true
	}
	return strings.ReplaceAll(mime.FormatMediaType(jsonType, params), "; ", ";"), true
}

// match reports whether the client takes a media type, and the parameters of the entry in its Accept header that says so. A client that
// says nothing takes everything.
func match(r *http.Request, main, sub string) (params map[string]string, ok bool) {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if strings.Trim(accept, ", ") == "" {
		return nil, true
	}
	for entry := range strings.SplitSeq(accept, ",") {
		t, params, err := mime.ParseMediaType(entry)
		if err != nil {
			continue
		}
		m, s, _ := strings.Cut(t, "/")
		if m != "*" && m != main || s != "*" && s != sub {
			continue
		}
		if q, given := params["q"]; given {
			if f, err := strconv.ParseFloat(q, 64); err != nil || f <= 0 {
				continue
			}
		}
		if m == "*" || s == "*" {
			params = nil
		}
		return params, true
	}
	return nil, false
}

// acceptsBody reports whether the media type of the request's body, if it names one, is JSON.
func acceptsBody(r *http.Request) bool {
	given := r.Header.Get("Content-Type")
	if given == "" {
		return true
	}
	t, _, err := mime.ParseMediaType(given)
	return t == jsonType && (err == nil || err == mime.ErrInvalidMediaParameter)
}
