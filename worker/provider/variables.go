package provider

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// variable is a variable in a value. Its groups are the provider's name, the path with its colon, the path, and the key. A path cannot
// have a colon.
//
// Kafka: ConfigTransformer.DEFAULT_PATTERN.
var variable = regexp.MustCompile(`\$\{([^}]*?):(([^}]*?):)?([^}]*?)\}`)

// The groups of variable.
const (
	wholeGroup    = 0
	providerGroup = 1
	pathGroup     = 3
	keyGroup      = 4
)

// HasVariable reports whether something in a text has the form of a variable, be there such a provider or not.
func HasVariable(text string) bool { return strings.Contains(text, "${") && variable.MatchString(text) }

// Resolved is a configuration whose variables were replaced.
type Resolved struct {
	// Config is the whole configuration. It is the one that was given if nothing in it was replaced.
	Config map[string]string
	// Secrets are the values that were put into it.
	Secrets *Secrets
	// Warnings are what an operator should know of: paths that may not be read, variables without a value.
	Warnings []string
}

// request is a question to a provider.
type request struct{ provider, path string }

// Resolve replaces the variables in the values of a configuration. It reads files, and may be called by several goroutines at once.
// The error is an [*Error]; it shows paths and names, and no value.
//
// Kafka: ConfigTransformer.transform.
func (p *Providers) Resolve(config map[string]string) (*Resolved, error) {
	wanted := p.variablesIn(config)
	if len(wanted) == 0 {
		return &Resolved{Config: config}, nil
	}
	r := &Resolved{Config: maps.Clone(config)}
	known := map[request]map[string]string{}
	for _, q := range sortedRequests(wanted) {
		values, warning, err := p.sources[q.provider].values(q.path, wanted[q])
		if err != nil {
			return nil, err
		}
		if warning != "" {
			r.Warnings = append(r.Warnings, warning)
		}
		known[q] = values
	}
	shown := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(config)) {
		r.Config[key] = r.replace(key, config[key], known, shown)
	}
	r.Secrets = secretsOf(shown)
	return r, nil
}

// variablesIn returns the keys that a configuration's variables ask of each provider and path.
func (p *Providers) variablesIn(config map[string]string) map[request][]string {
	if p == nil || len(p.sources) == 0 {
		return nil
	}
	wanted := map[request][]string{}
	for _, value := range config {
		if !strings.Contains(value, "${") {
			continue
		}
		for _, m := range variable.FindAllStringSubmatch(value, -1) {
			if _, ok := p.sources[m[providerGroup]]; ok {
				q := request{m[providerGroup], m[pathGroup]}
				wanted[q] = append(wanted[q], m[keyGroup])
			}
		}
	}
	return wanted
}

// sortedRequests puts the questions in order, so that of several failures it is always the same that shows.
func sortedRequests(wanted map[request][]string) []request {
	return slices.SortedFunc(maps.Keys(wanted), func(a, b request) int {
		if c := strings.Compare(a.provider, b.provider); c != 0 {
			return c
		}
		return strings.Compare(a.path, b.path)
	})
}

// replace returns a value with its variables replaced, as far as they are known, and notes in shown what it put in their place.
func (r *Resolved) replace(key, value string, known map[request]map[string]string, shown map[string]string) string {
	var b strings.Builder
	end := 0
	for _, at := range variable.FindAllStringSubmatchIndex(value, -1) {
		group := func(n int) string {
			if at[2*n] < 0 {
				return ""
			}
			return value[at[2*n]:at[2*n+1]]
		}
		values, asked := known[request{group(providerGroup), group(pathGroup)}]
		if !asked {
			continue
		}
		text, ok := values[group(keyGroup)]
		if !ok {
			r.Warnings = append(r.Warnings, key+": nothing is known for "+group(wholeGroup)+", which stays as it is")
			continue
		}
		b.WriteString(value[end:at[0]])
		b.WriteString(text)
		end = at[1]
		shown[text] = group(wholeGroup)
	}
	if end == 0 {
		return value
	}
	b.WriteString(value[end:])
	return b.String()
}
