package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/kafka"
	"sluice/producer"
)

// payments is a topic of the producer's transactions, with a topic of flags in front of them.
type payments struct {
	name     string
	n        int
	accounts int
	flagged  []int64
}

const (
	paymentPartitions = 2 // of transactions and of results, as in the original's compose file
	firstAccount      = 1_000_000_001
)

// halfFlagged are the producer's transactions with its flags: of ten accounts every other one is flagged.
func halfFlagged(name string, n int) payments {
	return payments{name, n, 10, []int64{firstAccount, firstAccount + 2, firstAccount + 4, firstAccount + 6, firstAccount + 8}}
}

func (p payments) transactions() string { return p.name }
func (p payments) flags() string        { return p.name + "-flags" }

// epoch is when everything begins; flags are from before.
var epoch = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// fill makes the topics and returns how many pairs their join has. Dates are a millisecond apart.
func (p payments) fill(tb testing.TB, bootstrap string) (pairs int64) {
	tb.Helper()
	fillTopic(tb, bootstrap, p.flags(), 1, "none", len(p.flagged), func(i int) message {
		return flagMessage(p.flagged[i], epoch.Add(-time.Hour))
	})
	isFlagged := map[int64]bool{}
	for _, account := range p.flagged {
		isFlagged[account] = true
	}
	counted := p.generator()
	for range p.n {
		if t := counted.Next(); isFlagged[t.AccountID] {
			pairs++
		}
	}
	generator := p.generator()
	fillTopic(tb, bootstrap, p.transactions(), paymentPartitions, "none", p.n, func(int) message {
		t := generator.Next()
		return message{t.AppendKey(nil), t.AppendValue(nil)}
	})
	return pairs
}

func (p payments) generator() *producer.Generator {
	now := epoch
	return producer.NewGenerator(1, p.accounts, func() time.Time { now = now.Add(time.Millisecond); return now })
}

func flagMessage(account int64, date time.Time) message {
	f := producer.Flag{AccountID: account, Date: date}
	return message{f.AppendKey(nil), f.AppendValue(nil)}
}

// detection is a detector on topics, with a topic of results of its own that is read with read_committed.
type detection struct {
	payments
	bootstrap, results string
	config, dir        string
	more               []string // of the command line
	*process
}

// newDetection prepares a detector and its topic of results.
func newDetection(tb testing.TB, bootstrap string, p payments, more ...string) *detection {
	tb.Helper()
	name := fmt.Sprintf("%s-%d", p.name, time.Now().UnixNano())
	d := &detection{payments: p, bootstrap: bootstrap, results: name, dir: filepath.Join(tb.TempDir(), "state"), more: more}
	createTopic(tb, bootstrap, d.results, paymentPartitions)
	type group struct {
		ID         string            `json:"PropertyGroupId"`
		Properties map[string]string `json:"PropertyMap"`
	}
	data, err := json.Marshal([]group{
		{"consumer.config.0", map[string]string{"table.name": "f", "topic.name": p.flags(), "bootstrap.servers": bootstrap, "startup.mode": "earliest-offset"}},
		{"consumer.config.1", map[string]string{"table.name": "t", "topic.name": p.transactions(), "bootstrap.servers": bootstrap, "startup.mode": "earliest-offset", "group.id": name}},
		{"producer.config.0", map[string]string{"table.name": "r", "topic.name": d.results, "bootstrap.servers": bootstrap}},
	})
	must(tb, err)
	d.config = filepath.Join(tb.TempDir(), "application_properties.json")
	must(tb, os.WriteFile(d.config, data, 0o600))
	return d
}

// start starts the program.
func (d *detection) start(tb testing.TB) {
	tb.Helper()
	sluice, err := program()
	must(tb, err)
	args := append([]string{"detector", "--config", d.config, "--state-dir", d.dir}, d.more...)
	d.process, err = startProcess("detector", exec.Command(sluice, args...))
	must(tb, err)
	tb.Cleanup(d.stop)
}

func createTopic(tb testing.TB, bootstrap, topic string, partitions int32) {
	tb.Helper()
	admin, err := kafka.NewAdmin(kafka.AdminConfig{Properties: kafka.Properties{"bootstrap.servers": bootstrap}})
	must(tb, err)
	defer admin.Close()
	_, err = admin.CreateTopic(tb.Context(), kafka.TopicSpec{Name: topic, Partitions: partitions, ReplicationFactor: 1})
	must(tb, err)
}

// results reads a topic of results as one that wants committed records does, and counts.
type results struct {
	cancel context.CancelFunc
	ended  sync.WaitGroup

	mu      sync.Mutex
	count   int64
	err     error
	seen    map[string]time.Time // when a transaction that was asked for became visible
	wanted  map[string]bool
	changed chan struct{} // closed and replaced when anything above changes
}

func readResults(tb testing.TB, bootstrap, topic string) *results {
	tb.Helper()
	reader, err := kafka.NewTopicReader(kafka.TopicReaderConfig{Topics: []string{topic}, Properties: kafka.Properties{
		"bootstrap.servers": bootstrap, "isolation.level": "read_committed"}})
	must(tb, err)
	ctx, cancel := context.WithCancel(context.Background())
	must(tb, reader.Start(ctx))
	r := &results{cancel: cancel, seen: map[string]time.Time{}, wanted: map[string]bool{}, changed: make(chan struct{})}
	r.ended.Go(func() {
		defer reader.Close()
		for ctx.Err() == nil {
			messages, err := reader.Poll(ctx, time.Second)
			r.note(messages, err)
			if err != nil {
				return
			}
		}
	})
	tb.Cleanup(r.close)
	return r
}

// close ends the reading. It may be called twice.
func (r *results) close() {
	r.cancel()
	r.ended.Wait()
}

func (r *results) note(messages []kafka.Message, err error) {
	if len(messages) == 0 && err == nil {
		return
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count += int64(len(messages))
	r.err = err
	if len(r.wanted) > 0 {
		for _, m := range messages {
			if _, id, found := strings.Cut(string(m.Key), `"transaction_id":"`); found {
				if id = strings.TrimSuffix(id, `"}`); r.wanted[id] {
					r.seen[id] = now
					delete(r.wanted, id)
				}
			}
		}
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// await waits until at least that many are visible, for as long as more of them come, and returns how many there are.
func (r *results) await(tb testing.TB, p *process, least int64) int64 {
	tb.Helper()
	for before := int64(-1); ; {
		r.mu.Lock()
		count, err, changed := r.count, r.err, r.changed
		r.mu.Unlock()
		if count >= least {
			return count
		}
		must(tb, err)
		if before = count; !wait(changed, p) {
			tb.Fatalf("%s: %d of %d results, and no other for two minutes: %s", p.name, before, least, p.tail())
		}
	}
}

// awaitID waits until a transaction that was asked for is visible, and returns when that was.
func (r *results) awaitID(tb testing.TB, p *process, id string) time.Time {
	tb.Helper()
	for {
		r.mu.Lock()
		at, changed := r.seen[id], r.changed
		r.mu.Unlock()
		if !at.IsZero() {
			return at
		}
		if !wait(changed, p) {
			tb.Fatalf("%s: transaction %s is not among the results: %s", p.name, id, p.tail())
		}
	}
}

// ask tells which transaction is going to be waited for.
func (r *results) ask(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wanted[id] = true
}

// wait waits for changed. It is false when the process ends or two minutes pass before.
func wait(changed <-chan struct{}, p *process) bool {
	timeout := time.NewTimer(2 * time.Minute)
	defer timeout.Stop()
	select {
	case <-changed:
		return true
	case <-p.done:
	case <-timeout.C:
	}
	return false
}

// visible is how many there are.
func (r *results) visible() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

// exactly fails unless there are that many results, also after nothing has come for a while.
func (r *results) exactly(tb testing.TB, p *process, want int64) {
	tb.Helper()
	r.await(tb, p, want)
	end := time.After(500 * time.Millisecond)
	for {
		r.mu.Lock()
		count, changed := r.count, r.changed
		r.mu.Unlock()
		if count != want {
			tb.Fatalf("%s: %d results, want %d", p.name, count, want)
		}
		select {
		case <-changed:
		case <-end:
			return
		}
	}
}

// awaitCommitted waits until so many transactions are committed.
func (d *detection) awaitCommitted(tb testing.TB, least int64) {
	tb.Helper()
	admin, err := kafka.NewAdmin(kafka.AdminConfig{Properties: kafka.Properties{"bootstrap.servers": d.bootstrap}})
	must(tb, err)
	defer admin.Close()
	for before, since := int64(-1), time.Now(); ; time.Sleep(20 * time.Millisecond) {
		offsets, err := admin.SettledOffsets(tb.Context(), d.results) // the group has the name of the results
		must(tb, err)
		n := int64(0)
		for _, o := range offsets {
			n += o.Offset
		}
		if n >= least {
			return
		}
		if n > before {
			before, since = n, time.Now()
		}
		select {
		case <-d.done:
			tb.Fatalf("%s has ended: %s", d.process.name, d.tail())
		default:
		}
		if time.Since(since) > 2*time.Minute {
			tb.Fatalf("%d of %d transactions are committed, and no other for two minutes: %s", n, least, d.tail())
		}
	}
}

// size is how much a folder's files take.
func size(tb testing.TB, dir string) (bytes int64) {
	tb.Helper()
	must(tb, filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	}))
	return bytes
}

// probe sends single transactions that a flag matches.
type probe struct {
	producer *kafka.Producer
	topic    string
	account  int64
	sent     int
}

func newProbe(tb testing.TB, bootstrap, topic string, account int64) *probe {
	tb.Helper()
	p, err := kafka.NewProducer(kafka.ProducerConfig{Properties: kafka.Properties{"bootstrap.servers": bootstrap, "linger.ms": "0", "acks": "all"}})
	must(tb, err)
	must(tb, p.Start(tb.Context()))
	tb.Cleanup(func() { _ = p.Close(context.Background()) })
	return &probe{producer: p, topic: topic, account: account}
}

// send sends one and returns its id.
func (p *probe) send(tb testing.TB, r *results) string {
	tb.Helper()
	p.sent++
	t := producer.Transaction{AccountID: p.account, CustomerID: producer.CustomerID(p.account), MerchantType: producer.MerchantTypes[0],
		TransactionID: "PROBE" + strconv.Itoa(p.sent), TransactionType: producer.TransactionTypes[0], Amount: 1234, Date: epoch.Add(24 * time.Hour)}
	r.ask(t.TransactionID)
	must(tb, p.producer.Send(tb.Context(), kafka.OutRecord{Topic: p.topic, Partition: int32(p.sent) % paymentPartitions, Key: t.AppendKey(nil), Value: t.AppendValue(nil)}))
	return t.TransactionID
}
