package dynamodb

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	wireReadBuffer  = 4 << 10  // answers are tiny
	wireWriteBuffer = 64 << 10 // requests up to this length are one write; longer ones are not copied behind their head
	wireLateAnswer  = 50 * time.Millisecond
)

var longAgo = time.Unix(1, 0) // as a deadline: do not wait

// wire makes the calls of the write path over HTTP/1.1 connections of its own, which it dials with the dialer and the TLS settings of the SDK's
// transport. A call is one write and mostly one read by the goroutine that makes it. net/http has two goroutines for each connection, header
// maps and a context for each call, which together cost as much as all else that is done for its 25 records (DESIGN.md has the figures).
//
// It is for one endpoint without a proxy, which newWire checks; everything else goes the way of net/http. Like net/http it never sends a
// POST again by itself: what was written may have been carried out, and the engine knows what that means for each write.
type wire struct {
	address string      // to dial
	tls     *tls.Config // nil: plain
	dial    func(ctx context.Context, network, address string) (net.Conn, error)

	signer headSigner

	handshake time.Duration // how long a TLS handshake may take
	idleTime  time.Duration // how long an unused connection is kept
	most      int           // unused connections

	buffers sync.Pool // of *[]byte, for requests

	mu     sync.Mutex
	idle   []*wireConn // the one used last is the last
	sweep  *time.Timer // closes what was unused for too long; nil: there is nothing
	closed bool
}

// wireConn is a connection, used by one call at a time.
type wireConn struct {
	net.Conn
	raw       net.Conn // below TLS; closed without a word by TLS, which a peer that hangs could hold up
	reader    *bufio.Reader
	idleSince time.Time
}

// newWire returns nil if calls to the endpoint have to go by net/http: through a proxy, with a path or a user in its URL, or with a dialer for TLS.
func newWire(transport *http.Transport, endpoint, region string) *wire {
	u, err := url.Parse(endpoint)
	if err != nil || transport == nil || transport.DialTLSContext != nil || transport.DialContext == nil {
		return nil
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.User != nil || !plainHost(u.Host) {
		return nil
	}
	if transport.Proxy != nil {
		if proxy, err := transport.Proxy(&http.Request{Method: http.MethodPost, URL: u}); err != nil || proxy != nil {
			return nil
		}
	}
	w := &wire{
		signer: headSigner{region: region, host: hostHeader(u)},
		dial:   transport.DialContext, handshake: transport.TLSHandshakeTimeout, idleTime: transport.IdleConnTimeout, most: transport.MaxIdleConnsPerHost,
	}
	port := u.Port()
	switch u.Scheme {
	case "http":
		if port == "" {
			port = "80"
		}
	case "https":
		if port == "" {
			port = "443"
		}
		w.tls = &tls.Config{}
		if transport.TLSClientConfig != nil {
			w.tls = transport.TLSClientConfig.Clone()
		}
		if w.tls.ServerName == "" {
			w.tls.ServerName = u.Hostname()
		}
		w.tls.NextProtos = nil // HTTP/1.1
	default:
		return nil
	}
	w.address = net.JoinHostPort(u.Hostname(), port)
	return w
}

// plainHost reports whether a host can stand in a head as it stands in a URL.
func plainHost(host string) bool {
	for i := range len(host) {
		switch c := host[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', strings.IndexByte(".-:[]", c) >= 0:
		default:
			return false
		}
	}
	return host != ""
}

// hostHeader is the host of an endpoint as the Host header has it: without the port that is usual.
func hostHeader(u *url.URL) string {
	if u.Port() == "80" && u.Scheme == "http" || u.Port() == "443" && u.Scheme == "https" {
		return strings.TrimSuffix(u.Host, ":"+u.Port())
	}
	return u.Host
}

// roundTrip sends a request, whose head the function appends to what it is given, and reads the answer. It returns when the context ends, with
// the context's error. Head and body are not used after that.
func (w *wire) roundTrip(ctx context.Context, head func([]byte) []byte, body []byte) (answerHead, []byte, error) {
	c, err := w.conn(ctx)
	if err != nil {
		return answerHead{}, nil, err
	}
	interrupt := context.AfterFunc(ctx, func() { _ = c.SetDeadline(longAgo) })
	answer, content, reusable, err := w.exchange(c, head, body)
	undisturbed := interrupt()
	if err == nil && reusable && undisturbed {
		w.put(c)
	} else {
		_ = c.raw.Close()
	}
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return answer, content, err
}

// exchange is the call on a connection. Reusable tells that the answer was read to its end and nothing is behind it.
func (w *wire) exchange(c *wireConn, head func([]byte) []byte, body []byte) (answer answerHead, content []byte, reusable bool, err error) {
	buffer, _ := w.buffers.Get().(*[]byte)
	if buffer == nil {
		buffer = new([]byte)
	}
	out := head((*buffer)[:0])
	together := len(out)+len(body) <= wireWriteBuffer
	if together {
		out = append(out, body...)
	}
	_, err = c.Write(out)
	if err == nil && !together {
		_, err = c.Write(body)
	}
	*buffer = out[:0]
	w.buffers.Put(buffer)
	if err != nil {
		// A server that refuses a request may answer before it has read all of it, and close the connection.
		_ = c.SetReadDeadline(time.Now().Add(wireLateAnswer))
		if answer, content, _, late := readAnswer(c.reader); late == nil && answer.status >= 400 {
			return answer, content, false, nil
		}
		return answerHead{}, nil, false, fmt.Errorf("send the request: %w", err)
	}
	answer, content, reusable, err = readAnswer(c.reader)
	if err != nil {
		err = fmt.Errorf("read the answer: %w", err)
	}
	return answer, content, reusable && c.reader.Buffered() == 0, err
}

// conn takes an unused connection that the server has not closed, or makes one.
func (w *wire) conn(ctx context.Context) (*wireConn, error) {
	for {
		c := w.take()
		if c == nil {
			return w.connect(ctx)
		}
		if c.isQuiet() {
			return c, nil
		}
		_ = c.raw.Close() // the server has, or it speaks without being asked
	}
}

// isQuiet reports whether nothing has come behind the last answer: what has would be taken for the answer to the next call.
func (c *wireConn) isQuiet() bool {
	if !isQuiet(c.raw) {
		return false
	}
	if c.Conn == c.raw {
		return true
	}
	// TLS reads ahead, so that it may hold what the system does not any more. A deadline in the past lets it give that without reading on.
	_ = c.SetReadDeadline(longAgo)
	_, err := c.Read(make([]byte, 1))
	_ = c.SetReadDeadline(time.Time{})
	return errors.Is(err, os.ErrDeadlineExceeded)
}

func (w *wire) take() *wireConn {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := len(w.idle) - 1
	if last < 0 {
		return nil
	}
	c := w.idle[last]
	w.idle[last] = nil
	w.idle = w.idle[:last]
	return c
}

func (w *wire) connect(ctx context.Context) (*wireConn, error) {
	raw, err := w.dial(ctx, "tcp", w.address)
	if err != nil {
		return nil, err
	}
	c := &wireConn{Conn: raw, raw: raw, reader: bufio.NewReaderSize(nil, wireReadBuffer)}
	if w.tls != nil {
		secure := tls.Client(raw, w.tls)
		if w.handshake > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, w.handshake)
			defer cancel()
		}
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = raw.Close() // the handshake's error says more
			return nil, err
		}
		c.Conn = secure
	}
	c.reader.Reset(c.Conn)
	return c, nil
}

// put keeps a connection for the next call.
func (w *wire) put(c *wireConn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.most > 0 && len(w.idle) >= w.most {
		_ = c.raw.Close()
		return
	}
	c.idleSince = time.Now()
	w.idle = append(w.idle, c)
	if w.sweep == nil && w.idleTime > 0 {
		w.sweep = time.AfterFunc(w.idleTime, w.closeIdle)
	}
}

// closeIdle closes what was unused for too long. Those used last are at the end, so what is too old is at the beginning.
func (w *wire) closeIdle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	old := 0
	for old < len(w.idle) && time.Since(w.idle[old].idleSince) >= w.idleTime {
		_ = w.idle[old].raw.Close()
		old++
	}
	w.idle = append(w.idle[:0], w.idle[old:]...)
	clear(w.idle[len(w.idle):cap(w.idle)])
	w.sweep = nil
	if len(w.idle) > 0 && !w.closed {
		w.sweep = time.AfterFunc(time.Until(w.idle[0].idleSince.Add(w.idleTime)), w.closeIdle)
	}
}

// close lets go of the unused connections, and of each of the others when its call is over.
func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.sweep != nil {
		w.sweep.Stop()
	}
	for _, c := range w.idle {
		_ = c.raw.Close()
	}
	w.idle = nil
}
