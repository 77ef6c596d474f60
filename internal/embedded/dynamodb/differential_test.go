package dynamodb_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sluice/internal/embedded/dynamodb"
)

// The differential suite is one story of calls, told to this package and to DynamoDB Local. What
// DynamoDB Local answered is recorded in testdata, so that a plain test run compares with the
// truth too. With SLUICE_TEST_REAL=1 the story is told to DynamoDB Local anew and must be answered
// as recorded; with -update as well, the recording is replaced.
//
// DynamoDB Local is not the service. Where the two are known to differ, the case says what the
// service answers, and that is what we must answer.

var update = flag.Bool("update", false, "with SLUICE_TEST_REAL=1: record the answers of DynamoDB Local")

// call is one case.
type call struct {
	name      string
	operation string
	body      string
	header    map[string]string // replaces the usual headers; an empty value removes one

	// service is what the service answers if that is not what DynamoDB Local answers: an error as
	// "Type: message", or the whole JSON of a good answer.
	service string
	// pages follows LastEvaluatedKey to the end and compares the sum of all pages.
	pages bool
	// unordered says that the order of Items is not defined.
	unordered bool
}

// answer is what came back. Body is null if it was no JSON object.
type answer struct {
	Name   string          `json:"name"`
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body"`
}

func story() []call {
	return slices.Concat(tableCalls(), wireCalls(), valueCalls(), keyCalls(), writeCalls(), batchCalls(),
		conditionCalls(), updateCalls(), projectionCalls(), queryCalls(), scanCalls(), transactionCalls(), deleteCalls())
}

const recording = "testdata/differential.jsonl"

func TestDifferential(t *testing.T) {
	server := httptest.NewServer(dynamodb.New(dynamodb.Options{}))
	defer server.Close()
	recorded := readRecording(t)
	for _, c := range story() {
		t.Run(c.name, func(t *testing.T) {
			want, ok := recorded[c.name]
			if !ok {
				t.Fatalf("%s has no answer to this case: run with SLUICE_TEST_REAL=1 -update", recording)
			}
			got := send(t, server.URL, c)
			if c.service != "" {
				compareWithService(t, c, got)
				return
			}
			compare(t, c, got, want)
		})
	}
}

func TestDifferentialAgainstDynamoDBLocal(t *testing.T) {
	if os.Getenv("SLUICE_TEST_REAL") != "1" {
		t.Skip("set SLUICE_TEST_REAL=1 to compare with DynamoDB Local")
	}
	url := startDynamoDBLocal(t)
	dropTables(t, url)
	recorded := map[string]answer{}
	if !*update {
		recorded = readRecording(t)
	}
	var lines bytes.Buffer
	for _, c := range story() {
		got := send(t, url, c)
		line, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
		if *update {
			continue
		}
		t.Run(c.name, func(t *testing.T) { compare(t, c, got, recorded[c.name]) })
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(recording), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(recording, lines.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A case with a note about the service must differ from DynamoDB Local, or the note is out of date.
func TestNotesAboutTheServiceAreNeeded(t *testing.T) {
	recorded := readRecording(t)
	names := map[string]bool{}
	for _, c := range story() {
		if names[c.name] {
			t.Errorf("two cases are called %q", c.name)
		}
		names[c.name] = true
		if c.service == "" {
			continue
		}
		if line := serviceLine(t, recorded[c.name]); line == c.service {
			t.Errorf("%s: DynamoDB Local answers as the service does, %q", c.name, line)
		}
	}
}

func readRecording(t *testing.T) map[string]answer {
	t.Helper()
	data, err := os.ReadFile(recording)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]answer{}
	for line := range bytes.Lines(data) {
		var a answer
		if err := json.Unmarshal(line, &a); err != nil {
			t.Fatalf("%s: %v", recording, err)
		}
		out[a.Name] = a
	}
	return out
}

// send makes the call, page by page if the case says so.
func send(t *testing.T, url string, c call) answer {
	t.Helper()
	if !c.pages {
		return post(t, url, c, c.body)
	}
	var request, sum map[string]any
	mustUnmarshal(t, []byte(c.body), &request)
	for pages := 1; ; pages++ {
		body, _ := json.Marshal(request)
		a := post(t, url, c, string(body))
		var page map[string]any
		mustUnmarshal(t, a.Body, &page)
		last := page["LastEvaluatedKey"]
		delete(page, "LastEvaluatedKey")
		if sum == nil {
			sum = page
		} else {
			for _, member := range []string{"Count", "ScannedCount"} {
				sum[member] = sum[member].(float64) + page[member].(float64)
			}
			if items, ok := page["Items"].([]any); ok {
				sum["Items"] = append(sum["Items"].([]any), items...)
			}
		}
		if last == nil || a.Status != http.StatusOK || pages > 100 {
			a.Body, _ = json.Marshal(sum)
			return a
		}
		request["ExclusiveStartKey"] = last
	}
}

func post(t *testing.T, url string, c call, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810."+c.operation)
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261123/ddblocal/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	for name, value := range c.header {
		req.Header.Del(name)
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(got) {
		got = []byte("null")
	}
	return answer{Name: c.name, Status: resp.StatusCode, Body: got}
}

func mustUnmarshal(t *testing.T, data []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
}

func compare(t *testing.T, c call, got, want answer) {
	t.Helper()
	g, w := normalize(t, c, got.Body), normalize(t, c, want.Body)
	if got.Status != want.Status || !reflect.DeepEqual(g, w) {
		t.Errorf("%s %s\n got %d %s\nwant %d %s", c.operation, abbreviate(c.body), got.Status, show(g), want.Status, show(w))
	}
}

func compareWithService(t *testing.T, c call, got answer) {
	t.Helper()
	if strings.HasPrefix(c.service, "{") {
		compare(t, c, got, answer{Status: http.StatusOK, Body: json.RawMessage(c.service)})
		return
	}
	if line := serviceLine(t, got); line != c.service {
		t.Errorf("%s %s\n got %s\nwant %s", c.operation, abbreviate(c.body), abbreviate(line), c.service)
	}
}

// serviceLine is an answer as a case's service field writes it.
func serviceLine(t *testing.T, a answer) string {
	t.Helper()
	if a.Status == http.StatusOK {
		return string(a.Body)
	}
	var e map[string]any
	mustUnmarshal(t, a.Body, &e)
	_, name, _ := strings.Cut(e["__type"].(string), "#")
	message, ok := e["message"].(string)
	if !ok {
		message, _ = e["Message"].(string)
	}
	return strings.TrimSuffix(name+": "+message, ": ")
}

func abbreviate(s string) string {
	if len(s) > 600 {
		return s[:600] + "..."
	}
	return s
}

func show(v any) string {
	out, _ := json.Marshal(v)
	return abbreviate(string(out))
}

// normalize removes what may differ between two good answers.
func normalize(t *testing.T, c call, body []byte) any {
	t.Helper()
	var v any
	mustUnmarshal(t, body, &v)
	top, ok := v.(map[string]any)
	if !ok {
		return v
	}
	if m, ok := top["Message"]; ok {
		delete(top, "Message")
		if m != "" {
			top["message"] = m
		}
	}
	normalizeValue(v)
	if c.unordered {
		sortAny(top["Items"])
		if responses, ok := top["Responses"].(map[string]any); ok {
			for _, items := range responses {
				sortAny(items)
			}
		}
	}
	return v
}

// volatile members hold what is never the same twice, or what only DynamoDB Local shows.
var volatile = []string{
	"CreationDateTime", "LastUpdateToPayPerRequestDateTime", "TableId",
	"LastIncreaseDateTime", "LastDecreaseDateTime", // DynamoDB Local has them as 0, the service only after a change
	"NumberOfDecreasesToday", // DynamoDB Local has it for tables, the service for indexes too
}

func normalizeValue(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range volatile {
			delete(v, name)
		}
		for name, member := range v {
			if name == "SS" || name == "NS" || name == "BS" {
				sortAny(member)
			}
			if name == "GlobalSecondaryIndexes" { // a list in a description
				sortAny(member)
			}
			if names, ok := member.([]any); ok && name == "TableNames" {
				v[name] = slices.DeleteFunc(names, func(n any) bool { return !slices.Contains(storyTables, n.(string)) })
			}
			normalizeValue(member)
		}
	case []any:
		for _, e := range v {
			normalizeValue(e)
		}
	}
}

func sortAny(v any) {
	if list, ok := v.([]any); ok {
		slices.SortFunc(list, func(a, b any) int { return strings.Compare(show(a), show(b)) })
	}
}

// storyTables are the tables the story makes.
var storyTables = []string{"things", "words", "blobs", "billed", "narrow"}

func dropTables(t *testing.T, url string) {
	t.Helper()
	for _, name := range storyTables {
		post(t, url, call{operation: "UpdateTable"}, fmt.Sprintf(`{"TableName":%q,"DeletionProtectionEnabled":false}`, name))
		post(t, url, call{operation: "DeleteTable"}, fmt.Sprintf(`{"TableName":%q}`, name))
	}
}
