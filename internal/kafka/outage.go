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
	failing map[string]bool // addresses that did not answer lately
	since   time.Time
}

func newOutage(logger *slog.Logger) *outage {
	return &outage{logger: logger, failing: make(map[string]bool)}
}

// failed reports that addresses cannot be used.
func (o *outage) failed(err error, addresses ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.failing) == 0 {
		o.since = time.Now()
		o.logger.Warn("cannot reach Kafka at "+strings.Join(addresses, ",")+", retrying", "err", err)
	}
	for _, addr := range addresses {
		o.failing[addr] = true
	}
}

// worked reports that addresses can be used.
func (o *outage) worked(addresses ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.failing) == 0 {
		return
	}
	for _, addr := range addresses {
		delete(o.failing, addr)
	}
	o.endIfOver()
}

// retain forgets the addresses that no longer belong to a broker.
func (o *outage) retain(known func(addr string) bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.failing) == 0 {
		return
	}
	for addr := range o.failing {
		if !known(addr) {
			delete(o.failing, addr)
		}
	}
	o.endIfOver()
}

func (o *outage) endIfOver() {
	if len(o.failing) == 0 {
		o.logger.Info("Kafka can be reached again", "after", time.Since(o.since).Round(time.Millisecond))
	}
}
