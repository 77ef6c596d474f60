package detector_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/detector"
	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/fraud"
	"sluice/internal/kafka"
	"sluice/producer"
)

const day = "2023-08-14 12:00:0"

func flagOf(account int, second int) []byte {
	return fmt.Appendf(nil, `{"account_id": %d, "flag_date": "%s%d"}`, account, day, second)
}

func transactionOf(account, second int, id string) []byte {
	return fmt.Appendf(nil, `{"account_id": %d, "transaction_id": %q, "transaction_date": "%s%d"}`, account, id, day, second)
}

// ids returns the transaction ids of outputs, sorted, as one string.
func ids(t testing.TB, outputs []output) string {
	t.Helper()
	var ids []string
	for _, o := range outputs {
		tr, ok, err := fraud.DecodeTransaction([]byte(o.value))
		if err != nil || !ok {
			t.Fatalf("%s: %v", o.value, err)
		}
		ids = append(ids, tr.TransactionID.Value)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// The producer and the detector run at the same time, so that flags and
// transactions meet in whatever order they arrive.
func TestPipelineEqualsTheOracle(t *testing.T) {
	const n, outputPartitions = 5000, 3
	broker := newBroker(t, embedded.Options{})
	d := start(t, config(broker.Addr()))

	var transactions []fraud.Transaction
	var flags []fraud.FlaggedAccount
	var producers sync.WaitGroup
	for _, data := range []producer.Data{producer.Transactions, producer.Accounts} {
		cfg := producer.DefaultConfig()
		cfg.BootstrapServers, cfg.FlagTopic, cfg.TransactionTopic = broker.Addr(), "flags", "transactions"
		cfg.Data, cfg.Rate, cfg.Count, cfg.Partitions, cfg.Seed = data, -1, n, 2, 1
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		cfg.Clock = func() time.Time { now = now.Add(time.Millisecond); return now } // how many match must not depend on who is faster
		cfg.OnTransaction = func(tr fraud.Transaction) { transactions = append(transactions, tr) }
		cfg.OnFlag = func(f fraud.FlaggedAccount) { flags = append(flags, f) }
		p, err := producer.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		producers.Go(func() {
			if err := p.Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	producers.Wait()
	var want []output
	var m model
	for _, f := range flags {
		m.addFlag(f, nil)
	}
	for _, tr := range transactions {
		m.addTransaction(tr, func(tr *fraud.Transaction) {
			key := tr.AppendKey(nil)
			want = append(want, output{kafka.Murmur2Partition(key, outputPartitions), string(key), string(tr.AppendValue(nil))})
		})
	}
	slices.SortFunc(want, compareOutputs)
	s := d.wait(int64(len(flags)), n, len(want))
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	got := newClient(t, broker.Addr()).readAs("flagged", "read_committed")
	if !slices.Equal(got, want) {
		t.Errorf("%d outputs, want %d", len(got), len(want))
	}
	if len(want) < n/10 {
		t.Errorf("only %d matches, so this shows little", len(want))
	}
	if s.Matches != int64(len(want)) || len(s.Partitions) != 4 {
		t.Errorf("stats %+v, want %d matches", s, len(want))
	}
}

// Some golden cases through Kafka, bytes and partitions included.
func TestGoldenCasesThroughKafka(t *testing.T) {
	broker := newBroker(t, embedded.Options{})
	c := newClient(t, broker.Addr())
	for _, g := range mustReadGolden(t) {
		if !strings.HasPrefix(g.Case, "partition/") && !strings.HasPrefix(g.Case, "seed/random") && g.Case != "document/tombstone-values" && g.Case != "document/malformed" {
			continue
		}
		t.Run(g.Case, func(t *testing.T) {
			name := strings.ReplaceAll(g.Case, "/", "-")
			flags, transactions, flagged := name+"-f", name+"-t", name+"-o"
			c.createTopics(2, flags, transactions)
			cfg := config(broker.Addr())
			cfg.Flags.Topic, cfg.Transactions.Topic = flags, transactions
			cfg.Output = detector.Sink{Topic: flagged, Partitions: max(1, g.OutputPartitions)}
			cfg.Transactions.Group = name
			var wantSkipped int64
			for _, entry := range g.ArrivalOrder {
				flag, value := g.record(t, entry)
				topic := transactions
				if flag {
					topic = flags
				}
				if value == nil {
					wantSkipped++
				}
				c.send(topic, 2, 0, value)
			}
			d := start(t, cfg)
			want, fails := g.want(t)
			if fails {
				var poison *detector.PoisonError
				select {
				case err := <-d.result:
					d.result <- err
					if !errors.As(err, &poison) || poison.Topic != transactions || poison.Partition != 0 || poison.Offset != 0 {
						t.Errorf("got %v", err)
					}
				case <-time.After(patience):
					t.Error("the poison record does not stop the detector")
				}
				return
			}
			s := d.wait(int64(len(g.FlaggedAccounts))-wantSkipped/2, int64(len(g.Transactions))-wantSkipped/2, len(want))
			if s.Skipped != wantSkipped {
				t.Errorf("%d records skipped, want %d", s.Skipped, wantSkipped)
			}
			if err := d.stop(); err != nil {
				t.Fatal(err)
			}
			got := c.readAs(flagged, "read_committed")
			if !slices.Equal(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

// Without a directory the position is in Kafka nonetheless: the state is built again, silently, and no result is written twice.
func TestAStartWithoutADirectoryGoesOn(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	broker := newBroker(t, embedded.Options{})
	c := newClient(t, broker.Addr())
	c.createTopics(2, "flags", "transactions")
	c.send("flags", 2, 0, flagOf(1, 0))
	c.send("transactions", 2, 0, transactionOf(1, 1, "a"), transactionOf(1, 1, "b"), transactionOf(2, 1, "c"))
	for _, step := range []struct {
		late         []byte
		transactions int64
		matches      int
		want         string
	}{
		{nil, 3, 2, "a b"},
		{flagOf(2, 0), 0, 1, "a b c"}, // finds what the process before has read
		{flagOf(1, 0), 0, 2, "a a b b c"},
	} {
		if step.late != nil {
			c.send("flags", 2, 0, step.late)
		}
		d := start(t, config(broker.Addr()))
		d.wait(-1, step.transactions, step.matches)
		if left := temporaries(t); len(left) != 1 {
			t.Errorf("while it runs, its state is in %q", left)
		}
		if err := d.stop(); err != nil {
			t.Fatal(err)
		}
		if left := temporaries(t); len(left) != 0 {
			t.Errorf("left behind: %q", left)
		}
		if got := ids(t, c.readAs("flagged", "read_committed")); got != step.want {
			t.Errorf("got %q, want %q", got, step.want)
		}
	}
}

// temporaries are the directories of states that begin and end with a process.
func temporaries(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.TempDir(), "sluice-detector-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestSourceTopicsMayComeLater(t *testing.T) {
	broker := newBroker(t, embedded.Options{})
	c := newClient(t, broker.Addr())
	var log lockedBuffer
	cfg := config(broker.Addr())
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	d := start(t, cfg)
	log.await(t, "source topic flags")
	c.createTopics(2, "flags", "transactions")
	c.send("flags", 2, 0, flagOf(1, 0))
	c.send("transactions", 2, 0, transactionOf(1, 1, "a"))
	d.wait(1, 1, 1)
}

func TestMissingSourceTopicIsNamed(t *testing.T) {
	broker := newBroker(t, embedded.Options{})
	newClient(t, broker.Addr()).createTopics(1, "flags")
	cfg := config(broker.Addr())
	cfg.TopicTimeout = 3 * time.Second
	d, err := detector.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	err = d.Run(t.Context())
	var unknown *kafka.UnknownTopicError
	if !errors.As(err, &unknown) || unknown.Topic != "transactions" {
		t.Errorf("got %v", err)
	}
}

func TestKafkaThatIsNotThereEndsTheStartInTime(t *testing.T) {
	broker := newBroker(t, embedded.Options{})
	addr := broker.Addr()
	if err := broker.Close(); err != nil {
		t.Fatal(err)
	}
	cfg := config(addr)
	cfg.TopicTimeout = 300 * time.Millisecond
	d, err := detector.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Run(t.Context()); err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("got %v", err)
	} else {
		t.Log(err)
	}
}

// The broker dies and comes back with its data. The detector goes on by itself:
// nothing is lost, nothing is read twice.
func TestLostKafkaIsWaitedFor(t *testing.T) {
	opts := embedded.Options{DataDir: t.TempDir()}
	broker := newBroker(t, opts)
	opts.Addr = broker.Addr()
	c := newClient(t, broker.Addr())
	c.createTopics(2, "flags", "transactions")
	c.send("flags", 2, 0, flagOf(1, 0))
	c.send("transactions", 2, 0, transactionOf(1, 1, "a"))
	var log lockedBuffer
	cfg := config(broker.Addr())
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	d := start(t, cfg)
	d.wait(1, 1, 1)

	if err := broker.Close(); err != nil {
		t.Fatal(err)
	}
	log.await(t, "level=WARN") // it has noticed
	newBroker(t, opts)
	c = newClient(t, opts.Addr)
	c.send("transactions", 2, 0, transactionOf(1, 1, "b"), transactionOf(1, 1, "c"))
	d.wait(1, 3, 3)
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	if got, want := ids(t, c.readAs("flagged", "read_committed")), "a b c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	t.Log(log.String())
}
