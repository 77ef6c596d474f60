package provider_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/worker/provider"
)

// environ is the environment of the captured worker.
var environ = []string{"CP_SECRET=envsecret1", "OTHER_X=otherval", "HOME=/root"}

// newTree makes the files of the captured worker and returns their directory.
func newTree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"allowed/s.properties":     "out=" + root + "/out.txt\npassword=hunter2-secret\nnumber=two\ntopic=conf-topic\nclass=FileStreamSink\nclient=resolved-client\numl=\u00e9\n",
		"allowed/latin.properties": "bad=\xff\n",
		"allowed/esc.properties":   "bad=\\u00g0\n",
		"allowed/d/pw":             "dirsecret\n",
		"allowed/d/sub/inner":      "x",
		"denied/s.properties":      "password=denied-secret\n",
	} {
		file := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"allowed/d/link": "denied/s.properties", "allowed/ln": "denied"} {
		if err := os.Symlink(filepath.Join(root, to), filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// settings are those of the captured worker, but for a provider without a class, which we refuse.
func settings(root string) map[string]string {
	return map[string]string{
		"config.providers":                             "file, dir,env,free",
		"config.providers.file.class":                  provider.FileClass,
		"config.providers.file.param.allowed.paths":    root + "/denied/../allowed",
		"config.providers.dir.class":                   provider.DirectoryClass,
		"config.providers.dir.param.allowed.paths":     root + "/allowed",
		"config.providers.env.class":                   provider.EnvClass,
		"config.providers.env.param.allowlist.pattern": "CP_.*",
		"config.providers.free.class":                  provider.FileClass,
	}
}

func newProviders(t *testing.T, props map[string]string) *provider.Providers {
	t.Helper()
	p, warnings, err := provider.New(props, environ)
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	return p
}

func TestResolveAsJava(t *testing.T) {
	root := newTree(t)
	p := newProviders(t, settings(root))
	data, err := os.ReadFile("testdata/connect-3.9.2.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Name, Text, Value, Error string }
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(data), "@", root)), &cases); err != nil {
		t.Fatal(err)
	}
	for _, tc := range cases {
		t.Run(tc.Name, func(t *testing.T) {
			r, err := p.Resolve(map[string]string{"file": tc.Text, "other": "x"})
			if err != nil {
				var e *provider.Error
				if !errors.As(err, &e) || e.JavaClass()+": "+e.Error() != tc.Error {
					t.Errorf("error %v, want %s", err, tc.Error)
				}
				return
			}
			if got := strings.TrimSpace(r.Config["file"]); got != tc.Value || tc.Error != "" {
				t.Errorf("got %q, want %q, error %q", got, tc.Value, tc.Error)
			}
			if r.Config["other"] != "x" || len(r.Config) != 2 {
				t.Errorf("the configuration became %v", r.Config)
			}
		})
	}
}

func TestWholeFileOfADirectory(t *testing.T) {
	root := newTree(t)
	r, err := newProviders(t, settings(root)).Resolve(map[string]string{"a": "${dir:" + root + "/allowed/d:pw}"})
	if err != nil || r.Config["a"] != "dirsecret\n" {
		t.Errorf("got %v, %v; want the line end too", r, err)
	}
}

func TestValuesAreNotResolvedAgain(t *testing.T) {
	p, _, err := provider.New(map[string]string{"config.providers": "env", "config.providers.env.class": provider.EnvClass},
		[]string{"A=${env:B}", "B=${env:A}", "C=$1\\$"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Resolve(map[string]string{"k": "<${env:A}|${env:B}|${env:C}>"})
	if want := "<${env:B}|${env:A}|$1\\$>"; err != nil || r.Config["k"] != want {
		t.Errorf("got %q, %v; want %q", r.Config["k"], err, want)
	}
}

// A file that has changed counts at once.
func TestNothingIsRemembered(t *testing.T) {
	root := newTree(t)
	p := newProviders(t, settings(root))
	config := map[string]string{"a": "${file:" + root + "/allowed/s.properties:number}"}
	for _, want := range []string{"two", "three"} {
		if r, err := p.Resolve(config); err != nil || r.Config["a"] != want {
			t.Errorf("got %v, %v; want %s", r, err, want)
		}
		if err := os.WriteFile(root+"/allowed/s.properties", []byte("number=three"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWithoutProviders(t *testing.T) {
	none := newProviders(t, nil)
	for _, p := range []*provider.Providers{nil, none} {
		config := map[string]string{"a": "${file:/etc/passwd:root}"}
		if r, err := p.Resolve(config); err != nil || r.Config["a"] != config["a"] || len(r.Warnings) > 0 || r.Secrets != nil {
			t.Errorf("got %+v, %v", r, err)
		}
	}
}

func TestWarnings(t *testing.T) {
	root := newTree(t)
	p := newProviders(t, settings(root))
	file := root + "/allowed/s.properties"
	for text, want := range map[string]string{
		"${file:" + root + "/denied/s.properties:password}": "The path " + root + "/denied/s.properties is not allowed to be accessed\n" +
			"k: nothing is known for ${file:" + root + "/denied/s.properties:password}, which stays as it is",
		"${file:" + file + ":none}": "k: nothing is known for ${file:" + file + ":none}, which stays as it is",
		"${dir:" + file + ":none}":  "The path " + file + " is not a directory\nk: nothing is known for ${dir:" + file + ":none}, which stays as it is",
		"${vault:a:b}":              "",
		"plain":                     "",
	} {
		r, err := p.Resolve(map[string]string{"k": text})
		if err != nil || strings.Join(r.Warnings, "\n") != want {
			t.Errorf("%s: warnings %q, %v; want %q", text, r.Warnings, err, want)
		}
	}
}

// What never ends is not read.
func TestOnlyRegularFiles(t *testing.T) {
	p := newProviders(t, settings(newTree(t)))
	for _, path := range []string{"/dev/zero", "/dev/stdin"} {
		_, err := p.Resolve(map[string]string{"k": "${free:" + path + ":x}"})
		if err == nil || err.Error() != "Could not read properties from file "+path {
			t.Errorf("%s: error %v", path, err)
		}
	}
}

func TestHasVariable(t *testing.T) {
	for text, want := range map[string]bool{
		"${a:b}": true, "x${a:b:c}y": true, "${a}": false, "$a:b": false, "": false, "${a:b": false, "${:}": true, "${a\n:b}": true, "${}a:b}": false,
	} {
		if got := provider.HasVariable(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

// Whatever a value looks like, resolving it never fails, and text without a known provider stays.
func FuzzResolve(f *testing.F) {
	for _, seed := range []string{"${env:CP_SECRET}", "$${env::CP_SECRET}}", "${a${env:CP_SECRET}", "${env:\xff}", "${:::}", "${${${"} {
		f.Add(seed)
	}
	p, _, err := provider.New(map[string]string{"config.providers": "e", "config.providers.e.class": provider.EnvClass}, environ)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := p.Resolve(map[string]string{"k": text})
		var e *provider.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%q: error %T %v", text, err, err)
		}
		if err == nil && !strings.Contains(text, "${e:") && r.Config["k"] != text {
			t.Errorf("%q became %q", text, r.Config["k"])
		}
	})
}
