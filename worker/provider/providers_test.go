package provider_test

import (
	"errors"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/worker/provider"
)

// The texts in quotes of Java's are those of Kafka Connect 3.9.2.
func TestRefusedSettings(t *testing.T) {
	root := newTree(t)
	const allowed, pattern = "config.providers.p.param.allowed.paths", "config.providers.p.param.allowlist.pattern"
	for _, tc := range []struct {
		name, class, param, value string
		key, rule                 string // of the error
	}{
		{"another class", "com.acme.VaultConfigProvider", "", "", "config.providers.p.class", "there is no such config provider here"},
		{"an alias is no class", "FileConfigProvider", "", "", "config.providers.p.class", "there is no such config provider here"},
		{"no class", "", "", "", "config.providers.p.class", "Missing required configuration"},
		{"a relative path", provider.FileClass, allowed, "rel/x", allowed, "Path rel/x is not absolute"},
		{"a blank before a path", provider.FileClass, allowed, root + ", /tmp", allowed, "Path  /tmp is not absolute"},
		{"an empty path between others", provider.DirectoryClass, allowed, root + ",," + root, allowed, "Path  is not absolute"},
		{"a path that does not exist", provider.DirectoryClass, allowed, root + ",/nonesuch/../nonesuch2", allowed, "Path /nonesuch2 does not exist"},
		{"a broken expression", provider.EnvClass, pattern, "[(", pattern, "a class without an end"},
		{"an expression that only Java has", provider.EnvClass, pattern, `\X`, pattern, "not a regular expression"},
		{"an open quotation", provider.EnvClass, pattern, `\Qabc`, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			props := map[string]string{"config.providers": "p"}
			if tc.class != "" {
				props["config.providers.p.class"] = tc.class
			}
			if tc.param != "" {
				props[tc.param] = tc.value
			}
			_, _, err := provider.New(props, nil)
			var bad *connect.ConfigError
			switch {
			case tc.key == "" && err != nil:
				t.Error(err)
			case tc.key == "":
			case !errors.As(err, &bad) || bad.Key != tc.key || !strings.Contains(err.Error(), tc.rule):
				t.Errorf("error %v, want one about %s: %s", err, tc.key, tc.rule)
			}
		})
	}
}

func TestAllWrongSettingsAreNamed(t *testing.T) {
	_, _, err := provider.New(map[string]string{"config.providers": "a,b", "config.providers.a.class": "A"}, nil)
	if err == nil || !strings.Contains(err.Error(), "config.providers.a.class") || !strings.Contains(err.Error(), "config.providers.b.class") {
		t.Errorf("error %v", err)
	}
}

// A restriction that is misspelt is none.
func TestSettingsWithoutMeaning(t *testing.T) {
	_, warnings, err := provider.New(map[string]string{
		"config.providers": "f", "config.providers.f.class": provider.FileClass, "config.providers.f.param.allowed.path": "/tmp",
		"config.providers.f.param.allowlist.pattern": "x", "config.providers.g.class": "G", "config.storage.topic": "c",
	}, nil)
	got := strings.Join(warnings, "\n")
	for _, key := range []string{"config.providers.f.param.allowed.path ", "config.providers.f.param.allowlist.pattern ", "config.providers.g.class "} {
		if !strings.Contains(got, key) {
			t.Errorf("no warning about %s", key)
		}
	}
	if err != nil || len(warnings) != 3 {
		t.Errorf("warnings %q, %v", warnings, err)
	}
}

func TestAllowedPaths(t *testing.T) {
	root := newTree(t)
	for _, tc := range []struct {
		allowed, path string
		want          bool
	}{
		{"", "/denied/s.properties", true},
		{"@/allowed", "/denied/s.properties", false},
		{"@/allowed,@/denied", "/denied/s.properties", true},
		{"@/allowed,@/denied/", "/denied/s.properties", true},
		{"@/denied/s.properties", "/denied/s.properties", true},
		{"@/denied/s.propertie", "/denied/s.properties", false}, // it does not exist: refused at the start
		{"/", "/denied/s.properties", true},
		{"@/allowed/d", "/allowed/d/../../denied/s.properties", false},
		{"@/denied", "/allowed/d/../../denied/./s.properties", true},
		{"@/denied", "//denied//s.properties", true},
		{",", "/denied/s.properties", false}, // nothing at all
	} {
		p, _, err := provider.New(map[string]string{
			"config.providers": "f", "config.providers.f.class": provider.FileClass, "config.providers.f.param.allowed.paths": strings.ReplaceAll(tc.allowed, "@", root),
		}, nil)
		if err != nil {
			if tc.want {
				t.Errorf("%s: %v", tc.allowed, err)
			}
			continue
		}
		r, err := p.Resolve(map[string]string{"k": "${f:" + root + tc.path + ":password}"})
		if err != nil || (r.Config["k"] == "denied-secret") != tc.want {
			t.Errorf("allowed %q: %s gives %v, %v", tc.allowed, tc.path, r, err)
		}
	}
}

func TestAllowlistPatternMatchesWholeNames(t *testing.T) {
	for pattern, want := range map[string]string{
		"A": "a ${e:AB} ${e:b}", "A|AB": "a ab ${e:b}", "A.": "${e:A} ab ${e:b}", "": "${e:A} ${e:AB} ${e:b}", "(?i)B": "${e:A} ${e:AB} b", "A+?B?": "a ab ${e:b}", "(?!b).*": "a ab ${e:b}",
	} {
		p, _, err := provider.New(map[string]string{
			"config.providers": "e", "config.providers.e.class": provider.EnvClass, "config.providers.e.param.allowlist.pattern": pattern,
		}, []string{"A=a", "AB=ab", "b=b", "=C:=x", "none"})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := p.Resolve(map[string]string{"k": "${e:A} ${e:AB} ${e:b}"}); err != nil || r.Config["k"] != want {
			t.Errorf("%q: got %q, want %q", pattern, r.Config["k"], want)
		}
	}
}
