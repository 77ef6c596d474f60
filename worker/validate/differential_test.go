package validate_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/worker/validate"
)

// javaAnswer is what Kafka Connect 3.9.2 made of a configuration: the errors of its answer with their keys and a digest of the whole of it,
// documentation blanked; or the message with which it failed.
type javaAnswer struct {
	Body   map[string]*string
	Policy string // of overrides

	Count  int
	Errors []string
	Digest string

	Message string
}

// The configurations are generated: the framework's keys with values of every kind, every stock transformation and predicate with settings
// right and wrong, converters, overrides of all three clients, classes that do not fit. See testdata/README.md.
func TestAnswersEqualJava(t *testing.T) {
	lines := bufio.NewScanner(bytes.NewReader(golden(t, "differential.jsonl")))
	lines.Buffer(nil, 1<<20)
	compared := 0
	for lines.Scan() {
		var want javaAnswer
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		compared++
		v := newValidator(t)
		v.OverridePolicy = want.Policy
		infos, err := v.Validate(want.Body)
		if want.Message != "" {
			if got := javaMessage(err); got != want.Message {
				t.Errorf("%s\n got %s\nwant %s", lines.Text(), got, want.Message)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s\n%v", lines.Text(), err)
			continue
		}
		blank(infos)
		sum := sha256.Sum256([]byte(compact(t, infos)))
		switch {
		case infos.ErrorCount != want.Count || !slices.Equal(errorsOf(infos), want.Errors):
			t.Errorf("%s\n got %d errors %q\nwant %d errors %q", lines.Text(), infos.ErrorCount, errorsOf(infos), want.Count, want.Errors)
		case hex.EncodeToString(sum[:])[:len(want.Digest)] != want.Digest:
			t.Errorf("%s\nthe errors are the same and the answer is not: %s", lines.Text(), compact(t, infos))
		}
	}
	if compared < 200 {
		t.Errorf("compared %d configurations", compared)
	}
}

// javaMessage is what Kafka answers to a validate request that fails: the exception's class stands before its message.
func javaMessage(err error) string {
	var (
		config  *connect.ConfigError
		broken  *validate.ExceptionError
		noClass *validate.NoConnectorTypeError
	)
	switch {
	case errors.As(err, &broken):
		return broken.Class + ": " + err.Error()
	case errors.As(err, &config):
		return "org.apache.kafka.common.config.ConfigException: " + err.Error()
	case errors.As(err, &noClass):
		return "org.apache.kafka.connect.runtime.rest.errors.BadRequestException: " + err.Error()
	case err != nil:
		return err.Error()
	}
	return ""
}

// blank takes the documentation, which is in our own words, out of an answer.
func blank(infos validate.ConfigInfos) {
	for _, c := range infos.Configs {
		if c.Definition != nil {
			c.Definition.Documentation = "…"
		}
	}
}

// What a key's error shows, and in which order keys stand, never depends on the order in which Go goes through a map.
func TestAnswersAreAlwaysTheSame(t *testing.T) {
	given := valid("errors.deadletterqueue.topic.name", "d", "producer.override.nope", "1", "producer.override.sasl.login.refresh.window.factor", "1", "a", "<null>", "b", "<null>")
	var first string
	for i := range 20 {
		infos, err := newValidator(t).Validate(given)
		if err != nil {
			t.Fatal(err)
		}
		text := compact(t, infos)
		if i > 0 && text != first {
			t.Fatalf("got %s\nand %s", strings.Clone(text), first)
		}
		first = text
	}
}
