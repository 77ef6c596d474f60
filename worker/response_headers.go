package worker

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// HeaderRule is a rule of response.http.headers.config: a header that all answers of the REST API carry.
//
// Kafka: org.eclipse.jetty.servlets.HeaderFilter.
type HeaderRule struct {
	Name string
	Add  bool // beside headers of the same name; otherwise in their place

	Value  string        // as it is sent
	Date   bool          // Value does not count: it is the time of the answer and Offset
	Offset time.Duration // may be negative
}

// Apply puts the header into an answer that is given now.
func (r HeaderRule) Apply(h http.Header, now time.Time) {
	value := r.Value
	if r.Date {
		value = now.Add(r.Offset).UTC().Format(http.TimeFormat)
	}
	if r.Add {
		h.Add(r.Name, value)
	} else {
		h.Set(r.Name, value)
	}
}

// headerActions are the words that begin a rule. Any case is taken, but only add and Date in this spelling are heeded, as in Kafka:
// what is not an add is a set, what is not a date is a text.
var headerActions = []string{"set", "add", "setDate", "addDate"}

// parseHeaderRules reads response.http.headers.config, for example
//
//	set X-Frame-Options: DENY, "add Cache-Control: no-cache, no-store", setDate Expires: 31540000000
//
// The texts of the errors are Kafka's.
//
// Kafka: RestServerConfig.validateHttpResponseHeaderConfig.
func parseHeaderRules(text string) ([]HeaderRule, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var rules []HeaderRule
	for _, config := range splitCSV(text) {
		r, err := parseHeaderRule(config)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func parseHeaderRule(config string) (HeaderRule, error) {
	bad := func(format string, args ...any) (HeaderRule, error) { return HeaderRule{}, fmt.Errorf(format, args...) }
	trimmed := strings.TrimSpace(config)
	i := strings.IndexFunc(trimmed, unicode.IsSpace)
	if i < 0 {
		return bad("Invalid format of header config '%s'. Expected: '[action] [header name]:[header value]'", config)
	}
	action, header := trimmed[:i], strings.TrimSpace(trimmed[i:])
	known := false
	for _, a := range headerActions {
		known = known || strings.EqualFold(a, action)
	}
	if !known {
		return bad("Invalid header config action: '%s'. Expected one of [%s]", action, strings.Join(headerActions, ", "))
	}
	if strings.Count(strings.TrimRight(header, ":"), ":") != 1 { // Java's split drops empty parts at the end, and a value has no colon
		return bad("Invalid format of header name and header value pair '%s'. Expected: '[header name]:[header value]'", header)
	}
	name, value, _ := strings.Cut(header, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if name == "" || strings.ContainsFunc(name, unicode.IsSpace) {
		return bad("Invalid header name '%s'. The '[header name]' cannot contain whitespace", name)
	}
	if strings.ContainsFunc(name, notInToken) { // Kafka takes it and sends what no client can read
		return bad("Invalid header name '%s'. It has a character that HTTP does not allow there", name)
	}
	r := HeaderRule{Name: name, Value: value, Add: strings.HasPrefix(action, "add"), Date: strings.HasSuffix(action, "Date")}
	if r.Date {
		millis, err := strconv.ParseInt(value, 10, 64)
		if err != nil || millis > maxMillis || millis < -maxMillis {
			return bad("Invalid header value '%s'. '%s' needs a number of milliseconds from now", value, action)
		}
		r.Offset = time.Duration(millis) * time.Millisecond
	}
	return r, nil
}

const maxMillis = int64(1<<63-1) / int64(time.Millisecond)

func notInToken(r rune) bool {
	return r > '~' || r <= ' ' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
}

// splitCSV splits a text at its commas. White space around the parts goes; a part that begins with a double quote ends with the next one,
// and may hold commas and, behind a backslash, quotes.
//
// Kafka: org.eclipse.jetty.util.StringUtil.csvSplit, which reads the settings about headers and origins.
func splitCSV(text string) []string {
	var parts []string
	for {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		if text == "" {
			return parts
		}
		if text[0] == '"' {
			part, rest := cutQuoted(text[1:])
			parts = append(parts, part)
			_, text, _ = strings.Cut(rest, ",")
			continue
		}
		part, rest, _ := strings.Cut(text, ",")
		parts = append(parts, strings.TrimRightFunc(part, unicode.IsSpace))
		text = rest
	}
}

// cutQuoted reads up to a closing quote, or to the end if there is none.
func cutQuoted(text string) (part, rest string) {
	var b strings.Builder
	escaped := false
	for i, r := range text {
		switch {
		case escaped:
			b.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == '"':
			return b.String(), text[i+1:]
		default:
			b.WriteRune(r)
		}
	}
	return b.String(), ""
}
