package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/IBM/sarama"
)

// A conn is one TCP connection to one broker, for one purpose: metadata, membership, commits or the
// fetches of one reader. sarama's Broker handles one request at a time and holds a lock for the
// whole round trip, so a purpose that may wait long (a fetch's long poll, a JoinGroup that waits for the
// other members) never shares its connection with one that must not (heartbeats, commits).
//
// A conn connects when it is first used and again after every failure. It must not be used by two
// goroutines at a time.
type conn struct {
	net  *network
	addr string

	broker *sarama.Broker
	config *sarama.Config
	dialer *dialer
}

// network is what all connections of one client share. It is safe for concurrent use.
type network struct {
	settings *settings
	config   *sarama.Config
	channel  *channel
	traffic  *traffic
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
}

// newNetwork derives the wire settings from s. It connects to nothing.
func newNetwork(s *settings) *network {
	config := sarama.NewConfig()
	// Requests are built at the newest version that sarama encodes and lowered by sarama to what the
	// broker says it supports; 3.8 is the newest version whose ApiVersions request all brokers since
	// 2.4 answer at the first attempt.
	config.Version = sarama.V3_8_0_0
	config.ClientID = s.clientID
	config.Net.MaxOpenRequests = 1
	config.Net.WriteTimeout = s.requestTimeout
	config.Net.ReadTimeout = s.requestTimeout
	config.Net.DialTimeout = s.connectionTimeout
	config.Net.Proxy.Enable = true
	d := net.Dialer{Timeout: s.connectionTimeout}
	return &network{settings: s, config: config, channel: newChannel(s), traffic: newTraffic(s.window), dial: d.DialContext}
}

// release gives back the metrics that sarama registered for this client's connections. All conns
// must have been closed.
func (n *network) release() { n.config.MetricRegistry.UnregisterAll() }

// conn returns an unconnected conn to addr.
func (n *network) conn(addr string) *conn { return &conn{net: n, addr: addr} }

// do runs request on the connection, which is established first if need be. The broker's answer must
// arrive within timeout. When ctx ends first, the connection is closed, which ends the request.
//
// An error means that there was no usable answer; the connection is closed then. Error codes inside
// an answer are the caller's business.
func (c *conn) do(ctx context.Context, timeout time.Duration, request func(*sarama.Broker) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.broker != nil {
		// Brokers close connections that were idle for long, or when they shut down: that this one is
		// broken says nothing about a new one.
		if err := c.try(ctx, timeout, request); err == nil || ctx.Err() != nil || !isDisconnect(err) {
			return err
		}
	}
	if err := c.open(ctx); err != nil {
		return err
	}
	return c.try(ctx, timeout, request)
}

// isDisconnect reports whether err means that an established connection has ended.
func isDisconnect(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// try runs request on the open connection, once.
func (c *conn) try(ctx context.Context, timeout time.Duration, request func(*sarama.Broker) error) error {
	// sarama reads the timeout before each answer, after the request was handed to its receiver.
	c.config.Net.ReadTimeout = timeout
	stop := c.closeWhenDone(ctx)
	err := c.dialer.session.renew(ctx)
	if err == nil {
		c.net.traffic.requests.Record(1)
		if err = request(c.broker); err == nil {
			c.net.traffic.answers.Record(1)
		}
	}
	stop()
	if err != nil {
		return c.fail(ctx, err)
	}
	return nil
}

// fail closes the connection because of err, and returns what to tell the caller.
func (c *conn) fail(ctx context.Context, err error) error {
	c.close()
	var refused *AuthenticationError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &refused):
		return refused
	}
	if refused := refusedLater(c.addr, err); refused != nil {
		return refused
	}
	return &connError{c.addr, err}
}

// sender returns do with a fixed timeout, for exchange.
func (c *conn) sender(timeout time.Duration) sender {
	return func(ctx context.Context, request func(*sarama.Broker) error) error {
		return c.do(ctx, timeout, request)
	}
}

// A sender runs a request on a connection of its choice.
type sender func(ctx context.Context, request func(*sarama.Broker) error) error

// exchange sends req with one of Broker's methods and returns the answer:
//
//	resp, err := exchange(ctx, cluster.ask, (*sarama.Broker).GetMetadata, req)
func exchange[Q, R any](ctx context.Context, send sender, method func(*sarama.Broker, Q) (R, error), req Q) (resp R, err error) {
	err = send(ctx, func(b *sarama.Broker) (err error) {
		resp, err = method(b, req)
		return err
	})
	return resp, err
}

// open connects, secures the connection and negotiates API versions.
func (c *conn) open(ctx context.Context) error {
	config := *c.net.config
	c.config = &config
	c.dialer = &dialer{ctx: ctx, dial: c.net.dial, channel: c.net.channel, traffic: c.net.traffic}
	config.Net.Proxy.Dialer = c.dialer
	c.broker = sarama.NewBroker(c.addr)
	stop := c.closeWhenDone(ctx)
	defer stop()
	err := c.broker.Open(&config)
	if err == nil {
		var connected bool
		// Connected waits for the attempt that Open started.
		if connected, err = c.broker.Connected(); err == nil && !connected {
			err = sarama.ErrNotConnected
		}
	}
	if err != nil {
		return c.fail(ctx, err)
	}
	return nil
}

// closeWhenDone closes the socket when ctx ends before the returned function is called.
func (c *conn) closeWhenDone(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(done)
		c.dialer.abort()
	})
	return func() {
		if !cancel() {
			<-done
		}
	}
}

// close closes the connection; the next do opens a new one.
func (c *conn) close() {
	if c.broker == nil {
		return
	}
	c.dialer.abort()
	_ = c.broker.Close() // the socket is closed already; this waits for sarama's receiver
	c.broker = nil
}

// dialer is how sarama gets its socket, encrypted and logged in, and so that it can be closed while
// sarama waits on it: Broker.Close would wait for the answer first.
type dialer struct {
	ctx     context.Context
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	channel *channel
	traffic *traffic
	session *saslSession // nil without SASL, and before the login

	mu      sync.Mutex
	socket  net.Conn
	aborted bool
}

// Dial implements proxy.Dialer.
func (d *dialer) Dial(network, addr string) (net.Conn, error) {
	socket, err := d.dial(d.ctx, network, addr)
	if err != nil {
		return nil, err
	}
	socket = d.traffic.watch(socket)
	if !d.keep(socket) {
		_ = socket.Close()
		return nil, net.ErrClosed
	}
	secured, session, err := d.channel.secure(d.ctx, socket, addr)
	if err != nil {
		_ = socket.Close()
		return nil, err
	}
	d.session = session
	return secured, nil
}

// keep makes socket the one that abort closes, unless it has been called already.
func (d *dialer) keep(socket net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.socket = socket
	return !d.aborted
}

func (d *dialer) abort() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.aborted = true
	if d.socket != nil {
		_ = d.socket.Close() // ends whatever waits on it
	}
}

// connError is a failed exchange with one broker.
type connError struct {
	addr string
	err  error
}

func (e *connError) Error() string {
	var op *net.OpError
	if errors.As(e.err, &op) && op.Op == "dial" { // its text names the address already
		return e.err.Error()
	}
	return fmt.Sprintf("broker %s: %v", e.addr, e.err)
}

func (e *connError) Unwrap() error { return e.err }

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
