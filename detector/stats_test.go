package detector

import (
	"slices"
	"testing"

	"sluice/internal/kafka"
)

func TestStatsAreACopy(t *testing.T) {
	var d Detector
	d.counters.moved(map[kafka.TopicPartition]int64{{Topic: "t", Partition: 1}: 5, {Topic: "t"}: 3}, StateSize{})
	s := d.Stats()
	if want := []PartitionStats{{"t", 0, 3, -1}, {"t", 1, 5, -1}}; !slices.Equal(s.Partitions, want) || s.Lag() != 0 {
		t.Errorf("got %+v, lag %d", s.Partitions, s.Lag())
	}
	d.counters.ended(map[kafka.TopicPartition]int64{{Topic: "t"}: 10, {Topic: "t", Partition: 1}: 6})
	if s := d.Stats(); s.Lag() != 8 {
		t.Errorf("lag %d, want 8", s.Lag())
	}
	if s.Lag() != 0 {
		t.Error("an old snapshot changed")
	}
}
