package table_test

import (
	"context"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"sluice/internal/embedded/dynamodb"
	"sluice/internal/table"
)

func TestCreateAndDescribeTheConfiguredTable(t *testing.T) {
	f, err := os.Open("../../configs/ddb.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	spec, err := table.ReadSpec(f)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(dynamodb.New(dynamodb.Options{}))
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	client, err := table.NewClient(ctx, config.WithRegion("eu-central-1"), config.WithBaseEndpoint(srv.URL),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("a", "b", "")))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} { // the second time it is there
		created, err := table.Create(ctx, client, spec)
		if err != nil || created != want {
			t.Fatalf("call %d: got %v, %v", i, created, err)
		}
	}
	d, err := table.Describe(ctx, client, spec.Name())
	if err != nil {
		t.Fatal(err)
	}
	if len(d.KeySchema) != 2 || len(d.GlobalSecondaryIndexes) != 1 || *d.GlobalSecondaryIndexes[0].IndexName != "account" {
		t.Errorf("got %+v", d)
	}
	if _, err := table.Describe(ctx, client, "nope"); err == nil || !strings.Contains(err.Error(), `describe table "nope"`) {
		t.Errorf("an unknown table: got %v", err)
	}
}

func TestReadSpecNamesWhatIsWrong(t *testing.T) {
	for in, says := range map[string]string{
		`{"TableName":"t","TableNmae":"u"}`:         "TableNmae",
		`{"KeySchema":[]}`:                          "TableName",
		`{"TableName":`:                             "unexpected EOF",
		`"` + strings.Repeat("x", 2<<20) + `"`:      "longer than",
		`{"TableName":"t","KeySchema":{"HASH":1}} `: "KeySchema",
	} {
		if _, err := table.ReadSpec(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40s: got %v, want %q", in, err, says)
		}
	}
}
