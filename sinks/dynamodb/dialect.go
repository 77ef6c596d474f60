package dynamodb

import (
	"fmt"

	"sluice/connect"
)

// dialect is a way to write down a connector's settings: the class name and the keys of one of the Java connectors that users come from,
// and behind them our own keys (native.go), which mean the same in every dialect. From properties to [settings] it is a pure function.
type dialect struct {
	class     string
	taskClass string
	version   string

	keys     func() []connect.ConfigKey // in the order of the Java connector
	defaults map[string]any             // of native keys, where the dialect has another one than its definition
	listed   bool                       // whether validation lists native keys that nothing is wrong with

	// read puts what the dialect's keys say into s. It is given all settings, which may be wrong one by one.
	read func(c connect.Config, s *settings) []*connect.ConfigError
	// finish is called once native keys have been read too.
	finish func(s *settings) []*connect.ConfigError
}

// configDef defines the dialect's keys, and after them the native ones.
func (d *dialect) configDef() *connect.ConfigDef {
	return connect.NewConfigDef(d.keys()...).With(nativeKeys(d)...)
}

// settings reads the properties of a connector. The error joins [*connect.ConfigError] values: what is wrong with single keys in the order of
// the definition, then what is wrong with several together.
func (d *dialect) settings(props map[string]string) (*settings, error) {
	s, together, err := d.parse(props)
	errs := configErrors{err}
	for _, e := range together {
		errs.add(e)
	}
	return s, errs.join()
}

// together returns what is wrong with settings that are right one by one, for validation. As with the Java connectors, what is missing is
// not found here but by the task.
func (d *dialect) together(props map[string]string) []*connect.ConfigError {
	_, together, err := d.parse(props)
	if err != nil {
		return nil // each key was reported by itself
	}
	var out []*connect.ConfigError
	for _, e := range together {
		if !e.Missing {
			out = append(out, e)
		}
	}
	return out
}

// parse separates what is wrong with single keys (err) from what is wrong with several together.
func (d *dialect) parse(props map[string]string) (s *settings, together []*connect.ConfigError, err error) {
	c, err := d.configDef().Parse(props)
	s = &settings{}
	together = d.read(c, s)
	together = append(together, readNative(c, s)...)
	return s, append(together, d.finish(s)...), err
}

// wrongValue is the error of a setting that is given and breaks a rule.
func wrongValue(c connect.Config, key, rule string) *connect.ConfigError {
	return &connect.ConfigError{Key: key, Value: fmt.Sprint(c.Value(key)), Rule: rule}
}
