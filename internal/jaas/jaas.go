// Package jaas reads Java's login configurations: files that name, for each application, the modules that decide who may log in, and the
// value of Kafka's sasl.jaas.config, which names the one module that a client logs in with.
//
//	KafkaConnect {
//	    org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required
//	    file="/run/secrets/users.properties";
//	};
//
//	org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="alice-secret";
//
// The package knows the syntax alone. What a module does is the affair of those who ask for it.
//
// Kafka: javax.security.auth.login.Configuration, in the form of the JDK's com.sun.security.auth.login.ConfigFile;
// org.apache.kafka.common.security.JaasConfig.
package jaas

import (
	"fmt"
	"slices"
	"strings"
)

// Module is a login module of an entry.
type Module struct {
	Class   string            // name of the Java class
	Flag    string            // required, requisite, sufficient or optional; lower case
	Options map[string]string // variables expanded
}

// flags are what may stand behind a class.
var flags = []string{"required", "requisite", "sufficient", "optional"}

// Parse reads a login configuration and returns its entries by name, the modules of each in order. A text without entries is none. Values
// may hold variables such as ${user.home}, which property resolves; one that it does not know is an error, as in Java. Errors name a line
// and show no values, since passwords may be among them.
func Parse(text string, property func(name string) (value string, ok bool)) (map[string][]Module, error) {
	p := &parser{scanner: scanner{text: []rune(text), line: 1}, property: property}
	p.next()
	entries := map[string][]Module{}
	for p.token.kind != end {
		name, modules, err := p.entry()
		if err != nil {
			return nil, err
		}
		if _, twice := entries[name]; twice {
			return nil, p.fail("more than one entry for " + name)
		}
		entries[name] = modules
	}
	return entries, nil
}

// ParseLogin reads the value of sasl.jaas.config: login modules without an entry around them, of which there must be one. In values, "${" means
// nothing here. Errors show no values, as those of [Parse].
func ParseLogin(text string) (Module, error) {
	p := &parser{scanner: scanner{text: []rune(text), line: 1, kafka: true}}
	p.next()
	var modules []Module
	for p.token.kind != end {
		m, err := p.module()
		if err != nil {
			return Module{}, err
		}
		modules = append(modules, m)
	}
	if len(modules) != 1 {
		return Module{}, fmt.Errorf("login configuration: there are %d login modules, and there must be one", len(modules))
	}
	return modules[0], nil
}

type parser struct {
	scanner  scanner
	token    token                                // the next one, not used yet
	property func(string) (value string, ok bool) // nil: values hold no variables
}

func (p *parser) next() { p.token = p.scanner.next() }

func (p *parser) fail(what string) error {
	return fmt.Errorf("login configuration, line %d: %s", p.token.line, what)
}

// entry reads NAME { module ... };
func (p *parser) entry() (string, []Module, error) {
	name, err := p.text("the name of an entry")
	if err != nil {
		return "", nil, err
	}
	if err := p.symbol('{'); err != nil {
		return "", nil, err
	}
	var modules []Module
	for !p.at('}') {
		m, err := p.module()
		if err != nil {
			return "", nil, err
		}
		modules = append(modules, m)
	}
	p.next()
	return name, modules, p.symbol(';')
}

// module reads CLASS FLAG key=value ... ;
func (p *parser) module() (Module, error) {
	m := Module{Options: map[string]string{}}
	var err error
	if m.Class, err = p.text("the class of a login module"); err != nil {
		return m, err
	}
	line := p.token.line
	if m.Flag, err = p.text("a flag"); err != nil {
		return m, err
	}
	m.Flag = strings.ToLower(m.Flag)
	if !slices.Contains(flags, m.Flag) {
		return m, fmt.Errorf("login configuration, line %d: the flag of %s must be %s", line, m.Class, strings.Join(flags, ", "))
	}
	for !p.at(';') {
		key, err := p.text("an option or ;")
		if err != nil {
			return m, err
		}
		if err := p.symbol('='); err != nil {
			return m, err
		}
		value, err := p.text("the value of " + key + " (numbers need quotes)")
		if err != nil {
			return m, err
		}
		if p.property == nil {
			m.Options[key] = value
		} else if m.Options[key], err = p.expand(value); err != nil {
			return m, p.fail(key + ": " + err.Error())
		}
	}
	p.next()
	return m, nil
}

func (p *parser) at(symbol rune) bool { return p.token.kind == punctuation && p.token.symbol == symbol }

func (p *parser) text(what string) (string, error) {
	if p.token.kind != word {
		return "", p.fail(what + " is expected, but there is " + p.token.String())
	}
	text := p.token.text
	p.next()
	return text, nil
}

func (p *parser) symbol(s rune) error {
	if !p.at(s) {
		return p.fail(string(s) + " is expected, but there is " + p.token.String())
	}
	p.next()
	return nil
}

// expand replaces the variables of a value. ${/} is the separator of files; ${{...}} is left as it is.
//
// Kafka: the JDK's sun.security.util.PropertyExpander.
func (p *parser) expand(value string) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(value, "${")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		closing := "}"
		if strings.HasPrefix(after, "{") {
			closing = "}}"
		}
		name, rest, closed := strings.Cut(after, closing)
		switch {
		case !closed:
			b.WriteString("${" + after)
			return b.String(), nil
		case closing == "}}":
			b.WriteString("${" + name + closing)
		case name == "/":
			b.WriteString("/")
		default:
			text, ok := p.property(name)
			if !ok {
				return "", fmt.Errorf("unable to expand property %s", name)
			}
			b.WriteString(text)
		}
		value = rest
	}
}
