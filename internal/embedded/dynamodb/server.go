package dynamodb

import (
	"context"
	"errors"
	"hash/crc32"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxBodyBytes is the largest request that is read: the service's 16 MB and some slack.
const maxBodyBytes = 16<<20 + 64<<10

// Options configures a [Server]. The zero value is a server without delay, faults or throttling.
type Options struct {
	// Latency is added to every call before it is carried out.
	Latency time.Duration
	// EnforceCapacity makes tables with provisioned throughput throttle as the service does: a
	// table and each of its global indexes may spend what is provisioned, plus what was saved up
	// over the last five minutes. Tables on demand never throttle.
	EnforceCapacity bool
	// Faults, if not nil, is asked before every call what should go wrong. See [Server.SetFaults].
	Faults FaultFunc
	// Seed makes the choices of [Fault.Unprocessed] and the request ids reproducible.
	Seed uint64
	// Logger receives one debug line per refused call. Nil discards.
	Logger *slog.Logger
	// Clock tells the time for creation dates and capacity. Nil is [time.Now].
	Clock func() time.Time
}

// Server is a DynamoDB in memory. It is an [http.Handler] and safe for use by any number of
// goroutines; it starts none itself. The zero value does not work, use [New].
type Server struct {
	opts   Options
	faults atomic.Pointer[FaultFunc]
	stats  counters

	randMu sync.Mutex // guards the two sources
	dice   *rand.Rand // for faults; only they use it, so that they repeat
	ids    *rand.Rand

	mu     sync.RWMutex // guards tables, not what is in them
	tables map[string]*table

	tokens idempotency
}

// New makes a server without tables.
func New(opts Options) *Server {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	s := &Server{
		opts:   opts,
		dice:   rand.New(rand.NewPCG(opts.Seed, 0)),
		ids:    rand.New(rand.NewPCG(opts.Seed, 1)),
		tables: make(map[string]*table),
	}
	s.SetFaults(opts.Faults)
	return s
}

// request is one call while it is carried out.
type request struct {
	ctx       context.Context
	operation string
	region    string
	body      []byte
	params    params
	reader    attributeReader
	scratch   []byte // room for an encoded key
	out       []byte // the answer
	fault     Fault
}

var requestPool = sync.Pool{New: func() any { return &request{scratch: make([]byte, 0, 256)} }}

// keepBuffer is the largest buffer that a pooled request keeps for the next call.
const keepBuffer = 1 << 20

func (r *request) release() {
	if cap(r.body) > keepBuffer || cap(r.out) > keepBuffer || cap(r.reader.out) > keepBuffer {
		return
	}
	r.ctx = nil
	r.params = params{members: r.params.members[:0]}
	requestPool.Put(r)
}

type operation func(*Server, *request) *apiError

var operations = map[string]operation{
	"CreateTable":        (*Server).createTable,
	"DescribeTable":      (*Server).describeTable,
	"DeleteTable":        (*Server).deleteTable,
	"ListTables":         (*Server).listTables,
	"UpdateTimeToLive":   (*Server).updateTimeToLive,
	"DescribeTimeToLive": (*Server).describeTimeToLive,
	"PutItem":            (*Server).putItem,
	"GetItem":            (*Server).getItem,
	"UpdateItem":         (*Server).updateItem,
	"DeleteItem":         (*Server).deleteItem,
	"BatchWriteItem":     (*Server).batchWriteItem,
	"BatchGetItem":       (*Server).batchGetItem,
	"Query":              (*Server).query,
	"Scan":               (*Server).scan,
	"TransactWriteItems": (*Server).transactWriteItems,
	"TransactGetItems":   (*Server).transactGetItems,
}

const targetPrefix = "DynamoDB_20120810."

// ServeHTTP carries out one call. A GET answers "healthy" as the service does.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("x-amzn-RequestId", s.requestID())
	if req.Method == http.MethodGet {
		writeBody(w, http.StatusOK, "text/plain", []byte("healthy: dynamodb."+defaultRegion+".amazonaws.com "))
		return
	}
	if req.Method != http.MethodPost {
		writeBody(w, http.StatusNotFound, "", []byte("<UnknownOperationException/>\n"))
		return
	}
	r := requestPool.Get().(*request)
	defer r.release()
	r.ctx = req.Context()
	r.out = r.out[:0]
	r.operation = ""
	err := s.receive(r, w, req)
	if err == nil {
		err = s.perform(r)
	}
	if r.fault.CutAfter || r.fault.CutBefore {
		panic(http.ErrAbortHandler) // net/http's way to close a connection without an answer
	}
	if err != nil {
		s.stats.errors.Add(1)
		s.opts.Logger.Debug("dynamodb: refused", "operation", r.operation, "err", err)
		r.out = err.appendBody(r.out[:0])
		writeBody(w, err.status, contentType, r.out)
		return
	}
	writeBody(w, http.StatusOK, contentType, r.out)
}

const contentType = "application/x-amz-json-1.0"

func writeBody(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	h.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone if this fails; there is nobody to tell
}

func (e *apiError) appendBody(out []byte) []byte {
	out = append(out, `{"__type":`...)
	out = appendJSONString(out, e.typ)
	out = append(out, e.extra...)
	if e.message != "" {
		// The service itself is of two minds about the case of this name.
		name := `,"message":`
		if e.typ == typeTransactionCanceled || e.typ == typeSerialization {
			name = `,"Message":`
		}
		out = append(out, name...)
		out = appendJSONString(out, e.message)
	}
	return append(out, '}')
}

// receive reads the request as far as it can be read without knowing the operation.
func (s *Server) receive(r *request, w http.ResponseWriter, req *http.Request) *apiError {
	r.fault = Fault{}
	var err error
	r.body, err = readBody(r.body[:0], http.MaxBytesReader(w, req.Body, maxBodyBytes), req.ContentLength)
	if err != nil {
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			e := newError(typeNamespace+"RequestEntityTooLarge", "Request size exceeded the allowed maximum of 16 MB")
			e.status = http.StatusRequestEntityTooLarge
			return e
		}
		return serializationError("")
	}
	if e := r.params.read(r.body); e != nil {
		return e
	}
	target := req.Header.Get("X-Amz-Target")
	name, ok := strings.CutPrefix(target, targetPrefix)
	if _, known := operations[name]; !ok || !known {
		return newError(typeUnknownOperation, "")
	}
	r.operation = name
	r.region, ok = credentialRegion(req.Header.Get("Authorization"))
	if !ok && req.URL.Query().Get("X-Amz-Algorithm") == "" {
		return newError(typeMissingToken, "Request is missing Authentication Token")
	}
	if r.region == "" {
		return newError(typeIncompleteSigning, "Authorization header requires 'Credential' parameter.")
	}
	return nil
}

const defaultRegion = "us-east-1"

// credentialRegion takes the region out of the credential scope: KEY/DATE/REGION/SERVICE/aws4_request.
// It is not ok if there is no signature at all, and empty if the signature has no such scope.
func credentialRegion(authorization string) (region string, ok bool) {
	if !strings.HasPrefix(strings.TrimSpace(authorization), "AWS4-") {
		return defaultRegion, false
	}
	_, credential, found := strings.Cut(authorization, "Credential=")
	if !found {
		return "", true
	}
	credential, _, _ = strings.Cut(credential, ",")
	parts := strings.Split(credential, "/")
	if len(parts) < 5 { // a key may itself hold slashes
		return defaultRegion, true
	}
	return parts[len(parts)-3], true
}

func readBody(buf []byte, body io.Reader, length int64) ([]byte, error) {
	if length > int64(cap(buf)) && length <= maxBodyBytes {
		buf = make([]byte, 0, length)
	}
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}

// perform waits and fails as it was told to, and carries the operation out.
func (s *Server) perform(r *request) *apiError {
	s.stats.calls.Add(1)
	if f := s.faults.Load(); f != nil {
		r.fault = (*f)(r.operation)
	}
	if err := sleep(r.ctx, s.opts.Latency+r.fault.Delay); err != nil {
		r.fault.CutBefore = true // the client went away; nobody reads an answer
		return nil
	}
	if r.fault.CutBefore {
		return nil
	}
	if err := r.fault.apiError(); err != nil {
		return err
	}
	return operations[r.operation](s, r)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// requestID is 52 characters, as the service's are.
func (s *Server) requestID() string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	var id [52]byte
	s.randMu.Lock()
	for i := 0; i < len(id); {
		for bits := s.ids.Uint64(); bits > 0 && i < len(id); bits /= uint64(len(alphabet)) {
			id[i] = alphabet[bits%uint64(len(alphabet))]
			i++
		}
	}
	s.randMu.Unlock()
	return string(id[:])
}

// table answers a table by its name or its ARN, nil if there is none.
func (s *Server) table(name string) *table {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tables[tableName(name)]
}

// tableName takes the name out of an ARN; a plain name is answered as it is.
func tableName(nameOrARN string) string {
	if strings.HasPrefix(nameOrARN, "arn:") {
		if _, name, ok := strings.Cut(nameOrARN, ":table/"); ok {
			return name
		}
	}
	return nameOrARN
}
