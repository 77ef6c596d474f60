package dynamodb

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"sluice/connect"
)

// realVariable names a service to compare the encoder's rules with, such as the URL of a DynamoDB Local.
const realVariable = "SLUICE_TEST_DYNAMODB"

// realTable makes a table with a key id of type S and an index by n of type N, and returns it with a client for it.
func realTable(t *testing.T) (*table, *client) {
	t.Helper()
	url := os.Getenv(realVariable)
	if url == "" {
		t.Skipf("%s names no service", realVariable)
	}
	name := fmt.Sprintf("rules-%d", time.Now().UnixNano())
	s, err := camel().settings(map[string]string{
		camelTableConfig: name, camelRegionConfig: "eu-west-1", endpointConfig: url, camelAccessKeyConfig: "AKIAIOSFODNN7EXAMPLE", camelSecretKeyConfig: "secret",
	})
	if err != nil {
		t.Fatal(err)
	}
	ses, err := newSession(t.Context(), s, Options{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ses.close)
	_, err = ses.api.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(name), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}, {AttributeName: aws.String("n"), AttributeType: "N"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: aws.String("by-n"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
			KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("n"), KeyType: "HASH"}},
		}},
	})
	if err != nil {
		t.Fatalf("create the table: %v", err)
	}
	t.Cleanup(func() { // its test's context is over
		if _, err := ses.api.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: aws.String(name)}); err != nil {
			t.Errorf("delete the table: %v", err)
		}
	})
	found, _, err := ses.describe(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return found, newClient(ses, found, s)
}

// accepts asks the service for an item.
func accepts(t *testing.T, c *client, item []byte) error {
	t.Helper()
	w := newWrite(record(nil), item)
	out := c.send(t.Context(), []*write{w})
	switch out.class {
	case done:
		return nil
	case rejected:
		return out.err
	}
	t.Fatalf("the service answered %v", out.err)
	return nil
}

// An item of exactly the size that the service takes, by our count, is taken; one byte more is not. So each kind of value is counted as the
// service counts it.
func TestSizesAreThoseOfTheService(t *testing.T) {
	tab, c := realTable(t)
	for name, value := range map[string]string{
		"text":            `"x":"é€\u20ac\n\""`,
		"numbers":         `"x":[0,1,12,123,-1,1.5,100,1e10,0.001,12345678901234567890123456789012345678,-0.00001]`,
		"booleans, nulls": `"x":[true,false,null],"y":true,"z":null`,
		"maps and lists":  `"x":{"a":{"b":[[],[{}],{"c":[1]}]}},"y":{},"z":[]`,
	} {
		t.Run(name, func(t *testing.T) {
			checkLimit(t, tab, c, &settings{}, `{"id":"a",`+value)
		})
	}
	t.Run("sets and binary", func(t *testing.T) {
		checkLimit(t, tab, c, mapped(t, typeOverridesConfig, "s:SS,n2:NS,b:BS,x:B"), `{"id":"a","s":["a","bc","é"],"n2":[1,22,-3.5,1e20],"b":["AQI=","AQ=="],"x":"AQIDBA=="`)
	})
}

func checkLimit(t *testing.T, tab *table, c *client, s *settings, head string) {
	t.Helper()
	e := newEncoder(tab, s)
	encode := func(padding int) ([]byte, error) {
		item, _, err := e.encode(record(connect.RawJSON(head + `,"pad":"` + strings.Repeat("x", padding) + `"}`)))
		return item, err
	}
	if _, err := encode(0); err != nil {
		t.Fatal(err)
	}
	room := maxItemSize - e.writer.size
	item, err := encode(room)
	if err != nil {
		t.Fatal(err)
	}
	if err := accepts(t, c, item); err != nil {
		t.Errorf("an item of %d bytes by our count: %v", e.writer.size, err)
	}
	if _, err := encode(room + 1); err == nil {
		t.Error("one byte more is taken by us")
	}
	if err := accepts(t, c, e.writer.out); err == nil {
		t.Errorf("an item of %d bytes by our count is taken by the service", e.writer.size)
	}
}

// What the encoder lets through the service takes; what it refuses the service would have refused, with the whole batch.
func TestRulesAreThoseOfTheService(t *testing.T) {
	tab, c := realTable(t)
	nested := func(n int) string { return strings.Repeat(`{"M":{"a":`, n) + `{"S":""}` + strings.Repeat(`}}`, n) }
	for name, item := range map[string]struct {
		text string
		good bool
	}{
		"38 digits":            {`"x":{"N":"12345678901234567890123456789012345678"}`, true},
		"39 digits":            {`"x":{"N":"123456789012345678901234567890123456789"}`, false},
		"39 digits and zeros":  {`"x":{"N":"123456789012345678901234567890123456780"}`, true},
		"9.99E125":             {`"x":{"N":"9.99E125"}`, true},
		"1E126":                {`"x":{"N":"1E126"}`, false},
		"1E-130":               {`"x":{"N":"1E-130"}`, true},
		"1E-131":               {`"x":{"N":"1E-131"}`, false},
		"NaN":                  {`"x":{"N":"NaN"}`, false},
		"an empty text":        {`"x":{"S":""}`, true},
		"an empty binary":      {`"x":{"B":""}`, true},
		"an empty set":         {`"x":{"SS":[]}`, false},
		"a set with repeats":   {`"x":{"SS":["a","a"]}`, false},
		"equal numbers in set": {`"x":{"NS":["1","1.0"]}`, false},
		"a set with empties":   {`"x":{"SS":["","a"]}`, true},
		"31 levels":            {`"x":` + nested(31), true}, // of 32, which its documentation names, DynamoDB Local takes the item itself for one
		"33 levels":            {`"x":` + nested(33), false},
		"an index key":         {`"n":{"N":"1"}`, true},
		"an index key of text": {`"n":{"S":"1"}`, false},
		"a null index key":     {`"n":{"NULL":true}`, false},
		"no name":              {`"":{"S":"a"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			text := `{"id":{"S":"` + name + `"},` + item.text + `}`
			if err := accepts(t, c, []byte(text)); (err == nil) != item.good {
				t.Errorf("the service says %v", err)
			}
			_, err := encoded(t, tab, mapped(t, inputFormatConfig, "dynamodb-json"), connect.RawJSON(text))
			if strings.Contains(name, "repeats") || strings.Contains(name, "equal numbers") {
				return // sets are made of what is told apart
			}
			if (err == nil) != item.good {
				t.Errorf("the encoder says %v", err)
			}
		})
	}
	for name, item := range map[string]string{
		"no key": `{"x":{"S":"a"}}`, "an empty key": `{"id":{"S":""}}`, "a key of a number": `{"id":{"N":"1"}}`, "a null key": `{"id":{"NULL":true}}`,
		"a long key": `{"id":{"S":"` + strings.Repeat("x", maxHashSize+1) + `"}}`,
	} {
		if err := accepts(t, c, []byte(item)); err == nil {
			t.Errorf("%s: the service takes it", name)
		}
		if _, err := encoded(t, tab, mapped(t, inputFormatConfig, "dynamodb-json"), connect.RawJSON(item)); err == nil {
			t.Errorf("%s: the encoder takes it", name)
		}
	}
}
