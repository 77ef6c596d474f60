package dynamodb_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sluice/internal/embedded/dynamodb"
)

// The model test makes random writes and compares every way of reading (by key, by range, by
// index, by page, as a whole) with a plain map. It is about the order that is made lazily and the
// entries that die in it.

type modelKey struct {
	h string
	r int
}

type modelItem struct{ g, v int } // g < 0: not in the index

func callJSON(t *rapid.T, h http.Handler, operation, body string) map[string]any {
	req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader([]byte(body)))
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261123/us-east-1/dynamodb/aws4_request")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Code != http.StatusOK {
		t.Fatalf("%s %s answered %d %s", operation, body, w.Code, w.Body)
	}
	return out
}

// readAll follows the pages of a Query or Scan and answers "h/r/v" of each item.
func readAll(t *rapid.T, h http.Handler, operation, members string) []string {
	got := []string{}
	start := ""
	for {
		page := callJSON(t, h, operation, `{"TableName":"model",`+members+start+`}`)
		for _, item := range page["Items"].([]any) {
			attribute := func(name, kind string) any { return item.(map[string]any)[name].(map[string]any)[kind] }
			got = append(got, fmt.Sprintf("%s/%s/%s", attribute("h", "S"), attribute("r", "N"), attribute("v", "N")))
		}
		last, more := page["LastEvaluatedKey"]
		if !more {
			return got
		}
		text, _ := json.Marshal(last)
		start = `,"ExclusiveStartKey":` + string(text)
	}
}

func TestReadsAgreeWithAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		server := dynamodb.New(dynamodb.Options{})
		callJSON(t, server, "CreateTable", `{"TableName":"model",
			"AttributeDefinitions":[{"AttributeName":"h","AttributeType":"S"},{"AttributeName":"r","AttributeType":"N"},{"AttributeName":"g","AttributeType":"N"}],
			"KeySchema":[{"AttributeName":"h","KeyType":"HASH"},{"AttributeName":"r","KeyType":"RANGE"}],"BillingMode":"PAY_PER_REQUEST",
			"GlobalSecondaryIndexes":[{"IndexName":"by-g","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"r","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}]}`)
		model := map[modelKey]modelItem{}
		flooded := false
		key := func(t *rapid.T) modelKey {
			return modelKey{rapid.SampledFrom([]string{"a", "b", "cc"}).Draw(t, "h"), rapid.IntRange(-3, 12).Draw(t, "r")}
		}
		put := func(k modelKey, item modelItem) {
			g := ""
			if item.g >= 0 {
				g = fmt.Sprintf(`,"g":{"N":"%d"}`, item.g)
			}
			callJSON(t, server, "PutItem", fmt.Sprintf(`{"TableName":"model","Item":{"h":{"S":"%s"},"r":{"N":"%d"},"v":{"N":"%d"}%s}}`, k.h, k.r, item.v, g))
			model[k] = item
		}
		line := func(k modelKey) string { return fmt.Sprintf("%s/%d/%d", k.h, k.r, model[k].v) }
		expect := func(what string, got []string, want []modelKey, ordered bool) {
			lines := []string{}
			for _, k := range want {
				lines = append(lines, line(k))
			}
			if !ordered {
				slices.Sort(got)
				slices.Sort(lines)
			}
			if !slices.Equal(got, lines) {
				t.Fatalf("%s: got %v, want %v", what, got, lines)
			}
		}
		keys := func(where func(modelKey, modelItem) bool) []modelKey {
			var out []modelKey
			for k, item := range model {
				if where(k, item) {
					out = append(out, k)
				}
			}
			slices.SortFunc(out, func(a, b modelKey) int { return cmp.Compare(a.r, b.r) })
			return out
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				put(key(t), modelItem{rapid.IntRange(-1, 2).Draw(t, "g"), rapid.IntRange(0, 99).Draw(t, "v")})
			},
			"flood": func(t *rapid.T) { // enough to double the shards
				if flooded {
					t.Skip("one flood a run is enough")
				}
				flooded = true
				for i := range 300 {
					put(modelKey{fmt.Sprint("flood", i%50), i}, modelItem{i % 4, i})
				}
			},
			"delete": func(t *rapid.T) {
				k := key(t)
				callJSON(t, server, "DeleteItem", fmt.Sprintf(`{"TableName":"model","Key":{"h":{"S":"%s"},"r":{"N":"%d"}}}`, k.h, k.r))
				delete(model, k)
			},
			"query": func(t *rapid.T) {
				k := key(t)
				forward := rapid.Bool().Draw(t, "forward")
				want := keys(func(m modelKey, _ modelItem) bool { return m.h == k.h && m.r >= k.r })
				if !forward {
					slices.Reverse(want)
				}
				expect("query", readAll(t, server, "Query", fmt.Sprintf(`"KeyConditionExpression":"h = :h AND r >= :r","ExpressionAttributeValues":{":h":{"S":"%s"},":r":{"N":"%d"}},"ScanIndexForward":%t,"Limit":2`, k.h, k.r, forward)), want, true)
			},
			"query the index": func(t *rapid.T) {
				g := rapid.IntRange(0, 2).Draw(t, "g")
				want := keys(func(_ modelKey, item modelItem) bool { return item.g == g })
				expect("index", readAll(t, server, "Query", fmt.Sprintf(`"IndexName":"by-g","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"N":"%d"}},"Limit":40`, g)), want, false)
			},
			"scan": func(t *rapid.T) {
				expect("scan", readAll(t, server, "Scan", `"Limit":60`), keys(func(modelKey, modelItem) bool { return true }), false)
			},
			"scan the index": func(t *rapid.T) {
				expect("scan of the index", readAll(t, server, "Scan", `"IndexName":"by-g","Limit":60`), keys(func(_ modelKey, item modelItem) bool { return item.g >= 0 }), false)
			},
			"scan in segments": func(t *rapid.T) {
				var got []string
				for i := range 3 {
					got = append(got, readAll(t, server, "Scan", fmt.Sprintf(`"Segment":%d,"TotalSegments":3,"Limit":50`, i))...)
				}
				expect("segments", got, keys(func(modelKey, modelItem) bool { return true }), false)
			},
			"": func(t *rapid.T) {
				if got := server.TableItemCount("model"); got != int64(len(model)) {
					t.Fatalf("%d items, want %d", got, len(model))
				}
			},
		})
	})
}
