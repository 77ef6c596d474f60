package dynamodb

import "sync/atomic"

// Stats counts what a server has done since it was made.
type Stats struct {
	Calls       int64 // requests that reached an operation, faults included
	Errors      int64 // calls answered with something other than 200
	Puts        int64 // items written, by whatever operation
	Deletes     int64 // delete requests carried out, of absent items too
	Unprocessed int64 // requests of batches that were handed back
	Throttled   int64 // requests refused for want of capacity
}

type counters struct {
	calls, errors, puts, deletes, unprocessed, throttled atomic.Int64
}

// Stats answers the counters. They are read one after the other, not at one instant.
func (s *Server) Stats() Stats {
	return Stats{
		Calls:       s.stats.calls.Load(),
		Errors:      s.stats.errors.Load(),
		Puts:        s.stats.puts.Load(),
		Deletes:     s.stats.deletes.Load(),
		Unprocessed: s.stats.unprocessed.Load(),
		Throttled:   s.stats.throttled.Load(),
	}
}
