// Package listener reads and binds the addresses of HTTP servers, in the form of Kafka's settings: http://127.0.0.1:9404.
package listener

import (
	"context"
	"net"
	"regexp"
	"strconv"
	"strings"
)

// maxConnections bounds the connections of a listener. What is beyond waits to be accepted, so that no crowd of clients can take all of
// the process's files or memory. Kafka has no such bound.
const maxConnections = 1000

// Address is a listener as a setting has it.
type Address struct {
	Scheme string // http or https
	Host   string // "" is every interface
	Port   int    // 0 is any free port
}

// form is what Kafka takes for a listener.
//
// Kafka: RestServer.LISTENER_PATTERN.
var form = regexp.MustCompile(`^(.*)://\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)$`)

// Parse reads an address. If it is none, rule says what it must be, and is "" otherwise.
func Parse(text string) (a Address, rule string) {
	parts := form.FindStringSubmatch(strings.TrimSpace(text))
	if parts == nil {
		return a, "Listener doesn't have the right format (protocol://hostname:port)."
	}
	a = Address{Scheme: strings.ToLower(parts[1]), Host: parts[2]}
	if a.Scheme != "http" && a.Scheme != "https" {
		return a, `Listener protocol must be either "http" or "https".`
	}
	n, err := strconv.ParseUint(parts[3], 10, 16)
	if err != nil {
		return a, "the port must be a number from 0 to 65535"
	}
	a.Port = int(n)
	return a, ""
}

// Listen binds the address. The listener has at most 1000 connections at a time.
func (a Address) Listen(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(a.Host, strconv.Itoa(a.Port)))
	if err != nil {
		return nil, err
	}
	return limit(l, make(chan struct{}, maxConnections)), nil
}
