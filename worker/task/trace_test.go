package task_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"sluice/connect"
	"sluice/worker/task"
)

type javaNamed struct{}

func (javaNamed) Error() string { return "The security token is invalid" }
func (javaNamed) JavaClass() string {
	return "com.amazonaws.services.dynamodbv2.model.AmazonDynamoDBException"
}

func TestTrace(t *testing.T) {
	const connectClass = "org.apache.kafka.connect.errors.ConnectException: "
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"nothing", nil, ""},
		{"plain", errors.New("a"), connectClass + "a\n"},
		{"wrapped", fmt.Errorf("read file: %w", fs.ErrNotExist), connectClass + "read file\nCaused by: " + connectClass + "file does not exist\n"},
		{"a cause that is not at the end", fmt.Errorf("%w: while reading", fs.ErrNotExist), connectClass + "file does not exist: while reading\nCaused by: " + connectClass + "file does not exist\n"},
		{"joined", errors.Join(errors.New("first"), errors.New("second")), connectClass + "first\n"},
		{"several causes", fmt.Errorf("commit: %w (%w)", errors.New("fenced"), errors.New("code 22")), connectClass + "commit: fenced (code 22)\n"},
		{"data", connect.NewDataError("item 5: %w", errors.New("no key")), "org.apache.kafka.connect.errors.DataException: item 5\nCaused by: " + connectClass + "no key\n"},
		{"a message that ends in a colon", &connect.DataError{Message: "failed: ", Cause: errors.New("x")}, "org.apache.kafka.connect.errors.DataException: failed: \nCaused by: " + connectClass + "x\n"},
		{"no more than its cause", connect.NewDataError("%w", errors.New("no key")), "org.apache.kafka.connect.errors.DataException: no key\nCaused by: " + connectClass + "no key\n"},
		{"a mark", connect.Retriable(errors.New("throttled")), "org.apache.kafka.connect.errors.RetriableException: throttled\n"},
		{"a mark with a cause", connect.Retriable(fmt.Errorf("put: %w", errors.New("throttled"))), "org.apache.kafka.connect.errors.RetriableException: put\nCaused by: " + connectClass + "throttled\n"},
		{"a marked class", connect.Retriable(javaNamed{}), "com.amazonaws.services.dynamodbv2.model.AmazonDynamoDBException: The security token is invalid\n"},
		{"marked data", connect.Retriable(connect.NewDataError("no key")), "org.apache.kafka.connect.errors.DataException: no key\n"},
		{"a setting", &connect.ConfigError{Key: "table", Missing: true}, "org.apache.kafka.common.config.ConfigException: Missing required configuration \"table\" which has no default value.\n"},
		{"a class of its own", javaNamed{}, "com.amazonaws.services.dynamodbv2.model.AmazonDynamoDBException: The security token is invalid\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := task.Trace(tt.err); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
