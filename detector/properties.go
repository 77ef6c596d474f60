package detector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"sluice/internal/kafka"
)

// The groups of application_properties.json that the detector reads, and their
// keys. Others, such as Flink's run options, are ignored.
const (
	flagsGroup        = "consumer.config.0"
	transactionsGroup = "consumer.config.1"
	outputGroup       = "producer.config.0"

	tableNameKey        = "table.name"
	topicNameKey        = "topic.name"
	bootstrapServersKey = "bootstrap.servers"
	startupModeKey      = "startup.mode"
	startupTimestampKey = "startup.timestamp.millis"
)

// The startup modes.
const (
	StartupEarliest  = "earliest-offset" // from the oldest record that is kept
	StartupLatest    = "latest-offset"   // only records written after the start; earlier flags are not seen
	StartupTimestamp = "timestamp"       // from the first record of Startup.Timestamp or later
	StartupGroup     = "group-offsets"   // from what the source's group has committed
)

// Startup says where in its topic a source begins. The zero value is
// [StartupEarliest].
type Startup struct {
	Mode      string
	Timestamp int64 // milliseconds since the epoch, for StartupTimestamp
}

func (s Startup) startAt() kafka.StartAt {
	switch s.Mode {
	case StartupLatest:
		return kafka.StartLatest()
	case StartupTimestamp:
		return kafka.StartTimestamp(s.Timestamp)
	}
	return kafka.StartEarliest()
}

const timestampRule = "must be milliseconds since 1970, not negative"

// check refuses a startup that cannot be carried out.
func (s Startup) check(group string) error {
	switch s.Mode {
	case "", StartupEarliest, StartupLatest, StartupGroup:
	case StartupTimestamp:
		if s.Timestamp < 0 {
			return &PropertyError{Group: group, Key: startupTimestampKey, Value: strconv.FormatInt(s.Timestamp, 10), Rule: timestampRule}
		}
	default:
		return &PropertyError{Group: group, Key: startupModeKey, Value: s.Mode,
			Rule: "must be one of " + strings.Join([]string{StartupEarliest, StartupLatest, StartupTimestamp, StartupGroup}, ", ")}
	}
	return nil
}

// PropertyError refuses a property of application_properties.json.
type PropertyError struct {
	Group string // the PropertyGroupId
	Key   string // empty if the group itself is missing
	Value string // empty if it is missing
	Rule  string
}

// Error names group, key, value and rule.
func (e *PropertyError) Error() string {
	switch {
	case e.Key == "":
		return fmt.Sprintf("property group %q: %s", e.Group, e.Rule)
	case e.Value == "":
		return fmt.Sprintf("property group %q, key %q: %s", e.Group, e.Key, e.Rule)
	}
	return fmt.Sprintf("property group %q, key %q, value %q: %s", e.Group, e.Key, e.Value, e.Rule)
}

func missing(group, key string) error {
	return &PropertyError{Group: group, Key: key, Rule: "must be set"}
}

// LoadProperties reads the file at path, see [ParseProperties].
func LoadProperties(path string) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("read detector properties: %w", err)
	}
	defer f.Close()
	c, err := ParseProperties(f)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// ParseProperties reads the application_properties.json of the original job:
//
//	[{"PropertyGroupId": "consumer.config.0", "PropertyMap": {
//	    "table.name": "flagged_accounts", "topic.name": "flagged-accounts",
//	    "bootstrap.servers": "localhost:9092", "startup.mode": "earliest-offset"}},
//	 {"PropertyGroupId": "consumer.config.1", "PropertyMap": {...}},
//	 {"PropertyGroupId": "producer.config.0", "PropertyMap": {...}}]
//
// Group 0 of the consumers is that of the flags, 1 that of the transactions; the
// first group of a name counts. A startup.mode of "timestamp" needs
// startup.timestamp.millis beside it, which the original had no key for.
// A fourth group, detector.config.0, is optional: {"one.alert": "true"}.
// The other keys of a group, such as security.protocol, are properties of its
// Kafka client. Unknown groups are ignored. What is missing or wrong is a
// [*PropertyError].
func ParseProperties(r io.Reader) (Config, error) {
	var c Config
	groups, err := decodeGroups(r)
	if err != nil {
		return c, fmt.Errorf("parse properties: %w", err)
	}
	for _, source := range []struct {
		group string
		to    *Source
	}{{flagsGroup, &c.Flags}, {transactionsGroup, &c.Transactions}} {
		g, err := groups.find(source.group)
		if err != nil {
			return c, err
		}
		if *source.to, err = g.source(); err != nil {
			return c, err
		}
	}
	g, err := groups.find(outputGroup)
	if err != nil {
		return c, err
	}
	if c.Output.Table, c.Output.Topic, c.Output.BootstrapServers, err = g.names(); err != nil {
		return c, err
	}
	if c.Output.Properties, err = g.client(); err != nil {
		return c, err
	}
	return c, groups.beyond(&c)
}

type propertyGroup struct {
	ID  string                     `json:"PropertyGroupId"`
	Map map[string]json.RawMessage `json:"-"`
	Raw json.RawMessage            `json:"PropertyMap"`
}

type propertyGroups []propertyGroup

func decodeGroups(r io.Reader) (propertyGroups, error) {
	var groups propertyGroups
	d := json.NewDecoder(r)
	if err := d.Decode(&groups); err != nil {
		return nil, fmt.Errorf("must be a JSON list of PropertyGroupId and PropertyMap: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON list")
	}
	return groups, nil
}

// find returns the first group of that id. Only then is its map looked at: the
// groups of other programs may hold what they like.
func (gs propertyGroups) find(id string) (*propertyGroup, error) {
	for i := range gs {
		g := &gs[i]
		if g.ID != id {
			continue
		}
		if err := json.Unmarshal(g.Raw, &g.Map); err != nil || g.Map == nil {
			return nil, &PropertyError{Group: id, Key: "PropertyMap", Rule: "must be an object"} // its text may hold secrets
		}
		return g, nil
	}
	return nil, &PropertyError{Group: id, Rule: "must be present"}
}

// get returns a value that must be there. A number counts as its text.
func (g *propertyGroup) get(key string) (string, error) {
	raw, ok := g.Map[key]
	if !ok || string(raw) == "null" {
		return "", missing(g.ID, key)
	}
	var value string
	var number json.Number
	switch {
	case json.Unmarshal(raw, &value) == nil:
	case json.Unmarshal(raw, &number) == nil:
		value = number.String()
	default:
		return "", &PropertyError{Group: g.ID, Key: key, Value: string(raw), Rule: "must be a string"}
	}
	if value = strings.TrimSpace(value); value == "" {
		return "", missing(g.ID, key)
	}
	return value, nil
}

// names returns what every group must have.
func (g *propertyGroup) names() (table, topic, servers string, err error) {
	if table, err = g.get(tableNameKey); err != nil {
		return
	}
	if topic, err = g.get(topicNameKey); err != nil {
		return
	}
	servers, err = g.get(bootstrapServersKey)
	return
}

// client returns the keys that are not the detector's own: texts, numbers and booleans. Others mean nothing, but it is an error where they
// ought to secure the connection. No value shows in it, as it may be a secret.
func (g *propertyGroup) client() (map[string]string, error) {
	properties := make(map[string]string)
	for key, raw := range g.Map {
		switch key {
		case tableNameKey, topicNameKey, bootstrapServersKey, startupModeKey, startupTimestampKey:
			continue
		}
		var value any
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		_ = d.Decode(&value) // it was decoded before, as a part of the map
		switch value := value.(type) {
		case string:
			properties[key] = value
		case json.Number, bool:
			properties[key] = fmt.Sprint(value)
		default:
			if security, _, _ := strings.Cut(key, "."); value != nil && (security == "sasl" || security == "ssl" || security == "security") {
				return nil, &PropertyError{Group: g.ID, Key: key, Rule: "must be a string"}
			}
		}
	}
	return properties, nil
}

func (g *propertyGroup) source() (Source, error) {
	var s Source
	var err error
	if s.Table, s.Topic, s.BootstrapServers, err = g.names(); err != nil {
		return s, err
	}
	if s.Startup.Mode, err = g.get(startupModeKey); err != nil {
		return s, err
	}
	if s.Properties, err = g.client(); err != nil {
		return s, err
	}
	if s.Startup.Mode == StartupTimestamp {
		text, err := g.get(startupTimestampKey)
		if err != nil {
			return s, err
		}
		if s.Startup.Timestamp, err = strconv.ParseInt(text, 10, 64); err != nil {
			return s, &PropertyError{Group: g.ID, Key: startupTimestampKey, Value: text, Rule: timestampRule}
		}
	}
	return s, s.Startup.check(g.ID)
}
