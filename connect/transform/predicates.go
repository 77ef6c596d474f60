package transform

import "sluice/connect"

// hasHeaderKey is true of records with at least one header of a name.
//
// Kafka: org.apache.kafka.connect.transforms.predicates.HasHeaderKey.
type hasHeaderKey struct {
	unheld
	name string
}

const headerNameConfig = "name"

var hasHeaderKeyConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: headerNameConfig, Type: connect.TypeString, Required: true, Validator: connect.NonEmptyString(), Importance: connect.Medium,
		Doc: "The name of the header that a record must have."},
)

// Config returns the settings.
func (*hasHeaderKey) Config() *connect.ConfigDef { return hasHeaderKeyConfig }

// Configure sets the predicate up.
func (p *hasHeaderKey) Configure(props map[string]string) error {
	cfg, err := parse(hasHeaderKeyConfig, props)
	p.name = cfg.String(headerNameConfig)
	return err
}

// Test looks for the header.
func (p *hasHeaderKey) Test(r *connect.SinkRecord) (bool, error) {
	for i := range r.Headers {
		if r.Headers[i].Key == p.name {
			return true, nil
		}
	}
	return false, nil
}

// recordIsTombstone is true of records without a value.
//
// Kafka: org.apache.kafka.connect.transforms.predicates.RecordIsTombstone.
type recordIsTombstone struct {
	unconfigured
	unheld
}

// Test asks for the value.
func (recordIsTombstone) Test(r *connect.SinkRecord) (bool, error) { return r.Value == nil, nil }

// topicNameMatches is true of records whose topic, all of it, matches a regular expression.
//
// Kafka: org.apache.kafka.connect.transforms.predicates.TopicNameMatches.
type topicNameMatches struct {
	unheld
	pattern *pattern
}

const patternConfig = "pattern"

var topicNameMatchesConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: patternConfig, Type: connect.TypeString, Required: true, Validator: nonEmptyRegex, Importance: connect.Medium,
		Doc: "The regular expression, as Java has them, that the whole name of a record's topic must match."},
)

// Config returns the settings.
func (*topicNameMatches) Config() *connect.ConfigDef { return topicNameMatchesConfig }

// Configure sets the predicate up.
func (p *topicNameMatches) Configure(props map[string]string) error {
	cfg, err := parse(topicNameMatchesConfig, props)
	if err != nil {
		return err
	}
	p.pattern, err = compile(patternConfig, cfg.String(patternConfig))
	return err
}

// Test matches the topic, as earlier transforms left it.
func (p *topicNameMatches) Test(r *connect.SinkRecord) (bool, error) {
	return p.pattern.matches(r.CurrentTopic())
}
