package clients_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// What most clients read of the API's entities. Those that read more, or more strictly, have types of their own in their files.

// problem is the body of an error.
type problem struct {
	ErrorCode int    `json:"error_code"`
	Message   string `json:"message"`
}

// taskID is a task in info.tasks.
type taskID struct {
	Connector string `json:"connector"`
	Task      int    `json:"task"`
}

// info is the body of GET, POST and PUT of a connector. A value that is not a text does not decode.
type info struct {
	Name   string            `json:"name"`
	Config map[string]string `json:"config"`
	Tasks  []taskID          `json:"tasks"`
	Type   string            `json:"type"`
}

// part is a connector or a task in a status.
type part struct {
	ID       *int   `json:"id"`
	State    string `json:"state"`
	WorkerID string `json:"worker_id"`
	Trace    string `json:"trace"`
}

// status is the body of GET status.
type status struct {
	Name      string `json:"name"`
	Connector part   `json:"connector"`
	Tasks     []part `json:"tasks"`
	Type      string `json:"type"`
}

// check is what all clients rely on: names, ids, workers, a trace where something has failed.
func (s status) check(a answer) error {
	if s.Name != a.name || s.Type != "sink" && s.Type != "source" {
		return fmt.Errorf("the status is that of %s %q, want that of sink %q", s.Type, s.Name, a.name)
	}
	if s.Tasks == nil {
		return fmt.Errorf("tasks is missing or null")
	}
	seen := map[int]bool{}
	for i, p := range append([]part{s.Connector}, s.Tasks...) {
		switch {
		case i > 0 && p.ID == nil:
			return fmt.Errorf("task %d has no id", i-1)
		case i > 0 && seen[*p.ID]:
			return fmt.Errorf("two tasks with the id %d", *p.ID)
		case !regexp.MustCompile(`^\S+:\d+$`).MatchString(p.WorkerID):
			return fmt.Errorf("worker_id %q is not host:port", p.WorkerID)
		case p.State == "FAILED" && p.Trace == "":
			return fmt.Errorf("FAILED without a trace")
		case i > 0 && p.State == "STOPPED":
			return fmt.Errorf("a task that is STOPPED")
		}
		if i > 0 {
			seen[*p.ID] = true
		}
	}
	if s.Connector.State == "STOPPED" && len(s.Tasks) > 0 {
		return fmt.Errorf("a STOPPED connector with %d tasks", len(s.Tasks))
	}
	return nil
}

// inState reads a status in which the connector and so many tasks have a state. It is to be polled for.
func inState(state string, tasks int) reader {
	return as(func(a answer, s status) error {
		if err := s.check(a); err != nil {
			return err
		}
		if s.Connector.State != state || len(s.Tasks) != tasks {
			return fmt.Errorf("the connector is %s with %d tasks, want %s with %d", s.Connector.State, len(s.Tasks), state, tasks)
		}
		for _, t := range s.Tasks {
			if t.State != state {
				return fmt.Errorf("task %d is %s, want %s", *t.ID, t.State, state)
			}
		}
		return nil
	})
}

// fields is a JSON object of texts, as a client would have it in a map.
func fields(text string) map[string]string {
	m := map[string]string{}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		panic(err) // a table with a mistake in it
	}
	return m
}

// configured reads the info of a connector whose config is exactly what was submitted, and the name.
func configured(submitted string) reader {
	return as(func(a answer, i info) error {
		if i.Name != a.name || i.Type != "sink" || i.Tasks == nil {
			return fmt.Errorf("got %s %q with tasks %v, want sink %q with a list of tasks", i.Type, i.Name, i.Tasks, a.name)
		}
		for n, task := range i.Tasks {
			if task != (taskID{a.name, n}) {
				return fmt.Errorf("task %d is %+v", n, task)
			}
		}
		return sameConfig(a, i.Config, submitted)
	})
}

// theConfig reads a config that is exactly what was submitted, and the name.
func theConfig(submitted string) reader {
	return as(func(a answer, config map[string]string) error { return sameConfig(a, config, submitted) })
}

func sameConfig(a answer, got map[string]string, submitted string) error {
	want := fields(strings.ReplaceAll(submitted, "${n}", a.name))
	want["name"] = a.name
	if !maps.Equal(got, want) {
		return fmt.Errorf("the config is %v, want %v", got, want)
	}
	return nil
}

// lists reads an array of names with the connector's in it, or without it.
func lists(there bool) reader {
	return as(func(a answer, names []string) error {
		if names == nil || slices.Contains(names, a.name) != there {
			return fmt.Errorf("%q is in the list: %v, want %v", a.name, !there, there)
		}
		return nil
	})
}

// says reads an error. Its code is the status, its message is a text and holds all the parts.
func says(parts ...string) reader {
	return as(func(a answer, p struct {
		ErrorCode *int    `json:"error_code"`
		Message   *string `json:"message"`
	}) error {
		if p.ErrorCode == nil || *p.ErrorCode != a.status || p.Message == nil {
			return fmt.Errorf("want error_code %d and a message", a.status)
		}
		return contains(a, *p.Message, parts...)
	})
}

// tells reads the answer of a change of offsets.
func tells(parts ...string) reader {
	return as(func(a answer, m struct {
		Message *string `json:"message"`
	}) error {
		if m.Message == nil {
			return fmt.Errorf("there is no message")
		}
		return contains(a, *m.Message, parts...)
	})
}

// used reads the topics of a connector: a map with that one connector.
func used(a answer) error {
	return as(func(a answer, topics map[string]struct {
		Topics []string `json:"topics"`
	}) error {
		if one, there := topics[a.name]; len(topics) != 1 || !there || one.Topics == nil {
			return fmt.Errorf("want a map with %q and its list", a.name)
		}
		return nil
	})(a)
}

// offsets reads the offsets of a sink as numbers.
func offsets(want ...int64) reader {
	return as(func(_ answer, o struct {
		Offsets []struct {
			Partition struct {
				Topic     string `json:"kafka_topic"`
				Partition int    `json:"kafka_partition"`
			} `json:"partition"`
			Offset struct {
				Offset int64 `json:"kafka_offset"`
			} `json:"offset"`
		} `json:"offsets"`
	}) error {
		if o.Offsets == nil {
			return fmt.Errorf("offsets is missing or null")
		}
		var got []int64
		for _, one := range o.Offsets {
			if one.Partition.Topic != "conformance" {
				return fmt.Errorf("an offset of topic %q", one.Partition.Topic)
			}
			got = append(got, one.Offset.Offset)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("offsets %d, want %d", got, want)
		}
		return nil
	})
}

// plugins reads the list of plugins, with FileStreamSink in it. Java tells no version of a transformation that does not know its own, as Camel's do not.
func plugins(types ...string) reader {
	return as(func(_ answer, list []struct {
		Class   string  `json:"class"`
		Type    string  `json:"type"`
		Version *string `json:"version"`
	}) error {
		found := false
		for _, p := range list {
			if !slices.Contains(types, p.Type) || p.Class == "" || p.Version == nil && !strings.HasPrefix(p.Class, "org.apache.camel.kafkaconnector.transforms.") {
				return fmt.Errorf("plugin %+v, want one of the types %s, with a version", p, types)
			}
			found = found || p.Class == fileSinkClass
		}
		if !found {
			return fmt.Errorf("%s is not in the list", fileSinkClass)
		}
		return nil
	})
}

// root reads who the worker is.
func root(a answer) error {
	return as(func(_ answer, r struct {
		Version string `json:"version"`
		Commit  string `json:"commit"`
		Cluster string `json:"kafka_cluster_id"`
	}) error {
		// kcctl has features by the version's first two numbers; from 3.7 on it has them all.
		var major, minor int
		if n, err := fmt.Sscanf(r.Version, "%d.%d", &major, &minor); n != 2 || major*100+minor < 307 {
			return fmt.Errorf("version %q is not a number from 3.7 on: %v", r.Version, err)
		}
		if r.Commit == "" || r.Cluster == "" {
			return fmt.Errorf("commit %q, kafka_cluster_id %q: want both", r.Commit, r.Cluster)
		}
		return nil
	})(a)
}

func contains(a answer, text string, parts ...string) error {
	for _, p := range parts {
		p = strings.ReplaceAll(p, "${n}", a.name)
		if !strings.Contains(text, p) {
			return fmt.Errorf("the message %q does not hold %q", text, p)
		}
	}
	return nil
}

// What the tables submit. Values with a blank at the end, an empty one and an unknown key stand for what a worker might be tempted to tidy.
const (
	fileSinkClass = "org.apache.kafka.connect.file.FileStreamSinkConnector"

	sinkConfig   = `{"connector.class":"` + fileSinkClass + `","tasks.max":"1","topics":"conformance","file":"/dev/null","x.note":" as it is ","x.empty":""}`
	twoTasks     = `{"connector.class":"` + fileSinkClass + `","tasks.max":"2","topics":"conformance","file":"/dev/null"}`
	failing      = `{"connector.class":"` + fileSinkClass + `","tasks.max":"1","topics":"conformance","file":"/dev/null/impossible"}`
	withoutTopic = `{"connector.class":"` + fileSinkClass + `","tasks.max":"1","file":"/dev/null"}`
)

// create is the body of POST /connectors with a config and without the name in it.
func create(config string) string { return `{"name":"${n}","config":` + config + `}` }
