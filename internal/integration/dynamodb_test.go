package integration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/testcontainers/testcontainers-go"
)

const dynamoDBLocalVersion = "3.1.0"

var dynamoDBLocal = java{
	name:      "dynamodb-local-" + dynamoDBLocalVersion,
	artifacts: []artifact{"software.amazon.dynamodb:DynamoDBLocal:" + dynamoDBLocalVersion},
	main:      "software.amazon.dynamodb.services.local.main.ServerRunner",
	heap:      "1g",
	options:   []string{"-Djava.library.path=."}, // SQLite's native library lies beside the jars
}

// sharedDynamoDB is the URL of the DynamoDB Local that the tests share.
func sharedDynamoDB(t *testing.T) string {
	t.Helper()
	needReal(t)
	return mustFind(t, findDynamoDB)
}

var findDynamoDB = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startDeadline)
	defer cancel()
	if url := os.Getenv("SLUICE_TEST_DYNAMODB"); url != "" {
		return url, nil
	}
	if dockerAnswers() {
		_, addr, err := runContainer(ctx, "amazon/dynamodb-local:"+dynamoDBLocalVersion, "8000/tcp",
			testcontainers.WithCmd("-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb", "-disableTelemetry"))
		return "http://" + addr, err
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	cmd, err := dynamoDBLocal.command(ctx, "-inMemory", "-sharedDb", "-disableTelemetry", "-port", port)
	if err != nil {
		return "", err
	}
	proc, err := startProcess("dynamodb", cmd)
	if err != nil {
		return "", err
	}
	url := "http://127.0.0.1:" + port
	if err := proc.until(ctx, func() error { return answers(url, http.StatusBadRequest) }); err != nil {
		return "", fmt.Errorf("DynamoDB Local %s: %w", dynamoDBLocalVersion, err)
	}
	return url, nil
})

// answers asks a URL for a status.
func answers(url string, status int) error {
	client := http.Client{Timeout: 5 * time.Second}
	r, err := client.Get(url)
	if err != nil {
		return err
	}
	r.Body.Close()
	if r.StatusCode != status {
		return fmt.Errorf("GET %s: %s", url, r.Status)
	}
	return nil
}

// awsEnvironment is how the binary finds DynamoDB Local: as an operator would tell it.
func awsEnvironment(endpoint string) []string {
	return []string{
		"AWS_ENDPOINT_URL_DYNAMODB=" + endpoint, "AWS_REGION=ap-southeast-2",
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_EC2_METADATA_DISABLED=true",
	}
}

func dynamoDBClient(endpoint string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       "ap-southeast-2",
		BaseEndpoint: aws.String(endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
}

// deleteTable deletes a table if it is there.
func deleteTable(t *testing.T, db *dynamodb.Client, table string) {
	t.Helper()
	_, err := db.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &table})
	var missing *types.ResourceNotFoundException
	if err != nil && !errors.As(err, &missing) {
		t.Fatalf("delete table %s: %v", table, err)
	}
}

// item is an item with its exact attribute types, as text: map[string]string{"account_id": `N "1000000001"`}.
type item map[string]string

// scanTable reads every item of a table.
func scanTable(t *testing.T, db *dynamodb.Client, table string) []item {
	t.Helper()
	var items []item
	pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatalf("scan %s: %v", table, err)
		}
		for _, attributes := range page.Items {
			i := item{}
			for name, value := range attributes {
				i[name] = attribute(value)
			}
			items = append(items, i)
		}
	}
	return items
}

// countItems counts the items of a table.
func countItems(t *testing.T, db *dynamodb.Client, table string) (n int) {
	t.Helper()
	pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: &table, Select: types.SelectCount, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatalf("count %s: %v", table, err)
		}
		n += int(page.Count)
	}
	return n
}

func attribute(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return text(v.Value)
	case *types.AttributeValueMemberN:
		return number(v.Value)
	default:
		return fmt.Sprintf("%T %v", v, v)
	}
}

func text(s string) string   { return fmt.Sprintf("S %q", s) }
func number(s string) string { return fmt.Sprintf("N %q", s) }
