// Package sampled keeps statistics of the recent past as Kafka's metrics do: a rate, an average or a maximum is that of the values in a few
// samples, each of which covers some time, so that old values leave it by and by.
//
//	sensor := sampled.New(sampled.Window{Samples: 2, Length: 30 * time.Second})
//	sensor.Record(float64(len(batch)))
//	sensor.Read() // Rate: records per second, Avg and Max: size of a batch, Total: records since the sensor was made
//
// Recording takes a lock and no more than a few additions: once per batch it costs nothing, once per record it would.
//
// Kafka: org.apache.kafka.common.metrics.stats.SampledStat, Rate, Avg, Max, CumulativeSum, Frequencies.
package sampled

import (
	"math"
	"sync"
	"time"
)

// Window says how much of the past counts: metrics.num.samples and metrics.sample.window.ms. What is zero is Kafka's default, two samples of
// 30 seconds.
type Window struct {
	Samples int
	Length  time.Duration // of each sample, at least a millisecond
}

func (w Window) withDefaults() Window {
	if w.Samples <= 0 {
		w.Samples = 2
	}
	if w.Length == 0 {
		w.Length = 30 * time.Second
	}
	w.Length = max(w.Length, time.Millisecond)
	return w
}

// Sensor records values of one kind. Its methods may be called from any goroutine. nil records nothing and reads as one without values.
type Sensor struct {
	window Window

	mu      sync.Mutex // guards what follows
	samples []sample   // a ring of one more than the window has: the oldest overlaps its beginning
	current int
	total   float64
	count   int64
	last    float64
}

// sample is the values of some time.
type sample struct {
	begun, touched time.Time
	count          int64
	sum, max       float64
}

// New returns a sensor without values.
func New(w Window) *Sensor { return &Sensor{window: w.withDefaults()} }

// Record adds a value of now.
func (s *Sensor) Record(value float64) { s.RecordAt(time.Now(), value) }

// Millis adds a duration, in milliseconds.
func (s *Sensor) Millis(d time.Duration) { s.Record(float64(d) / float64(time.Millisecond)) }

// Since adds the time since began, in milliseconds, and returns now.
func (s *Sensor) Since(began time.Time) time.Time {
	now := time.Now()
	s.RecordAt(now, float64(now.Sub(began))/float64(time.Millisecond))
	return now
}

// RecordAt adds a value. For somebody who has asked for the time already.
func (s *Sensor) RecordAt(now time.Time, value float64) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total += value
	s.count++
	s.last = value
	into := s.sampleOf(now)
	if into.count == 0 || value > into.max {
		into.max = value
	}
	into.sum += value
	into.count++
	into.touched = now
}

// sampleOf returns the sample for values of now: the current one until its time is over, then the next one of the ring.
func (s *Sensor) sampleOf(now time.Time) *sample {
	if len(s.samples) > 0 {
		if current := &s.samples[s.current]; now.Sub(current.begun) < s.window.Length {
			return current
		}
		s.current = (s.current + 1) % (s.window.Samples + 1)
	}
	if s.current == len(s.samples) {
		s.samples = append(s.samples, sample{})
	}
	s.samples[s.current] = sample{begun: now, touched: now}
	return &s.samples[s.current]
}

// Reading is what a sensor tells.
type Reading struct {
	Total float64 // of all values ever
	Count int64   // how many there ever were
	Last  float64 // the newest one, however old; 0 if there was none

	// The following are of the window.

	Rate      float64 // sum of the values per second
	CountRate float64 // values per second
	Avg, Max  float64 // not a number if there were none
}

// Share is the fraction of a sensor's values that were 1 and not 0. Kafka calls it a percentage and means a number from 0 to 1. Others is what is
// left; both are 0 if there were no values.
func (r Reading) Share() (share, others float64) {
	if math.IsNaN(r.Avg) {
		return 0, 0
	}
	return r.Avg, 1 - r.Avg
}

// Nothing is the reading of a sensor without values.
func Nothing() Reading { return Reading{Avg: math.NaN(), Max: math.NaN()} }

// Read tells how things stand.
func (s *Sensor) Read() Reading { return s.ReadAt(time.Now()) }

// ReadAt is Read for somebody who has asked for the time already.
func (s *Sensor) ReadAt(now time.Time) Reading {
	if s == nil {
		return Nothing()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := Nothing()
	r.Total, r.Count, r.Last = s.total, s.count, s.last
	s.purge(now)
	if len(s.samples) == 0 {
		return r
	}
	var sum float64
	var count int64
	most := math.Inf(-1)
	oldest := s.samples[0].begun
	for i := range s.samples {
		c := &s.samples[i]
		if c.begun.Before(oldest) {
			oldest = c.begun
		}
		sum, count = sum+c.sum, count+c.count
		if c.count > 0 {
			most = max(most, c.max)
		}
	}
	seconds := s.covered(now.Sub(oldest)).Seconds()
	r.Rate, r.CountRate = sum/seconds, float64(count)/seconds
	if count > 0 {
		r.Avg, r.Max = sum/float64(count), most
	}
	return r
}

// purge empties samples that nothing was added to for as long as the window is.
func (s *Sensor) purge(now time.Time) {
	age := time.Duration(s.window.Samples) * s.window.Length
	for i := range s.samples {
		if now.Sub(s.samples[i].touched) >= age {
			s.samples[i] = sample{begun: now, touched: now}
		}
	}
}

// covered is the time that a rate is over. Soon after the first value it is taken as if there had been nothing before it for as long as all samples but
// the current one cover, so that one value does not make a huge rate.
func (s *Sensor) covered(elapsed time.Duration) time.Duration {
	if missing := s.window.Samples - 1 - int(elapsed/s.window.Length); missing > 0 {
		elapsed += time.Duration(missing) * s.window.Length
	}
	return max(elapsed, time.Millisecond)
}
