package kafka

// fetchSize decides how many bytes to ask a broker for, so that what comes out of an answer stays about the same. What a broker counts is
// compressed and has no memory of its own for each record: the same megabyte can become one or fifty. How many it is shows only afterwards, so
// a connection begins with little and takes more as it learns that it may.
//
// A broker's first batch comes whole, however large, and each partition has its max.partition.fetch.bytes; this is about all of them together.
type fetchSize struct {
	next int // 0 before the first answer
}

const (
	firstFetch  = 96 << 10
	leastFetch  = 64 << 10
	mostFetch   = 1 << 20
	answerLimit = 3 << 19 // what an answer should take in memory, at most
)

// ask returns the number of bytes for the next request.
func (s *fetchSize) ask() int {
	if s.next == 0 {
		return firstFetch
	}
	return s.next
}

// learn notes that an answer to a request for asked bytes takes this much memory.
func (s *fetchSize) learn(asked, memory int) {
	switch {
	case memory > answerLimit:
		s.next = max(leastFetch, int(int64(asked)*answerLimit/int64(memory)))
	case memory > answerLimit/2, asked < s.ask(): // right as it is, or not asked by this size
	case memory >= asked/2: // there was as much as was asked for: an answer that is short says nothing
		s.next = min(2*asked, mostFetch)
	}
}
