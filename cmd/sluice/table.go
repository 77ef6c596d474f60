package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/logging"

	"sluice/internal/table"
)

type tableCommand struct {
	Create   tableCreateCommand   `cmd:"" help:"Make the table that FILE describes and wait until it is ACTIVE; one that exists is left as it is."`
	Describe tableDescribeCommand `cmd:"" help:"Print the service's description of the table that FILE names."`
}

// tableTarget is what both commands need: which table, and where.
type tableTarget struct {
	File     string        `arg:"" help:"The table's definition, in the shape of aws dynamodb create-table --cli-input-json." placeholder:"FILE.json"`
	Region   string        `help:"AWS region; default: the AWS settings of the environment." placeholder:"REGION"`
	Endpoint string        `help:"URL of another service than AWS's own, such as DynamoDB Local; default: AWS_ENDPOINT_URL_DYNAMODB." placeholder:"URL"`
	Timeout  time.Duration `help:"How long to try." default:"60s"`
}

// open reads the definition and makes a client.
func (t tableTarget) open(ctx context.Context, env environment) (table.Spec, *dynamodb.Client, error) {
	f, err := os.Open(t.File)
	if err != nil {
		return table.Spec{}, nil, usageError(err)
	}
	defer f.Close()
	spec, err := table.ReadSpec(f)
	if err != nil {
		return table.Spec{}, nil, usageError(fmt.Errorf("%s: %w", t.File, err))
	}
	options := []func(*config.LoadOptions) error{config.WithLogger(logging.LoggerFunc(func(_ logging.Classification, format string, args ...any) {
		env.log.Debug("AWS SDK: " + fmt.Sprintf(format, args...)) // it would write to stderr
	}))}
	if t.Region != "" {
		options = append(options, config.WithRegion(t.Region))
	}
	if t.Endpoint != "" {
		options = append(options, config.WithBaseEndpoint(t.Endpoint))
	}
	client, err := table.NewClient(ctx, options...)
	if err != nil {
		return table.Spec{}, nil, usageError(err)
	}
	return spec, client, nil
}

type tableCreateCommand struct {
	tableTarget
}

// Run makes the table.
func (c tableCreateCommand) Run(ctx context.Context, env environment) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	spec, client, err := c.open(ctx, env)
	if err != nil {
		return err
	}
	created, err := table.Create(ctx, client, spec)
	if err != nil {
		return startError(err)
	}
	what := "exists"
	if created {
		what = "created"
	}
	_, err = fmt.Fprintf(env.stdout, "table %s: %s, ACTIVE\n", spec.Name(), what)
	return err
}

type tableDescribeCommand struct {
	tableTarget
}

// Run prints the description as JSON.
func (c tableDescribeCommand) Run(ctx context.Context, env environment) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	spec, client, err := c.open(ctx, env)
	if err != nil {
		return err
	}
	d, err := table.Describe(ctx, client, spec.Name())
	if err != nil {
		return startError(err)
	}
	enc := json.NewEncoder(env.stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		return startError(errors.Join(errors.New("print the description"), err))
	}
	return nil
}
