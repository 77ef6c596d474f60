package dynamodb

import (
	"time"

	"sluice/connect"
)

// The native keys for attributes that do not come from a record's value.
const (
	keyFieldsFromConfig     = "aws.dynamodb.key.fields.from"
	hashKeyConfig           = "aws.dynamodb.pk.hash"
	sortKeyConfig           = "aws.dynamodb.pk.sort"
	kafkaAttributesConfig   = "aws.dynamodb.kafka.attributes"
	headersAttributeConfig  = "aws.dynamodb.headers.attribute"
	ttlAttributeConfig      = "aws.dynamodb.ttl.attribute"
	ttlSecondsConfig        = "aws.dynamodb.ttl.seconds"
	ttlFromConfig           = "aws.dynamodb.ttl.from"
	derivedKeyForm          = "source[+source]…[:attribute], or empty"
	derivedKeyDocumentation = " is made of, as source:attribute; without an attribute it has the last name of the source. Sources are partition, offset, topic, timestamp, key (if it is one value), key.path, value.path and header.name; several texts are joined by +, with literals in quotes, such as key.country+\"#\"+value.city:place."
)

func nativeDerived() nativeGroup {
	return nativeGroup{title: "Keys, times and places", check: checkDerived, keys: []nativeKey{
		choiceKey(keyFieldsFromConfig, "value", "Where the attributes of the table's key come from: value is the record's value; key is the record's key, its members or, if the table's key is one attribute, the key itself; key-then-value is the record's key, and the value for what is not there.",
			[]choice[keyOrigin]{{"value", keyInValue}, {"key", keyInKey}, {"key-then-value", keyThenValue}}, func(s *settings, o keyOrigin) { s.mapping.derived.keyFrom = o }),
		textKey(hashKeyConfig, nil, derivedKeyForm, "What the table's hash key"+derivedKeyDocumentation,
			parseDerivedKey, func(s *settings, k *derivedKey) { s.mapping.derived.hash = k }),
		textKey(sortKeyConfig, nil, derivedKeyForm, "What the table's range key"+derivedKeyDocumentation,
			parseDerivedKey, func(s *settings, k *derivedKey) { s.mapping.derived.sort = k }),
		textKey(kafkaAttributesConfig, nil, "list of topic, partition, offset, timestamp, each with :attribute if it is not to be called kafka_…", "Attributes for a record's place in Kafka, as a list of topic, partition, offset and timestamp, each with the name of its attribute behind a colon, such as topic:source, offset; without a name it is kafka_topic and so on.",
			parseCoordinates, func(s *settings, list []coordinate) { s.mapping.derived.coordinates = list }),
		textKey(headersAttributeConfig, nil, "name of an attribute", "Name of an attribute that holds a record's headers as a map. Of several headers with one name the last one counts.",
			func(text string) (string, error) { return text, nil }, func(s *settings, name string) { s.mapping.derived.headers = name }),
		textKey(ttlAttributeConfig, nil, "name of an attribute", "Name of the attribute by which the table expires items (its time to live): seconds since 1970.",
			func(text string) (string, error) { return text, nil }, func(s *settings, name string) {
				if name != "" {
					s.ttl().attribute = name
				}
			}),
		numberKey(ttlSecondsConfig, nil, connect.AtLeast(0), "How many seconds an item lives after the time that "+ttlFromConfig+" names.",
			func(s *settings, n int64) { s.ttl().after = time.Duration(n) * time.Second }),
		textKey(ttlFromConfig, nil, "now, record, or a source such as value.expires", "The time that "+ttlSecondsConfig+" are counted from: now (the default), record (its timestamp), or a source such as value.expires with seconds or milliseconds since 1970 or an ISO 8601 text. An item whose source is missing or null does not expire.",
			parseTTLOrigin, func(s *settings, o ttlOriginSetting) { s.ttl().from, s.ttl().source = o.from, o.source }),
	}}
}

// ttlOriginSetting is what ttl.from says.
type ttlOriginSetting struct {
	from   ttlOrigin
	source source
}

func parseTTLOrigin(text string) (ttlOriginSetting, error) {
	switch text {
	case "now":
		return ttlOriginSetting{from: ttlFromNow}, nil
	case "record":
		return ttlOriginSetting{from: ttlFromRecord}, nil
	}
	s, err := parseSource(text)
	return ttlOriginSetting{ttlFromSource, s}, err
}

// ttl returns the settings of the time to live, which it makes if need be.
func (s *settings) ttl() *timeToLive {
	if s.mapping.derived.ttl == nil {
		s.mapping.derived.ttl = &timeToLive{}
	}
	return s.mapping.derived.ttl
}

// checkDerived wants a time to live to be complete, and a sort key not to stand alone.
func checkDerived(c connect.Config, s *settings) []*connect.ConfigError {
	var errs []*connect.ConfigError
	d := &s.mapping.derived
	if t := d.ttl; t != nil {
		switch {
		case t.attribute == "" && c.Given(ttlSecondsConfig):
			errs = append(errs, wrongValue(c, ttlSecondsConfig, "has no effect without "+ttlAttributeConfig))
		case t.attribute == "":
			errs = append(errs, wrongValue(c, ttlFromConfig, "has no effect without "+ttlAttributeConfig))
		case t.from != ttlFromSource && t.after == 0:
			errs = append(errs, wrongValue(c, ttlAttributeConfig, "needs "+ttlSecondsConfig+", or every item would expire at once"))
		}
	}
	if d.hash == nil && d.sort != nil {
		errs = append(errs, wrongValue(c, sortKeyConfig, "needs "+hashKeyConfig))
	}
	if d.hash != nil && d.sort != nil && d.hash.name == d.sort.name {
		errs = append(errs, wrongValue(c, sortKeyConfig, "must give another attribute than "+hashKeyConfig))
	}
	return errs
}
