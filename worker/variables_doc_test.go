package worker

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/worker/properties"
)

// The example of docs/config-providers.md does what the page says.
func TestExampleOfTheConfigProvidersPage(t *testing.T) {
	page, err := os.ReadFile("../docs/config-providers.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := strings.ReplaceAll(string(page), "/run/secrets", dir)
	// between returns what stands in the page after a mark, from one text up to another one.
	between := func(after, from, to string) string {
		_, rest, ok := strings.Cut(text, after)
		_, rest, found := strings.Cut(rest, from)
		part, _, ended := strings.Cut(rest, to)
		if !ok || !found || !ended {
			t.Fatalf("the page lacks %q, %q, %q", after, from, to)
		}
		return part
	}
	for name, content := range map[string]string{"aws.properties": between("readable by the worker alone", "```properties\n", "```"), "token": "t0ken"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	props, err := properties.Read(strings.NewReader(between("The worker's properties", "```properties\n", "```")))
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range minimal() {
		props[key] = value
	}
	c, notices, err := LoadConfig(props, []string{"SINK_CLIENT=cli", "SINK_TOPIC=flagged", "AWS_SECRET=x"})
	if err != nil || len(notices) > 0 {
		t.Fatal(notices, err)
	}
	if got := c.parsed.String(ClientIDConfig); got != "cli" {
		t.Errorf("client.id is %s", got)
	}
	var body struct{ Config Properties }
	if err := json.Unmarshal([]byte(between("and a connector", "--data '", "'\n")), &body); err != nil {
		t.Fatal(err)
	}
	r, err := c.vars.providers.Resolve(body.Config.Map())
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"topics": "flagged", "file": "/var/lib/flagged.txt", "aws.access": "AKIAEXAMPLE", "aws.secret": "wJalrXUtnFEMIexample", "token": "t0ken",
	} {
		if r.Config[key] != want {
			t.Errorf("%s is %q, want %q", key, r.Config[key], want)
		}
	}
}
