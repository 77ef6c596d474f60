package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// channel makes a fresh socket into what security.protocol asks for. The connections of a client share one; it is safe for concurrent use.
//
// Kafka: org.apache.kafka.common.network.ChannelBuilder.
type channel struct {
	security security
	settings *settings
	// tls reads the stores, once: they are files, which nobody opens before the first connection.
	tls func() (*tls.Config, error)
}

func newChannel(s *settings) *channel {
	c := &channel{security: s.security, settings: s}
	if c.security.tls != nil {
		c.tls = sync.OnceValues(c.security.tls.Client)
	}
	return c
}

// secure encrypts and logs in. session is nil without SASL. The caller closes socket when there is an error.
func (c *channel) secure(ctx context.Context, socket net.Conn, addr string) (secured net.Conn, session *saslSession, err error) {
	if c.security.tls != nil {
		if socket, err = c.encrypt(ctx, socket, addr); err != nil {
			return nil, nil, err
		}
	}
	if c.security.login == nil {
		return socket, nil, nil
	}
	session = &saslSession{socket: socket, addr: addr, clientID: c.settings.clientID, timeout: c.settings.requestTimeout, login: c.security.login}
	if err := session.open(ctx); err != nil {
		return nil, nil, err
	}
	return socket, session, nil
}

func (c *channel) encrypt(ctx context.Context, socket net.Conn, addr string) (net.Conn, error) {
	config, err := c.tls()
	if err != nil {
		return nil, &AuthenticationError{Broker: addr, Mechanism: "SSL", Err: err}
	}
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, fmt.Errorf("broker %q: %w", addr, err)
		}
		config = config.Clone()
		config.ServerName = host
	}
	encrypted := tls.Client(socket, config)
	_ = socket.SetDeadline(time.Now().Add(c.settings.requestTimeout))
	defer func() { _ = socket.SetDeadline(time.Time{}) }()
	if err := encrypted.HandshakeContext(ctx); err != nil {
		if isDisconnect(err) || errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil {
			return nil, fmt.Errorf("the connection ended during the SSL handshake: %w", err)
		}
		return nil, handshakeError(addr, err)
	}
	return encrypted, nil
}

func handshakeError(addr string, err error) error {
	return &AuthenticationError{Broker: addr, Mechanism: "SSL", Err: fmt.Errorf("SSL handshake failed: %w", err)}
}

// refusedLater recognises that the broker has refused the client's certificate. With TLS 1.3 it says so after the client's part of the
// handshake is over, in answer to whatever the client sent next.
//
// Kafka: SslTransportLayer.maybeProcessHandshakeFailure.
func refusedLater(addr string, err error) error {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return nil
	}
	return handshakeError(addr, op)
}
