package dynamodb_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	sink "sluice/sinks/dynamodb"
)

// The service that SLUICE_TEST_DYNAMODB names says what each kind of call has consumed, and the task counts it: a unit of the table and one of its index
// for each write of up to a KB, two of each in a transaction.
func TestConsumptionIsThatOfTheRealService(t *testing.T) {
	s := realService(t, "us-east-1")
	s.table = tableName
	for i, c := range []struct {
		name     string
		settings []string
		each     float64 // units of the table for a record; as many of the index
	}{
		{name: "batches", each: 1},
		{name: "single puts", settings: []string{"aws.dynamodb.write.api", "single"}, each: 1},
		{name: "updates", settings: []string{"aws.dynamodb.operation", "upsert"}, each: 1},
		// One write each: DynamoDB Local counts one of a transaction, whatever it holds. Of statements it says nothing, so they are not here.
		{name: "transactions", settings: []string{"aws.dynamodb.write.api", "transact", "aws.dynamodb.batch.size", "1"}, each: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := fmt.Sprintf("consumed-%d-%d", time.Now().UnixNano(), i)
			s.addProvisioned(t, table, 1000, 1000)
			t.Cleanup(func() {
				if _, err := s.client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: aws.String(table)}); err != nil {
					t.Errorf("delete table: %v", err)
				}
			})
			props := s.settings(append([]string{"table.name.format", table, prefix + "region", "us-east-1", "aws.dynamodb.write.rate.limit", "table"}, c.settings...)...)
			w := startTasks(t, props, sink.Plugin(sink.Options{}))[0]
			const records = 60
			w.flood(records, `{"id":%q,"account_id":1}`)
			w.untilCommitted()
			ofTable, ofIndex := consumed([]*worker{w}, table, ""), consumed([]*worker{w}, table, "account")
			if ofTable != c.each*records || ofIndex != c.each*records {
				t.Errorf("%d records have consumed %v units of the table and %v of its index, want %v of each", records, ofTable, ofIndex, c.each*records)
			}
			if limit, _, _ := metricOf(t, w.metrics, "dynamodb_rate_limit_units", ""); limit != 1000 {
				t.Errorf("the limit is %v units a second, want 1000", limit)
			}
		})
	}
}
