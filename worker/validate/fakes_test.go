package validate_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/worker/validate"
)

type fakeTransform struct {
	connect.Transform
	def *connect.ConfigDef
}

func (f fakeTransform) Config() *connect.ConfigDef { return f.def }

type fakePredicate struct {
	connect.Predicate
	def *connect.ConfigDef
}

func (f fakePredicate) Config() *connect.ConfigDef { return f.def }

func transformPlugins(t testing.TB) []connect.Plugin {
	var out []connect.Plugin
	var all []struct{ Class, Type string }
	b, _ := os.ReadFile("testdata/connector-plugins-all.json")
	_ = json.Unmarshal(b, &all)
	for _, p := range all {
		if p.Type != "transformation" && p.Type != "predicate" {
			continue
		}
		name := p.Class[strings.LastIndexByte(p.Class, '.')+1:]
		name = strings.ReplaceAll(strings.ReplaceAll(name, "$Key", ".Value"), "$Value", ".Value")
		b, err := os.ReadFile(filepath.Join("testdata", "plugin-config-"+name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var keys []validate.ConfigKeyInfo
		if err := json.Unmarshal(b, &keys); err != nil {
			t.Fatal(err)
		}
		var defs []connect.ConfigKey
		for _, k := range keys {
			key := connect.ConfigKey{Name: k.Name, Type: k.Type, Required: k.Required, Importance: k.Importance, Doc: "x.", Order: k.Order, Width: k.Width, DisplayName: k.DisplayName}
			if k.Group != nil {
				key.Group = *k.Group
			}
			if k.DefaultValue != nil {
				switch key.Type {
				case connect.TypeBoolean:
					key.Default, _ = strconv.ParseBool(*k.DefaultValue)
				case connect.TypeList:
					key.Default = []string{}
				default:
					key.Default = *k.DefaultValue
				}
			}
			defs = append(defs, key)
		}
		def := connect.NewConfigDef(defs...)
		pl := connect.Plugin{Class: p.Class, Type: connect.PluginType(p.Type), Version: "3.9.2"}
		if p.Type == "predicate" {
			pl.NewPredicate = func() connect.Predicate { return fakePredicate{def: def} }
		} else {
			pl.NewTransform = func() connect.Transform { return fakeTransform{def: def} }
		}
		out = append(out, pl)
	}
	return out
}
