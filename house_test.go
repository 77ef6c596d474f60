package sluice_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "sluice"

// room says what a package of the house may import directly. Test files are exempt.
type room struct {
	ours     []string // patterns of this module's packages, without the module's name
	tech     []string // keys of technologies
	stdOnly  bool     // no other module at all, whether it is in technologies or not
	anything bool     // any package of ours but cmd; technologies still need to be named
}

// door is the room of the packages that a pattern of path.Match names.
type door struct {
	pattern string
	room    room
}

// technologies are the modules that only some rooms may import: the edge of the house.
var technologies = map[string][]string{
	"sarama":     {"github.com/IBM/sarama"},
	"chi":        {"github.com/go-chi/chi"},
	"aws":        {"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go"},
	"kfake":      {"github.com/twmb/franz-go"},
	"sr":         {"github.com/twmb/franz-go/pkg/sr"}, // a client of schema registries, not of Kafka
	"avro":       {"github.com/hamba/avro"},
	"regex":      {"github.com/dlclark/regexp2"},
	"iam":        {"github.com/aws/aws-msk-iam-sasl-signer-go"},
	"scram":      {"github.com/xdg-go/scram"},
	"prometheus": {"github.com/prometheus"},
	"pebble":     {"github.com/cockroachdb/pebble"},
	"stores":     {"github.com/pavlo-v-chernykh/keystore-go", "software.sslmate.com/src/go-pkcs12"},
}

// house is the table of rooms. A package is governed by the first pattern that matches it, so a more particular one
// stands before a more general one; a package that none matches is a new room, which needs its line here.
var house = []door{
	{"", room{stdOnly: true}},
	{"configs", room{stdOnly: true}},

	{"connect", room{stdOnly: true}},
	{"connect/avro", room{ours: []string{"connect", "internal/tlsconfig"}, tech: []string{"avro", "sr"}}}, // its registry may want TLS, by Kafka's settings
	{"connect/converter", room{ours: []string{"connect", "internal/javahash", "internal/jsonobject"}}},
	{"connect/transform", room{ours: []string{"connect", "internal/javaregex", "internal/jsonobject"}}},
	{"connect/connecttest", room{ours: []string{"connect"}}},

	{"sinks/dynamodb", room{ours: []string{"connect"}, tech: []string{"aws"}}},
	{"sinks/*", room{ours: []string{"connect"}}},

	{"worker/group", room{ours: []string{"connect", "internal/kafka"}}},
	{"worker/store", room{ours: []string{"connect", "internal/kafka"}}},
	{"worker/metrics", room{ours: []string{"connect", "internal/clientmetrics", "internal/exposition", "internal/kafka", "internal/sampled", "worker/task"}}},
	{"worker/properties", room{}},
	{"worker/provider", room{ours: []string{"connect", "worker/properties", "internal/javaregex"}}},
	{"worker/validate", room{ours: []string{"connect", "internal/javahash", "internal/javaregex"}}},
	{"worker/task", room{ours: []string{"connect", "internal/kafka", "internal/loggers", "internal/sampled"}}},
	{"worker", room{ours: []string{"connect", "connect/*", "worker/*", "internal/javaregex", "internal/javabase64", "internal/javahash", "internal/kafka", "internal/loggers", "internal/sampled", "internal/tlsconfig"}}},

	{"rest", room{ours: []string{"connect", "worker", "worker/properties", "worker/validate", "internal/jaas", "internal/javabase64", "internal/listener", "internal/loggers", "internal/tlsconfig"}, tech: []string{"chi"}}},
	{"console", room{tech: []string{"chi"}}},

	{"producer", room{ours: []string{"internal/fraud", "internal/kafka"}}},
	{"producer/scenario", room{ours: []string{"producer", "internal/fraud"}}},
	{"detector", room{ours: []string{"detector/state", "internal/fraud", "internal/kafka"}}},
	{"detector/metrics", room{ours: []string{"detector", "detector/state", "internal/clientmetrics", "internal/exposition", "internal/fraud", "internal/kafka", "internal/listener"}}},
	{"detector/state", room{ours: []string{"internal/fraud"}, tech: []string{"pebble"}}},
	{"detector/rules", room{ours: []string{"internal/fraud"}}},

	{"internal/kafka", room{ours: []string{"internal/jaas", "internal/loggers", "internal/sampled", "internal/tlsconfig"}, tech: []string{"sarama", "scram", "aws", "iam"}}},
	{"internal/tlsconfig", room{tech: []string{"stores"}}},
	{"internal/javaregex", room{tech: []string{"regex"}}},
	{"internal/jaas", room{stdOnly: true}},
	{"internal/javabase64", room{stdOnly: true}},
	{"internal/javahash", room{stdOnly: true}},
	{"internal/jsonobject", room{stdOnly: true}},
	{"internal/boundtest", room{stdOnly: true}},                                     // only tests import it
	{"internal/capturedtest", room{ours: []string{"connect", "connect/converter"}}}, // only tests import it
	{"internal/exposition", room{tech: []string{"prometheus"}}},
	{"internal/clientmetrics", room{ours: []string{"internal/exposition", "internal/kafka"}}},
	{"internal/listener", room{stdOnly: true}},
	{"internal/loggers", room{stdOnly: true}},
	{"internal/sampled", room{stdOnly: true}},
	{"internal/fraud", room{stdOnly: true}},
	{"internal/table", room{tech: []string{"aws"}}},
	{"internal/embedded/*", room{tech: []string{"kfake"}}},
	{"internal/clients", room{stdOnly: true}},
	{"internal/distributed", room{ours: []string{"connect", "connect/avro", "connect/converter", "connect/transform", "internal/loggers", "internal/tlsconfig", "rest", "sinks/*", "worker"}}},
	// What a program with sinks of its own imports: the engine is internal, so this is its door to the outside.
	{"cli", room{ours: []string{"connect", "internal/distributed", "internal/loggers", "sinks/dynamodb", "worker", "worker/properties"}}},
	// A stranger's program, kept here so that it cannot rot: it has what is importable from another module.
	{"examples", room{stdOnly: true}},
	{"examples/*", room{ours: []string{"cli", "connect"}}},

	{"internal/demo", room{anything: true, tech: []string{"aws"}}},
	{"internal/integration", room{anything: true}},
	{"internal/workertest", room{anything: true}}, // for tests: nothing else imports it
	{"bench", room{anything: true}},

	{"cmd/sluice", room{anything: true, tech: []string{"aws"}}},
}

// nobodyImports are the rooms at the end of the line.
var nobodyImports = []string{"cmd", "bench", "internal/integration", "internal/workertest"}

// listed is what `go list -json` says of a package.
type listed struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

// trespasses names every import that the house does not allow, and every package it does not know.
func trespasses(pkgs []listed) []string {
	var found []string
	for _, p := range pkgs {
		name := inside(p.ImportPath)
		i := slices.IndexFunc(house, func(d door) bool { return matches(d.pattern, name) })
		if i < 0 {
			found = append(found, fmt.Sprintf("%s: not in the table of the house", p.ImportPath))
			continue
		}
		for _, imported := range p.Imports {
			if why := house[i].room.refuses(imported); why != "" {
				found = append(found, fmt.Sprintf("%s imports %s: %s", p.ImportPath, imported, why))
			}
		}
	}
	return found
}

// refuses says why the room may not import a package, or "".
func (r room) refuses(imported string) string {
	if imported == module || strings.HasPrefix(imported, module+"/") {
		name := inside(imported)
		for _, end := range nobodyImports {
			if name == end || strings.HasPrefix(name, end+"/") {
				return "nothing imports it"
			}
		}
		if r.anything || slices.ContainsFunc(r.ours, func(pattern string) bool { return matches(pattern, name) }) {
			return ""
		}
		return "of this module it may import only " + orNothing(r.ours)
	}
	host, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(host, ".") {
		return "" // the standard library
	}
	if r.stdOnly {
		return "it uses the standard library only"
	}
	if tech := technologyOf(imported); tech != "" && !slices.Contains(r.tech, tech) {
		return "of the edge it may import only " + orNothing(r.tech)
	}
	return ""
}

// technologyOf names the technology that a package belongs to, by the longest prefix that matches: the parts of one project can be several.
func technologyOf(imported string) string {
	found, longest := "", 0
	for tech, prefixes := range technologies {
		for _, prefix := range prefixes {
			if (imported == prefix || strings.HasPrefix(imported, prefix+"/")) && len(prefix) > longest {
				found, longest = tech, len(prefix)
			}
		}
	}
	return found
}

// inside is an import path without the module's name; "" is the root.
func inside(importPath string) string {
	return strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

func TestImports(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Standard,Imports", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var pkgs []listed
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p listed
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
	if len(pkgs) < 2 {
		t.Fatalf("go list names %d packages, want the whole module", len(pkgs))
	}
	for _, trespass := range trespasses(pkgs) {
		t.Error(trespass)
	}
}

// The rule itself, tried on packages that keep it and that break it.
func TestTrespasses(t *testing.T) {
	for _, c := range []struct {
		pkg, imports string
		want         string // part of the complaint; "" for none
	}{
		{"sluice/connect", "context", ""},
		{"sluice/connect", "golang.org/x/sync/errgroup", "standard library only"},
		{"sluice/connect", "sluice/worker", "it may import only nothing"},
		{"sluice/connect/converter", "sluice/connect", ""},
		{"sluice/connect/converter", "github.com/valyala/fastjson", ""},
		{"sluice/sinks/dynamodb", "github.com/aws/aws-sdk-go-v2/service/dynamodb", ""},
		{"sluice/sinks/dynamodb", "github.com/aws/smithy-go", ""},
		{"sluice/sinks/dynamodb", "github.com/IBM/sarama", "of the edge it may import only aws"},
		{"sluice/sinks/dynamodb", "sluice/sinks/file", "it may import only connect"},
		{"sluice/sinks/file", "github.com/aws/aws-sdk-go-v2/aws", "of the edge it may import only nothing"},
		{"sluice/internal/kafka", "github.com/IBM/sarama", ""},
		{"sluice/internal/kafka", "sluice/connect", "it may import only internal/jaas, internal/loggers, internal/sampled, internal/tlsconfig"},
		{"sluice/internal/table", "github.com/aws/aws-msk-iam-sasl-signer-go/signer", "of the edge it may import only aws"},
		{"sluice/worker", "sluice/worker/store", ""},
		{"sluice/worker", "sluice/rest", "it may import only"},
		{"sluice/worker", "github.com/go-chi/chi/v5", "of the edge"},
		{"sluice/worker/task", "sluice/internal/kafka", ""},
		{"sluice/worker/validate", "sluice/internal/kafka", "it may import only connect"},
		{"sluice/rest", "github.com/go-chi/chi/v5/middleware", ""},
		{"sluice/rest", "sluice/worker/store", "it may import only connect, worker"},
		{"sluice/detector", "sluice/producer", "it may import only"},
		{"sluice/internal/embedded/kafka", "github.com/twmb/franz-go/pkg/kfake", ""},
		{"sluice/internal/kafka", "github.com/twmb/franz-go/pkg/kfake", "of the edge it may import only sarama, scram, aws, iam"},
		{"sluice/connect/avro", "github.com/twmb/franz-go/pkg/sr", ""},
		{"sluice/connect/avro", "github.com/hamba/avro/v2", ""},
		{"sluice/connect/avro", "github.com/twmb/franz-go/pkg/kfake", "of the edge it may import only avro, sr"},
		{"sluice/connect/converter", "github.com/hamba/avro/v2", "of the edge it may import only nothing"},
		{"sluice/internal/embedded/kafka", "github.com/twmb/franz-go/pkg/sr", "of the edge it may import only kfake"},
		{"sluice/internal/demo", "sluice/rest", ""},
		{"sluice/internal/demo", "sluice/cmd/sluice", "nothing imports it"},
		{"sluice/cli", "sluice/internal/distributed", ""},
		{"sluice/examples/httpsink", "sluice/cli", ""},
		{"sluice/examples/httpsink", "sluice/internal/distributed", "it may import only cli, connect"},
		{"sluice/cmd/sluice", "sluice/internal/demo", ""},
		{"sluice/cmd/sluice", "sluice/internal/integration", "nothing imports it"},
		{"sluice/cmd/sluice", "github.com/IBM/sarama", "of the edge it may import only aws"},
		{"sluice/attic", "context", "not in the table"},
		{"sluice/worker/store/disk", "context", "not in the table"},
	} {
		got := trespasses([]listed{{ImportPath: c.pkg, Imports: []string{c.imports}}})
		switch {
		case c.want == "" && len(got) != 0:
			t.Errorf("%s importing %s: got %q, want no complaint", c.pkg, c.imports, got)
		case c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)):
			t.Errorf("%s importing %s: got %q, want a complaint with %q", c.pkg, c.imports, got, c.want)
		}
	}
}

// A package is named for what it provides.
var namesOfNothing = []string{"util", "utils", "common", "helper", "helpers", "types", "misc", "shared"}

// maxLines is what can be read in one sitting.
const maxLines = 900

func TestFiles(t *testing.T) {
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			name := d.Name()
			if slices.Contains(namesOfNothing, name) {
				t.Errorf("%s: a folder is not called %q: name it for what it provides", file, name)
			}
			if file != "." && (strings.HasPrefix(name, ".") || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		case filepath.Ext(file) != ".go":
			return nil
		}
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if n := bytes.Count(src, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines, more than %d: split it by concept", file, n, maxLines)
		}
		switch formatted, err := format.Source(src); {
		case err != nil:
			t.Errorf("%s: %v", file, err)
		case !bytes.Equal(src, formatted):
			t.Errorf("%s is not as gofmt writes it", file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
