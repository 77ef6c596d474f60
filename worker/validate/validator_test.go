package validate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/worker/validate"
)

// The texts are those of Kafka Connect 3.9.2 unless a case says otherwise.
func TestErrorsOfSettings(t *testing.T) {
	const anyOf = "Must configure one of topics or topics.regex"
	for _, c := range []struct {
		name  string
		props map[string]*string
		want  []string
		count int // 0: as many as errors
	}{
		{"a valid configuration has none", valid(), nil, 0},
		{"an unknown key is none", valid("unknown", "1"), nil, 0},
		{"a missing name", valid("name", "<none>"), []string{`name: Missing required configuration "name" which has no default value.`}, 0},
		{"a blank name", valid("name", "  "), []string{"name: Invalid value  for configuration name: String may not be empty"}, 0},
		{"a null name", valid("name", "<null>"), []string{"name: Null value can not be supplied as the configuration value."}, 0},
		{"control characters in the name", valid("name", "a\x01b\x7fc\u0085"), []string{"name: Invalid value a\x01b\x7fc\u0085 for configuration name: String may not contain control sequences but had the following ASCII chars: 1, 127, 133"}, 0},
		{"any other character in the name", valid("name", "a b/%{}ü✓"), nil, 0},

		{"no topics", valid("topics", "<none>"), []string{"topics: " + anyOf, "topics.regex: " + anyOf}, 0},
		{"blank topics", valid("topics", " ", "topics.regex", ""), []string{"topics: " + anyOf, "topics.regex: " + anyOf}, 0},
		{"null topics", valid("topics", "<null>"), []string{"topics: " + anyOf, "topics: Null value can not be supplied as the configuration value.", "topics.regex: " + anyOf}, 0},
		{"topics of commas only are topics", valid("topics", ","), nil, 0},
		{"both kinds of topics", valid("topics.regex", "t"), []string{
			"topics: topics and topics.regex are mutually exclusive options, but both are set.",
			"topics.regex: topics and topics.regex are mutually exclusive options, but both are set.",
		}, 0},
		{"a dead letter queue among the topics", valid("topics", "a, b,c", "errors.deadletterqueue.topic.name", " b "), []string{
			"topics: The DLQ topic 'b' may not be included in the list of topics ('topics=[a, b, c]') consumed by the connector",
		}, 0},
		{"a dead letter queue among topics that are named twice", valid("topics", "b,,b,a", "errors.deadletterqueue.topic.name", "b"), []string{
			"topics: The DLQ topic 'b' may not be included in the list of topics ('topics=[b, a]') consumed by the connector",
		}, 0},
		{"a dead letter queue that the regex matches", valid("topics", "<none>", "topics.regex", "conf.*", "errors.deadletterqueue.topic.name", "confdlq"), []string{
			"topics.regex: The DLQ topic 'confdlq' may not be matched by the regex for the topics ('topics.regex=conf.*') consumed by the connector",
		}, 0},

		{"tasks.max that is no number", valid("tasks.max", "1.5"), []string{
			"tasks.max: Invalid value 1.5 for configuration tasks.max: Not a number of type INT",
			"tasks.max: Invalid value null for configuration tasks.max: Value must be non-null",
		}, 0},
		{"tasks.max too small, with blanks", valid("tasks.max", " 0 "), []string{"tasks.max: Invalid value 0 for configuration tasks.max: Value must be at least 1"}, 0},
		{"null tasks.max", valid("tasks.max", "<null>"), []string{
			"tasks.max: Invalid value null for configuration tasks.max: Value must be non-null",
			"tasks.max: Null value can not be supplied as the configuration value.",
		}, 0},
		{"a null that nothing defines", valid("x", "<null>"), []string{"x: Null value can not be supplied as the configuration value."}, 0},
		{"a null that the connector defines is fine", valid("file", "<null>"), nil, 0},
		{"a word in another case", valid("errors.tolerance", "All"), []string{"errors.tolerance: Invalid value All for configuration errors.tolerance: String must be one of: none, all"}, 0},
		{"true in another case", valid("errors.log.enable", "TRUE"), nil, 0},

		{"a converter that does not exist", valid("key.converter", "nope.Nope"), []string{"key.converter: Invalid value nope.Nope for configuration key.converter: Class nope.Nope could not be found."}, 0},
		{"a blank converter", valid("header.converter", " "), []string{"header.converter: Invalid value   for configuration header.converter: Class   could not be found."}, 0},
		{"a connector as converter", valid("value.converter", fileSink), []string{"value.converter: Class class " + fileSink + " does not implement the Converter interface"}, 0},
		{"a header converter as converter", valid("value.converter", simpleHeader), []string{"value.converter: Class class " + simpleHeader + " does not implement the Converter interface"}, 0},
		{"a connector as header converter", valid("header.converter", "FileStreamSink"), []string{"header.converter: Class class " + fileSink + " does not implement the HeaderConverter interface"}, 0},
		{"a setting of a converter", valid("value.converter", jsonConverter, "value.converter.schemas.enable", "perhaps"), []string{
			"value.converter.schemas.enable: Invalid value perhaps for configuration schemas.enable: Expected value to be either true or false",
		}, 0},
		{"a setting of the worker's converter is not looked at", valid("value.converter.schemas.enable", "perhaps"), nil, 0},
		{"the same transformation twice", valid("transforms", "a,a", "transforms.a.type", filter), []string{"transforms: Invalid value [a, a] for configuration transforms: Duplicate alias provided."}, 0},
		{"several at once, in the order of the answer", valid("errors.tolerance", "x", "tasks.max", "0", "topics", "<none>", "key.converter", "a.B"), []string{
			"tasks.max: Invalid value 0 for configuration tasks.max: Value must be at least 1",
			"key.converter: Invalid value a.B for configuration key.converter: Class a.B could not be found.",
			"errors.tolerance: Invalid value x for configuration errors.tolerance: String must be one of: none, all",
			"topics: " + anyOf, "topics.regex: " + anyOf,
		}, 0},

		{"the group of the workers", valid("name", "cluster"), []string{"name: Consumer group for sink connector named cluster conflicts with Connect worker group connect-cluster"}, 0},
		{"the group of the workers by override", valid("consumer.override.group.id", "connect-cluster"), []string{"consumer.override.group.id: Consumer group connect-cluster conflicts with Connect worker group connect-cluster"}, 0},
		{"another group by override", valid("name", "cluster", "consumer.override.group.id", "g"), nil, 0},
		{"an override that no consumer knows", valid("consumer.override.nope", "x"), nil, 0},
		{"overrides of clients that the connector has not", valid("producer.override.acks", "x", "admin.override.sasl.jaas.config", "x"), nil, 0},
		{"variables are literal text", valid("file", "${file:/etc/x:y}", "a", "$${x}"), nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			infos, err := newValidator(t).Validate(c.props)
			if err != nil {
				t.Fatal(err)
			}
			if got := errorsOf(infos); !slices.Equal(got, c.want) {
				t.Errorf("errors\n got %q\nwant %q", got, c.want)
			}
			want := c.count
			if want == 0 {
				want = len(c.want)
			}
			if infos.ErrorCount != want {
				t.Errorf("error_count: got %d, want %d", infos.ErrorCount, want)
			}
			if err := infos.Err(); (err != nil) != (want > 0) {
				t.Errorf("Err: got %v", err)
			}
		})
	}
}

func TestOverridePolicy(t *testing.T) {
	none := validate.OverrideNone
	java := "org.apache.kafka.connect.connector.policy.PrincipalConnectorClientConfigOverridePolicy"
	for _, c := range []struct {
		policy, key string
		allowed     bool
	}{
		{"", "max.poll.records", true},
		{"All", "max.poll.records", true},
		{none, "max.poll.records", false},
		{none, "security.protocol", false},
		{java, "max.poll.records", false},
		{java, "security.protocol", true},
	} {
		v := newValidator(t)
		v.OverridePolicy = c.policy
		value := "7"
		if c.key == "security.protocol" {
			value = "PLAINTEXT"
		}
		infos, err := v.Validate(valid(validate.ConsumerOverridePrefix+c.key, value))
		if err != nil {
			t.Fatal(err)
		}
		refused := contains(errorsOf(infos), "policy does not allow '"+c.key+"' to be overridden in the connector configuration.")
		if refused == c.allowed || infos.ErrorCount == 0 != c.allowed {
			t.Errorf("policy %q, %s: got errors %q", c.policy, c.key, errorsOf(infos))
		}
	}
	if _, ok := validate.OverridePolicy("com.acme.Mine"); ok {
		t.Error("a policy of someone else is not known")
	}
}

func TestOverrideOfTheWrongType(t *testing.T) {
	_, err := newValidator(t).Validate(valid("consumer.override.max.poll.records", "abc"))
	var config *connect.ConfigError
	if want := "Invalid value abc for configuration max.poll.records: Not a number of type INT"; !errors.As(err, &config) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Kafka's check ends with an exception here.
func TestChecksThatBreakOff(t *testing.T) {
	for _, c := range []struct {
		name        string
		props       map[string]*string
		class, want string
	}{
		{"a bad regex with a dead letter queue", valid("topics", "<none>", "topics.regex", "(", "errors.deadletterqueue.topic.name", "dlq"),
			"java.util.regex.PatternSyntaxException", "Unclosed group near index 1\n("},
		{"a null as dead letter queue", valid("errors.deadletterqueue.topic.name", "<null>"),
			"java.lang.NullPointerException", `Cannot invoke "String.trim()" because the return value of "java.util.Map.getOrDefault(Object, Object)" is null`},
	} {
		_, err := newValidator(t).Validate(c.props)
		var broken *validate.ExceptionError
		if !errors.As(err, &broken) || broken.Class != c.class || err.Error() != c.want {
			t.Errorf("%s: got %#v", c.name, err)
		}
	}
}

func TestConnectorClass(t *testing.T) {
	twins := newPlugins(t,
		connect.Plugin{Class: "a.TwinSinkConnector", Type: connect.SinkPluginType, Version: "1", NewSink: func() connect.SinkConnector { return sink{def: connect.NewConfigDef()} }},
		connect.Plugin{Class: "b.TwinSinkConnector", Type: connect.SinkPluginType, Version: "2", NewSink: func() connect.SinkConnector { return sink{def: connect.NewConfigDef()} }},
		connect.Plugin{Class: fileSource, Type: connect.SourcePluginType, Version: "3.9.2"},
	)
	const unknown = "Failed to find any class that implements Connector and which name matches %s, available connectors are: PluginDesc{klass=class a.TwinSinkConnector, name='a.TwinSinkConnector', version='1', encodedVersion=1, type=sink, typeName='sink', location='"
	for _, c := range []struct {
		name  string
		props map[string]*string
		want  string // beginning of the error; "" for none
	}{
		{"the full name", valid(), ""},
		{"the last part", valid("connector.class", "FileStreamSinkConnector"), ""},
		{"the last part without Connector", valid("connector.class", "FileStreamSink"), ""},
		{"in another case", valid("connector.class", "filestreamsink"), strings.Replace(unknown, "%s", "filestreamsink", 1)},
		{"missing", props("topics", "t", "name", "a", "x.password", "p4ss", "n", "<null>"), "Connector config {name=a, x.password=[hidden], n=null, topics=t} contains no connector type"},
		{"of nothing at all", props(), "Connector config {} contains no connector type"},
		{"null", valid("connector.class", "<null>"), "Connector config {connector.class=null, name=x, file=/dev/null, topics=conformance} contains no connector type"},
		{"blank", valid("connector.class", " "), strings.Replace(unknown, "%s", " ", 1)},
		{"a converter", valid("connector.class", jsonConverter), strings.Replace(unknown, "%s", jsonConverter, 1)},
		{"a connector that only has a name", valid("connector.class", fileSource), strings.Replace(unknown, "%s", fileSource, 1)},
		{"an alias of two", valid("connector.class", "TwinSink"), "More than one connector matches alias TwinSink. Please use full package and class name instead. Classes found: PluginDesc{klass=class a.TwinSinkConnector,"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := &validate.Validator{Plugins: twins}
			infos, err := v.Validate(c.props)
			switch {
			case c.want == "" && (err != nil || infos.ErrorCount > 0):
				t.Errorf("got %v, %q", err, errorsOf(infos))
			case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
				t.Errorf("got error %v\nwant %s…", err, c.want)
			}
			if c.want == "" && infos.Name != *c.props["connector.class"] {
				t.Errorf("name: got %s, want the class as it was given", infos.Name)
			}
		})
	}
}

func TestMatchesPlugin(t *testing.T) {
	for _, c := range []struct {
		class, plugin string
		want          bool
	}{
		{fileSink, "FileStreamSink", true},
		{fileSink, "FileStreamSinkConnector", true},
		{fileSink, fileSink, true},
		{fileSink, "SinkConnector", true},
		{"FileStreamSink", "FileStreamSinkConnector", true},
		{fileSink, "FileStreamSource", false},
		{"FileStreamSink", fileSink, false},
		{"nope.Nope", "FileStreamSink", false},
		{"Connector", "Connector", true},
	} {
		if got := validate.MatchesPlugin(c.class, c.plugin); got != c.want {
			t.Errorf("%s on the path of %s: got %v", c.class, c.plugin, got)
		}
	}
}

func TestConnectorChecksTogether(t *testing.T) {
	def := connect.NewConfigDef(
		connect.ConfigKey{Name: "a", Type: connect.TypeInt, Default: int64(1), Importance: connect.High, Doc: "A.", Group: "Own", Order: 1},
		connect.ConfigKey{Name: "tasks.max", Type: connect.TypeInt, Default: int64(3), Importance: connect.Low, Doc: "At most three tasks.", Validator: connect.Between(1, 3)},
		connect.ConfigKey{Name: "quiet", Type: connect.TypeInt, Importance: connect.Low, Doc: "Not listed.", Internal: true},
		connect.ConfigKey{Name: "key", Type: connect.TypePassword, Importance: connect.High, Doc: "A secret."},
	)
	strict := strictSink{sink{def: def}, func(props map[string]string) []*connect.ConfigError {
		return []*connect.ConfigError{{Key: "a", Value: props["a"], Rule: "a must not be lonely"}, {Key: "b", Missing: true}}
	}}
	v := &validate.Validator{Plugins: newPlugins(t, connect.Plugin{Class: "x.Strict", Type: connect.SinkPluginType, NewSink: func() connect.SinkConnector { return strict }})}
	infos, err := v.Validate(valid("connector.class", "Strict", "a", "5", "tasks.max", "4", "key", "p4ss", "quiet", "1"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`b: Missing required configuration "b" which has no default value.`,
		"tasks.max: Invalid value 4 for configuration tasks.max: Value must be no more than 3",
		"a: Invalid value 5 for configuration a: a must not be lonely",
	}
	if got := errorsOf(infos); !slices.Equal(got, want) || infos.ErrorCount != 3 {
		t.Errorf("got %d errors %q\nwant %q", infos.ErrorCount, got, want)
	}
	var names []string
	for _, c := range infos.Configs {
		names = append(names, c.Value.Name)
		switch c.Value.Name {
		case "b":
			if c.Definition != nil {
				t.Error("b: nothing defines it")
			}
		case "tasks.max":
			if *c.Definition.DefaultValue != "3" || c.Definition.Group != nil || c.Definition.Order != -1 {
				t.Errorf("tasks.max: want the connector's definition, got %+v", c.Definition)
			}
		case "key":
			if *c.Value.Value != "[hidden]" {
				t.Errorf("key: got value %s", *c.Value.Value)
			}
		}
	}
	if i := slices.Index(names, "tasks.max"); i != 3 {
		t.Errorf("tasks.max: want the framework's place, got %d in %q", i, names)
	}
	if slices.Contains(names, "quiet") || !slices.Contains(infos.Groups, "Own") {
		t.Errorf("got keys %q, groups %q", names, infos.Groups)
	}
}

func TestSummary(t *testing.T) {
	infos, err := newValidator(t).Validate(valid("topics", "<none>"))
	if err != nil {
		t.Fatal(err)
	}
	want := "Connector configuration is invalid and contains the following 2 error(s):\n" +
		"Must configure one of topics or topics.regex\nMust configure one of topics or topics.regex\n" +
		"You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`"
	if err := infos.Err(); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestARefusedClassSaysWhy(t *testing.T) {
	const class = "com.example.NeedsJava"
	v := &validate.Validator{Plugins: newPlugins(t, connect.Plugin{Class: class, Type: connect.TransformationPluginType, Refusal: "It needs Java; leave it out."})}
	for _, c := range []struct {
		name, key string
		kv        []string
		want      string
	}{
		{"as what it is", "transforms.a.type", []string{"transforms", "a"}, "Class " + class + " could not be found. It needs Java; leave it out."},
		{"as something else", "predicates.a.type", []string{"predicates", "a"}, "Class " + class + " could not be found."},
	} {
		infos, err := v.Validate(valid(append(c.kv, c.key, class)...))
		want := c.key + ": Invalid value " + class + " for configuration " + c.key + ": " + c.want
		if got := errorsOf(infos); err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %q, %v, want %q", c.name, got, err, want)
		}
		if _, err := v.ParseTask(map[string]string{"name": "x", "connector.class": fileSink, "topics": "t", "transforms": "a", "transforms.a.type": class}); err == nil || !strings.Contains(err.Error(), "leave it out") {
			t.Errorf("the start of a task: got %v", err)
		}
		for _, info := range infos.Configs {
			for _, recommended := range info.Value.RecommendedValues {
				if recommended == class {
					t.Errorf("%s: the class is recommended", c.name)
				}
			}
		}
	}
}
