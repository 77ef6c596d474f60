package worker

import "strings"

// environmentPrefix marks the environment variables that override worker properties.
const environmentPrefix = "CONNECT_"

// environmentProperties returns the properties that CONNECT_* variables set, given in the form of os.Environ.
func environmentProperties(environ []string) map[string]string {
	props := map[string]string{}
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if !ok {
			continue
		}
		if name, ok = strings.CutPrefix(name, environmentPrefix); ok && name != "" {
			props[propertyName(name)] = value
		}
	}
	return props
}

// propertyName turns the rest of a variable's name into that of a property: one underscore is a dot, two are an underscore, three a
// dash.
func propertyName(name string) string {
	return strings.ToLower(strings.NewReplacer("___", "-", "__", "_", "_", ".").Replace(name))
}
