package detector_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	embedded "sluice/internal/embedded/kafka"
)

// commitPoints are the requests of a shard from fencing to commit, in their order.
var commitPoints = []struct {
	name string
	key  kmsg.Key
	ours func(kmsg.Request) bool // and not those of the test's own clients
}{
	{"fence", kmsg.InitProducerID, func(r kmsg.Request) bool { return r.(*kmsg.InitProducerIDRequest).TransactionalID != nil }},
	{"read the position", kmsg.OffsetFetch, func(kmsg.Request) bool { return true }},
	{"add partitions", kmsg.AddPartitionsToTxn, func(kmsg.Request) bool { return true }},
	{"produce", kmsg.Produce, func(r kmsg.Request) bool { return r.(*kmsg.ProduceRequest).TransactionID != nil }},
	{"add offsets", kmsg.AddOffsetsToTxn, func(kmsg.Request) bool { return true }},
	{"commit offsets", kmsg.TxnOffsetCommit, func(kmsg.Request) bool { return true }},
	{"end", kmsg.EndTxn, func(kmsg.Request) bool { return true }},
}

// killSwitch kills a process at its next request of one kind.
type killSwitch struct {
	mu     sync.Mutex
	armed  kmsg.Key
	ours   func(kmsg.Request) bool
	lost   bool // the broker does not see the request
	victim *child
	killed chan struct{}
}

func (k *killSwitch) arm(key kmsg.Key, ours func(kmsg.Request) bool, lost bool, victim *child) <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.armed, k.ours, k.lost, k.victim, k.killed = key, ours, lost, victim, make(chan struct{})
	return k.killed
}

// at is called with each request of a kind before the broker looks at it.
func (k *killSwitch) at(key kmsg.Key, r kmsg.Request) (lost bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.victim == nil || key != k.armed || !k.ours(r) {
		return false
	}
	_ = k.victim.cmd.Process.Kill()
	k.victim = nil
	close(k.killed)
	return k.lost
}

var errConnectionLost = errors.New("the connection is lost")

// A process is killed at each request of its commit, once before the broker has it and once when only the answer is missing; its successor goes
// on. Transactions come in, and flags for what came before them.
func TestKilledAtEachRequestOfTheCommit(t *testing.T) {
	const partitions = 2
	broker := newBroker(t, embedded.Options{GroupMinSessionTimeout: 100 * time.Millisecond})
	r := newRigAt(t, broker.Addr(), partitions)
	var kill killSwitch
	for _, point := range commitPoints {
		broker.ControlKey(int16(point.key), func(req kmsg.Request) (kmsg.Response, error, bool) {
			if kill.at(point.key, req) {
				broker.Cluster().KeepControl()
				return nil, errConnectionLost, true
			}
			return nil, nil, false
		})
	}
	var ids, want []string
	r.flag(1)
	for _, lost := range []bool{true, false} {
		for _, point := range commitPoints {
			c := startChild(t, r.cfg)
			killed := kill.arm(point.key, point.ours, lost, c)
			more := numbered(fmt.Sprintf("%s %v", point.name, lost), 20)
			r.pay(1, partitions, more...)
			ids = append(ids, more...)
			r.flag(1) // joins what came before, among it what the killed ones have written
			select {
			case <-killed:
			case <-time.After(patience):
				t.Fatalf("%s: the process does not come to it\n%s", point.name, c.log)
			}
			_ = c.end(os.Kill)
		}
	}
	for range 1 + 2*len(commitPoints) {
		want = append(want, ids...)
	}
	slices.Sort(want)
	c := startChild(t, r.cfg)
	deadline := time.Now().Add(patience)
	for got := r.visible(); !slices.Equal(got, want); got = r.visible() {
		if len(got) > len(want) || time.Now().After(deadline) {
			t.Fatalf("%d outputs, want %d\n%s", len(got), len(want), c.log)
		}
	}
	if err := c.end(syscall.SIGTERM); err != nil {
		t.Errorf("end in order: %v\n%s", err, c.log)
	}
	if got := r.visible(); !slices.Equal(got, want) {
		t.Errorf("%d outputs after the end, want %d", len(got), len(want))
	}
}
