package dynamodb

import (
	"math/bits"
	"strconv"
)

func appendInt(out []byte, n int) []byte { return strconv.AppendInt(out, int64(n), 10) }

// maxSegments is the largest number of parallel scans.
const maxSegments = 1000000

// scan reads a table or an index from end to end, a page at a time.
func (s *Server) scan(r *request) *apiError {
	p := &r.params
	g, x, _ := s.readPage(r, "FilterExpression")
	segment, segments := p.integer("Segment", -1, 0), p.integer("TotalSegments", -1, 1)
	if p.err == nil {
		p.err = checkSegment(segment, segments)
	}
	if p.err == nil {
		p.err = x.unused()
	}
	switch {
	case p.err != nil:
		return p.err
	case g.table == nil:
		return notFoundError()
	}
	if err := g.findIndex(p); err != nil {
		return err
	}
	if err := g.readStart(r); err != nil {
		return err
	}
	from, to := uint64(0), uint64(maxHash)
	if segments > 0 {
		from, to = segmentRange(uint64(segment), uint64(segments))
		if g.start != nil && (g.start.key.hash < from || g.start.key.hash > to) {
			return validationErrorf("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: %d Segment: %d", segments, segment)
		}
	}
	order, _ := g.order()
	out := page{pageRequest: g}
	return s.runPage(r, &out, func(take func(*entry) bool) { order.walk(from, to, g.start, take) })
}

func checkSegment(segment, segments int64) *apiError {
	switch {
	case segment >= 0 && segments < 0:
		return validationError("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case segments >= 0 && segment < 0:
		return validationError("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	case segments > maxSegments:
		return constraintError("'"+strconv.FormatInt(segments, 10)+"'", "totalSegments", "Member must have value less than or equal to 1000000")
	case segment >= 0 && segment >= segments:
		return validationErrorf("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d", segment, segments)
	}
	return nil
}

// segmentRange answers the hashes of segment i of n: the whole range in n nearly equal parts.
func segmentRange(i, n uint64) (from, to uint64) {
	bound := func(i uint64) uint64 {
		if i == n {
			return 0 // one past the last
		}
		q, _ := bits.Div64(i, 0, n) // i/n of the range
		return q
	}
	return bound(i), bound(i+1) - 1
}
