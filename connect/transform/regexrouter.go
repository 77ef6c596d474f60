package transform

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"sluice/connect"
)

// regexRouter makes a new topic of one that matches a regular expression as a whole.
//
// Kafka: org.apache.kafka.connect.transforms.RegexRouter.
type regexRouter struct {
	unheld
	pattern     *pattern
	replacement string
}

const regexConfig = "regex"

var regexRouterConfig = connect.NewConfigDef(
	connect.ConfigKey{Name: regexConfig, Type: connect.TypeString, Required: true, Validator: connect.Regex(), Importance: connect.High,
		Doc: "The regular expression, as Java has them, that a topic must match to be changed."},
	connect.ConfigKey{Name: replacementConfig, Type: connect.TypeString, Required: true, Importance: connect.High,
		Doc: "The new topic, in which $1 or ${name} stands for what a group has matched."},
)

// Config returns the settings.
func (*regexRouter) Config() *connect.ConfigDef { return regexRouterConfig }

// Configure sets the transform up.
func (t *regexRouter) Configure(props map[string]string) error {
	cfg, err := parse(regexRouterConfig, props)
	if err != nil {
		return err
	}
	t.replacement = cfg.String(replacementConfig)
	t.pattern, err = compile(regexConfig, cfg.String(regexConfig))
	return err
}

// Apply sets the topic, if the old one matches. Then the first match inside of it is replaced, as Java does; that is not always all of it.
func (t *regexRouter) Apply(r *connect.SinkRecord) (*connect.SinkRecord, error) {
	topic := r.CurrentTopic()
	ok, err := t.pattern.matches(topic)
	if err != nil {
		return nil, err
	}
	if !ok {
		return r, nil
	}
	match, err := t.pattern.find(topic)
	if err != nil {
		return nil, err
	}
	text, err := t.pattern.expand(t.replacement, topic, match)
	if err != nil {
		return nil, err
	}
	return routed(r, topic[:match[0]]+text+topic[match[1]:])
}

// routed returns the record with another topic.
//
// Differs: Java lets the topic become empty; no record can be in one, and here an empty topic would be the old one.
func routed(r *connect.SinkRecord, topic string) (*connect.SinkRecord, error) {
	if topic == "" {
		return nil, connect.NewDataError("The new topic of a record of %s would be empty", r.CurrentTopic())
	}
	r.TargetTopic = topic
	return r, nil
}

// expand returns a replacement with its references to groups resolved. A match has the start and end of the whole and of each group, -1 for a
// group that took no part.
//
// Kafka: java.util.regex.Matcher.appendReplacement.
func (p *pattern) expand(replacement, text string, match []int) (string, error) {
	var b strings.Builder
	for rest := replacement; rest != ""; {
		i := strings.IndexAny(rest, `\$`)
		if i < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:i])
		special := rest[i]
		rest = rest[i+1:]
		if special == '\\' {
			if rest == "" {
				return "", javaErr(illegalArgument, "character to be escaped is missing")
			}
			_, size := utf8.DecodeRuneInString(rest)
			b.WriteString(rest[:size])
			rest = rest[size:]
			continue
		}
		group, used, err := p.reference(rest, len(match)/2-1)
		if err != nil {
			return "", err
		}
		rest = rest[used:]
		if from := match[2*group]; from >= 0 {
			b.WriteString(text[from:match[2*group+1]])
		}
	}
	return b.String(), nil
}

// reference reads what follows a dollar sign, a number or a name in braces, and returns the number of the group and how long the text is. Of
// a number as many digits count as there is a group for.
func (p *pattern) reference(s string, groups int) (group, used int, err error) {
	illegal := func(text string) (int, int, error) { return 0, 0, javaErr(illegalArgument, text) }
	switch {
	case s == "":
		return illegal("Illegal group reference: group index is missing")
	case s[0] == '{':
		n := 1
		for n < len(s) && isLatin(s[n]) {
			n++
		}
		name := s[1:n]
		switch {
		case name == "":
			return illegal("named capturing group is missing trailing '}'")
		case n == len(s) || s[n] != '}':
			return illegal("named capturing group is missing trailing '}'")
		case name[0] >= '0' && name[0] <= '9':
			return illegal("capturing group name {" + name + "} starts with digit character")
		}
		group, ok := p.re.Group(name)
		if !ok {
			return illegal("No group with name {" + name + "}")
		}
		return group, n + 1, nil
	case s[0] < '0' || s[0] > '9':
		return illegal("Illegal group reference")
	}
	group, used = int(s[0]-'0'), 1
	if group > groups {
		return 0, 0, javaErr(indexOutOfBounds, fmt.Sprintf("No group %d", group))
	}
	for used < len(s) && s[used] >= '0' && s[used] <= '9' {
		more := group*10 + int(s[used]-'0')
		if more > groups {
			break
		}
		group, used = more, used+1
	}
	return group, used, nil
}

// isLatin reports whether a byte can be in the name of a group.
func isLatin(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
