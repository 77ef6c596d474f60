package dynamodb

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"sluice/connect"
)

// derived are attributes that an item gets beside those of its value: out of the record's key, its place in Kafka, its headers and time. The
// zero value gives none.
type derived struct {
	keyFrom     keyOrigin
	hash, sort  *derivedKey
	coordinates []coordinate
	headers     string // name of an attribute; "": none
	ttl         *timeToLive
}

// keyOrigin is where the attributes of the table's key are taken from, if not from derivedKey.
type keyOrigin uint8

const (
	keyInValue   keyOrigin = iota // they are members of the value
	keyInKey                      // of the record's key
	keyThenValue                  // of the record's key if they are there, else of the value
)

// derivedKey is an attribute of the table's key that is made of parts of the record, such as value.userId:user.
type derivedKey struct {
	name string
	from expression
	text string // as it is written in the settings
}

// coordinate is an attribute for a part of the record's place in Kafka.
type coordinate struct {
	name string
	from source
}

// timeToLive is an attribute for the time when the service may delete the item.
type timeToLive struct {
	attribute string
	after     time.Duration
	from      ttlOrigin
	source    source // of a time in the record
}

type ttlOrigin uint8

const (
	ttlFromNow ttlOrigin = iota
	ttlFromRecord
	ttlFromSource
)

// parseDerivedKey reads <source>[+<source>]…[:<alias>]. Without an alias the attribute has the last name of the source's path. An empty text
// stands for none.
func parseDerivedKey(text string) (*derivedKey, error) {
	if text == "" {
		return nil, nil
	}
	k := &derivedKey{text: text}
	parts := splitOutside(text, ':')
	if len(parts) > 2 || len(parts) == 2 && parts[1] == "" {
		return nil, fmt.Errorf("%q must be a source, and may have one name of an attribute behind a colon", text)
	}
	var err error
	if k.from, err = parseExpression(parts[0]); err != nil {
		return nil, err
	}
	switch {
	case len(parts) == 2:
		k.name = parts[1]
	case len(k.from) > 1 || k.from[0].from == literalText:
		return nil, fmt.Errorf("%q must have the name of an attribute behind a colon, since it is not the value of one field", text)
	case len(k.from[0].path) > 0:
		k.name = k.from[0].path[len(k.from[0].path)-1]
	default:
		k.name = k.from[0].text
	}
	return k, nil
}

// fits returns an error if the settings make an attribute for the table's key that is not in it.
func (d *derived) fits(t *table) error {
	for i, k := range []*derivedKey{d.hash, d.sort} {
		if k == nil {
			continue
		}
		key := []string{hashKeyConfig, sortKeyConfig}[i]
		switch {
		case i >= t.keys:
			return &connect.ConfigError{Key: key, Value: k.text, Rule: fmt.Sprintf("table %q has no range key, leave it out", t.name)}
		case t.attributes[i].name != k.name:
			return &connect.ConfigError{Key: key, Value: k.text, Rule: fmt.Sprintf("it gives attribute %q, but the %s of table %q is %q: put :%s behind it",
				k.name, t.attributes[i].role, t.name, t.attributes[i].name, t.attributes[i].name)}
		}
	}
	return nil
}

// parseCoordinates reads a list such as "topic:kafka_topic, offset:kafka_offset". A part without a name has its own behind kafka_.
func parseCoordinates(text string) ([]coordinate, error) {
	var out []coordinate
	for _, entry := range splitList(text) {
		part, name, named := strings.Cut(entry, ":")
		from, ok := plainSources[part]
		if !ok || from == recordKey || named && name == "" {
			return nil, fmt.Errorf("%q must be topic, partition, offset or timestamp, and may have the name of an attribute behind a colon", entry)
		}
		if !named {
			name = "kafka_" + part
		}
		out = append(out, coordinate{name, source{from: from, text: part}})
	}
	return out, nil
}

// none reports whether nothing is derived.
func (d *derived) none() bool {
	return d.keyFrom == keyInValue && d.hash == nil && d.sort == nil && d.coordinates == nil && d.headers == "" && d.ttl == nil
}

// derive adds the attributes to the open item. An attribute of the value with the same name is replaced.
func (e *encoder) derive(r *connect.SinkRecord) error {
	d := &e.settings.mapping.derived
	w := &e.writer
	defer w.exactly()()
	if err := e.deriveKey(r, d.keyFrom == keyInKey); err != nil {
		return err
	}
	for i := range d.coordinates {
		if t := d.coordinates[i].from.token(r); t.kind != absent {
			w.name(d.coordinates[i].name)
			w.token(t)
		}
	}
	if d.headers != "" {
		if err := e.deriveHeaders(r, d.headers); err != nil {
			return err
		}
	}
	if d.ttl != nil {
		return e.deriveTTL(r, d.ttl)
	}
	return nil
}

// exactly makes numbers what they are, which those from Kafka itself and from keys always are, until back is called.
func (w *itemWriter) exactly() (back func()) {
	rules, plain := w.rules, w.plain
	w.rules.numbers = exactNumbers
	w.plain = w.rules == valueRules{}
	return func() { w.rules, w.plain = rules, plain }
}

// deriveKey adds the attributes of the table's key that do not come from the value. Strict wants each that is not made of parts in the
// record's key.
func (e *encoder) deriveKey(r *connect.SinkRecord, strict bool) error {
	d := &e.settings.mapping.derived
	for i := range e.table.keys {
		a := &e.table.attributes[i]
		if k := d.keyFor(a.name); k != nil {
			t, err := k.from.token(r)
			if err != nil {
				return connect.NewDataError("table %q, attribute %q: the %s is to be made of %s, but %v", e.table.name, a.name, a.role, k.text, err)
			}
			e.writer.name(a.name)
			e.writer.token(t)
			continue
		}
		if d.keyFrom == keyInValue && !strict {
			continue
		}
		v, ok := e.keyMember(r.Key, a.name)
		switch {
		case ok:
			t := tokenOf(v)
			if t.text == nil {
				return connect.NewDataError("table %q, attribute %q: the %s must be of type %s, found %s in the record's key", e.table.name, a.name, a.role, a.kind, t.kind)
			}
			e.writer.name(a.name)
			e.writer.token(t)
		case strict:
			return connect.NewDataError("table %q, attribute %q: the %s must be in the record's key, found %s", e.table.name, a.name, a.role, e.foundKey(r.Key))
		}
	}
	return nil
}

// keyMember returns what a record's key has for an attribute: its member, or the whole key if it has no members and the table's key is
// one attribute.
func (e *encoder) keyMember(key any, name string) (any, bool) {
	if isObject(key) {
		return lookUp(key, []string{name})
	}
	return key, key != nil && e.table.keys == 1
}

func (e *encoder) foundKey(key any) string {
	switch {
	case key == nil:
		return "no key"
	case isObject(key):
		return "a key without it"
	}
	return tokenOf(key).kind.inWords() + ", which cannot be a key of several attributes"
}

// keyFor returns how the attribute of the table's key with the name is made, nil if it is not made.
func (d *derived) keyFor(name string) *derivedKey {
	for _, k := range []*derivedKey{d.hash, d.sort} {
		if k != nil && k.name == name {
			return k
		}
	}
	return nil
}

// token writes a value without members as what it is.
func (w *itemWriter) token(t token) {
	switch t.kind {
	case kindS:
		w.str(string(t.text))
	case kindN:
		w.number(t.text)
	case kindBool:
		w.boolean(string(t.text) == "true")
	case kindB:
		w.binary(t.text)
	default:
		w.null()
	}
}

func (e *encoder) deriveHeaders(r *connect.SinkRecord, attribute string) error {
	e.writer.name(attribute)
	e.writer.openMap()
	values := valueReader{&e.writer, e.settings.mapping.times}
	for i := range r.Headers {
		h := &r.Headers[i]
		if err := values.member(h.Key, values.wireForm(h.Schema, h.Value), nil); err != nil {
			return err
		}
	}
	e.writer.closeMap()
	return nil
}

func (e *encoder) deriveTTL(r *connect.SinkRecord, ttl *timeToLive) error {
	var seconds int64
	switch ttl.from {
	case ttlFromNow:
		seconds = e.now().Unix()
	case ttlFromRecord:
		if r.Timestamp < 0 {
			return nil
		}
		seconds = r.Timestamp / 1000
	default:
		t := ttl.source.token(r)
		if t.kind == absent || t.kind == kindNull {
			return nil
		}
		var ok bool
		if seconds, ok = epochSeconds(t); !ok {
			return connect.NewDataError("table %q, attribute %q: %s must be a time in seconds or milliseconds since 1970, or a text such as 2023-08-14T10:21:33Z, found %s that is none",
				e.table.name, ttl.attribute, ttl.source.text, t.kind.inWords())
		}
	}
	e.writer.name(ttl.attribute)
	e.writer.number(strconv.AppendInt(nil, seconds+int64(ttl.after/time.Second), 10))
	return nil
}

// epochSeconds reads a time. A number so large that in seconds it would be beyond the year 5000 is in milliseconds.
func epochSeconds(t token) (int64, bool) {
	if t.kind != kindN && t.kind != kindS {
		return 0, false
	}
	n, isNumber := measureNumber(t.text)
	if !isNumber {
		at, err := time.Parse(time.RFC3339, string(t.text))
		return at.Unix(), err == nil
	}
	if n.magnitude > 15 { // neither
		return 0, false
	}
	exact, ok := new(big.Rat).SetString(string(t.text))
	if !ok {
		return 0, false
	}
	seconds, _ := exact.Float64()
	if seconds = math.Floor(seconds); math.Abs(seconds) >= 1e11 {
		seconds = math.Floor(seconds / 1000)
	}
	return int64(seconds), true
}
