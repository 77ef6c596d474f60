// Package kafka runs a Kafka broker inside this process: one node, reached over TCP like any other.
//
// It is franz-go's kfake plus repairs for the places where kfake answers differently from Kafka in a
// way that a client notices (see shims.go). The demo and the tests use it; a production cluster is a
// real one. Records live in memory (about 340 MB for a million records of 300 bytes) or, with
// Options.DataDir, on disk, where they survive the death of the process.
//
//	broker, err := kafka.New(kafka.Options{Addr: "127.0.0.1:0"})
//	err = broker.Start(ctx)
//	defer broker.Close()
//	bootstrap := broker.Addr()
package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// DefaultAddr is where the broker listens unless told otherwise.
const DefaultAddr = "127.0.0.1:9092"

// defaultClusterID has the shape of Kafka's own ids: 22 characters of URL-safe base64.
const defaultClusterID = "c2x1aWNlLWVtYmVkZGVkMA"

// Options configure a Broker. The zero value is a broker in memory on DefaultAddr with one partition
// per topic, which creates topics only when asked to.
type Options struct {
	// Addr is host:port; port 0 picks a free port. Empty means DefaultAddr. With an unspecified
	// host ("0.0.0.0:9092") clients are told to come back to 127.0.0.1.
	Addr string
	// DataDir keeps topics, groups and offsets on disk and loads them at Start. Empty: memory only.
	DataDir string
	// Partitions is the number for topics that are created without one; 0 means 1, as in Kafka.
	Partitions int
	// AutoCreateTopics creates missing topics when a client that allows it asks for their metadata.
	AutoCreateTopics bool
	// GroupMinSessionTimeout is the shortest session timeout that members may ask for; 0 means
	// Kafka's 6 s. For tests.
	GroupMinSessionTimeout time.Duration
	// Listen replaces net.Listen, for tests on a virtual network. May be nil.
	Listen func(network, address string) (net.Listener, error)
	// Logger gets the broker's warnings and errors. May be nil: silence.
	Logger *slog.Logger
}

// Broker is the embedded broker. Its methods may be called from any goroutine.
type Broker struct {
	opts       Options
	host, port string

	mu       sync.Mutex
	cluster  *kfake.Cluster
	endShims func() // of cluster
	addr     string
	closed   bool
}

// New checks opts. It neither listens nor touches DataDir; Start does.
func New(opts Options) (*Broker, error) {
	if opts.Addr == "" {
		opts.Addr = DefaultAddr
	}
	host, port, err := net.SplitHostPort(opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("embedded kafka: address %q: host:port expected", opts.Addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return nil, fmt.Errorf("embedded kafka: address %q: port %q is not a number from 0 to 65535", opts.Addr, port)
	}
	if opts.Partitions < 0 {
		return nil, fmt.Errorf("embedded kafka: %d partitions: at least 1 expected", opts.Partitions)
	}
	if opts.Partitions == 0 {
		opts.Partitions = 1
	}
	if opts.Listen == nil {
		opts.Listen = net.Listen
	}
	return &Broker{opts: opts, host: host, port: port}, nil
}

// Start listens and loads DataDir. A port that is taken is an error that names host and port.
// ctx is consulted once: starting takes milliseconds.
func (b *Broker) Start(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("start embedded kafka on %s: %w", b.opts.Addr, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cluster != nil || b.closed {
		return errors.New("start embedded kafka: it was started before")
	}
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.ListenFn(b.listen),
		kfake.ClusterID(defaultClusterID),
		kfake.DefaultNumPartitions(b.opts.Partitions),
	}
	if b.opts.AutoCreateTopics {
		opts = append(opts, kfake.AllowAutoTopicCreation())
	}
	if b.opts.DataDir != "" {
		opts = append(opts, kfake.DataDir(b.opts.DataDir))
	}
	if d := b.opts.GroupMinSessionTimeout; d > 0 {
		opts = append(opts, kfake.GroupMinSessionTimeout(d))
	}
	if b.opts.Logger != nil {
		opts = append(opts, kfake.WithLogger(logger{b.opts.Logger}))
	}
	cluster, err := kfake.NewCluster(opts...)
	if err != nil {
		return fmt.Errorf("start embedded kafka on %s: %w", b.opts.Addr, err)
	}
	b.endShims = installShims(cluster)
	b.cluster = cluster
	b.addr = cluster.ListenAddrs()[0]
	return nil
}

// listen replaces kfake's listener, which would always take 127.0.0.1.
func (b *Broker) listen(network, _ string) (net.Listener, error) {
	l, err := b.opts.Listen(network, net.JoinHostPort(b.host, b.port))
	if err != nil {
		return nil, err
	}
	if addr, ok := l.Addr().(*net.TCPAddr); ok && addr.IP.IsUnspecified() {
		return advertised{l, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: addr.Port}}, nil
	}
	return l, nil
}

// advertised is a listener that reports an address clients can connect to: kfake tells clients
// whatever its listener reports.
type advertised struct {
	net.Listener
	addr net.Addr
}

func (l advertised) Addr() net.Addr { return l.addr }

// Addr is host:port of the running broker, for bootstrap.servers. Before Start it is the configured address.
func (b *Broker) Addr() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.addr == "" {
		return b.opts.Addr
	}
	return b.addr
}

// ControlKey lets a test answer, delay or observe requests with the given API key (-1: all): fn
// returns the response, an error that closes the connection, and whether it handled the request at
// all. It reports false before Start. See kfake.Cluster.ControlKey for the rules.
func (b *Broker) ControlKey(key int16, fn func(kmsg.Request) (kmsg.Response, error, bool)) bool {
	cluster := b.Cluster()
	if cluster == nil {
		return false
	}
	cluster.ControlKey(key, fn)
	return true
}

// Cluster is the kfake cluster itself, for tests that inject faults or move partitions. It is nil before Start.
func (b *Broker) Cluster() *kfake.Cluster {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.cluster
}

// Close stops the broker, closes its connections and, with DataDir, writes what is still to be
// written. It may be called twice, and without Start.
func (b *Broker) Close() error {
	b.mu.Lock()
	cluster, endShims, first := b.cluster, b.endShims, !b.closed
	b.closed = true
	b.mu.Unlock()
	if cluster != nil && first {
		endShims()
		cluster.Close()
	}
	return nil
}

// logger passes kfake's warnings and errors on. Its info level is one line per request.
type logger struct{ log *slog.Logger }

func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		l.log.Error("embedded kafka: " + fmt.Sprintf(format, args...))
	case kfake.LogLevelWarn:
		l.log.Warn("embedded kafka: " + fmt.Sprintf(format, args...))
	}
}
