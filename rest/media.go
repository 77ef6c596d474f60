package rest

import (
	"cmp"
	"errors"
	"maps"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const jsonType = "application/json"

// mediaRange is an entry of an Accept header, or a Content-Type. Either part may be *.
//
// Kafka: Jersey's AcceptableMediaType.
type mediaRange struct {
	main, sub string
	params    map[string]string
	quality   float64
}

// takes reports whether the range has a media type in it. A quality of 0 does not take it out: Jersey only orders by it.
func (m mediaRange) takes(main, sub string) bool {
	return (m.main == "*" || m.main == main) && (m.sub == "*" || m.sub == sub)
}

// stars is the number of parts that are *.
func (m mediaRange) stars() int {
	n := 0
	for _, part := range []string{m.main, m.sub} {
		if part == "*" {
			n++
		}
	}
	return n
}

// qualityForm is what Jersey reads as a quality: up to five characters, from 0 to 1.
var qualityForm = regexp.MustCompile(`^(0(\.[0-9]{0,3})?|1(\.0{0,3})?|\.[0-9]{1,4})$`)

// parseMediaRange reads an entry. Of a parameter that occurs twice the last one counts, and an empty one is none, which package mime would refuse.
func parseMediaRange(text string) (mediaRange, error) {
	parts := splitUnquoted(text, ';')
	t, _, err := mime.ParseMediaType(parts[0])
	if err != nil {
		return mediaRange{}, err
	}
	params := map[string]string{}
	for _, part := range parts[1:] {
		if strings.TrimSpace(part) == "" {
			continue
		}
		_, one, err := mime.ParseMediaType(t + ";" + part)
		if err != nil {
			return mediaRange{}, err
		}
		maps.Copy(params, one)
	}
	m := mediaRange{params: params, quality: 1}
	var both bool
	if m.main, m.sub, both = strings.Cut(t, "/"); !both {
		m.sub = "*"
	}
	if q, given := params["q"]; given {
		if !qualityForm.MatchString(q) {
			return mediaRange{}, errors.New("a quality is a number from 0 to 1 with three digits")
		}
		m.quality, _ = strconv.ParseFloat(q, 64) // the form says that it is one
	}
	return m, nil
}

// acceptRanges returns the entries of the client's Accept header, the preferred ones first. A client that says nothing takes everything.
// A header that cannot be read is an error.
func acceptRanges(r *http.Request) ([]mediaRange, error) {
	text := strings.TrimSpace(strings.Join(r.Header.Values("Accept"), ","))
	if text == "" {
		return []mediaRange{{main: "*", sub: "*", quality: 1}}, nil
	}
	var ranges []mediaRange
	for _, entry := range splitUnquoted(strings.TrimSuffix(text, ","), ',') {
		m, err := parseMediaRange(entry)
		if err != nil {
			return nil, errBadRequest
		}
		ranges = append(ranges, m)
	}
	slices.SortStableFunc(ranges, func(a, b mediaRange) int {
		return cmp.Or(cmp.Compare(b.quality, a.quality), cmp.Compare(a.stars(), b.stars()))
	})
	return ranges, nil
}

// splitUnquoted splits a text at the separators that are not inside of double quotes.
func splitUnquoted(text string, separator byte) []string {
	quoted, escaped := false, false
	var parts []string
	start := 0
	for i, c := range []byte(text) {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case c == separator && !quoted:
			parts, start = append(parts, text[start:i]), i+1
		}
	}
	return append(parts, text[start:])
}

// negotiate returns the Content-Type of the answer, or why there is none. Parameters that the client asks for are repeated.
func negotiate(r *http.Request) (mediaType string, err error) {
	ranges, err := acceptRanges(r)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(ranges, func(m mediaRange) bool { return m.takes("application", "json") })
	if i < 0 {
		return "", errNotAcceptable
	}
	params := ranges[i].params
	delete(params, "q")
	if len(params) == 0 || ranges[i].stars() > 0 {
		return jsonType, nil
	}
	return strings.ReplaceAll(mime.FormatMediaType(jsonType, params), "; ", ";"), nil
}

// contentType returns the media type of the request's body, nil if it names none. One that cannot be read is an error.
func contentType(r *http.Request) (*mediaRange, error) {
	given := r.Header.Values("Content-Type")
	if len(given) == 0 {
		return nil, nil
	}
	m, err := parseMediaRange(given[0])
	if err != nil || !strings.Contains(given[0], "/") {
		return nil, errBadRequest
	}
	return &m, nil
}
