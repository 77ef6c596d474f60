package integration

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// load is a topic full of flagged transactions, and what must stand in the table when all is written: the last record of
// every key.
type load struct {
	records []record
	last    map[string]item
}

// newLoad makes n records. Most are spread over the given number of hot keys, so that each is written again and again;
// one in twenty has a key of its own, so that one that is lost leaves a gap. "seq" grows with every record.
func newLoad(t *testing.T, n, hot int) load {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	l := load{last: map[string]item{}}
	for seq := range n {
		id := fmt.Sprintf("%016X", random.IntN(hot))
		if seq%20 == 0 {
			id = fmt.Sprintf("F%015X", seq)
		}
		account, amount := 1000000001+random.IntN(10), 1+random.IntN(999999)
		date := "2026-11-23 11:05:06.123"
		// transaction_id and transaction_date are the item's key, so a key's records are in one partition, in order.
		key := fmt.Sprintf(`{"account_id":%d,"transaction_id":"%s"}`, 1000000001, id)
		value := fmt.Sprintf(`{"account_id":%d,"customer_id":"C1000000001","merchant_type":"Online","transaction_id":"%s","transaction_type":"Food and Beverage","transaction_amount":%d.%02d,"transaction_date":"%s","seq":%d}`,
			account, id, amount/100, amount%100, date, seq)
		l.records = append(l.records, record{partition: -1, key: []byte(key), value: []byte(value)})
		l.last[id] = item{
			"account_id": number(strconv.Itoa(account)), "customer_id": text("C1000000001"), "merchant_type": text("Online"),
			"transaction_id": text(id), "transaction_type": text("Food and Beverage"),
			"transaction_amount": number(withoutTrailingZeros(fmt.Sprintf("%d.%02d", amount/100, amount%100))),
			"transaction_date":   text(date), "seq": number(strconv.Itoa(seq)),
		}
	}
	return l
}

// written is what the group has committed of a topic with two partitions.
func written(t *testing.T, admin sarama.ClusterAdmin, group, topic string) (n int64) {
	t.Helper()
	for _, offset := range committed(t, admin, group, topic, 2) {
		n += max(offset, 0)
	}
	return n
}

// kill -9 of the worker in the middle of a load, more than once, each time with batches in flight. Nothing is lost, and no
// key ends older than its last record.
func TestKillWorker(t *testing.T) {
	const total, hot = 100_000, 2_000
	kafka, endpoint := sharedKafka(t), sharedDynamoDB(t)
	for round := range killRounds(t) {
		t.Run(fmt.Sprintf("round %d", round+1), func(t *testing.T) { testKillWorker(t, kafka, endpoint, newLoad(t, total, hot)) })
	}
}

func testKillWorker(t *testing.T, kafka, endpoint string, l load) {
	topic, table, name := uniqueName("flagged-transactions"), uniqueName("flagged-transactions"), uniqueName("sink")
	db, admin := dynamoDBClient(endpoint), mustAdmin(t, kafka)
	mustCreateTable(t, endpoint, table)
	mustCreateTopic(t, kafka, topic, 2)
	produce(t, kafka, topic, l.records...)

	config := newWorkerConfig(t, kafka, map[string]string{"offset.flush.interval.ms": "100"})
	env := awsEnvironment(endpoint)
	w := startWorker(t, config, env...)
	started := time.Now()
	w.create(t, sinkJSON(t, name, map[string]string{"topics": topic, "camel.kamelet.aws-ddb-sink.table": table}))
	group := "connect-" + name
	total := int64(len(l.records))
	for _, share := range []int64{10, 40} { // percent of the load
		eventually(t, 3*time.Minute, fmt.Sprintf("%d %% of the load is committed", share), func() error {
			if n := written(t, admin, group, topic); n < total*share/100 {
				return fmt.Errorf("%d of %d records", n, total)
			}
			return nil
		})
		w.kill()
		n := written(t, admin, group, topic)
		if n >= total {
			t.Fatalf("the load was already written when the worker was killed: it is too small for this test")
		}
		t.Logf("killed at %d of %d records, after %v", n, total, time.Since(started).Round(time.Millisecond))
		w = startWorker(t, config, env...) // it finds its connector again
		answered := time.Now()
		// The broker still counts on the dead tasks, for 45 s; the new ones take their places.
		eventually(t, 5*time.Second, "records flow again after GET / has answered", func() error {
			if written(t, admin, group, topic) == n {
				return fmt.Errorf("%d records as before", n)
			}
			return nil
		})
		t.Logf("records flow again %v after GET / has answered", time.Since(answered).Round(time.Millisecond))
	}
	eventually(t, 3*time.Minute, "the rest is written", func() error {
		if s, err := w.rest.status(name); err == nil {
			for _, task := range s.Tasks {
				if task.State == "FAILED" {
					t.Fatalf("task %d failed: %s", task.ID, task.Trace)
				}
			}
		}
		if n := written(t, admin, group, topic); n < total {
			return fmt.Errorf("%d of %d records", n, total)
		}
		return nil
	})
	t.Logf("all %d records are written after %v", total, time.Since(started).Round(time.Millisecond))
	compareItems(t, scanTable(t, db, table), l.last)
	stopCleanly(t, w.process)
}

// killRounds is how often the load is repeated: once, or as often as SLUICE_TEST_KILL_ROUNDS says (.ci/long).
func killRounds(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("SLUICE_TEST_KILL_ROUNDS"))
	switch {
	case os.Getenv("SLUICE_TEST_KILL_ROUNDS") == "":
		return 1
	case err != nil || n < 1:
		t.Fatalf("SLUICE_TEST_KILL_ROUNDS=%q: want a number from 1", os.Getenv("SLUICE_TEST_KILL_ROUNDS"))
	}
	return n
}

// Kafka goes away while the worker writes, and comes back: everything resumes by itself, and nothing is missing.
func TestKafkaLostAndBack(t *testing.T) {
	const total = 20_000
	needReal(t)
	b, err := newBroker()
	if err != nil {
		t.Fatal(err)
	}
	startOrSkip(t, b)
	endpoint := sharedDynamoDB(t)
	db := dynamoDBClient(endpoint)
	topic, table, name := "flagged-transactions", uniqueName("outage"), "outage"
	mustCreateTable(t, endpoint, table)
	mustCreateTopic(t, b.addr, topic, 2)
	l := newLoad(t, total, 2_000)
	produce(t, b.addr, topic, l.records[:total/2]...)

	w := startWorker(t, newWorkerConfig(t, b.addr, nil), awsEnvironment(endpoint)...)
	w.create(t, sinkJSON(t, name, map[string]string{"topics": topic, "camel.kamelet.aws-ddb-sink.table": table}))
	eventually(t, time.Minute, "the first items are written", func() error {
		if n := countItems(t, db, table); n == 0 {
			return errors.New("the table is empty")
		}
		return nil
	})
	b.proc.kill()
	if status, answer := w.call(t, "GET", "/connectors/"+name+"/status", ""); status != 200 {
		t.Errorf("GET status while Kafka is away: %d %s, want 200", status, answer)
	}
	outage(t)
	if err := b.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	produce(t, b.addr, topic, l.records[total/2:]...)
	admin := mustAdmin(t, b.addr)
	eventually(t, 2*time.Minute, "the rest is written", func() error {
		if n := written(t, admin, "connect-"+name, topic); n < total {
			return fmt.Errorf("%d of %d records", n, total)
		}
		return nil
	})
	compareItems(t, scanTable(t, db, table), l.last)
	s, err := w.rest.status(name)
	if err != nil || strings.Contains(mustJSON(t, s), "FAILED") {
		t.Errorf("status after the outage: %+v (error %v), want no failed task", s, err)
	}
	// The worker's own topics are alive again as well: a change of state is seen.
	if status, answer := w.call(t, "PUT", "/connectors/"+name+"/pause", ""); status != 202 {
		t.Errorf("pause after the outage: %d %s, want 202", status, answer)
	}
	eventually(t, 30*time.Second, "the connector pauses", func() error {
		if s, err := w.rest.status(name); err != nil || s.Connector.State != "PAUSED" {
			return fmt.Errorf("status %+v, error %v", s, err)
		}
		return nil
	})
	stopCleanly(t, w.process)
}

// outage is how long Kafka stays away: as long as a start of it takes, or as SLUICE_TEST_OUTAGE says (.ci/long: longer
// than the session and the rebalance timeouts).
func outage(t *testing.T) {
	t.Helper()
	long := os.Getenv("SLUICE_TEST_OUTAGE")
	if long == "" {
		return
	}
	d, err := time.ParseDuration(long)
	if err != nil {
		t.Fatalf("SLUICE_TEST_OUTAGE: %v", err)
	}
	<-time.After(d)
}
