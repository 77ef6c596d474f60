// Package table makes and describes DynamoDB tables from the input that the AWS CLI takes
// (aws dynamodb create-table --cli-input-json), which is what configs/ddb.json holds.
//
// It is for the operator's command and the demo. The sink itself never creates a table here.
package table

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Spec is the input of CreateTable. Its JSON form has the service's own names:
//
//	{"TableName":"t","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
//	 "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}
type Spec struct {
	input dynamodb.CreateTableInput
}

// maxSpecSize bounds a file that is read as a Spec. The service's own limits keep a real one far below.
const maxSpecSize = 1 << 20

// ReadSpec reads a Spec. A name that CreateTable does not know is an error, since a misspelt setting would otherwise be lost.
func ReadSpec(r io.Reader) (Spec, error) {
	var s Spec
	data, err := io.ReadAll(io.LimitReader(r, maxSpecSize+1))
	if err != nil {
		return Spec{}, fmt.Errorf("read table definition: %w", err)
	}
	if len(data) > maxSpecSize {
		return Spec{}, fmt.Errorf("read table definition: it is longer than %d bytes", maxSpecSize)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&s.input); err != nil {
		return Spec{}, fmt.Errorf("read table definition: %w", err)
	}
	if aws.ToString(s.input.TableName) == "" {
		return Spec{}, errors.New(`read table definition: "TableName" is missing`)
	}
	return s, nil
}

// Name returns the table's name.
func (s Spec) Name() string { return aws.ToString(s.input.TableName) }

// NewClient returns a client from the SDK's own settings: AWS_REGION, AWS_ENDPOINT_URL_DYNAMODB, the credentials chain and the rest.
// Options change what the environment says.
func NewClient(ctx context.Context, options ...func(*config.LoadOptions) error) (*dynamodb.Client, error) {
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("load AWS settings: %w", err)
	}
	if cfg.Region == "" {
		return nil, errors.New("no AWS region is set: give --region or set AWS_REGION")
	}
	return dynamodb.NewFromConfig(cfg), nil
}

// Create makes the table and waits until it is ACTIVE or ctx ends. A table of that name that exists already is left as it is and
// waited for too; created tells which it was.
func Create(ctx context.Context, client *dynamodb.Client, s Spec) (created bool, err error) {
	_, err = client.CreateTable(ctx, &s.input)
	var exists *types.ResourceInUseException
	switch {
	case errors.As(err, &exists):
	case err != nil:
		return false, fmt.Errorf("create table %q: %w", s.Name(), err)
	default:
		created = true
	}
	wait := 50 * time.Millisecond
	for {
		d, err := Describe(ctx, client, s.Name())
		if err == nil && d.TableStatus == types.TableStatusActive {
			return created, nil
		}
		var missing *types.ResourceNotFoundException
		if err != nil && !errors.As(err, &missing) { // right after CreateTable the description can lag behind
			return created, err
		}
		select {
		case <-ctx.Done():
			return created, fmt.Errorf("wait for table %q to become ACTIVE: %w", s.Name(), ctx.Err())
		case <-time.After(wait):
		}
		wait = min(2*wait, 2*time.Second)
	}
}

// Describe returns the service's description of the table.
func Describe(ctx context.Context, client *dynamodb.Client, name string) (*types.TableDescription, error) {
	out, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(name)})
	if err != nil {
		return nil, fmt.Errorf("describe table %q: %w", name, err)
	}
	return out.Table, nil
}
