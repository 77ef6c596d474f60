package integration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A cluster whose connectors have variables moves from the Java worker to ours, with the same properties file: what is stored and answered is
// the same, and the same is refused in the same words. Only validate shows variables where Java shows what they stand for.
func TestVariablesAsInJava(t *testing.T) {
	kafka := sharedKafka(t)
	dir := t.TempDir()
	secrets, lines, topic, name := filepath.Join(dir, "secrets.properties"), filepath.Join(dir, "lines.txt"), uniqueName("lines"), uniqueName("variables")
	for file, text := range map[string]string{secrets: "file=" + lines + "\ntopic=" + topic + "\nclient=a-client\n", filepath.Join(dir, "password"): "hush-hush"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustCreateTopic(t, kafka, topic, 1)
	variable := func(key string) string { return "${file:" + secrets + ":" + key + "}" }
	const provider = "org.apache.kafka.common.config.provider."
	config := newWorkerConfig(t, kafka, map[string]string{
		"key.converter": "org.apache.kafka.connect.storage.StringConverter", "value.converter": "org.apache.kafka.connect.storage.StringConverter",
		"config.providers":                          "file,dir",
		"config.providers.file.class":               provider + "FileConfigProvider",
		"config.providers.file.param.allowed.paths": dir,
		"config.providers.dir.class":                provider + "DirectoryConfigProvider",
		"client.id":                                 variable("client"),
	})
	connector := func(pairs ...string) map[string]string {
		c := map[string]string{
			"name": name, "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "topics": variable("topic"), "file": variable("file"),
			"password": "x${dir:" + dir + ":password}y", "unknown": "${vault:a:b}", "missing": variable("none"),
		}
		for i := 0; i < len(pairs); i += 2 {
			c[pairs[i]] = pairs[i+1]
		}
		return c
	}
	const validate = "/connector-plugins/FileStreamSink/config/validate"
	calls := []struct {
		method, path string
		body         any
	}{
		{"GET", "/connectors/" + name, nil},
		{"GET", "/connectors/" + name + "/tasks", nil},
		{"PUT", validate, connector()},
		{"PUT", validate, connector("file", "${file:"+dir+"/none:k}")},
		{"PUT", validate, connector("file", "${file:/etc/passwd:root}")},
		{"PUT", validate, connector("tasks.max", "${dir:"+dir+":password}")},
		{"POST", "/connectors", map[string]any{"name": "new", "config": connector("name", "new", "file", "${file:"+dir+"/none:k}")}},
		{"PATCH", "/connectors/" + name + "/config", map[string]string{"file": "${file:" + dir + "/none:k}"}},
	}
	play := func(r rest) (answers []string) {
		for _, c := range calls {
			body := ""
			if c.body != nil {
				body = mustJSON(t, c.body)
			}
			status, answer := r.call(t, c.method, c.path, body)
			if status < 500 {
				status, answer = r.settled(t, c.method, c.path, body)
			}
			answers = append(answers, fmt.Sprint(status, " ", answer))
		}
		return answers
	}

	ctx, cancel := context.WithTimeout(t.Context(), startDeadline)
	defer cancel()
	var p *process
	mustFind(t, func() (_ string, err error) {
		p, err = startJavaConnect(ctx, config.file)
		return "", err
	})
	t.Cleanup(p.kill)
	java := awaitWorker(t, p, config.url)
	java.create(t, mustJSON(t, map[string]any{"name": name, "config": connector()}))
	java.awaitRunning(t, name, 1)
	produce(t, kafka, topic, record{value: []byte("one")})
	awaitLines(t, lines, 1)
	want := play(java.rest)
	if code := java.stop(time.Minute); code == -1 {
		t.Fatalf("the Java worker had to be killed; %s", java.tail())
	}

	ours := startWorker(t, config)
	ours.awaitRunning(t, name, 1)
	produce(t, kafka, topic, record{value: []byte("two")})
	awaitLines(t, lines, 2)
	hidden := strings.NewReplacer(`"`+lines+`"`, `"`+variable("file")+`"`, `"`+topic+`"`, `"`+variable("topic")+`"`, "Invalid value hush-hush", "Invalid value ${dir:"+dir+":password}")
	for i, got := range play(ours.rest) {
		if strings.HasSuffix(calls[i].path, "/validate") {
			want[i] = hidden.Replace(want[i])
		}
		if got != want[i] {
			at := 0
			for at < min(len(got), len(want[i])) && got[at] == want[i][at] {
				at++
			}
			t.Errorf("%s %s %v: ours ends in\n%s\nJava's in\n%s", calls[i].method, calls[i].path, calls[i].body, got[max(0, at-100):], want[i][max(0, at-100):])
		}
	}
	stopCleanly(t, ours.process)
	if log, err := os.ReadFile(ours.log); err != nil || strings.Contains(string(log), "hush-hush") {
		t.Errorf("the log shows a password, or cannot be read: %v", err)
	}
}
