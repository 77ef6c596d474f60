package kafka

import (
	"log/slog"
	"strings"
	"sync"
	"time"
)

// outage logs trouble with brokers when it starts and when it ends, however often and from wherever
// it is reported in between. One client has one outage; it is safe for concurrent use.
type outage struct {
	logger *slog.Logger

	mu      sync.Mutex
	failing map[string]time.Time // what cannot be reached, with its last failure
	since   time.Time
}

// anyBroker stands, in outage.failing, for all brokers at once.
const anyBroker = ""

// forgetFailureAfter ends the outage of a broker that nobody has tried to reach for that long,
// because what it was needed for has moved to another one.
const forgetFailureAfter = time.Minute

func newOutage(logger *slog.Logger) *outage {
	return &outage{logger: logger, failing: make(map[string]time.Time)}
}

// failed reports that a broker cannot be used.
func (o *outage) failed(err error, addr string) {
	o.fail(err, addr, addr)
}

// allFailed reports that none of several brokers can be used.
func (o *outage) allFailed(err error, addrs []string) {
	o.fail(err, anyBroker, strings.Join(addrs, ","))
}

func (o *outage) fail(err error, key, named string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.failing) == 0 {
		o.since = time.Now()
		o.logger.Warn("cannot reach Kafka at "+named+", retrying", "err", err)
	}
	o.failing[key] = time.Now()
}

// worked reports that a broker can be used.
func (o *outage) worked(addr string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.failing) == 0 {
		return
	}
	delete(o.failing, addr)
	delete(o.failing, anyBroker)
	for other, last := range o.failing {
		if time.Since(last) > forgetFailureAfter {
			delete(o.failing, other)
		}
	}
	if len(o.failing) == 0 {
		o.logger.Info("Kafka can be reached again", "after", time.Since(o.since).Round(time.Millisecond))
	}
}
