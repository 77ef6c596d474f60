package sluice_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/internal/distributed"
	"sluice/sinks/dynamodb"
	"sluice/worker"
	"sluice/worker/validate"
)

var update = flag.Bool("update", false, "write docs/settings.md from the definitions")

// docs/settings.md is written from the definitions that parsing and validation use, so it cannot say anything else than what
// the program does. After a change: go test . -run TestSettingsPage -update
func TestSettingsPage(t *testing.T) {
	const path = "docs/settings.md"
	var b bytes.Buffer
	b.WriteString("# Settings\n\nWritten from the definitions in the code (`go test . -run TestSettingsPage -update`). The same definitions parse, validate and explain.\n")
	section := func(title, intro string, def *connect.ConfigDef) {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| key | type | default | what it does |\n|---|---|---|---|\n", title, intro)
		for _, k := range def.Keys() {
			if k.Internal {
				continue
			}
			doc := k.Doc
			if k.Validator != nil {
				doc += " Valid: " + k.Validator.String() + "."
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, strings.ToLower(string(k.Type)), defaultText(k), strings.ReplaceAll(doc, "|", "\\|"))
		}
	}
	section("Worker", "`sluice worker FILE.properties`; in the environment `CONNECT_` and the key in capitals, `_` for a dot, `__` for an underscore, `___` for a dash.", worker.ConfigDef())
	section("Every sink connector", "In `config` of `POST /connectors`, beside the connector's own settings.", validate.SinkConnectorConfigDef())
	plugins, err := distributed.Plugins(dynamodb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plugins.All() {
		switch p.Type {
		case connect.SinkPluginType:
			section(p.SimpleName(), "`connector.class`: `"+p.Class+"`, or one of `"+strings.Join(p.Aliases(), "`, `")+"`.", p.NewSink().Config())
		case connect.TransformationPluginType:
			class, isValue := strings.CutSuffix(p.Class, "$Value")
			if strings.HasSuffix(p.Class, "$Key") {
				continue // the same as for values
			}
			names := "`" + p.Class + "`"
			if isValue {
				names = "`" + class + "$Key` or `" + class + "$Value`"
			}
			if def := p.NewTransform().Config(); len(def.Keys()) > 0 {
				section(class[strings.LastIndexByte(class, '.')+1:], "With the prefix `transforms.NAME.` of a transform whose type is "+names+".", def)
			}
		case connect.PredicatePluginType:
			if def := p.NewPredicate().Config(); len(def.Keys()) > 0 {
				section(p.SimpleName(), "With the prefix `predicates.NAME.` of a predicate whose type is `"+p.Class+"`.", def)
			}
		case connect.ConverterPluginType:
			if def := p.NewConverter().Config(); len(def.Keys()) > 0 {
				section(p.SimpleName(), "With the prefix `key.converter.`, `value.converter.` or `header.converter.` of a setting that names `"+p.Class+"`.", def)
			}
		}
	}
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, b.Bytes()) {
		t.Errorf("%s is not what the definitions say; run go test . -run TestSettingsPage -update", path)
	}
}

func defaultText(k connect.ConfigKey) string {
	switch {
	case k.Required:
		return "**required**"
	case k.Default == nil:
		return ""
	}
	text := connect.ConfigText(k.Default, k.Type)
	if text == "" {
		return "empty"
	}
	return "`" + text + "`"
}
