package kafka_test

import (
	"testing"

	"sluice/internal/kafka"
)

// The expectations were computed by Java's client: murmur2("21") is -973932308, murmur2("foobar") is
// -790332482, and the partitions of Connect's internal topics were captured.
func TestMurmur2PartitionIsJavas(t *testing.T) {
	cases := []struct {
		key        string
		partitions int32
		want       int32
	}{
		{"21", 1000, (-973932308 & 0x7fffffff) % 1000},
		{"foobar", 1000, (-790332482 & 0x7fffffff) % 1000},
		{"status-connector-foo", 5, 3},
		{"status-task-foo-0", 5, 1},
		{"status-task-foo-1", 5, 2},
		{"status-topic-orders:connector-foo", 5, 4},
		{`["foo",{"p":1}]`, 25, 9},
		{"", 1, 0},
	}
	for _, c := range cases {
		if got := kafka.Murmur2Partition([]byte(c.key), c.partitions); got != c.want {
			t.Errorf("key %q of %d partitions: got %d, want %d", c.key, c.partitions, got, c.want)
		}
	}
}

func FuzzMurmur2PartitionStaysInRange(f *testing.F) {
	f.Add([]byte("21"), int32(7))
	f.Add([]byte{}, int32(1))
	f.Fuzz(func(t *testing.T, key []byte, partitions int32) {
		if partitions < 1 {
			return
		}
		if p := kafka.Murmur2Partition(key, partitions); p < 0 || p >= partitions {
			t.Errorf("partition %d of %d", p, partitions)
		}
	})
}
