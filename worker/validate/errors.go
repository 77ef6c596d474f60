package validate

import (
	"fmt"
	"strings"

	"sluice/connect"
)

// NoConnectorTypeError says that a configuration has no connector.class, so that there is nothing to check it against.
type NoConnectorTypeError struct {
	props map[string]*string
}

// Error returns Kafka's text, which shows the configuration: "Connector config {name=a} contains no connector type".
//
// Differs: the values of keys that look like secrets are hidden; which of them are secrets only the connector could tell.
func (e *NoConnectorTypeError) Error() string {
	entries := make([]string, 0, len(e.props))
	for _, k := range inOrder(e.props) {
		v := "null"
		if p := e.props[k]; p != nil {
			v = *p
			if looksSecret(k) {
				v = connect.Hidden
			}
		}
		entries = append(entries, k+"="+v)
	}
	return fmt.Sprintf("Connector config {%s} contains no connector type", strings.Join(entries, ", "))
}

// looksSecret guesses from its name whether a setting of an unknown connector is a secret.
func looksSecret(key string) bool {
	key = strings.ToLower(key)
	for _, word := range []string{"password", "secret", "token", "jaas", "credential", "accesskey", "access.key", "apikey", "api.key", "private"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// UnknownClassError says that no connector has the class or alias that connector.class names.
type UnknownClassError struct {
	Class     string
	Available []connect.Plugin
}

// Error has Kafka's text.
//
// Kafka: org.apache.kafka.connect.runtime.isolation.Plugins.connectorClass.
func (e *UnknownClassError) Error() string {
	return fmt.Sprintf("Failed to find any class that implements Connector and which name matches %s, available connectors are: %s", e.Class, describe(e.Available))
}

// AmbiguousClassError says that connector.class is an alias of several connectors.
type AmbiguousClassError struct {
	Class string
	Found []connect.Plugin
}

// Error has Kafka's text.
func (e *AmbiguousClassError) Error() string {
	return fmt.Sprintf("More than one connector matches alias %s. Please use full package and class name instead. Classes found: %s", e.Class, describe(e.Found))
}

// describe lists plugins as Java prints them.
func describe(plugins []connect.Plugin) string {
	texts := make([]string, len(plugins))
	for i, p := range plugins {
		texts[i] = fmt.Sprintf("PluginDesc{klass=class %s, name='%s', version='%s', encodedVersion=%s, type=%s, typeName='%s', location='built-in'}",
			p.Class, p.Class, p.Version, p.Version, p.Type, p.Type)
	}
	return strings.Join(texts, ", ")
}

// ExceptionError says that the check of a configuration breaks off, as Kafka's does with an exception. It is answered with 500.
type ExceptionError struct {
	Class   string // of Kafka's exception, which its answer to a validate request names
	Message string
}

// Error returns the message.
func (e *ExceptionError) Error() string { return e.Message }

// UnknownPluginError says that no plugin of any kind has the name.
type UnknownPluginError struct{ Name string }

// Error has Kafka's text.
func (e *UnknownPluginError) Error() string { return fmt.Sprintf("Unknown plugin %s.", e.Name) }

// InvalidConfigError says what is wrong with a configuration: one line for each broken rule.
//
// Kafka: org.apache.kafka.connect.runtime.AbstractHerder.maybeAddConfigErrors.
type InvalidConfigError struct {
	Count  int      // as error_count in the answer of validate
	Errors []string // in the order of that answer
}

// Error has Kafka's text, in several lines.
func (e *InvalidConfigError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Connector configuration is invalid and contains the following %d error(s):", e.Count)
	for _, msg := range e.Errors {
		b.WriteByte('\n')
		b.WriteString(msg)
	}
	b.WriteString("\nYou can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`")
	return b.String()
}
