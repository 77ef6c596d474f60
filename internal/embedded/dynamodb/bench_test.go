package dynamodb_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"sluice/internal/embedded/dynamodb"
)

const flaggedTable = `{"TableName":"flagged-transactions",
	"AttributeDefinitions":[{"AttributeName":"transaction_id","AttributeType":"S"},{"AttributeName":"account_id","AttributeType":"N"},{"AttributeName":"transaction_date","AttributeType":"S"}],
	"KeySchema":[{"AttributeName":"transaction_id","KeyType":"HASH"},{"AttributeName":"transaction_date","KeyType":"RANGE"}],
	"ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":2},
	"GlobalSecondaryIndexes":[{"IndexName":"account","KeySchema":[{"AttributeName":"account_id","KeyType":"HASH"},{"AttributeName":"transaction_date","KeyType":"RANGE"}],
		"Projection":{"ProjectionType":"ALL"},"ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":2}}]}`

// flaggedBatch is a BatchWriteItem of 25 flagged transactions, the first of which has number n.
func flaggedBatch(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"RequestItems":{"flagged-transactions":[`)
	for i := range 25 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"PutRequest":{"Item":{"transaction_id":{"S":"%016X"},"account_id":{"N":"%d"},"customer_id":{"S":"C0000000001"},`+
			`"merchant_type":{"S":"Online"},"transaction_type":{"S":"HealthCare_Service"},"transaction_amount":{"N":"6252.83"},`+
			`"transaction_date":{"S":"2026-11-23 10:58:31.%06d"},"flag_date":{"S":"2026-11-23 10:00:00.000000"}}}}`, n+i, 1000000001+(n+i)%10, (n+i)%1000000)
	}
	b.WriteString(`]}}`)
	return b.Bytes()
}

// discard is a ResponseWriter that keeps only the status.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

func handle(h http.Handler, operation string, body []byte) int {
	req := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261123/us-east-1/dynamodb/aws4_request")
	w := &discard{header: http.Header{}}
	h.ServeHTTP(w, req)
	return w.status
}

// BenchmarkBatchWriteItem is the handler alone, without the network: 25 new items per iteration.
// It also reports what an item costs in memory.
func BenchmarkBatchWriteItem(b *testing.B) {
	server := dynamodb.New(dynamodb.Options{})
	if status := handle(server, "CreateTable", []byte(flaggedTable)); status != http.StatusOK {
		b.Fatal(status)
	}
	bodies := make([][]byte, b.N)
	for i := range bodies {
		bodies[i] = flaggedBatch(25 * i)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.ReportAllocs()
	b.ResetTimer()
	for _, body := range bodies {
		if status := handle(server, "BatchWriteItem", body); status != http.StatusOK {
			b.Fatal(status)
		}
	}
	b.StopTimer()
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(25*b.N)/b.Elapsed().Seconds(), "items/s")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(25*b.N), "heap-B/item")
	runtime.KeepAlive(server)
	runtime.KeepAlive(bodies)
}
