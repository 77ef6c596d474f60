package kafka

import (
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"sluice/internal/sampled"
)

// settings are Properties after parsing: every field holds a valid value. Which of them count
// depends on the role they were parsed for.
type settings struct {
	role     Role
	warnings []string
	security security

	addresses         []string
	clientID          string
	requestTimeout    time.Duration
	apiTimeout        time.Duration
	retryBackoff      time.Duration
	retryBackoffMax   time.Duration
	reconnectBackoff  time.Duration
	reconnectMax      time.Duration
	metadataMaxAge    time.Duration
	connectionTimeout time.Duration
	window            sampled.Window // of the client's statistics

	groupID           string
	groupInstanceID   string // "" for a dynamic member
	leaveOnClose      bool
	sessionTimeout    time.Duration
	heartbeatInterval time.Duration
	maxPollInterval   time.Duration
	maxPollRecords    int
	assignors         []string // protocol names in order of preference: "range", "cooperative-sticky"
	offsetReset       string   // earliest, latest, none
	readCommitted     bool
	autoCreateTopics  bool
	excludeInternal   bool // topics of the brokers' own, from patterns
	fetchMinBytes     int32
	fetchMaxWait      time.Duration
	fetchMaxBytes     int32
	partitionMaxBytes int32

	acks               int16 // -1 all
	idempotent         bool
	maxInFlight        int
	retries            int
	linger             time.Duration
	batchSize          int
	bufferMemory       int64
	maxRequestSize     int
	compression        string
	compressionLevel   int // sarama.CompressionLevelDefault if none was given
	deliveryTimeout    time.Duration
	transactionTimeout time.Duration
	maxBlock           time.Duration
	idempotenceGiven   bool
}

// parseProperties validates p for role and reads it into settings.
func parseProperties(p Properties, role Role) (*settings, error) {
	warnings, err := checkAll(p, role)
	if err != nil {
		return nil, err
	}
	addresses, rule := splitBootstrapServers(p.get("bootstrap.servers"))
	if rule != "" {
		return nil, &PropertyError{"bootstrap.servers", p.get("bootstrap.servers"), rule}
	}
	s := &settings{
		role:              role,
		warnings:          warnings,
		addresses:         addresses,
		clientID:          p.get("client.id"),
		requestTimeout:    p.duration("request.timeout.ms"),
		apiTimeout:        p.duration("default.api.timeout.ms"),
		retryBackoff:      p.duration("retry.backoff.ms"),
		retryBackoffMax:   p.duration("retry.backoff.max.ms"),
		reconnectBackoff:  p.duration("reconnect.backoff.ms"),
		reconnectMax:      p.duration("reconnect.backoff.max.ms"),
		metadataMaxAge:    p.duration("metadata.max.age.ms"),
		connectionTimeout: p.duration("socket.connection.setup.timeout.ms"),
		window:            sampled.Window{Samples: int(p.number("metrics.num.samples")), Length: max(time.Millisecond, p.duration("metrics.sample.window.ms"))},
	}
	s.retryBackoffMax = max(s.retryBackoff, s.retryBackoffMax)
	s.reconnectMax = max(s.reconnectBackoff, s.reconnectMax)
	if s.security, err = parseSecurity(p); err != nil {
		return nil, err
	}
	if s.security.tls != nil {
		s.warnings = append(s.warnings, s.security.tls.Notices()...)
	}
	switch role {
	case Consumer:
		return s, s.parseConsumer(p)
	case ProducerRole:
		return s, s.parseProducer(p)
	}
	return s, nil
}

func (s *settings) parseConsumer(p Properties) error {
	s.groupID = p.get("group.id")
	s.groupInstanceID = p.get("group.instance.id")
	s.leaveOnClose = p.boolean("internal.leave.group.on.close")
	s.sessionTimeout = p.duration("session.timeout.ms")
	s.heartbeatInterval = p.duration("heartbeat.interval.ms")
	s.maxPollInterval = p.duration("max.poll.interval.ms")
	s.maxPollRecords = int(p.number("max.poll.records"))
	s.assignors, _ = splitAssignors(p.get("partition.assignment.strategy"))
	s.offsetReset = p.get("auto.offset.reset")
	s.readCommitted = p.get("isolation.level") == "read_committed"
	s.autoCreateTopics = p.boolean("allow.auto.create.topics")
	s.excludeInternal = p.boolean("exclude.internal.topics")
	s.fetchMinBytes = int32(p.number("fetch.min.bytes"))
	s.fetchMaxWait = p.duration("fetch.max.wait.ms")
	s.fetchMaxBytes = int32(p.number("fetch.max.bytes"))
	s.partitionMaxBytes = int32(p.number("max.partition.fetch.bytes"))
	if s.heartbeatInterval >= s.sessionTimeout {
		return &PropertyError{"heartbeat.interval.ms", p.get("heartbeat.interval.ms"),
			"Heartbeat must be set lower than the session timeout (session.timeout.ms = " + p.get("session.timeout.ms") + ")"}
	}
	return nil
}

func (s *settings) parseProducer(p Properties) error {
	s.acks = parseAcks(p.get("acks"))
	s.maxInFlight = int(p.number("max.in.flight.requests.per.connection"))
	s.retries = int(p.number("retries"))
	s.linger = p.duration("linger.ms")
	s.batchSize = int(p.number("batch.size"))
	s.bufferMemory = p.number("buffer.memory")
	s.maxRequestSize = int(p.number("max.request.size"))
	s.compression = p.get("compression.type")
	s.compressionLevel = sarama.CompressionLevelDefault
	if level := strings.TrimSpace(p["compression."+s.compression+".level"]); level != "" && (level != "-1" || s.compression != "gzip") {
		s.compressionLevel, _ = strconv.Atoi(level)
	}
	s.deliveryTimeout = p.duration("delivery.timeout.ms")
	s.transactionTimeout = p.duration("transaction.timeout.ms")
	s.maxBlock = p.duration("max.block.ms")
	if s.linger+s.requestTimeout > s.deliveryTimeout {
		if p["delivery.timeout.ms"] != "" {
			return &PropertyError{"delivery.timeout.ms", p.get("delivery.timeout.ms"),
				"should be equal to or larger than linger.ms + request.timeout.ms"}
		}
		s.deliveryTimeout = s.linger + s.requestTimeout
	}
	return s.parseIdempotence(p)
}

// parseIdempotence settles enable.idempotence: on by default, off when another setting that was given
// contradicts it, and an error when both were given.
//
// Kafka: ProducerConfig.postProcessAndValidateIdempotenceConfigs.
func (s *settings) parseIdempotence(p Properties) error {
	s.idempotenceGiven = strings.TrimSpace(p["enable.idempotence"]) != ""
	s.idempotent = p.boolean("enable.idempotence")
	if !s.idempotent {
		return nil
	}
	var conflict *PropertyError
	switch {
	case s.acks != -1:
		conflict = &PropertyError{"acks", p.get("acks"), "must be all for the idempotent producer"}
	case s.retries == 0:
		conflict = &PropertyError{"retries", p.get("retries"), "must be greater than 0 for the idempotent producer"}
	case s.maxInFlight > 5:
		conflict = &PropertyError{"max.in.flight.requests.per.connection", p.get("max.in.flight.requests.per.connection"),
			"must be at most 5 for the idempotent producer"}
	default:
		return nil
	}
	if s.idempotenceGiven {
		return conflict
	}
	s.idempotent = false
	return nil
}

func parseAcks(value string) int16 {
	switch value {
	case "0":
		return 0
	case "1":
		return 1
	}
	return -1
}

// number reads a key that has been checked to be a number.
func (p Properties) number(key string) int64 {
	n, _ := strconv.ParseInt(p.get(key), 10, 64)
	return n
}

// boolean reads a key that has been checked to be true or false.
func (p Properties) boolean(key string) bool {
	return strings.EqualFold(p.get(key), "true")
}

// duration reads a key in milliseconds. Java uses Long.MAX_VALUE for "for ever"; so that sums with
// it do not overflow, no duration here is longer than half of the longest.
func (p Properties) duration(key string) time.Duration {
	return time.Duration(min(p.number(key), math.MaxInt64/2/int64(time.Millisecond))) * time.Millisecond
}

// splitBootstrapServers reads "host1:port1,host2:port2". A server may be written as protocol://host:port,
// as Java allows.
func splitBootstrapServers(value string) (addresses []string, rule string) {
	for _, server := range splitList(value) {
		if _, after, found := strings.Cut(server, "://"); found {
			server = after
		}
		host, port, err := net.SplitHostPort(server)
		if err != nil || host == "" {
			return nil, fmt.Sprintf("Invalid url in bootstrap.servers: %s (host:port expected)", server)
		}
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > math.MaxUint16 {
			return nil, fmt.Sprintf("Invalid port in bootstrap.servers: %s", server)
		}
		if address := net.JoinHostPort(host, port); !slices.Contains(addresses, address) {
			addresses = append(addresses, address)
		}
	}
	if len(addresses) == 0 {
		return nil, "must name at least one server as host:port"
	}
	return addresses, ""
}

// assignorNames maps Java's assignor classes to the protocol names that go over the wire.
var assignorNames = map[string]string{
	"RangeAssignor":             "range",
	"RoundRobinAssignor":        "roundrobin",
	"CooperativeStickyAssignor": "cooperative-sticky",
}

// splitAssignors reads partition.assignment.strategy: Java class names, with or without package, or protocol names.
func splitAssignors(value string) (names []string, rule string) {
	for _, item := range splitList(value) {
		class := strings.TrimPrefix(item, "org.apache.kafka.clients.consumer.")
		name, known := assignorNames[class]
		if !known {
			if name = item; !slices.Contains([]string{"range", "roundrobin", "cooperative-sticky"}, name) {
				return nil, fmt.Sprintf("assignor %s is not known; known are RangeAssignor, RoundRobinAssignor and CooperativeStickyAssignor", item)
			}
		}
		if slices.Contains(names, name) {
			return nil, fmt.Sprintf("assignor %s is named twice", item)
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil, "must name at least one assignor"
	}
	return names, ""
}
