package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

// A login is how a client proves who it is. It is safe for concurrent use: the connections of a client share it.
//
// Kafka: org.apache.kafka.common.security.auth.Login with javax.security.sasl.SaslClient.
type login interface {
	// name is the value of sasl.mechanism.
	name() string
	// wireName is what the mechanism is called towards brokers.
	wireName() string
	// begin starts to log in at the broker of that host name. What it waits for ends with ctx.
	begin(ctx context.Context, host string) (saslClient, error)
}

// A saslClient is one attempt to log in. It answers the challenge of a broker, the first time with none; done says that the broker has
// nothing left to ask, and then there is no response either.
type saslClient func(challenge []byte) (response []byte, done bool, err error)

// saslSession is a connection that its client has logged in on, and what it takes to do it again before the broker loses patience
// (connections.max.reauth.ms of the broker, KIP-368). It is used by whoever uses the connection, between two requests of sarama's: then
// nobody else reads or writes.
//
// Why sarama does not do it: it asks for tokens without a context, drops the broker's list of enabled mechanisms, and answers a refused
// token such that the broker never says why.
//
// Kafka: org.apache.kafka.common.security.authenticator.SaslClientAuthenticator.
type saslSession struct {
	socket   net.Conn
	addr     string
	clientID string
	timeout  time.Duration // of one round trip
	login    login

	correlation int32
	version     int16     // of SaslAuthenticate
	renewAt     time.Time // zero: never
}

// The requests that are sent here, which are all that come before a login.
const (
	apiSaslHandshake    = 17
	apiVersions         = 18
	apiSaslAuthenticate = 36
)

// The refusals that belong to logging in.
var authenticationCodes = []error{sarama.ErrSASLAuthenticationFailed, sarama.ErrUnsupportedSASLMechanism, sarama.ErrIllegalSASLState, sarama.ErrUnsupportedVersion}

// open logs in on a new connection.
func (s *saslSession) open(ctx context.Context) error {
	// Brokers since 1.0 know SaslAuthenticate; those since 2.2 tell how long a login is good for, in version 1.
	body, err := s.ask(apiVersions, 0, nil)
	if err != nil {
		return err
	}
	r := wireReader{body}
	if code := sarama.KError(r.int16()); code != sarama.ErrNoError {
		return fmt.Errorf("ask for the broker's API versions: %w", code)
	}
	for range r.int32() {
		if key, _, newest := r.int16(), r.int16(), r.int16(); key == apiSaslAuthenticate {
			s.version = min(1, newest)
		}
		if r.short() {
			return s.refuse(errors.New("the broker's API versions cannot be read"))
		}
	}
	return s.authenticate(ctx)
}

// renew logs in again if it is time to.
func (s *saslSession) renew(ctx context.Context) error {
	if s == nil || s.renewAt.IsZero() || time.Now().Before(s.renewAt) {
		return nil
	}
	return s.authenticate(ctx)
}

func (s *saslSession) authenticate(ctx context.Context) error {
	host, _, err := net.SplitHostPort(s.addr)
	if err != nil {
		host = s.addr
	}
	client, err := s.login.begin(ctx, host)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return s.refuse(err)
	}
	if err := s.handshake(); err != nil {
		return err
	}
	var challenge []byte
	for {
		response, done, err := client(challenge)
		switch {
		case err != nil:
			return s.refuse(err)
		case done:
			return nil
		}
		if challenge, err = s.exchange(response); err != nil {
			return err
		}
	}
}

// handshake tells the mechanism.
func (s *saslSession) handshake() error {
	name := s.login.wireName()
	body, err := s.ask(apiSaslHandshake, 1, append(binary.BigEndian.AppendUint16(nil, uint16(len(name))), name...))
	if err != nil {
		return err
	}
	r := wireReader{body}
	code := sarama.KError(r.int16())
	var enabled []string
	for range r.int32() {
		enabled = append(enabled, r.text())
		if r.short() {
			break
		}
	}
	switch code {
	case sarama.ErrNoError:
		return nil
	case sarama.ErrUnsupportedSASLMechanism:
		return s.refuse(refusal("Client SASL mechanism '" + s.login.name() + "' not enabled in the server, enabled mechanisms are [" + strings.Join(enabled, ", ") + "]"))
	case sarama.ErrIllegalSASLState:
		return s.refuse(refusal("Unexpected handshake request: this listener of the broker does not use SASL"))
	}
	return s.failure(code, "")
}

// exchange sends one message of the mechanism and returns the broker's.
func (s *saslSession) exchange(message []byte) ([]byte, error) {
	body, err := s.ask(apiSaslAuthenticate, s.version, append(binary.BigEndian.AppendUint32(nil, uint32(len(message))), message...))
	if err != nil {
		return nil, err
	}
	r := wireReader{body}
	code, text, challenge := sarama.KError(r.int16()), r.text(), r.bytes()
	if code != sarama.ErrNoError {
		return nil, s.failure(code, text)
	}
	s.renewAt = time.Time{}
	if s.version >= 1 {
		if lifetime := min(r.int64(), int64(maxSession/time.Millisecond)); lifetime > 0 {
			// Some time before the end, and not all connections at once; the share is that of Java's client.
			share := 0.85 + 0.10*rand.Float64()
			s.renewAt = time.Now().Add(time.Duration(float64(lifetime) * share * float64(time.Millisecond)))
		}
	}
	if r.short() {
		return nil, s.refuse(errors.New("the broker's answer cannot be read"))
	}
	return challenge, nil
}

// maxSession keeps the arithmetic of a session's length within bounds.
const maxSession = 365 * 24 * time.Hour

// failure is what a broker's error code makes of a login: the end, or another attempt where the code is about something passing.
func (s *saslSession) failure(code sarama.KError, text string) error {
	if !anyKError(code, authenticationCodes...) {
		return fmt.Errorf("log in with %s: %w", s.login.name(), code)
	}
	if text == "" {
		return s.refuse(refusal("Authentication failed: " + code.Error()))
	}
	return s.refuse(refusal(text))
}

func (s *saslSession) refuse(err error) error {
	return &AuthenticationError{Broker: s.addr, Mechanism: s.login.name(), Err: err}
}

// maxSaslAnswer bounds what is read as an answer: whatever listens there may not be a broker.
const maxSaslAnswer = 1 << 20

// ask sends a request and returns the body of its answer.
func (s *saslSession) ask(key, version int16, body []byte) ([]byte, error) {
	s.correlation++
	request := make([]byte, 4, 64+len(s.clientID)+len(body))
	request = binary.BigEndian.AppendUint16(request, uint16(key))
	request = binary.BigEndian.AppendUint16(request, uint16(version))
	request = binary.BigEndian.AppendUint32(request, uint32(s.correlation))
	request = binary.BigEndian.AppendUint16(request, uint16(len(s.clientID)))
	request = append(append(request, s.clientID...), body...)
	binary.BigEndian.PutUint32(request, uint32(len(request)-4))

	_ = s.socket.SetDeadline(time.Now().Add(s.timeout))
	defer func() { _ = s.socket.SetDeadline(time.Time{}) }()
	answer, err := s.roundTrip(request)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		// What a broker before 1.0 does about a wrong password, and every broker about a client without TLS.
		return nil, fmt.Errorf("the connection was closed during authentication with %s: %w", s.login.name(), err)
	}
	return answer, err
}

func (s *saslSession) roundTrip(request []byte) ([]byte, error) {
	if _, err := s.socket.Write(request); err != nil {
		return nil, err
	}
	var header [8]byte
	if n, err := io.ReadFull(s.socket, header[:]); err != nil {
		if n > 2 && header[0] == tlsAlert && header[1] == tlsVersion {
			return nil, s.refuse(refusal("this listener of the broker uses TLS: security.protocol must be SASL_SSL"))
		}
		return nil, err
	}
	size := binary.BigEndian.Uint32(header[:4])
	if size < 4 || size > maxSaslAnswer || binary.BigEndian.Uint32(header[4:]) != uint32(s.correlation) {
		return nil, s.refuse(errors.New("the answer is not that of a Kafka broker"))
	}
	answer := make([]byte, size-4)
	_, err := io.ReadFull(s.socket, answer)
	return answer, err
}

// What a listener with TLS answers to a client without: an alert of 7 bytes, which begins with these two.
const tlsAlert, tlsVersion = 21, 3

// wireReader reads Kafka's primitive types. After the end, all of them are zero; short tells.
type wireReader struct{ rest []byte }

// take returns nil, and nothing can be read any more, if fewer than n bytes are left.
func (r *wireReader) take(n int) []byte {
	if r.rest == nil || n < 0 || n > len(r.rest) {
		r.rest = nil
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return out
}

func (r *wireReader) short() bool { return r.rest == nil }

func (r *wireReader) number(size int) (n int64) {
	bytes := r.take(size)
	for i, b := range bytes {
		if i == 0 {
			n = int64(int8(b)) // the sign
			continue
		}
		n = n<<8 | int64(b)
	}
	return n
}

func (r *wireReader) int16() int16 { return int16(r.number(2)) }
func (r *wireReader) int32() int32 { return int32(r.number(4)) }
func (r *wireReader) int64() int64 { return r.number(8) }

// text reads a string; null is "".
func (r *wireReader) text() string {
	n := r.int16()
	if n == -1 {
		return ""
	}
	return string(r.take(int(n)))
}

// bytes reads bytes; null is nil.
func (r *wireReader) bytes() []byte {
	n := r.int32()
	if n == -1 {
		return nil
	}
	return r.take(int(n))
}
