package worker

import (
	"net/url"
	"strings"
)

// loginConfigProperty names the file with the login configuration: a system property in Java, given to the worker's scripts by the environment
// variable KAFKA_OPTS as -Djava.security.auth.login.config=FILE. Where there is no such variable it may be a worker's property.
const loginConfigProperty = "java.security.auth.login.config"

// systemProperties are those that KAFKA_OPTS sets, plus the few that login configurations are written with. The scripts split the variable at
// white space and know no quotes, and of two settings of the same property the last one counts.
func systemProperties(environ []string) map[string]string {
	props := map[string]string{"file.separator": "/"}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		switch name {
		case "HOME":
			props["user.home"] = value
		case "PWD":
			props["user.dir"] = value
		}
	}
	for _, variable := range environ {
		options, ok := strings.CutPrefix(variable, "KAFKA_OPTS=")
		if !ok {
			continue
		}
		for _, option := range strings.Fields(options) {
			if definition, ok := strings.CutPrefix(option, "-D"); ok {
				name, value, _ := strings.Cut(definition, "=")
				props[name] = value
			}
		}
	}
	return props
}

// loginConfigFile works out where the login configuration is; "" if nothing says it. As in Java the path may be a file: URL, and a second
// equals sign before it means that no other configuration counts, of which there is none here.
func loginConfigFile(system, worker map[string]string) string {
	path := system[loginConfigProperty]
	if path == "" {
		path = strings.TrimSpace(worker[loginConfigProperty])
	}
	path = strings.TrimPrefix(path, "=")
	if u, err := url.Parse(path); err == nil && u.Scheme == "file" && u.Path != "" {
		return u.Path
	}
	return path
}
