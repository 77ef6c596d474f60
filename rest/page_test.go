package rest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of endpoints in docs/rest.md")

// described is what the page says of an endpoint beside what the router knows.
type described struct {
	query   string
	success []int
	answer  string
}

// endpoints describes each line of the tables of routes.
var endpoints = map[string]described{
	"GET /":       {"", []int{200}, "`version`, `commit`, `kafka_cluster_id`"},
	"GET /health": {"", []int{200}, "`status`, `message`; 503 while the worker starts, 500 if its herder does not get to the request within 10 s"},

	"GET /connectors":                  {"`expand=status`, `expand=info`", []int{200}, "the names; with `expand`, by name what was asked for"},
	"POST /connectors":                 {"", []int{201}, "creates the connector of `{\"name\":…,\"config\":{…},\"initial_state\":…}` and answers with it and its `Location`"},
	"GET /connectors/{name}":           {"", []int{200}, "`name`, `config` as it was given, `tasks`, `type`"},
	"DELETE /connectors/{name}":        {"", []int{204}, "deletes it; its tasks stop and its status goes soon after"},
	"GET /connectors/{name}/config":    {"", []int{200}, "the config as it was given, and `name`"},
	"PUT /connectors/{name}/config":    {"", []int{200, 201}, "replaces the config, or creates the connector (201, with its `Location`)"},
	"PATCH /connectors/{name}/config":  {"", []int{200}, "merges the settings in the body into the config; `null` removes one"},
	"GET /connectors/{name}/status":    {"", []int{200}, "state, worker and, for what has failed, `trace` of the connector and of each task"},
	"GET /connectors/{name}/tasks":     {"", []int{200}, "id and config of each task"},
	"GET /connectors/{name}/topics":    {"", []int{200}, "the topics it has read since it was created or they were reset; also of a connector that there is not"},
	"GET /connectors/{name}/offsets":   {"", []int{200}, "the committed offsets of the group `connect-<name>`"},
	"PATCH /connectors/{name}/offsets": {"", []int{200}, "sets offsets, or with `null` removes them, of a STOPPED connector"},

	"DELETE /connectors/{name}/offsets":   {"", []int{200}, "removes all offsets of a STOPPED connector"},
	"PUT /connectors/{name}/topics/reset": {"", []int{202}, "forgets the topics"},
	"PUT /connectors/{name}/pause":        {"", []int{202}, "asks for PAUSED"},
	"PUT /connectors/{name}/resume":       {"", []int{202}, "asks for RUNNING, from PAUSED or STOPPED"},
	"PUT /connectors/{name}/stop":         {"", []int{204}, "asks for STOPPED, which ends its tasks"},
	"POST /connectors/{name}/restart":     {"`includeTasks`, `onlyFailed`", []int{202, 204}, "restarts the connector alone (204), or what the query asks for (202, with the states that follow)"},
	"GET /connectors/{name}/tasks-config": {"", []int{200}, "the configs of tasks by `<name>-<task>`; deprecated, gone in Kafka 4"},
	"POST /connectors/{name}/tasks":       {"", []int{204}, "among workers, signed: the configs of a connector's tasks"},
	"PUT /connectors/{name}/fence":        {"", []int{204}, "among workers, signed: for source connectors, which there are none of"},
	"GET /connector-plugins":              {"`connectorsOnly`", []int{200}, "class, type and version of the connectors; with `connectorsOnly=false` of all plugins"},
	"GET /connector-plugins/{plugin}/config": {"", []int{200},
		"the settings of a plugin, by its class or an alias of it; of a connector with those that every sink has"},
	"PUT /connector-plugins/{plugin}/config/validate": {"", []int{200}, "each setting with its definition, its value and what is wrong with it"},

	"GET /connectors/{name}/tasks/{task}/status":   {"", []int{200}, "the same of one task"},
	"POST /connectors/{name}/tasks/{task}/restart": {"", []int{204}, "restarts one task"},

	"GET /admin/loggers":          {"", []int{200}, "the loggers that have a level of their own, with it and the time of its change"},
	"GET /admin/loggers/{logger}": {"", []int{200}, "one logger's level"},
	"PUT /admin/loggers/{logger}": {"`scope=worker`, `scope=cluster`", []int{200, 204}, "sets the level of a logger and of those below it; answers with their names, or with 204 for the cluster"},
}

// docs/rest.md has its table of endpoints from the router's, so that it can name neither more nor fewer. What it says of each, above all the
// statuses, is held against the recorded scenarios. After a change: go test ./rest -run TestPage -update
func TestPage(t *testing.T) {
	const begin, end = "<!-- endpoints: written by go test ./rest -run TestPage -update -->\n", "<!-- end of endpoints -->\n"
	path := filepath.Join("..", "docs", "rest.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(page, []byte(begin))
	_, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		t.Fatalf("%s does not hold the lines %q and %q", path, begin, end)
	}
	want := slices.Concat(before, []byte(begin), []byte(endpointTable(t)), []byte(end), after)
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(page, want) {
		t.Errorf("%s is not what the router has; run go test ./rest -run TestPage -update", path)
	}
}

func endpointTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n| endpoint | query | success | what it answers or does |\n|---|---|---|---|\n")
	left := maps.Clone(endpoints)
	for _, rt := range slices.Concat(routes, adminRoutes) {
		name := rt.method + " " + rt.pattern
		d, ok := endpoints[name]
		if !ok {
			t.Errorf("%s is not described", name)
		}
		delete(left, name)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, d.query, strings.Trim(fmt.Sprint(d.success), "[]"), d.answer)
	}
	for name := range left {
		t.Errorf("%s is described and is no endpoint", name)
	}
	b.WriteString("\n")
	return b.String()
}

// Whatever was recorded as a success of an endpoint is what the page says of it, and each endpoint was recorded.
func TestPageAgreesWithTheScenarios(t *testing.T) {
	type pattern struct {
		name string
		path *regexp.Regexp
	}
	var patterns []pattern
	for _, rt := range slices.Concat(routes, adminRoutes) {
		segment := regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(rt.pattern), `[^/?]+`)
		patterns = append(patterns, pattern{rt.method + " " + rt.pattern, regexp.MustCompile("^" + rt.method + " " + segment + `/?(\?.*)?$`)})
	}
	seen := map[string]map[int]bool{}
	files, err := filepath.Glob(filepath.Join("testdata", "scenarios", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var s struct {
			Before string
			Steps  []struct {
				Method, Path string
				Expect       struct{ Status int }
			}
		}
		if err := json.Unmarshal(data, &s); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if s.Before != "" && s.Before != "4.0" {
			continue // of a version before this one
		}
		for _, step := range s.Steps {
			i := slices.IndexFunc(patterns, func(p pattern) bool { return p.path.MatchString(step.Method + " " + step.Path) })
			if i < 0 {
				continue // what no endpoint is for
			}
			if seen[patterns[i].name] == nil {
				seen[patterns[i].name] = map[int]bool{}
			}
			if s := step.Expect.Status; s/100 == 2 {
				seen[patterns[i].name][s] = true
			}
		}
	}
	for name, d := range endpoints {
		recorded := slices.Sorted(maps.Keys(seen[name]))
		switch {
		case seen[name] == nil:
			t.Errorf("%s was not recorded", name)
		case len(recorded) > 0 && !slices.Equal(recorded, d.success):
			t.Errorf("%s: the page says %d, recorded was %d", name, d.success, recorded)
		}
	}
}
