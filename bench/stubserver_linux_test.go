package bench

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Whose requests the stub takes.
const (
	stubAccessKey = "AKIDSLUICEBENCHMARKS"
	stubSecret    = "bench-secret"
	stubRegion    = "ap-southeast-2" // as in configs/sink.json
)

// verifyEvery is how many requests there are to one whose signature is computed again; of the others only the shape is looked at.
const verifyEvery = 64

// stub looks like DynamoDB to who writes items to one table: BatchWriteItem, PutItem, DeleteItem and DescribeTable. It is made to cost little,
// since it shares the machine with what is measured: it reads HTTP and bodies itself, without a value for each attribute, and remembers of
// an item two digests and a version. What it does on purpose is in faults, what it saw in stubCounts.
type stub struct {
	faults   atomic.Pointer[faults]
	counters stubCounters
	keys     stubKeys
}

func newStub(f faults) *stub {
	s := &stub{}
	s.set(f)
	for i := range s.keys {
		s.keys[i].items = map[uint64]stubItem{}
	}
	return s
}

func (s *stub) set(f faults) {
	f.outageEnd = time.Now().Add(f.Outage)
	s.faults.Store(&f)
}

func (s *stub) counts() stubCounts {
	c := &s.counters
	out := stubCounts{
		Calls: c.calls.Load(), Items: c.items.Load(), Throttled: c.throttled.Load(), Unprocessed: c.unprocessed.Load(),
		Errors: c.errors.Load(), Cut: c.cut.Load(), Rejected: c.rejected.Load(), Unsigned: c.unsigned.Load(), Invalid: c.invalid.Load(),
		DupInBatch: c.dupInBatch.Load(), Overlap: c.overlap.Load(), Reordered: c.reordered.Load(), MaxInFlight: c.maxInFlight.Load(), LastWrite: c.lastWrite.Load(),
	}
	out.Keys, out.Digest = s.keys.sum()
	if why := c.whyInvalid.Load(); why != nil {
		out.WhyInvalid = *why
	}
	return out
}

// control answers GET /counts, which waits up to a quarter of a second for as many items written, as many keys or for the digest that it is asked for,
// and POST /faults.
func (s *stub) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /counts", func(w http.ResponseWriter, r *http.Request) {
		items, _ := strconv.ParseInt(r.FormValue("items"), 10, 64)
		atLeast, _ := strconv.ParseInt(r.FormValue("keys"), 10, 64)
		want, err := strconv.ParseUint(r.FormValue("digest"), 10, 64)
		ready := func() bool {
			if s.counters.items.Load() < items {
				return false
			}
			keys, digest := s.keys.sum()
			return keys >= atLeast && (err != nil || digest == want)
		}
		for end := time.Now().Add(250 * time.Millisecond); !ready() && time.Now().Before(end); {
			time.Sleep(2 * time.Millisecond)
		}
		_ = json.NewEncoder(w).Encode(s.counts())
	})
	mux.HandleFunc("POST /faults", func(w http.ResponseWriter, r *http.Request) {
		var f faults
		if err := json.NewDecoder(r.Body).Decode(&f); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.set(f)
	})
	return mux
}

// serve takes connections until the listener is closed.
func (s *stub) serve(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			c := &stubConn{stub: s, conn: conn, in: bufio.NewReaderSize(conn, 32<<10)}
			for c.next() {
			}
		}()
	}
}

// stubConn is one connection with the space that its requests take in turn.
type stubConn struct {
	stub   *stub
	conn   net.Conn
	in     *bufio.Reader
	body   []byte
	out    []byte
	writes []stubWrite
	header http.Header // of a request whose signature is verified
}

// head is what the stub needs of a request's header.
type head struct {
	length     int
	operation  string
	signed     bool
	waitsForUs bool // Expect: 100-continue
	closes     bool
}

// next answers one request and reports whether there may be another.
func (c *stubConn) next() bool {
	if _, err := c.in.ReadSlice('\n'); err != nil { // POST / HTTP/1.1
		return false
	}
	h, ok := c.readHead(c.stub.counters.calls.Add(1)%verifyEvery == 0)
	if !ok {
		return false
	}
	if h.waitsForUs {
		if _, err := io.WriteString(c.conn, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return false
		}
	}
	if cap(c.body) < h.length {
		c.body = make([]byte, h.length)
	}
	c.body = c.body[:h.length]
	if _, err := io.ReadFull(c.in, c.body); err != nil {
		return false
	}
	if h.signed && c.header != nil {
		h.signed = verified(c.header, c.body)
	}
	n := &c.stub.counters
	inFlight := n.inFlight.Add(1)
	for most := n.maxInFlight.Load(); inFlight > most && !n.maxInFlight.CompareAndSwap(most, inFlight); most = n.maxInFlight.Load() {
	}
	answered := c.answer(h)
	n.inFlight.Add(-1)
	if !answered {
		return false
	}
	_, err := c.conn.Write(c.out)
	return err == nil && !h.closes
}

func (c *stubConn) readHead(keep bool) (h head, ok bool) {
	c.header = nil
	if keep {
		c.header = http.Header{}
	}
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return h, false
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return h, true
		}
		name, value, found := bytes.Cut(line, []byte(":"))
		if !found {
			return h, false
		}
		value = bytes.TrimSpace(value)
		if keep {
			c.header.Add(string(name), string(value))
		}
		switch {
		case len(name) == len("Content-Length") && bytes.EqualFold(name, []byte("Content-Length")):
			if h.length, err = strconv.Atoi(string(value)); err != nil || h.length > 32<<20 {
				return h, false
			}
		case len(name) == len("X-Amz-Target") && bytes.EqualFold(name, []byte("X-Amz-Target")):
			_, operation, _ := bytes.Cut(value, []byte("."))
			h.operation = string(operation)
		case len(name) == len("Authorization") && bytes.EqualFold(name, []byte("Authorization")):
			h.signed = bytes.HasPrefix(value, []byte("AWS4-HMAC-SHA256 Credential="+stubAccessKey+"/")) && bytes.Contains(value, []byte("Signature="))
		case len(name) == len("Expect") && bytes.EqualFold(name, []byte("Expect")):
			h.waitsForUs = true
		case len(name) == len("Connection") && bytes.EqualFold(name, []byte("Connection")):
			h.closes = bytes.EqualFold(value, []byte("close"))
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			return h, false // no client of DynamoDB sends in chunks
		}
	}
}

// verified signs a request again, with the headers that its sender signed, and compares.
func verified(h http.Header, body []byte) bool {
	authorization := h.Get("Authorization")
	_, rest, _ := strings.Cut(authorization, "SignedHeaders=")
	names, _, _ := strings.Cut(rest, ",")
	_, signature, _ := strings.Cut(authorization, "Signature=")
	at, err := time.Parse("20060102T150405Z", h.Get("X-Amz-Date"))
	if err != nil {
		return false
	}
	r := &http.Request{Method: http.MethodPost, URL: &url.URL{Scheme: "http", Host: h.Get("Host"), Path: "/"}, Host: h.Get("Host"), Header: http.Header{}}
	for name := range strings.SplitSeq(names, ";") {
		switch name {
		case "host":
		case "content-length":
			r.ContentLength = int64(len(body))
		default:
			r.Header[http.CanonicalHeaderKey(name)] = h.Values(name)
		}
	}
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: stubAccessKey, SecretAccessKey: stubSecret}
	if err := v4.NewSigner().SignHTTP(context.Background(), credentials, r, hex.EncodeToString(sum[:]), "dynamodb", stubRegion, at); err != nil {
		return false
	}
	return strings.HasSuffix(r.Header.Get("Authorization"), "Signature="+signature) && time.Since(at).Abs() < 5*time.Minute
}

// answer puts an answer into c.out; without one the connection is to be cut.
func (c *stubConn) answer(h head) bool {
	f, n := c.stub.faults.Load(), &c.stub.counters
	if !h.signed {
		n.unsigned.Add(1)
		c.refuse(400, "InvalidSignatureException", "The request signature we calculated does not match the signature you provided.", "")
		return true
	}
	now := time.Now()
	outage := now.Before(f.outageEnd)
	if outage && n.calls.Load()%2 == 0 {
		n.errors.Add(1)
		return false
	}
	if outage || happens(f.Errors) {
		time.Sleep(f.Latency)
		n.errors.Add(1)
		c.refuse(500, "InternalServerError", "Internal server error", "")
		return true
	}
	scan := scanner{b: c.body}
	c.writes = c.writes[:0]
	batch := h.operation == "BatchWriteItem"
	switch h.operation {
	case "DescribeTable":
		time.Sleep(f.Latency)
		c.ok(description)
		return true
	case "BatchWriteItem":
		c.writes = scan.batch(c.writes)
	case "PutItem", "DeleteItem":
		c.writes = append(c.writes, scan.single(h.operation == "DeleteItem"))
	default:
		scan.fail("operation " + h.operation)
	}
	if len(c.writes) == 0 || len(c.writes) > 25 {
		scan.fail(fmt.Sprintf("%d writes in a call", len(c.writes)))
	}
	for i := range c.writes {
		for j := range i {
			if c.writes[i].key == c.writes[j].key && scan.bad == "" {
				n.dupInBatch.Add(1)
				scan.fail("Provided list of item keys contains duplicates")
			}
		}
	}
	if scan.bad != "" {
		n.invalid.Add(1)
		n.whyInvalid.CompareAndSwap(nil, &scan.bad)
		c.refuse(400, "ValidationException", scan.bad, "")
		return true
	}
	if happens(f.Throttled) {
		time.Sleep(f.Latency)
		n.throttled.Add(1)
		c.refuse(400, "ProvisionedThroughputExceededException", "The level of configured provisioned throughput for the table was exceeded.", "")
		return true
	}
	return c.write(f, batch, now)
}

func happens(chance float64) bool { return chance > 0 && rand.Float64() < chance }

// write carries out the writes of a call. Nothing of it is in flight any more once the sender may know about it.
func (c *stubConn) write(f *faults, batch bool, now time.Time) bool {
	n := &c.stub.counters
	reject := false
	for i := range c.writes {
		w := &c.writes[i]
		hasUnit := c.stub.keys.begin(w, f.KeyUnits, now, n)
		w.left = !hasUnit || batch && happens(f.Unprocessed)
		reject = reject || f.RejectEvery > 0 && w.version%f.RejectEvery == 0
	}
	time.Sleep(f.Latency)
	done, left := 0, 0
	for i := range c.writes {
		w := &c.writes[i]
		c.stub.keys.end(w, !w.left && !reject, n)
		if w.left {
			left++
		} else {
			done++
		}
	}
	switch {
	case reject:
		n.rejected.Add(1)
		c.refuse(400, "ValidationException", "One or more parameter values were invalid: the stub rejects this item", "")
		return true
	case done == 0: // a call of which nothing got through is answered as throttled
		n.throttled.Add(1)
		c.refuse(400, "ProvisionedThroughputExceededException", "The level of configured provisioned throughput for the table was exceeded.",
			`,"ThrottlingReasons":[{"reason":"TableWriteKeyRangeThroughputExceeded","resource":"arn:aws:dynamodb:`+stubRegion+`:000000000000:table/`+stubTable+`"}]`)
		return true
	}
	n.unprocessed.Add(int64(left))
	n.items.Add(int64(done))
	n.lastWrite.Store(time.Now().UnixNano())
	if happens(f.Cut) {
		n.cut.Add(1)
		return false
	}
	switch {
	case !batch:
		c.ok("{}")
	case left == 0:
		c.out = append(c.out[:0], allProcessed...)
	default:
		c.ok(unprocessed(c.writes))
	}
	return true
}

func unprocessed(writes []stubWrite) string {
	var b strings.Builder
	b.WriteString(`{"UnprocessedItems":{"` + stubTable + `":`)
	separator := byte('[')
	for i := range writes {
		if writes[i].left {
			b.WriteByte(separator)
			b.Write(writes[i].text)
			separator = ','
		}
	}
	b.WriteString(`]}}`)
	return b.String()
}

// allProcessed is the answer that nearly all calls get.
var allProcessed = appendAnswer(nil, 200, `{"UnprocessedItems":{}}`)

func (c *stubConn) ok(body string) { c.out = appendAnswer(c.out[:0], 200, body) }

func (c *stubConn) refuse(status int, code, message, more string) {
	c.out = appendAnswer(c.out[:0], status, fmt.Sprintf(`{"__type":"com.amazonaws.dynamodb.v20120810#%s","message":%q%s}`, code, message, more))
}

func appendAnswer(b []byte, status int, body string) []byte {
	return fmt.Appendf(b, "HTTP/1.1 %d %s\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Crc32: %d\r\nX-Amzn-Requestid: BENCH\r\nContent-Length: %d\r\n\r\n%s",
		status, http.StatusText(status), crc32.ChecksumIEEE([]byte(body)), len(body), body)
}

// description is the table of configs/ddb.json.
const description = `{"Table":{"TableName":"` + stubTable + `","TableStatus":"ACTIVE","ItemCount":0,"TableSizeBytes":0,"CreationDateTime":1.7E9,` +
	`"TableArn":"arn:aws:dynamodb:` + stubRegion + `:000000000000:table/` + stubTable + `",` +
	`"KeySchema":[{"AttributeName":"transaction_id","KeyType":"HASH"},{"AttributeName":"transaction_date","KeyType":"RANGE"}],` +
	`"AttributeDefinitions":[{"AttributeName":"transaction_id","AttributeType":"S"},{"AttributeName":"account_id","AttributeType":"N"},{"AttributeName":"transaction_date","AttributeType":"S"}],` +
	`"GlobalSecondaryIndexes":[{"IndexName":"account","IndexStatus":"ACTIVE","Projection":{"ProjectionType":"ALL"},` +
	`"KeySchema":[{"AttributeName":"account_id","KeyType":"HASH"},{"AttributeName":"transaction_date","KeyType":"RANGE"}],` +
	`"ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":2}}],"ProvisionedThroughput":{"ReadCapacityUnits":2,"WriteCapacityUnits":2}}}`
