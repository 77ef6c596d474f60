package validate

import (
	"cmp"
	"slices"

	"sluice/connect"
)

const nullValueError = "Null value can not be supplied as the configuration value."

// values are checked settings by name, in the order in which they came.
type values struct {
	list  []connect.ConfigValue
	index map[string]int
}

// checkAll checks every key of a definition, and each on its own, against the settings that were given.
func checkAll(def *connect.ConfigDef, props map[string]*string) *values {
	vs := &values{index: map[string]int{}}
	for _, v := range def.Validate(withoutNulls(props)) {
		if given, ok := props[v.Name]; ok && given == nil {
			k, _ := def.Key(v.Name)
			v = connect.ConfigValue{Name: v.Name, Recommended: v.Recommended, Errors: checkNull(k)}
		}
		vs.index[v.Name] = len(vs.list)
		vs.list = append(vs.list, v)
	}
	return vs
}

// checkNull returns what is wrong with a null for a key: it is neither missing nor left to its default, as in Kafka.
func checkNull(k connect.ConfigKey) []string {
	if k.Validator != nil {
		if err := connect.Check(k.Validator, k.Name, nil, k.Type); err != nil {
			return []string{err.Error()}
		}
	}
	return nil
}

// get returns the value with the name, adding one if there is none. It is good until the next call.
func (vs *values) get(name string) *connect.ConfigValue {
	i, ok := vs.index[name]
	if !ok {
		i = len(vs.list)
		vs.index[name] = i
		vs.list = append(vs.list, connect.ConfigValue{Name: name})
	}
	return &vs.list[i]
}

// find returns the value with the name, and whether there is one.
func (vs *values) find(name string) (connect.ConfigValue, bool) {
	i, ok := vs.index[name]
	if !ok {
		return connect.ConfigValue{Name: name}, false
	}
	return vs.list[i], true
}

// addError appends an error to the value with the name.
func (vs *values) addError(name, msg string) {
	v := vs.get(name)
	v.Errors = append(v.Errors, msg)
}

// addNullErrors complains about every null, whether its key is defined or not.
//
// Kafka: AbstractHerder.addNullValuedErrors.
func (vs *values) addNullErrors(props map[string]*string) {
	for _, name := range inOrder(props) {
		if props[name] == nil {
			vs.addError(name, nullValueError)
		}
	}
}

// undefined returns the values that def does not define, in Kafka's order.
func (vs *values) undefined(def *connect.ConfigDef) []connect.ConfigValue {
	names := make([]string, len(vs.list))
	for i, v := range vs.list {
		names[i] = v.Name
	}
	var out []connect.ConfigValue
	for _, name := range hashOrder(names) {
		if _, ok := def.Key(name); !ok {
			out = append(out, vs.list[vs.index[name]])
		}
	}
	return out
}

func withoutNulls(props map[string]*string) map[string]string {
	out := make(map[string]string, len(props))
	for k, v := range props {
		if v != nil {
			out[k] = *v
		}
	}
	return out
}

func sortedKeys(props map[string]*string) []string {
	keys := make([]string, 0, len(props))
	for k := range props {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare[string])
	return keys
}
