package detector_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/detector"
	embedded "sluice/internal/embedded/kafka"
	"sluice/internal/fraud"
	"sluice/internal/kafka"
)

// rig is a broker, kfake or the real one that SLUICE_TEST_KAFKA names, with topics of its own.
type rig struct {
	*client
	cfg  detector.Config
	fake bool
}

func newRig(t testing.TB, partitions int32) *rig {
	t.Helper()
	if addr := os.Getenv("SLUICE_TEST_KAFKA"); addr != "" {
		return newRigAt(t, addr, partitions)
	}
	r := newRigAt(t, newBroker(t, embedded.Options{GroupMinSessionTimeout: 100 * time.Millisecond}).Addr(), partitions)
	r.fake = true
	return r
}

// newRigAt is newRig at a broker of the test's.
func newRigAt(t testing.TB, addr string, partitions int32) *rig {
	t.Helper()
	id := uuid.NewString()[:8]
	r := &rig{client: newClient(t, addr)}
	r.cfg = detector.Config{
		Flags:            detector.Source{Topic: "flags-" + id},
		Transactions:     detector.Source{Topic: "transactions-" + id, Group: "detector-" + id, Properties: map[string]string{"heartbeat.interval.ms": "100"}},
		Output:           detector.Sink{Topic: "flagged-" + id, Partitions: 3},
		BootstrapServers: addr,
		StatsInterval:    20 * time.Millisecond,
		CommitInterval:   5 * time.Millisecond,
		StateDir:         t.TempDir(),
	}
	r.createTopics(2, r.cfg.Flags.Topic)
	r.createTopics(3, r.cfg.Output.Topic)
	r.createTopics(partitions, r.cfg.Transactions.Topic)
	return r
}

// flag writes flags of accounts, dated 0 seconds.
func (r *rig) flag(accounts ...int) {
	var values [][]byte
	for _, account := range accounts {
		values = append(values, flagOf(account, 0))
	}
	r.client.send(r.cfg.Flags.Topic, 2, 0, values...)
}

// pay writes a transaction per id, of an account, dated a second later than the flags.
func (r *rig) pay(account int, partitions int32, ids ...string) {
	var values [][]byte
	for _, id := range ids {
		values = append(values, transactionOf(account, 1, id))
	}
	r.client.send(r.cfg.Transactions.Topic, partitions, 0, values...)
}

// visible returns the ids that a read_committed reader sees, sorted.
func (r *rig) visible() []string {
	r.t.Helper()
	var ids []string
	for _, o := range r.readAs(r.cfg.Output.Topic, "read_committed") {
		tr, ok, err := fraud.DecodeTransaction([]byte(o.value))
		if err != nil || !ok {
			r.t.Fatalf("%s: %v", o.value, err)
		}
		ids = append(ids, tr.TransactionID.Value)
	}
	slices.Sort(ids)
	return ids
}

// awaitVisible waits until a read_committed reader sees so many outputs, and compares them.
func (r *rig) awaitVisible(want ...string) {
	r.t.Helper()
	slices.Sort(want)
	deadline := time.Now().Add(patience)
	for {
		got := r.visible()
		if slices.Equal(got, want) {
			return
		}
		if len(got) > len(want) || time.Now().After(deadline) {
			r.t.Fatalf("got  %q\nwant %q", got, want)
		}
	}
}

func numbered(prefix string, n int) []string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("%s-%03d", prefix, i))
	}
	return ids
}

func TestDetectorJoinsAcrossRestarts(t *testing.T) {
	for _, guarantee := range []string{detector.ExactlyOnce, detector.AtLeastOnce} {
		t.Run(guarantee, func(t *testing.T) {
			r := newRig(t, 3)
			r.cfg.Guarantee = guarantee
			early, late := numbered("early", 50), numbered("late", 50)
			r.flag(1)
			r.pay(1, 3, early...)
			r.pay(2, 3, late...)
			d := start(t, r.cfg)
			r.awaitVisible(early...)
			if err := d.stop(); err != nil {
				t.Fatal(err)
			}
			r.flag(2) // while nobody looks
			more := numbered("more", 20)
			r.pay(1, 3, more...)
			d = start(t, r.cfg)
			r.awaitVisible(slices.Concat(early, late, more)...)
			r.cfg.ResetState = true
			if err := d.stop(); err != nil {
				t.Fatal(err)
			}
			last := numbered("last", 20)
			r.pay(2, 3, last...)
			r.flag(1) // joins with what the new state was built from, silently
			d = start(t, r.cfg)
			r.awaitVisible(slices.Concat(early, late, more, early, more, last)...)
			if err := d.stop(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// Two processes share the partitions; when one goes, the other takes them over, with another's history.
func TestDetectorSharesPartitions(t *testing.T) {
	r := newRig(t, 4)
	r.flag(1)
	first := numbered("first", 40)
	r.pay(1, 4, first...)
	a := start(t, r.cfg)
	r.awaitVisible(first...)
	other := r.cfg
	other.StateDir = t.TempDir()
	b := start(t, other)
	b.ready() // it has a partition
	second := numbered("second", 40)
	r.pay(1, 4, second...)
	r.awaitVisible(slices.Concat(first, second)...)
	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	r.flag(1)
	third := numbered("third", 40)
	r.pay(1, 4, third...)
	r.awaitVisible(slices.Concat(first, second, third, first, second, third)...)
	if err := b.stop(); err != nil {
		t.Fatal(err)
	}
}

// A process that dies at a point of the commit leaves nothing double and nothing out.
func TestDetectorDiesAmidTheCommit(t *testing.T) {
	for _, point := range []string{"fenced", "before the commit", "after the commit"} {
		t.Run(point, func(t *testing.T) {
			r := newRig(t, 2)
			r.flag(1)
			var want []string
			for round := range 4 {
				ids := numbered(fmt.Sprint("round", round), 30)
				want = append(want, ids...)
				r.pay(1, 2, ids...)
				killed := errors.New("killed")
				cfg := r.cfg
				d := newStarted(t, cfg, func(d *detector.Detector) {
					var n atomic.Int64
					detector.SetFault(d, func(at string) error {
						if at != point {
							return nil
						}
						if n.Add(1) > int64(round) {
							return killed
						}
						return nil
					})
				})
				select {
				case err := <-d.result:
					d.result <- err
					if !errors.Is(err, killed) {
						t.Fatalf("Run returned %v", err)
					}
				case <-time.After(500 * time.Millisecond): // it had less to commit than that
					if err := d.stop(); err != nil && !errors.Is(err, killed) {
						t.Fatal(err)
					}
				}
			}
			d := start(t, r.cfg)
			r.awaitVisible(want...)
			if err := d.stop(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestDetectorStopsAtPoison(t *testing.T) {
	r := newRig(t, 1)
	r.flag(1)
	r.pay(1, 1, "a")
	d := start(t, r.cfg)
	r.awaitVisible("a") // so the flag is known: the two topics have no order between them
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	r.pay(1, 1, "b")
	r.client.send(r.cfg.Transactions.Topic, 1, 0, []byte(`{"account_id": 7, "transaction_amount": "abc"}`))
	r.pay(1, 1, "c")
	for range 2 { // it stays there
		d := start(t, r.cfg)
		select {
		case err := <-d.result:
			d.result <- err
			var poison *detector.PoisonError
			if !errors.As(err, &poison) || poison.Offset != 2 || poison.Topic != r.cfg.Transactions.Topic {
				t.Errorf("got %v", err)
			}
		case <-time.After(patience):
			t.Fatal("the poison record does not stop the detector")
		}
	}
	r.awaitVisible("a", "b")
}

func TestDetectorStartupModes(t *testing.T) {
	const early, late = 1_600_000_000_000, 1_700_000_000_000
	for _, mode := range []struct {
		startup detector.Startup
		want    []string
	}{
		{detector.Startup{Mode: detector.StartupEarliest}, []string{"early", "late", "new"}},
		{detector.Startup{Mode: detector.StartupLatest}, []string{"new"}},
		{detector.Startup{Mode: detector.StartupTimestamp, Timestamp: late}, []string{"late", "new"}},
		{detector.Startup{Mode: detector.StartupGroup}, []string{"late", "new"}},
	} {
		t.Run(mode.startup.Mode, func(t *testing.T) {
			r := newRig(t, 1)
			r.cfg.Transactions.Startup = mode.startup
			r.flag(1)
			r.client.send(r.cfg.Transactions.Topic, 1, early, transactionOf(1, 1, "early"))
			r.client.send(r.cfg.Transactions.Topic, 1, late, transactionOf(1, 1, "late"))
			if mode.startup.Mode == detector.StartupGroup {
				d := start(t, r.cfg)
				select {
				case err := <-d.result:
					d.result <- err
					if err == nil || !strings.Contains(err.Error(), "no committed offset") {
						t.Fatalf("without a commit: %v", err)
					}
				case <-time.After(patience):
					t.Fatal("it starts without a commit")
				}
				tp := kafka.TopicPartition{Topic: r.cfg.Transactions.Topic}
				if err := r.admin.AlterGroupOffsets(t.Context(), r.cfg.Transactions.Group, map[kafka.TopicPartition]kafka.OffsetAndMetadata{tp: {Offset: 1}}); err != nil {
					t.Fatal(err)
				}
			}
			d := start(t, r.cfg)
			d.ready()
			r.pay(1, 1, "new")
			r.awaitVisible(mode.want...)
			if err := d.stop(); err != nil {
				t.Fatal(err)
			}
			// A state of nothing is built from where the first start began, not from where a start would begin now.
			r.cfg.ResetState = true
			d = start(t, r.cfg)
			d.ready()
			r.flag(1)
			r.awaitVisible(slices.Concat(mode.want, mode.want)...)
			if err := d.stop(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// deleteRecords makes offset the first one of partition 0.
func (r *rig) deleteRecords(topic string, offset int64) {
	r.t.Helper()
	other, err := kgo.NewClient(kgo.SeedBrokers(r.cfg.BootstrapServers))
	if err != nil {
		r.t.Fatal(err)
	}
	defer other.Close()
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.TimeoutMillis = 10_000
	part := kmsg.NewDeleteRecordsRequestTopicPartition()
	part.Offset = offset
	of := kmsg.NewDeleteRecordsRequestTopic()
	of.Topic, of.Partitions = topic, append(of.Partitions, part)
	req.Topics = append(req.Topics, of)
	resp, err := req.RequestWith(r.t.Context(), other)
	if err != nil || kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode) != nil {
		r.t.Fatalf("delete the records below %d: %v %+v", offset, err, resp)
	}
}

func TestDetectorNeedsTheHistory(t *testing.T) {
	r := newRig(t, 1)
	r.flag(1)
	r.pay(1, 1, "a", "b", "c")
	d := start(t, r.cfg)
	r.awaitVisible("a", "b", "c")
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	r.deleteRecords(r.cfg.Transactions.Topic, 2)
	d = start(t, r.cfg) // the state has what the topic has lost
	r.pay(1, 1, "d")
	r.awaitVisible("a", "b", "c", "d")
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	r.cfg.ResetState = true
	d = start(t, r.cfg)
	select {
	case err := <-d.result:
		d.result <- err
		var history *detector.HistoryError
		if !errors.As(err, &history) || history.Needed != 0 || history.First != 2 || !strings.Contains(err.Error(), "retention") {
			t.Errorf("got %v", err)
		}
	case <-time.After(patience):
		t.Fatal("it goes on without the history")
	}
}
