package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/internal/listener"
	"sluice/internal/tlsconfig"
)

// ListenerOptions are the worker's settings about addresses, under the names of its properties.
type ListenerOptions struct {
	// Listeners holds the elements of listeners, such as "http://:8083" or "https://localhost:0": an empty host is every interface, port 0 any
	// free port. None at all means "http://:8083".
	Listeners []string
	// AdminListeners holds those of admin.listeners; none at all binds nothing. See [Options.AdminListeners].
	AdminListeners []string
	// MetricsListeners holds those of metrics.listeners, which are http; none at all binds nothing. See [Options.MetricsListeners].
	MetricsListeners []string

	// TLS and AdminTLS say how to serve https on Listeners and AdminListeners. Nil will do where there is no https.
	TLS, AdminTLS *tlsconfig.Settings

	AdvertisedHost     string // rest.advertised.host.name; "" is worked out
	AdvertisedPort     int    // rest.advertised.port; 0 is worked out
	AdvertisedListener string // rest.advertised.listener: http or https; "" is worked out
}

// Listeners are addresses that are bound but not served yet. Clients that connect wait.
type Listeners struct {
	bound, admin, metrics []net.Listener
	advertised            *url.URL
}

// Listen reads the key stores and binds all addresses, or none and says which one could not be had. Whoever calls it gives the result to
// [Server.Run] or closes it.
func Listen(ctx context.Context, o ListenerOptions) (*Listeners, error) {
	texts := o.Listeners
	if len(texts) == 0 {
		texts = []string{"http://:8083"}
	}
	l := &Listeners{}
	addresses, err := bind(ctx, &l.bound, "listeners", texts, o.TLS)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if _, err := bind(ctx, &l.admin, "admin.listeners", o.AdminListeners, o.AdminTLS); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if _, err := bind(ctx, &l.metrics, "metrics.listeners", o.MetricsListeners, nil); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	l.advertised = advertise(o, addresses, localIP)
	return l, nil
}

// bind adds to listeners one for each element of the setting with the key, and returns where they really are.
func bind(ctx context.Context, listeners *[]net.Listener, key string, texts []string, settings *tlsconfig.Settings) ([]listener.Address, error) {
	var addresses []listener.Address
	var config *tls.Config // made for the first https listener
	for _, text := range texts {
		a, err := parseListener(key, text)
		if err != nil {
			return nil, err
		}
		if a.Scheme == "https" && config == nil {
			if config, err = serverTLS(key, text, settings); err != nil {
				return nil, err
			}
		}
		bound, err := a.Listen(ctx)
		if err != nil {
			return nil, fmt.Errorf("listen for the REST API on %s: %w", text, err)
		}
		a.Port = portOf(bound)
		if a.Scheme == "https" {
			bound = tls.NewListener(bound, config)
		}
		*listeners = append(*listeners, bound)
		addresses = append(addresses, a)
	}
	return addresses, nil
}

// serverTLS makes the configuration of https listeners, which speak HTTP/1.1 alone, as Kafka's do.
func serverTLS(key, text string, settings *tlsconfig.Settings) (*tls.Config, error) {
	if settings == nil {
		return nil, &connect.ConfigError{Key: key, Value: text, Rule: "there are no settings for https"}
	}
	config, err := settings.Server()
	if err != nil {
		return nil, err
	}
	config.NextProtos = []string{"http/1.1"}
	return config, nil
}

// parseListener reads an element of the setting with the key.
func parseListener(key, text string) (listener.Address, error) {
	a, rule := listener.Parse(text)
	if rule != "" {
		return a, &connect.ConfigError{Key: key, Value: text, Rule: rule}
	}
	return a, nil
}

// advertise works out under which address other workers and users reach this one: what the settings say, else the first listener of the
// protocol, which is http if there is such a listener. If that has no host, the first listener's is taken, and if there is none either, an
// address of this machine.
//
// Kafka: org.apache.kafka.connect.runtime.rest.RestServer.advertisedUrl.
// Differs: a listener on 0.0.0.0 or [::] counts as one without a host, because nobody can connect to that address.
func advertise(o ListenerOptions, listeners []listener.Address, local func() string) *url.URL {
	of := func(protocol string) int {
		return slices.IndexFunc(listeners, func(a listener.Address) bool { return a.Scheme == protocol })
	}
	scheme := strings.ToLower(o.AdvertisedListener)
	if scheme == "" {
		if scheme = "http"; of(scheme) < 0 {
			scheme = "https"
		}
	}
	host, port := listeners[0].Host, listeners[0].Port
	if i := of(scheme); i >= 0 {
		if port = listeners[i].Port; !everywhere(listeners[i].Host) {
			host = listeners[i].Host
		}
	}
	if o.AdvertisedHost != "" {
		host = o.AdvertisedHost
	}
	if everywhere(host) {
		host = local()
	}
	if o.AdvertisedPort != 0 {
		port = o.AdvertisedPort
	}
	return &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, strconv.Itoa(port)), Path: "/"}
}

// everywhere reports whether a listener's host means every interface.
func everywhere(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
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
func (l *Listeners) Addrs() []net.Addr { return addrs(l.bound) }

func addrs(listeners []net.Listener) []net.Addr {
	out := make([]net.Addr, len(listeners))
	for i, l := range listeners {
		out[i] = l.Addr()
	}
	return out
}

// AdminAddrs are where the listeners of the admin endpoints were bound, in the order of the setting.
func (l *Listeners) AdminAddrs() []net.Addr { return addrs(l.admin) }

// MetricsAddrs are where the listeners of the metrics were bound, in the order of the setting.
func (l *Listeners) MetricsAddrs() []net.Addr { return addrs(l.metrics) }

// AdvertisedURL is where others reach this worker, such as "http://10.0.0.5:8083/".
func (l *Listeners) AdvertisedURL() string { return l.advertised.String() }

// WorkerID names this worker in statuses: host and port of AdvertisedURL.
func (l *Listeners) WorkerID() string { return l.advertised.Host }

// Close gives the addresses up. It may be called after Run, and twice.
func (l *Listeners) Close() error {
	var errs []error
	for _, b := range slices.Concat(l.bound, l.admin, l.metrics) {
		if err := b.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
