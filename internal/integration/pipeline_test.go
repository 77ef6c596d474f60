package integration

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// The whole pipeline as the README describes it, on real Kafka and DynamoDB Local: the commands, the files of configs/
// as they are, and an HTTP client that POSTs sink.json.
//
// Accounts are flagged after the first fifth of the transactions, so that some are dated before their flag.
func TestPipeline(t *testing.T) {
	const early, late = 2000, 8000
	kafka, endpoint := sharedKafka(t), sharedDynamoDB(t)
	db := dynamoDBClient(endpoint)
	deleteTopics(t, kafka, "transactions", "flagged-accounts", "flagged-transactions")
	deleteTable(t, db, "flagged-transactions")

	runSluice(t, 0, awsEnvironment(endpoint), "table", "create", "configs/ddb.json")

	cluster, port := uniqueName("pipeline"), mustFreePort(t)
	w := awaitWorker(t, startSluice(t, append(awsEnvironment(endpoint),
		"CONNECT_BOOTSTRAP_SERVERS="+kafka, "CONNECT_LISTENERS=http://127.0.0.1:"+port, "CONNECT_GROUP_ID="+cluster,
		"CONNECT_CONFIG_STORAGE_TOPIC="+cluster+"-configs", "CONNECT_OFFSET_STORAGE_TOPIC="+cluster+"-offsets",
		"CONNECT_STATUS_STORAGE_TOPIC="+cluster+"-status"),
		"worker", "configs/worker.properties"), "http://127.0.0.1:"+port)

	sink, err := os.ReadFile(filepath.Join(root, "configs", "sink.json"))
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := w.call(t, http.MethodPost, "/connectors", string(sink)); status != http.StatusCreated {
		t.Fatalf("POST of configs/sink.json: %d %s, want 201", status, answer)
	}
	w.awaitRunning(t, "transactions-sink", 2)

	produceTransactions(t, kafka, early)
	runSluice(t, 0, []string{"BOOTSTRAP_SERVERS=" + kafka, "DATE_TYPE=account"}, "producer")
	detector := startSluice(t, []string{"BOOTSTRAP_SERVERS=" + kafka}, "detector", "--config", "configs/application_properties.json")
	produceTransactions(t, kafka, late)

	transactions, flags := readTopic(t, kafka, "transactions"), readTopic(t, kafka, "flagged-accounts")
	if len(transactions) != early+late || len(flags) != 5 {
		t.Fatalf("the producers wrote %d transactions and %d flags, want %d and 5", len(transactions), len(flags), early+late)
	}
	want := expectedItems(t, transactions, flags)
	if len(want) < late/4 || len(want) > late*3/4 {
		t.Fatalf("%d of %d transactions are to be flagged, want about half", len(want), late)
	}
	eventually(t, 2*time.Minute, "the table fills", func() error {
		if !detector.running() {
			t.Fatalf("the detector has ended; %s", detector.tail())
		}
		if n := countItems(t, db, "flagged-transactions"); n < len(want) {
			return fmt.Errorf("%d of %d items", n, len(want))
		}
		return nil
	})
	compareItems(t, scanTable(t, db, "flagged-transactions"), want)
	flagged := readTopic(t, kafka, "flagged-transactions")
	if len(flagged) != len(want) {
		t.Errorf("the detector wrote %d records, want %d", len(flagged), len(want))
	}
	t.Logf("%d transactions, %d flagged, %d items in the table", len(transactions), len(want), len(want))

	stopCleanly(t, detector)
	stopCleanly(t, w.process)
	// A clean stop commits what is delivered, so that nothing is delivered again. Behind the last record may be the end of its transaction.
	last := map[int32]int64{}
	for _, r := range flagged {
		last[r.partition] = r.offset
	}
	partitions := int32(len(endOffsets(t, mustClient(t, kafka), "flagged-transactions")))
	for partition, offset := range committed(t, mustAdmin(t, kafka), "connect-transactions-sink", "flagged-transactions", partitions) {
		if want, some := last[partition]; some && offset != want+1 {
			t.Errorf("partition %d: %d is committed after the stop, want what is behind the last record, %d", partition, offset, want+1)
		}
	}
}

// produceTransactions runs the producer as fast as it can.
func produceTransactions(t *testing.T, kafka string, n int) {
	t.Helper()
	runSluice(t, 0, []string{"BOOTSTRAP_SERVERS=" + kafka, "DATE_TYPE=transaction"}, "producer", "--rate=0", "--count="+strconv.Itoa(n))
}
