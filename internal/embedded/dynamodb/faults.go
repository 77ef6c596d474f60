package dynamodb

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// FaultFunc decides what goes wrong with a call. It is given the operation ("BatchWriteItem") and
// is called once per call, before anything else happens, from the goroutine that serves the call.
type FaultFunc func(operation string) Fault

// Fault is what goes wrong with one call. The zero value is nothing.
type Fault struct {
	// Delay is waited before the call is carried out, on top of the server's latency.
	Delay time.Duration
	// Error, if not empty, is answered in place of carrying the call out. It is the error's name
	// without its namespace: "ProvisionedThroughputExceededException", "ThrottlingException",
	// "RequestLimitExceeded", "InternalServerError", ... The last is answered with status 500,
	// "ServiceUnavailable" with 503, all others with 400.
	Error string
	// Message replaces the text the service gives with the error.
	Message string
	// Unprocessed is the chance, from 0 to 1, of each request of a BatchWriteItem (or key of a
	// BatchGetItem) to come back unprocessed. If that is the fate of all of them, the call is
	// answered with ProvisionedThroughputExceededException, as by the service.
	Unprocessed float64
	// CutBefore closes the connection without an answer and without carrying the call out.
	CutBefore bool
	// CutAfter carries the call out and closes the connection without an answer.
	CutAfter bool
}

// SetFaults replaces what decides about faults; nil means none from now on. Calls that are under
// way are not affected.
func (s *Server) SetFaults(f FaultFunc) {
	if f == nil {
		s.faults.Store(nil)
		return
	}
	s.faults.Store(&f)
}

// ScriptFaults answers the given faults, one for each call of one of the operations and in this
// order, and nothing after the last. An empty operation stands for all of them.
func ScriptFaults(operation string, script ...Fault) FaultFunc {
	var mu sync.Mutex
	return func(op string) Fault {
		if operation != "" && op != operation {
			return Fault{}
		}
		mu.Lock()
		defer mu.Unlock()
		if len(script) == 0 {
			return Fault{}
		}
		f := script[0]
		script = script[1:]
		return f
	}
}

// Chance is a fault that strikes a share of the calls.
type Chance struct {
	// Rate is the share, from 0 to 1.
	Rate float64
	// Fault is what happens then.
	Fault Fault
}

// RandomFaults lets each call of the operation (empty: of all) suffer at most one of the faults,
// with the given chances, which should sum to at most 1. Equal seeds give equal sequences.
func RandomFaults(operation string, seed uint64, chances ...Chance) FaultFunc {
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(seed, 1))
	return func(op string) Fault {
		if operation != "" && op != operation {
			return Fault{}
		}
		mu.Lock()
		x := dice.Float64()
		mu.Unlock()
		for _, c := range chances {
			if x < c.Rate {
				return c.Fault
			}
			x -= c.Rate
		}
		return Fault{}
	}
}

// faultTexts are the service's words for the errors it answers out of the blue.
var faultTexts = map[string]apiError{
	"ProvisionedThroughputExceededException": *throughputError(),
	"ThrottlingException":                    {typ: typeThrottling, message: "Rate of requests exceeds the allowed throughput."},
	"RequestLimitExceeded":                   {typ: typeNamespace + "RequestLimitExceeded", message: "Throughput exceeds the current throughput limit for your account."},
	"InternalServerError":                    {status: http.StatusInternalServerError, typ: typeInternal, message: "Internal server error"},
	"ServiceUnavailable":                     {status: http.StatusServiceUnavailable, typ: typeNamespace + "ServiceUnavailable", message: "Service is unavailable"},
	"ExpiredTokenException":                  {typ: "com.amazon.coral.service#ExpiredTokenException", message: "The security token included in the request is expired"},
	"UnrecognizedClientException":            {typ: "com.amazon.coral.service#UnrecognizedClientException", message: "The security token included in the request is invalid."},
	"AccessDeniedException":                  {typ: "com.amazon.coral.service#AccessDeniedException", message: "User is not authorized to perform this operation"},
}

func throughputError() *apiError {
	return newError(typeThroughput, "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.")
}

// apiError is the answer the fault puts in place of the call's, nil if it does not.
func (f Fault) apiError() *apiError {
	if f.Error == "" {
		return nil
	}
	e, known := faultTexts[f.Error]
	if !known {
		e = apiError{typ: typeNamespace + f.Error}
	}
	if e.status == 0 {
		e.status = http.StatusBadRequest
	}
	if f.Message != "" {
		e.message = f.Message
	}
	return &e
}

// unprocessed throws the dice for one request of a batch.
func (s *Server) unprocessed(f Fault) bool {
	if f.Unprocessed <= 0 {
		return false
	}
	s.randMu.Lock()
	defer s.randMu.Unlock()
	return s.dice.Float64() < f.Unprocessed
}
