package dynamodb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sluice/connect"
)

// source is a place in a record that a value is taken from, in the words of Confluent's sink and a few more: partition, offset, topic, timestamp,
// key, key.path, value.path, header.name, or a literal in quotes.
type source struct {
	from origin
	path []string // in the key or value; of a header or a literal its name or text alone
	text string   // as it is written in the settings
}

// origin is the part of a record that a source is in.
type origin uint8

const (
	literalText origin = iota
	topicName
	partitionNumber
	recordOffset
	recordTimestamp
	recordKey
	recordValue
	recordHeader
)

var plainSources = map[string]origin{
	"topic": topicName, "partition": partitionNumber, "offset": recordOffset, "timestamp": recordTimestamp, "key": recordKey,
}

const sourceRule = "must be partition, offset, topic, timestamp, key, key.path, value.path, header.name or a text in quotes"

// parseSource reads one source.
func parseSource(text string) (source, error) {
	if from, ok := plainSources[text]; ok {
		return source{from: from, text: text}, nil
	}
	if n := len(text); n > 2 && text[0] == '"' && text[n-1] == '"' {
		return source{path: []string{text[1 : n-1]}, text: text}, nil
	}
	prefix, rest, ok := strings.Cut(text, ".")
	if !ok || rest == "" {
		return source{}, fmt.Errorf("%q %s", text, sourceRule)
	}
	switch prefix {
	case "header":
		return source{from: recordHeader, path: []string{rest}, text: text}, nil
	case "key", "value":
		path, err := parsePath(rest)
		if err != nil {
			return source{}, fmt.Errorf("%q: %w", text, err)
		}
		from := recordKey
		if prefix == "value" {
			from = recordValue
		}
		return source{from: from, path: path, text: text}, nil
	}
	return source{}, fmt.Errorf("%q %s", text, sourceRule)
}

// token returns what stands there. Its kind is absent if there is nothing.
func (s *source) token(r *connect.SinkRecord) token {
	switch s.from {
	case literalText:
		return token{kindS, []byte(s.path[0])}
	case topicName:
		return token{kindS, []byte(r.CurrentTopic())}
	case partitionNumber:
		return token{kindN, strconv.AppendInt(nil, int64(r.Partition), 10)}
	case recordOffset:
		return token{kindN, strconv.AppendInt(nil, r.Offset, 10)}
	case recordTimestamp:
		if r.Timestamp < 0 {
			return token{}
		}
		return token{kindN, strconv.AppendInt(nil, r.Timestamp, 10)}
	case recordHeader:
		for i := len(r.Headers) - 1; i >= 0; i-- { // the last one counts, as in Java
			if r.Headers[i].Key == s.path[0] {
				return tokenOf(r.Headers[i].Value)
			}
		}
		return token{}
	}
	v := r.Value
	if s.from == recordKey {
		v = r.Key
	}
	v, ok := lookUp(v, s.path)
	if !ok {
		return token{}
	}
	return tokenOf(v)
}

// expression is a source, or several whose texts are joined.
type expression []source

// parseExpression reads sources with + between them.
func parseExpression(text string) (expression, error) {
	var out expression
	for _, part := range splitOutside(text, '+') {
		s, err := parseSource(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// splitOutside splits a text at a byte that does not stand in quotes.
func splitOutside(text string, at byte) []string {
	var out []string
	start, quoted := 0, false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == at && !quoted:
			out = append(out, text[start:i])
			start = i + 1
		}
	}
	return append(out, text[start:])
}

// errAbsent says that a record lacks what a source takes.
var errAbsent = errors.New("the record has none")

// token returns the value of a single source, or a text of several joined ones. Everything must be there and be a value without members.
func (e expression) token(r *connect.SinkRecord) (token, error) {
	var joined []byte
	for i := range e {
		t := e[i].token(r)
		switch {
		case t.kind == absent || t.kind == kindNull:
			return token{}, fmt.Errorf("%s: %w", e[i].text, errAbsent)
		case t.text == nil:
			return token{}, fmt.Errorf("%s is %s, and must be a value without members", e[i].text, t.kind.inWords())
		case len(e) == 1:
			return t, nil
		}
		joined = append(joined, t.text...)
	}
	return token{kindS, joined}, nil
}

// lookUp follows a path into a Connect value or JSON text, and reports whether there is something.
func lookUp(v any, path []string) (any, bool) {
	for _, name := range path {
		switch o := asJSON(v).(type) {
		case connect.RawJSON:
			m, ok := memberOfText(o, name)
			if !ok {
				return nil, false
			}
			v = connect.RawJSON(m)
		default:
			var ok bool
			if v, ok = member(v, name); !ok {
				return nil, false
			}
		}
	}
	return v, v != nil
}

// asJSON returns text that holds a JSON object, and came through a converter for strings or bytes, as what it is.
func asJSON(v any) any {
	var text []byte
	switch v := v.(type) {
	case string:
		text = []byte(v)
	case []byte:
		text = v
	default:
		return v
	}
	if text = bytes.TrimSpace(text); len(text) > 0 && text[0] == '{' && json.Valid(text) {
		return connect.RawJSON(text)
	}
	return v
}

// memberOfText returns the text of a member of a JSON object, the last one with the name. The JSON must be valid.
func memberOfText(text []byte, name string) (value []byte, ok bool) {
	i := skipBlanks(text, 0)
	if i == len(text) || text[i] != '{' {
		return nil, false
	}
	for i = skipBlanks(text, i+1); i < len(text) && text[i] == '"'; {
		end := skipJSON(text, i)
		raw := text[i+1 : end-1]
		same := string(raw) == name
		if !same && strings.IndexByte(string(raw), '\\') >= 0 {
			same = string(appendUnescaped(nil, raw)) == name
		}
		start := skipBlanks(text, skipBlanks(text, end)+1) // over the colon
		if end = skipJSON(text, start); end > len(text) {
			return nil, false
		}
		if same {
			value, ok = text[start:end], true
		}
		if i = skipBlanks(text, end); i < len(text) && text[i] == ',' {
			i = skipBlanks(text, i+1)
		}
	}
	return value, ok
}

func skipBlanks(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r') {
		i++
	}
	return i
}

// skipJSON returns where the value that begins at i ends.
func skipJSON(text []byte, i int) int {
	for depth := 0; i < len(text); {
		switch text[i] {
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			i++
		case ' ', '\t', '\n', '\r', ',', ':':
			i++
			continue // only inside of something
		default:
			for i < len(text) && !strings.ContainsRune(" \t\n\r,:]}", rune(text[i])) {
				i++
			}
		}
		if depth == 0 {
			return min(i, len(text))
		}
	}
	return len(text)
}
