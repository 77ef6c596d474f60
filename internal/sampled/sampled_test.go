package sampled_test

import (
	"math"
	"sync"
	"testing"
	"time"

	"sluice/internal/sampled"
)

// The expectations are what Kafka's Rate, Avg and Max give by their rules for two samples of 30 s.
func TestSensorForgetsAsKafkaDoes(t *testing.T) {
	type value struct {
		at time.Duration
		v  float64
	}
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		values []value
		read   time.Duration
		want   sampled.Reading
	}{
		{"nothing", nil, 0, sampled.Reading{Avg: nan, Max: nan}},
		{"a rate of the first moment is over one sample that is missing",
			[]value{{0, 300}}, 0, sampled.Reading{Total: 300, Count: 1, Last: 300, Rate: 10, CountRate: 1.0 / 30, Avg: 300, Max: 300}},
		{"within the first sample, the time of the missing one is added",
			[]value{{0, 100}, {10 * time.Second, 300}}, 10 * time.Second, sampled.Reading{Total: 400, Count: 2, Last: 300, Rate: 10, CountRate: 2.0 / 40, Avg: 200, Max: 300}},
		{"in the second sample, the time is that since the first value",
			[]value{{0, 100}, {30 * time.Second, 300}}, 40 * time.Second, sampled.Reading{Total: 400, Count: 2, Last: 300, Rate: 10, CountRate: 2.0 / 40, Avg: 200, Max: 300}},
		{"a sample counts until nothing was added to it for the whole window",
			[]value{{0, 600}, {31 * time.Second, 0}}, 59 * time.Second, sampled.Reading{Total: 600, Count: 2, Last: 0, Rate: 600.0 / 59, CountRate: 2.0 / 59, Avg: 300, Max: 600}},
		{"and is empty then",
			[]value{{0, 600}, {31 * time.Second, 60}}, 61 * time.Second, sampled.Reading{Total: 660, Count: 2, Last: 60, Rate: 2, CountRate: 1.0 / 30, Avg: 60, Max: 60}},
		{"after a long rest there is nothing but the total",
			[]value{{0, 600}}, time.Hour, sampled.Reading{Total: 600, Count: 1, Last: 600, Avg: nan, Max: nan}},
		{"three samples that overlap the window count while they are touched",
			[]value{{0, 30}, {29 * time.Second, 30}, {30 * time.Second, 30}, {61 * time.Second, 30}}, 61 * time.Second,
			sampled.Reading{Total: 120, Count: 4, Last: 30, Rate: 120.0 / 61, CountRate: 4.0 / 61, Avg: 30, Max: 30}},
		{"the ring comes round",
			[]value{{0, 9}, {30 * time.Second, 1}, {60 * time.Second, 2}, {90 * time.Second, 3}}, 90 * time.Second,
			sampled.Reading{Total: 15, Count: 4, Last: 3, Rate: 5.0 / 30, CountRate: 2.0 / 30, Avg: 2.5, Max: 3}},
		{"values below nothing", []value{{0, -3}, {0, -2}}, 0, sampled.Reading{Total: -5, Count: 2, Last: -2, Rate: -5.0 / 30, CountRate: 2.0 / 30, Avg: -2.5, Max: -2}},
	} {
		s := sampled.New(sampled.Window{})
		begin := time.Unix(1_700_000_000, 0)
		for _, v := range c.values {
			s.RecordAt(begin.Add(v.at), v.v)
		}
		got := s.ReadAt(begin.Add(c.read))
		for _, x := range []struct {
			what      string
			got, want float64
		}{
			{"total", got.Total, c.want.Total}, {"count", float64(got.Count), float64(c.want.Count)}, {"last", got.Last, c.want.Last},
			{"rate", got.Rate, c.want.Rate}, {"count rate", got.CountRate, c.want.CountRate}, {"avg", got.Avg, c.want.Avg}, {"max", got.Max, c.want.Max},
		} {
			if math.IsNaN(x.want) != math.IsNaN(x.got) || math.Abs(x.got-x.want) > 1e-9 {
				t.Errorf("%s: %s: got %v, want %v", c.name, x.what, x.got, x.want)
			}
		}
	}
}

func TestShare(t *testing.T) {
	s := sampled.New(sampled.Window{Samples: 5, Length: time.Second})
	if share, others := s.Read().Share(); share != 0 || others != 0 {
		t.Errorf("got %v, %v of nothing, want 0, 0", share, others)
	}
	for _, v := range []float64{1, 1, 0, 1} {
		s.Record(v)
	}
	if share, others := s.Read().Share(); share != 0.75 || others != 0.25 {
		t.Errorf("got %v, %v, want 0.75, 0.25", share, others)
	}
}

func TestNobodysSensor(t *testing.T) {
	var s *sampled.Sensor
	s.Record(1)
	if got := s.Read(); got.Count != 0 || !math.IsNaN(got.Avg) {
		t.Errorf("got %+v", got)
	}
}

func TestSensorFromAnywhere(t *testing.T) {
	s := sampled.New(sampled.Window{Samples: 1, Length: time.Millisecond})
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for range 1000 {
				s.Record(1)
				s.Read()
			}
		})
	}
	work.Wait()
	if got := s.Read(); got.Total != 4000 || got.Count != 4000 {
		t.Errorf("got %+v, want 4000 of 1", got)
	}
}

func BenchmarkRecord(b *testing.B) {
	s := sampled.New(sampled.Window{})
	b.ReportAllocs()
	for b.Loop() {
		s.Record(1)
	}
}
