package dynamodb_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"sluice/connect"
	embedded "sluice/internal/embedded/dynamodb"
	sink "sluice/sinks/dynamodb"
)

// change is a record of a test, and what it is to do to an item, which is nil if there is none.
type change struct {
	value  string // of the record
	header string // that names its operation
	id     string
	do     func(item map[string]any) map[string]any
}

// stage is a way to set the sink up, with the changes that go with it.
type stage struct {
	props []string
	draw  func(r *rand.Rand, n int, id string) change
	apis  []string // that can do it on the embedded service
	local []string // on DynamoDB Local, besides
}

// attributes are those that a record has besides the key; what is left out is not given.
func attributes(id string, more map[string]any) map[string]any {
	item := storedTransaction(id, nil)
	for name, v := range more {
		item[name] = v
	}
	return item
}

func number(n int) map[string]any { return map[string]any{"N": fmt.Sprint(n)} }

// patch draws two attributes of three, one of which may be null.
func patch(r *rand.Rand, n int) (text string, set map[string]any, null string) {
	names := []string{"a", "b", "c d\\"}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	set = map[string]any{names[0]: number(n)}
	text = fmt.Sprintf(`,%s:%d`, quoted(names[0]), n)
	if r.IntN(3) == 0 {
		null = names[1]
		text += fmt.Sprintf(`,%s:null`, quoted(null))
	} else {
		set[names[1]] = map[string]any{"S": fmt.Sprint("text ", n)}
		text += fmt.Sprintf(`,%s:"text %d"`, quoted(names[1]), n)
	}
	return text, set, null
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// with returns an item with attributes set, and some removed.
func with(item, set map[string]any, remove ...string) map[string]any {
	out := map[string]any{}
	for name, v := range item {
		out[name] = v
	}
	for name, v := range set {
		out[name] = v
	}
	for _, name := range remove {
		delete(out, name)
	}
	return out
}

func upsert(fate string, onlyExisting bool) func(r *rand.Rand, n int, id string) change {
	return func(r *rand.Rand, n int, id string) change {
		text, set, null := patch(r, n)
		return change{value: transaction(id, text), id: id, do: func(item map[string]any) map[string]any {
			if item == nil {
				if onlyExisting {
					return nil
				}
				item = storedTransaction(id, nil)
			}
			item = with(item, storedTransaction(id, set))
			switch {
			case null != "" && fate == "set-null":
				item = with(item, map[string]any{null: map[string]any{"NULL": true}})
			case null != "" && fate == "remove":
				item = with(item, nil, null)
			}
			return item
		}}
	}
}

func put(n int, id, more string, set map[string]any) change {
	return change{value: transaction(id, more), id: id, do: func(map[string]any) map[string]any { return attributes(id, set) }}
}

func remove(id string, more string) change {
	return change{value: transaction(id, more), id: id, do: func(map[string]any) map[string]any { return nil }}
}

func onlyIf(c change, holds func(item map[string]any) bool) change {
	do := c.do
	c.do = func(item map[string]any) map[string]any {
		if !holds(item) {
			return item
		}
		return do(item)
	}
	return c
}

var (
	everyAPI = []string{"auto", "single", "transact"}
	bothAPIs = []string{"auto", "transact"} // where auto is single
)

var stages = map[string]stage{
	"upsert":                 {props: []string{"aws.dynamodb.operation", "upsert"}, draw: upsert("set-null", false), apis: bothAPIs},
	"upsert, nulls removed":  {props: []string{"aws.dynamodb.operation", "upsert", "aws.dynamodb.update.null", "remove"}, draw: upsert("remove", false), apis: bothAPIs},
	"upsert, nulls ignored":  {props: []string{prefix + "operation", "UpdateItem", "aws.dynamodb.update.null", "ignore"}, draw: upsert("ignore", false), apis: bothAPIs},
	"update what is there":   {props: []string{"aws.dynamodb.operation", "update"}, draw: upsert("set-null", true), apis: bothAPIs, local: []string{"partiql"}},
	"update, nulls removed":  {props: []string{"aws.dynamodb.operation", "update", "aws.dynamodb.update.null", "remove"}, draw: upsert("remove", true), apis: bothAPIs, local: []string{"partiql"}},
	"insert what is missing": {props: []string{"aws.dynamodb.operation", "insert"}, draw: inserts, apis: bothAPIs, local: []string{"partiql"}},
	"insert-only puts":       {props: []string{"aws.dynamodb.condition", "insert-only"}, draw: inserts, apis: bothAPIs, local: []string{"partiql"}},
	"newer wins": {
		props: []string{"aws.dynamodb.condition", "newer-wins", "aws.dynamodb.version.field", "v"}, apis: everyAPI,
		draw: func(r *rand.Rand, n int, id string) change {
			v := []string{"1", "2.0", "2", "10", "1e1", "-3", "0", "300e-1"}[r.IntN(8)]
			return newer(put(n, id, fmt.Sprintf(`,"v":%s,"n":%d`, v, n), map[string]any{"v": stored(v), "n": number(n)}), value(v))
		},
	},
	"newer wins by offset": {
		props: []string{"aws.dynamodb.condition", "newer-wins", "aws.dynamodb.version.field", "__offset"}, apis: bothAPIs,
		draw: func(_ *rand.Rand, n int, id string) change {
			return put(n, id, fmt.Sprintf(`,"n":%d`, n), map[string]any{"n": number(n), "__offset": number(n)})
		},
	},
	"change events": {
		props: []string{"aws.dynamodb.operation.field", "op"}, apis: everyAPI,
		draw: func(r *rand.Rand, n int, id string) change {
			switch code := []string{"c", "r", "u", "d", "upsert", "insert"}[r.IntN(6)]; code {
			case "d":
				return remove(id, `,"op":"d","note":null`)
			case "upsert":
				return change{value: transaction(id, fmt.Sprintf(`,"op":"upsert","m":%d`, n)), id: id, do: func(item map[string]any) map[string]any {
					return with(with(item, storedTransaction(id, nil)), map[string]any{"m": number(n)})
				}}
			case "insert":
				return onlyIf(put(n, id, fmt.Sprintf(`,"op":"insert","n":%d`, n), map[string]any{"n": number(n)}), func(item map[string]any) bool { return item == nil })
			default:
				return put(n, id, fmt.Sprintf(`,"op":%q,"n":%d`, code, n), map[string]any{"n": number(n)})
			}
		},
	},
	"operations by header": {
		props: []string{"aws.dynamodb.operation.header", "op"}, apis: everyAPI,
		draw: func(r *rand.Rand, n int, id string) change {
			c := put(n, id, fmt.Sprintf(`,"n":%d`, n), map[string]any{"n": number(n)})
			if r.IntN(2) == 0 {
				c = remove(id, `,"n":1`)
				c.header = "DeleteItem"
			}
			return c
		},
	},
	"an expression": {
		props: []string{"aws.dynamodb.condition", "expression", "aws.dynamodb.condition.expression", "attribute_not_exists(#n) OR #n < :n"}, apis: bothAPIs,
		draw: func(r *rand.Rand, _ int, id string) change {
			n := r.IntN(50)
			return onlyIf(put(n, id, fmt.Sprintf(`,"n":%d`, n), map[string]any{"n": number(n)}), func(item map[string]any) bool {
				return item == nil || atoi(item["n"]) < n
			})
		},
	},
}

func inserts(_ *rand.Rand, n int, id string) change {
	return onlyIf(put(n, id, fmt.Sprintf(`,"n":%d`, n), map[string]any{"n": number(n)}), func(item map[string]any) bool { return item == nil })
}

func newer(c change, v int) change {
	return onlyIf(c, func(item map[string]any) bool { return item == nil || atoi(item["v"]) < v })
}

// stored and value are what the table and Go make of the numbers above.
func stored(v string) map[string]any { return number(value(v)) }

func value(v string) int {
	var f float64
	_ = json.Unmarshal([]byte(v), &f)
	return int(f)
}

func atoi(v any) int { return value(v.(map[string]any)["N"].(string)) }

// Whatever the operation, the condition and the call: the table ends as if each record had been carried out alone and in order, although calls
// fail, are throttled, and are carried out without an answer.
func TestOperationsEndLikeOneByOneExecution(t *testing.T) {
	for name, st := range stages {
		for _, api := range st.apis {
			t.Run(name+"/"+api, func(t *testing.T) {
				t.Parallel() // it mostly waits
				s := newService(t)
				s.SetFaults(faultsOfAllCalls())
				st.run(t, s, tableName, api, 120)
			})
		}
	}
}

// The same on DynamoDB Local, which knows what our own service does not: PartiQL. It has no faults.
func TestOperationsOnDynamoDBLocal(t *testing.T) {
	const variable = "SLUICE_TEST_DYNAMODB"
	address := os.Getenv(variable)
	if address == "" {
		t.Skipf("%s is not set: the address of a DynamoDB Local, such as 127.0.0.1:8000", variable)
	}
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	s := &service{url: address, table: fmt.Sprintf("operations-%d", time.Now().UnixNano()), client: dynamodb.New(dynamodb.Options{
		Region: "ap-southeast-2", BaseEndpoint: aws.String(address), HTTPClient: &http.Client{Transport: transport}, Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	})}
	for name, st := range stages {
		for _, api := range append(st.local, st.apis...) {
			t.Run(name+"/"+api, func(t *testing.T) {
				s.createTable(t)
				t.Cleanup(func() {
					if _, err := s.client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: aws.String(s.table)}); err != nil {
						t.Error(err)
					}
				})
				st.run(t, s, s.table, api, 100)
			})
		}
	}
}

func faultsOfAllCalls() embedded.FaultFunc {
	calls := map[string]bool{"BatchWriteItem": true, "PutItem": true, "UpdateItem": true, "DeleteItem": true, "TransactWriteItems": true}
	random := embedded.RandomFaults("", 1,
		embedded.Chance{Rate: 0.05, Fault: embedded.Fault{Unprocessed: 0.5}}, embedded.Chance{Rate: 0.02, Fault: embedded.Fault{Error: "ThrottlingException"}},
		embedded.Chance{Rate: 0.02, Fault: embedded.Fault{Error: "InternalServerError"}}, embedded.Chance{Rate: 0.02, Fault: embedded.Fault{CutBefore: true}},
		embedded.Chance{Rate: 0.1, Fault: embedded.Fault{CutAfter: true}})
	return func(operation string) embedded.Fault {
		if !calls[operation] {
			return embedded.Fault{}
		}
		f := random(operation)
		if operation != "BatchWriteItem" {
			f.Unprocessed = 0
		}
		return f
	}
}

func (st stage) run(t *testing.T, s *service, table, api string, records int) {
	r := rand.New(rand.NewPCG(1, 2))
	props := append([]string{prefix + "table", table, "aws.dynamodb.write.api", api, "aws.dynamodb.on.data.error", "fail"}, st.props...)
	w := started(t, sink.Options{}, s.settings(props...))
	want := map[string]map[string]any{}
	for n := range records {
		id := fmt.Sprintf("t%d", r.IntN(25))
		c := st.draw(r, n, id)
		record := connect.SinkRecord{Topic: w.tp.Topic, Offset: w.next, Value: connect.RawJSON(c.value)}
		if c.header != "" {
			record.Headers = []connect.Header{{Key: "op", Value: c.header}}
		}
		w.next++
		if err := w.task.Put(t.Context(), []connect.SinkRecord{record}); err != nil {
			t.Fatal(err)
		}
		if item := c.do(want[id]); item != nil {
			want[id] = item
		} else {
			delete(want, id)
		}
	}
	w.untilCommitted()
	if s.Server != nil {
		s.SetFaults(nil)
	}
	got := s.items(t)
	for id := range want {
		if !reflect.DeepEqual(got[id], want[id]) {
			t.Errorf("item %s:\ngot  %v\nwant %v", id, got[id], want[id])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d items, want %d", len(got), len(want))
	}
}
