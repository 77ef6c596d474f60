package rest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// scenario is a recorded exchange with Kafka Connect.
type scenario struct {
	Name   string `json:"name"`
	Family string `json:"family"`
	About  string `json:"about"`
	Since  string `json:"since"` // the first version it is for
	// Before is the first version it is no longer for.
	Before string `json:"before"`
	Steps  []step `json:"steps"`
}

// step is one request and what its answer must be. In all its texts ${p} is the run's prefix of names, ${base} the worker's URL and ${x:5000} the
// letter x 5000 times.
type step struct {
	Method  string             `json:"method"`
	Path    string             `json:"path"`
	Note    string             `json:"note"`
	Headers map[string]*string `json:"headers"` // null: do not send it, though it would be by default
	JSON    json.RawMessage    `json:"json"`    // the body, as JSON
	Body    *string            `json:"body"`    // the body, as text
	Chunked bool               `json:"chunked"`
	NoRetry bool               `json:"no_retry"`
	View    string             `json:"view"` // reduces the answer before it is compared

	Until    map[string]any `json:"until"` // ask again until the answer is as expected
	Timeout  float64        `json:"timeout"`
	Parallel int            `json:"parallel"` // so many at once
	OneOf    []int          `json:"one_of"`   // the statuses they may get
	Needed   int            `json:"needed"`   // the status at least one must get

	Match map[string]string `json:"match"` // what the recorder relaxed: it is in the expectations already

	Expect   json.RawMessage            `json:"expect"`
	Versions map[string]json.RawMessage `json:"versions"` // expectations of other versions
}

// expectation is what an answer is compared with. Values with a $ in their key are matchers, see compare.
type expectation struct {
	Status      int             `json:"status"`
	ContentType *string         `json:"content_type"`
	Location    json.RawMessage `json:"location"` // absent: whatever
	Allow       json.RawMessage `json:"allow"`
	Body        json.RawMessage `json:"body"`
	Text        json.RawMessage `json:"text"`

	Parallel map[string]json.RawMessage `json:"parallel"` // by status
}

func readScenarios(t testing.TB) []scenario {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "scenarios", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	var all []scenario
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var s scenario
		// A field that is not known here would be a demand that is not checked.
		if err := strictly(data, &s); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		all = append(all, s)
	}
	return all
}

// strictly decodes JSON and refuses fields that v does not have.
func strictly(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// appliesTo reports whether the scenario is for a worker of the version.
func (s scenario) appliesTo(version string) bool {
	return (s.Since == "" || !less(version, s.Since)) && (s.Before == "" || less(version, s.Before))
}

// expectedOf is what a worker of the version must answer.
func (s step) expectedOf(version string) json.RawMessage {
	for v, e := range s.Versions {
		if !less(v, version) && !less(version, v) {
			return e
		}
	}
	return s.Expect
}

// less compares the first two numbers of versions.
func less(a, b string) bool {
	var x, y [2]int
	_, _ = fmt.Sscanf(a, "%d.%d", &x[0], &x[1])
	_, _ = fmt.Sscanf(b, "%d.%d", &y[0], &y[1])
	return x[0] < y[0] || x[0] == y[0] && x[1] < y[1]
}

// run is one playing of a scenario: the names it uses are its own.
type run struct {
	url    string
	prefix string
	look   time.Duration // between two looks at a state that is waited for
	ours   bool          // the worker tells no state of before the last step
}

func newRun(url string, look time.Duration) *run {
	return &run{url: strings.TrimSuffix(url, "/"), prefix: "cf" + strconv.FormatUint(rand.Uint64(), 36) + "-", look: look}
}

var repeated = regexp.MustCompile(`\$\{(\w):(\d+)\}`)

// fill replaces the templates in a text. It may be JSON: what is filled in needs no quoting.
func (r *run) fill(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "${p}", r.prefix), "${base}", r.url)
	return repeated.ReplaceAllStringFunc(s, func(m string) string {
		parts := repeated.FindStringSubmatch(m)
		n, _ := strconv.Atoi(parts[2])
		return strings.Repeat(parts[1], n)
	})
}
