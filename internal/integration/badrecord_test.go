package integration

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// soon is how long a failure that needs no outside event may take to show in the status.
const soon = 20 * time.Second

// transactionRecord is a record that the sink takes.
func transactionRecord(partition int32, id string) record {
	return record{partition: partition, key: []byte(`{"account_id":1000000001,"transaction_id":"` + id + `"}`), value: []byte(
		`{"account_id":1000000001,"customer_id":"C1000000001","merchant_type":"Online","transaction_id":"` + id +
			`","transaction_type":"Others","transaction_amount":12.5,"transaction_date":"2026-11-23 11:05:06.123"}`)}
}

func transactionRecords(partition int32, prefix string, n int) (records []record) {
	for i := range n {
		records = append(records, transactionRecord(partition, fmt.Sprintf("%s%d", prefix, i)))
	}
	return records
}

// wantInTrace checks that a trace names all that a reader needs.
func wantInTrace(t *testing.T, trace string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !regexp.MustCompile(word).MatchString(trace) {
			t.Errorf("the trace does not match %q:\n%s", word, trace)
		}
	}
}

// With a tolerance of none, a record that is no JSON stops its own task, and nothing else.
func TestMalformedRecord(t *testing.T) {
	kafka, endpoint := sharedKafka(t), sharedDynamoDB(t)
	db, admin := dynamoDBClient(endpoint), mustAdmin(t, kafka)
	bad, good := uniqueName("bad"), uniqueName("good")
	const before = 5
	for _, name := range []string{bad, good} {
		mustCreateTable(t, endpoint, name)
		mustCreateTopic(t, kafka, name, 1)
	}
	w := startWorker(t, newWorkerConfig(t, kafka, nil), awsEnvironment(endpoint)...)
	w.create(t, sinkFor(t, bad, bad, bad, map[string]string{"errors.tolerance": "none"}))
	w.create(t, sinkFor(t, good, good, good, nil))
	w.awaitRunning(t, bad, 1)
	w.awaitRunning(t, good, 1)

	records := transactionRecords(0, "A", before)
	records = append(records, record{partition: 0, key: []byte(`{"account_id":1}`), value: []byte(`{"account_id": 1000000001, "customer_id": }`)})
	records = append(records, transactionRecords(0, "B", 5)...)
	produce(t, kafka, bad, records...)

	trace := w.awaitFailure(t, bad, soon)
	wantInTrace(t, trace, regexp.QuoteMeta(bad), `(?i)partition[^0-9]{0,4}0\b`, fmt.Sprintf(`(?i)offset[^0-9]{0,4}%d\b`, before),
		`(?i)json`, `(?i)unexpected|invalid|expected|syntax|parse`)
	if offset := committed(t, admin, "connect-"+bad, bad, 1)[0]; offset > before {
		t.Errorf("offset %d is committed, past the bad record at %d", offset, before)
	}
	for _, item := range scanTable(t, db, bad) {
		if strings.HasPrefix(item["transaction_id"], `S "B`) {
			t.Errorf("a record after the bad one was written: %v", item)
		}
	}

	produce(t, kafka, good, transactionRecords(0, "C", 10)...)
	eventually(t, time.Minute, "the other connector goes on", func() error {
		if n := countItems(t, db, good); n != 10 {
			return fmt.Errorf("%d of 10 items", n)
		}
		return nil
	})
	w.awaitRunning(t, good, 1)
	if _, err := w.rest.status(bad); err != nil {
		t.Error(err)
	}
	stopCleanly(t, w.process)
	if offset := committed(t, admin, "connect-"+bad, bad, 1)[0]; offset > before {
		t.Errorf("after the stop offset %d is committed, past the bad record at %d", offset, before)
	}
}

// A record that does not fit the table's keys is an error of that record: nothing is coerced.
func TestRecordThatDoesNotFitTheTable(t *testing.T) {
	kafka, endpoint := sharedKafka(t), sharedDynamoDB(t)
	w := startWorker(t, newWorkerConfig(t, kafka, nil), awsEnvironment(endpoint)...)
	for _, c := range []struct {
		name  string
		value string
		trace []string // besides the table
	}{
		{"without its key attribute", `{"account_id":1000000001,"transaction_id":"A"}`, []string{`transaction_date`, `\bS\b`, `(?i)missing|absent|no value|not found|lacks|without`}},
		{"with an account_id that is text", `{"account_id":"1000000001","transaction_id":"A","transaction_date":"2026-11-23 11:05:06"}`, []string{`account_id`, `\bN\b`, `\bS\b`}},
		{"with a key attribute that is a number", `{"account_id":1000000001,"transaction_id":7,"transaction_date":"2026-11-23 11:05:06"}`, []string{`transaction_id`, `\bS\b`, `\bN\b`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := uniqueName("misfit")
			mustCreateTable(t, endpoint, name)
			mustCreateTopic(t, kafka, name, 1)
			produce(t, kafka, name, record{partition: 0, key: []byte(`{}`), value: []byte(c.value)})
			w.create(t, sinkFor(t, name, name, name, nil))
			wantInTrace(t, w.awaitFailure(t, name, soon), append(c.trace, regexp.QuoteMeta(name))...)
			if n := countItems(t, dynamoDBClient(endpoint), name); n != 0 {
				t.Errorf("the table holds %d items, want none", n)
			}
			if offset := committed(t, mustAdmin(t, kafka), "connect-"+name, name, 1)[0]; offset > 0 {
				t.Errorf("offset %d is committed, past the bad record at 0", offset)
			}
		})
	}
}

// What is wrong with the table, the region or the credentials fails the task within seconds, and says in which call.
func TestDestinationThatIsNotThere(t *testing.T) {
	kafka, endpoint := sharedKafka(t), sharedDynamoDB(t)
	for _, c := range []struct {
		name  string
		env   []string
		set   map[string]string
		trace []string
	}{
		{"missing table", awsEnvironment(endpoint), map[string]string{"camel.kamelet.aws-ddb-sink.table": "no-such-table"},
			[]string{`DescribeTable`, `no-such-table`, `(?i)ResourceNotFound|non-existent|does not exist|not found`}},
		{"a region that does not exist", []string{"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local"},
			map[string]string{"camel.kamelet.aws-ddb-sink.region": "xx-nowhere-9"}, []string{`xx-nowhere-9`, `(?i)region`}},
		// What fails is the search for credentials: no call of the service can be signed.
		{"no credentials", []string{"AWS_ENDPOINT_URL_DYNAMODB=" + endpoint}, nil, []string{`find credentials`, `ap-southeast-2`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := uniqueName("nowhere")
			mustCreateTable(t, endpoint, name)
			mustCreateTopic(t, kafka, name, 1)
			produce(t, kafka, name, transactionRecord(0, "A"))
			w := startWorker(t, newWorkerConfig(t, kafka, nil), c.env...)
			began := time.Now()
			w.create(t, sinkFor(t, name, name, name, c.set))
			wantInTrace(t, w.awaitFailure(t, name, soon), c.trace...)
			t.Logf("FAILED after %v", time.Since(began).Round(time.Millisecond))
			stopCleanly(t, w.process)
		})
	}
}

// What is repaired is taken up again by a restart, from the record that failed.
func TestRestartAfterRepair(t *testing.T) {
	kafka, endpoint := sharedKafka(t), sharedDynamoDB(t)
	name := uniqueName("repaired")
	mustCreateTopic(t, kafka, name, 1)
	produce(t, kafka, name, transactionRecords(0, "A", 3)...)
	w := startWorker(t, newWorkerConfig(t, kafka, nil), awsEnvironment(endpoint)...)
	w.create(t, sinkFor(t, name, name, name, nil))
	w.awaitFailure(t, name, soon)
	mustCreateTable(t, endpoint, name)
	if status, answer := w.call(t, "POST", "/connectors/"+name+"/tasks/0/restart", ""); status != 204 {
		t.Fatalf("restart of task 0: %d %s, want 204", status, answer)
	}
	eventually(t, time.Minute, "the records are written", func() error {
		if n := countItems(t, dynamoDBClient(endpoint), name); n != 3 {
			return errors.New("not yet")
		}
		return nil
	})
	w.awaitRunning(t, name, 1)
	stopCleanly(t, w.process)
}
