package dynamodb_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"sluice/internal/embedded/dynamodb"
)

// FuzzRequest sends whatever comes to mind to every operation. The answer must be JSON and may be
// an error, but never one of our making.
func FuzzRequest(f *testing.F) {
	for _, c := range story() {
		if len(c.body) < 2000 {
			f.Add(c.operation, []byte(c.body))
		}
	}
	f.Fuzz(func(t *testing.T, operation string, body []byte) {
		server := dynamodb.New(dynamodb.Options{})
		for _, table := range []string{thingsTable, wordsTable} {
			handle(server, "CreateTable", []byte(table))
		}
		handle(server, "PutItem", []byte(`{"TableName":"things","Item":{`+itemU+`}}`))
		req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
		req.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261123/us-east-1/dynamodb/aws4_request")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, req)
		if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %q answered %d %q", operation, body, w.Code, w.Body)
		}
		// Whatever was stored can be read.
		if status := handle(server, "Scan", []byte(`{"TableName":"things","FilterExpression":"attribute_exists(h)"}`)); status != http.StatusOK {
			t.Errorf("after %s %q a scan answered %d", operation, body, status)
		}
	})
}
