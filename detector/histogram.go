package detector

import (
	"slices"
	"sync/atomic"
	"time"
)

// Histogram counts values by size.
type Histogram struct {
	Bounds []float64 // ascending
	Counts []int64   // of the values up to each bound and above the one before it, and at last of those above all
	Sum    float64
}

// Count is how many values there were.
func (h *Histogram) Count() int64 {
	var n int64
	for _, c := range h.Counts {
		n += c
	}
	return n
}

// distribution is the live form of a Histogram, in whole units.
type distribution struct {
	per    float64 // how many of them are one of what the Histogram shows
	bounds []int64
	counts []atomic.Int64
	sum    atomic.Int64
}

func newDistribution(per float64, bounds ...int64) *distribution {
	return &distribution{per: per, bounds: bounds, counts: make([]atomic.Int64, len(bounds)+1)}
}

// observe counts a value.
func (d *distribution) observe(value int64) {
	at, _ := slices.BinarySearch(d.bounds, value)
	d.counts[at].Add(1)
	d.sum.Add(value)
}

// since counts the time since something began.
func (d *distribution) since(began time.Time) { d.observe(int64(time.Since(began))) }

func (d *distribution) read() Histogram {
	h := Histogram{Sum: float64(d.sum.Load()) / d.per}
	for i := range d.counts {
		h.Counts = append(h.Counts, d.counts[i].Load())
	}
	for _, b := range d.bounds {
		h.Bounds = append(h.Bounds, float64(b)/d.per)
	}
	return h
}
