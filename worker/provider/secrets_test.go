package provider_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"sluice/worker/provider"
)

// resolveEnv resolves ${env:NAME} for all the variables given, and returns the secrets.
func resolveEnv(t *testing.T, environ ...string) *provider.Secrets {
	t.Helper()
	p, _, err := provider.New(map[string]string{"config.providers": "env", "config.providers.env.class": provider.EnvClass}, environ)
	if err != nil {
		t.Fatal(err)
	}
	config := map[string]string{}
	for _, e := range environ {
		name, _, _ := strings.Cut(e, "=")
		config[name] = "${env:" + name + "}"
	}
	r, err := p.Resolve(config)
	if err != nil {
		t.Fatal(err)
	}
	return r.Secrets
}

func TestRedact(t *testing.T) {
	const secret = "p\"a/s s\\<é>\u0007"
	key := "-----BEGIN KEY-----\nMIIabcdefgh\n12345678\nend\n-----END KEY-----\n"
	s := resolveEnv(t, "S="+secret, "LONG=hunter2-and-more", "SHORT=hunter2", "ABC=abc", "FLAG=true", "KEY="+key, "LINE=dirsecret\n")
	inJSON, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"as it is: " + secret + ".":                "as it is: ${env:S}.",
		fmt.Sprintf("quoted: %q", secret):          `quoted: "${env:S}"`,
		"JSON: " + string(inJSON):                  `JSON: "${env:S}"`,
		"query: " + url.QueryEscape(secret) + "&x": "query: ${env:S}&x",
		"path: /" + url.PathEscape(secret) + "/":   "path: /${env:S}/",
		"hunter2-and-more, hunter2, hunter2-and":   "${env:LONG}, ${env:SHORT}, ${env:SHORT}-and",
		"abc true":                                 "abc true",
		"pem " + key:                               "pem ${env:KEY}",
		"a line of it: MIIabcdefgh":                "a line of it: ${env:KEY}",
		"its last word is not looked for: end":     "its last word is not looked for: end",
		"without its line end: 'dirsecret'":        "without its line end: '${env:LINE}'",
		"nothing":                                  "nothing",
	} {
		if got := s.Redact(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestHiddenPasswords(t *testing.T) {
	var none *provider.Secrets
	for name, s := range map[string]*provider.Secrets{
		"after": resolveEnv(t, "S=first-secret").WithHidden("raw-password", "first-secret", "", "abc"), "before": none.WithHidden("raw-password").With(resolveEnv(t, "S=first-secret")),
	} {
		if got := s.Redact("first-secret raw-password abc"); got != "${env:S} [hidden] abc" {
			t.Errorf("%s: redacted %q", name, got)
		}
		if got := s.Restore("first-secret raw-password"); got != "${env:S} raw-password" {
			t.Errorf("%s: restored %q", name, got)
		}
	}
	variable, hidden := resolveEnv(t, "S=first-secret"), none.WithHidden("first-secret")
	for _, s := range []*provider.Secrets{variable.With(hidden), hidden.With(variable)} {
		if got := s.Redact("first-secret"); got != "${env:S}" {
			t.Errorf("both a password and a variable: %q", got)
		}
	}
	if none.WithHidden() != nil || none.WithHidden("x") != nil {
		t.Error("without passwords there are secrets")
	}
}

func TestRestore(t *testing.T) {
	s := resolveEnv(t, "S=p\"ass word", "SHORT=12345")
	for text, want := range map[string]string{
		"jdbc:x?password=p\"ass word&y": "jdbc:x?password=${env:S}&y", "p\\\"ass word": "p\\\"ass word", "12345": "12345", "": "",
	} {
		if got := s.Restore(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestSecretsTogether(t *testing.T) {
	a, b := resolveEnv(t, "A=first-secret"), resolveEnv(t, "B=first-secret-and-more")
	var none *provider.Secrets
	for name, s := range map[string]*provider.Secrets{"a,b": a.With(b), "b,a": b.With(a), "none": none.With(a).With(none).With(b)} {
		if got := s.Redact("first-secret first-secret-and-more"); got != "${env:A} ${env:B}" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := none.Redact("first-secret"); got != "first-secret" {
		t.Errorf("none: %q", got)
	}
}

func TestRedactedErrors(t *testing.T) {
	s := resolveEnv(t, "A=first-secret")
	err := s.Error(fmt.Errorf("connect as first-secret: %w", fs.ErrPermission))
	if err.Error() != "connect as ${env:A}: permission denied" || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v", err)
	}
	if other := errors.New("other"); s.Error(other) != other || s.Error(nil) != nil {
		t.Error("an error without secrets did not stay")
	}
}

type credentials struct{ User, Password string }

func TestRedactingLogger(t *testing.T) {
	s := resolveEnv(t, "A=first-secret")
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"JSON": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		log := s.Logger(slog.New(handler(&b))).With("with", "first-secret").WithGroup("g").With("n", 1)
		log.Info("first-secret", "text", "a first-secret", "err", errors.New("first-secret"), slog.Group("group", "in", "first-secret"),
			"struct", credentials{"u", "first-secret"}, "pointer", &credentials{"u", "first-secret"}, "list", []string{"first-secret"},
			"number", 5, "plain", credentials{"u", "p"})
		log.DebugContext(context.Background(), "first-secret") // not enabled
		out := b.String()
		if strings.Contains(out, "first-secret") || strings.Count(out, "${env:A}") != 8 {
			t.Errorf("%s: %s", name, out)
		}
		if !strings.Contains(out, "number") || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: %s", name, out)
		}
	}
	var none *provider.Secrets
	if l := slog.New(slog.DiscardHandler); none.Logger(l) != l || none.Logger(nil) != nil {
		t.Error("without secrets a logger did not stay")
	}
}
