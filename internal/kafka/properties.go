package kafka

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Properties are the settings of one client under the names Java clients use, without a prefix:
// "bootstrap.servers", "client.id", "session.timeout.ms". Defaults are Java's (3.9).
type Properties map[string]string

// Role says which client a set of Properties is for.
type Role int

// The kinds of clients.
const (
	// Consumer checks the properties of a GroupReader or TopicReader.
	Consumer Role = iota + 1
	// ProducerRole checks the properties of a Producer.
	ProducerRole
	// AdminRole checks the properties of an Admin.
	AdminRole
)

func (r Role) String() string {
	switch r {
	case Consumer:
		return "consumer"
	case ProducerRole:
		return "producer"
	case AdminRole:
		return "admin"
	}
	return "Role(" + strconv.Itoa(int(r)) + ")"
}

// CheckProperties validates p for one kind of client without connecting anywhere.
//
// A value that is out of range, and a key that this build cannot honour and that changes safety or
// access (Kerberos, transactions, interceptors ...), is a *PropertyError. Keys that are unknown, or
// known and without effect here, are returned as one warning each kind, beside those about TLS; they are ready to be logged.
func CheckProperties(p Properties, role Role) (warnings []string, err error) {
	settings, err := parseProperties(p, role)
	if err != nil {
		return nil, err
	}
	return settings.warnings, nil
}

// propertyDef defines one property for one or more roles. A property is defined once, here: parsing,
// validation and error text all come from it.
type propertyDef struct {
	roles    Role // set of roles, see roleSet
	fallback string
	check    func(value string) (rule string) // "" when value is fine; nil accepts anything
	noEffect bool                             // accepted, but a value other than the fallback changes nothing here
}

// Bits of propertyDef.roles.
const (
	forConsumer Role = 1 << Consumer
	forProducer Role = 1 << ProducerRole
	forAdmin    Role = 1 << AdminRole
	forAll           = forConsumer | forProducer | forAdmin
)

const (
	byteArrayDeserializer = "org.apache.kafka.common.serialization.ByteArrayDeserializer"
	byteArraySerializer   = "org.apache.kafka.common.serialization.ByteArraySerializer"
	unsupported           = "is not supported by this version"

	defaultAssignors = "org.apache.kafka.clients.consumer.RangeAssignor,org.apache.kafka.clients.consumer.CooperativeStickyAssignor"
)

// propertyDefs lists what clients understand.
// Kafka: ConsumerConfig, ProducerConfig, AdminClientConfig of 3.9.2.
var propertyDefs = map[string]propertyDef{
	"bootstrap.servers": {forAll, "", checkBootstrapServers, false},
	"client.id":         {forAll, "", nil, false},
	"security.protocol": {forAll, "PLAINTEXT", checkSecurityProtocol, false}, // sasl.* and ssl.*: securityDefs

	"request.timeout.ms":                     {forAll, "30000", intAtLeast(1), false},
	"default.api.timeout.ms":                 {forConsumer | forAdmin, "60000", intAtLeast(0), false},
	"retry.backoff.ms":                       {forAll, "100", longAtLeast(0), false},
	"retry.backoff.max.ms":                   {forAll, "1000", longAtLeast(0), false},
	"reconnect.backoff.ms":                   {forAll, "50", longAtLeast(0), false},
	"reconnect.backoff.max.ms":               {forAll, "1000", longAtLeast(0), false},
	"metadata.max.age.ms":                    {forAll, "300000", longAtLeast(0), false},
	"socket.connection.setup.timeout.ms":     {forAll, "10000", longAtLeast(1), false},
	"socket.connection.setup.timeout.max.ms": {forAll, "30000", longAtLeast(1), true},
	"connections.max.idle.ms":                {forAll, "540000", longAtLeast(-1), true},
	"send.buffer.bytes":                      {forAll, "131072", intAtLeast(-1), true},
	"receive.buffer.bytes":                   {forAll, "65536", intAtLeast(-1), true},
	"client.dns.lookup":                      {forAll, "use_all_dns_ips", oneOf("use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"), true},
	"metadata.recovery.strategy":             {forAll, "none", oneOf("none", "rebootstrap"), true},
	"metric.reporters":                       {forAll, "", nil, true},
	"metrics.num.samples":                    {forAll, "2", intAtLeast(1), false},
	"metrics.sample.window.ms":               {forAll, "30000", longAtLeast(0), false},
	"metrics.recording.level":                {forAll, "INFO", oneOf("INFO", "DEBUG", "TRACE"), true},
	"auto.include.jmx.reporter":              {forAll, "true", checkBoolean, true},
	"enable.metrics.push":                    {forAll, "true", checkBoolean, true},
	"security.providers":                     {forAll, "", empty("is a Java setting and " + unsupported), false},

	"group.id":                      {forConsumer, "", nil, false},
	"group.instance.id":             {forConsumer, "", checkInstanceID, false},
	"group.protocol":                {forConsumer, "classic", oneOfFold("classic"), false},
	"group.remote.assignor":         {forConsumer, "", empty("cannot be set when group.protocol=classic"), false},
	"internal.leave.group.on.close": {forConsumer, "true", checkBoolean, false},
	"internal.throw.on.fetch.stable.offset.unsupported": {forConsumer, "false", checkBoolean, true},
	"session.timeout.ms":            {forConsumer, "45000", intAtLeast(1), false},
	"heartbeat.interval.ms":         {forConsumer, "3000", intAtLeast(1), false},
	"max.poll.interval.ms":          {forConsumer, "300000", intAtLeast(1), false},
	"max.poll.records":              {forConsumer, "500", intAtLeast(1), false},
	"partition.assignment.strategy": {forConsumer, defaultAssignors, checkAssignors, false},
	"auto.offset.reset":             {forConsumer, "latest", oneOf("latest", "earliest", "none"), false},
	"isolation.level":               {forConsumer, "read_uncommitted", oneOf("read_committed", "read_uncommitted"), false},
	"fetch.min.bytes":               {forConsumer, "1", intAtLeast(0), false},
	"fetch.max.wait.ms":             {forConsumer, "500", intAtLeast(0), false},
	"fetch.max.bytes":               {forConsumer, "52428800", intAtLeast(0), false},
	"max.partition.fetch.bytes":     {forConsumer, "1048576", intAtLeast(0), false},
	"allow.auto.create.topics":      {forConsumer, "true", checkBoolean, false},
	"enable.auto.commit":            {forConsumer, "false", only("false", "offsets are committed after delivery only, never by a timer"), false},
	"auto.commit.interval.ms":       {forConsumer, "5000", intAtLeast(0), true},
	"check.crcs":                    {forConsumer, "true", checkBoolean, true},
	"client.rack":                   {forConsumer, "", nil, true},
	"exclude.internal.topics":       {forConsumer, "true", checkBoolean, false},
	"key.deserializer":              {forConsumer, byteArrayDeserializer, only(byteArrayDeserializer, "records are read as bytes; only the byte array deserializer is accepted"), false},
	"value.deserializer":            {forConsumer, byteArrayDeserializer, only(byteArrayDeserializer, "records are read as bytes; only the byte array deserializer is accepted"), false},
	"interceptor.classes":           {forConsumer | forProducer, "", empty("interceptors are Java classes and are not supported"), false},

	"acks":                                  {forProducer, "all", oneOf("all", "-1", "0", "1"), false},
	"enable.idempotence":                    {forProducer, "true", checkBoolean, false},
	"max.in.flight.requests.per.connection": {forProducer, "5", intAtLeast(1), false},
	"retries":                               {forProducer | forAdmin, "2147483647", intAtLeast(0), false},
	"linger.ms":                             {forProducer, "0", longAtLeast(0), false},
	"batch.size":                            {forProducer, "16384", intAtLeast(0), false},
	"buffer.memory":                         {forProducer, "33554432", longAtLeast(0), false},
	"max.request.size":                      {forProducer, "1048576", intAtLeast(0), false},
	"compression.type":                      {forProducer, "none", oneOf("none", "gzip", "snappy", "lz4", "zstd"), false},
	"delivery.timeout.ms":                   {forProducer, "120000", intAtLeast(0), false},
	"max.block.ms":                          {forProducer, "60000", longAtLeast(0), false},
	"transactional.id":                      {forProducer, "", empty("transactions are not supported by this producer"), false},
	"transaction.timeout.ms":                {forProducer, "60000", intAtLeast(0), true},
	"partitioner.class":                     {forProducer, "", empty("custom partitioners are Java classes and are not supported"), false},
	"partitioner.ignore.keys":               {forProducer, "false", only("false", "ignoring keys would break the order per key"), false},
	"partitioner.adaptive.partitioning.enable": {forProducer, "true", checkBoolean, true},
	"partitioner.availability.timeout.ms":      {forProducer, "0", longAtLeast(0), true},
	"metadata.max.idle.ms":                     {forProducer, "300000", longAtLeast(5000), true},
	"compression.gzip.level":                   {forProducer, "-1", checkGzipLevel, false},
	"compression.lz4.level":                    {forProducer, "9", numberBetween("INT", 32, 1, 17), true},
	"compression.zstd.level":                   {forProducer, "3", numberBetween("INT", 32, -131072, 22), false},
	"key.serializer":                           {forProducer, byteArraySerializer, only(byteArraySerializer, "records are written as bytes; only the byte array serializer is accepted"), false},
	"value.serializer":                         {forProducer, byteArraySerializer, only(byteArraySerializer, "records are written as bytes; only the byte array serializer is accepted"), false},
	"bootstrap.controllers":                    {forAdmin, "", empty(unsupported), false},
}

// hidden stands for a secret.
const hidden = "[hidden]"

// hideSecret replaces a value that must not reach an error or a log.
func hideSecret(key, value string) string {
	if strings.Contains(key, "password") || strings.Contains(key, "jaas") || strings.Contains(key, "secret") ||
		strings.HasPrefix(key, "ssl.keystore.") || key == "ssl.truststore.certificates" ||
		strings.HasSuffix(key, ".url") && strings.Contains(value, "@") { // a URL may hold user and password
		return hidden
	}
	return value
}

// checkAll validates every key of p for role and returns the warnings.
func checkAll(p Properties, role Role) (warnings []string, err error) {
	var unknown, ignored []string
	for _, key := range slices.Sorted(maps.Keys(p)) {
		value := strings.TrimSpace(p[key])
		def, known := definition(key)
		if !known {
			unknown = append(unknown, key)
			continue
		}
		if def.roles&(1<<role) == 0 {
			continue // another client's setting in a shared file
		}
		if def.check != nil {
			if rule := def.check(value); rule != "" {
				return nil, &PropertyError{key, hideSecret(key, p[key]), rule}
			}
		}
		if p.isIdle(key, def) {
			ignored = append(ignored, key)
		}
	}
	if len(unknown) > 0 {
		warnings = append(warnings, fmt.Sprintf("unknown %s properties are ignored: %s", role, strings.Join(unknown, ", ")))
	}
	if len(ignored) > 0 {
		warnings = append(warnings, fmt.Sprintf("%s properties without effect here: %s", role, strings.Join(ignored, ", ")))
	}
	return warnings, nil
}

// get returns the value of a defined key, or its default when it is missing or blank.
func (p Properties) get(key string) string {
	if value := strings.TrimSpace(p[key]); value != "" {
		return value
	}
	def, _ := definition(key)
	return def.fallback
}

// The checks below return the rule that value breaks, in the words of Kafka's ConfigDef.

func intAtLeast(low int64) func(string) string {
	return numberAtLeast("INT", 32, low)
}

func longAtLeast(low int64) func(string) string {
	return numberAtLeast("LONG", 64, low)
}

func numberAtLeast(typeName string, bits int, low int64) func(string) string {
	return func(value string) string {
		n, err := strconv.ParseInt(value, 10, bits)
		if err != nil {
			return "Not a number of type " + typeName
		}
		if n < low {
			return "Value must be at least " + strconv.FormatInt(low, 10)
		}
		return ""
	}
}

func numberBetween(typeName string, bits int, low, high int64) func(string) string {
	atLeast := numberAtLeast(typeName, bits, low)
	return func(value string) string {
		if rule := atLeast(value); rule != "" {
			return rule
		}
		if n, _ := strconv.ParseInt(value, 10, bits); n > high {
			return "Value must be no more than " + strconv.FormatInt(high, 10)
		}
		return ""
	}
}

func checkGzipLevel(value string) string {
	if rule := intAtLeast(math.MinInt32)(value); rule != "" || value == "-1" {
		return rule
	}
	if numberBetween("INT", 32, 1, 9)(value) != "" {
		return "Value must be between 1 and 9 or equal to -1"
	}
	return ""
}

func checkBoolean(value string) string {
	if strings.EqualFold(value, "true") || strings.EqualFold(value, "false") {
		return ""
	}
	return "Expected value to be either true or false"
}

func oneOf(values ...string) func(string) string {
	return func(value string) string {
		if slices.Contains(values, value) {
			return ""
		}
		return "String must be one of: " + strings.Join(values, ", ")
	}
}

func oneOfFold(values ...string) func(string) string {
	return func(value string) string { return oneOf(values...)(strings.ToLower(value)) }
}

func only(accepted, rule string) func(string) string {
	return func(value string) string {
		if strings.EqualFold(value, accepted) {
			return ""
		}
		return rule
	}
}

func empty(rule string) func(string) string {
	return func(value string) string {
		if value == "" || value == "null" {
			return ""
		}
		return rule
	}
}

func checkBootstrapServers(value string) string {
	_, rule := splitBootstrapServers(value)
	return rule
}

func checkAssignors(value string) string {
	_, rule := splitAssignors(value)
	return rule
}

// splitList splits a comma separated value, dropping blanks.
func splitList(value string) []string {
	var items []string
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
