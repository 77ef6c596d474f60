package rest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"sluice/connect"
)

// ListenerOptions are the worker's settings about addresses, under the names of its properties.
type ListenerOptions struct {
	// Listeners holds the elements of listeners, such as "http://:8083" or "http://localhost:0": an empty host is every interface, port 0 any free
	// port. None at all means "http://:8083".
	Listeners []string

	AdvertisedHost     string // rest.advertised.host.name; "" is worked out
	AdvertisedPort     int    // rest.advertised.port; 0 is worked out
	AdvertisedListener string // rest.advertised.listener: http; "" is worked out
}

// Listeners are addresses that are bound but not served yet. Clients that connect wait.
type Listeners struct {
	bound      []net.Listener
	advertised *url.URL
}

// Listen binds all addresses, or none and says which one could not be had. Whoever calls it gives the result to [Server.Run] or closes it.
func Listen(ctx context.Context, o ListenerOptions) (*Listeners, error) {
	texts := o.Listeners
	if len(texts) == 0 {
		texts = []string{"http://:8083"}
	}
	if l := o.AdvertisedListener; l != "" && !strings.EqualFold(l, "http") {
		return nil, &connect.ConfigError{Key: "rest.advertised.listener", Value: l, Rule: "only http is supported by this version"}
	}
	l := &Listeners{}
	var first address
	for i, text := range texts {
		a, err := parseListener(text)
		if err != nil {
			return nil, errors.Join(err, l.Close())
		}
		if i == 0 {
			first = a
		}
		var lc net.ListenConfig
		bound, err := lc.Listen(ctx, "tcp", net.JoinHostPort(a.host, strconv.Itoa(a.port)))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listen for the REST API on %s: %w", text, err), l.Close())
		}
		l.bound = append(l.bound, bound)
	}
	l.advertised = advertise(o, first, portOf(l.bound[0]), localIP)
	return l, nil
}

type address struct {
	host string
	port int
}

// parseListener reads an element of the setting listeners.
func parseListener(text string) (address, error) {
	bad := func(rule string) (address, error) {
		return address{}, &connect.ConfigError{Key: "listeners", Value: text, Rule: rule}
	}
	scheme, rest, ok := strings.Cut(strings.TrimSpace(text), "://")
	if !ok {
		return bad("a listener is written as http://host:port")
	}
	switch strings.ToLower(scheme) {
	case "http":
	case "https":
		return bad("https is not supported by this version")
	default:
		return bad("the protocol must be http")
	}
	host, port, err := net.SplitHostPort(strings.TrimSuffix(rest, "/"))
	if err != nil {
		return bad("a listener is written as http://host:port")
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return bad("the port must be a number from 0 to 65535")
	}
	return address{host, int(n)}, nil
}

// advertise works out under which address other workers and users reach this one: what the settings say, else the first listener's
// host and the port it was bound to. A listener on every interface is called by an address of this machine.
//
// Kafka: org.apache.kafka.connect.runtime.rest.RestServer.advertisedUrl.
// Differs: a listener on 0.0.0.0 or [::] counts as one without a host, because nobody can connect to that address.
func advertise(o ListenerOptions, first address, boundPort int, local func() string) *url.URL {
	host, port := o.AdvertisedHost, o.AdvertisedPort
	if host == "" {
		host = first.host
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			host = local()
		}
	}
	if port == 0 {
		port = boundPort
	}
	return &url.URL{Scheme: "http", Host: net.JoinHostPort(host, strconv.Itoa(port)), Path: "/"}
}

// localIP is an address of this machine that others may reach: the first one, IPv4 before IPv6, that is neither loopback nor link-local.
func localIP() string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "127.0.0.1"
	}
	found := ""
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok || !n.IP.IsGlobalUnicast() {
			continue
		}
		if n.IP.To4() != nil {
			return n.IP.String()
		}
		if found == "" {
			found = n.IP.String()
		}
	}
	if found == "" {
		return "127.0.0.1"
	}
	return found
}

func portOf(l net.Listener) int {
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		return a.Port
	}
	return 0
}

// Addr is where the first listener was bound, with the port it really got.
func (l *Listeners) Addr() net.Addr { return l.bound[0].Addr() }

// Addrs are where all listeners were bound, in the order of the setting.
func (l *Listeners) Addrs() []net.Addr {
	addrs := make([]net.Addr, len(l.bound))
	for i, b := range l.bound {
		addrs[i] = b.Addr()
	}
	return addrs
}

// AdvertisedURL is where others reach this worker, such as "http://10.0.0.5:8083/".
func (l *Listeners) AdvertisedURL() string { return l.advertised.String() }

// WorkerID names this worker in statuses: host and port of AdvertisedURL.
func (l *Listeners) WorkerID() string { return l.advertised.Host }

// Close gives the addresses up. It may be called after Run, and twice.
func (l *Listeners) Close() error {
	var errs []error
	for _, b := range l.bound {
		if err := b.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
