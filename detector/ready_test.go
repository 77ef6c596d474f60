package detector

import (
	"testing"

	"sluice/internal/kafka"
)

func TestReadyIsTheFirstAssignmentLive(t *testing.T) {
	part := func(n int32) kafka.TopicPartition { return kafka.TopicPartition{Topic: "t", Partition: n} }
	given := func(parts ...int32) map[kafka.TopicPartition]int64 {
		all := make(map[kafka.TopicPartition]int64)
		for _, n := range parts {
			all[part(n)] = 0
		}
		return all
	}
	r := newReadiness()
	step := func(what string, do func(), want bool) {
		t.Helper()
		do()
		got := false
		select {
		case <-r.closed:
			got = true
		default:
		}
		if got != want {
			t.Errorf("after %s: ready %v, want %v", what, got, want)
		}
	}
	step("something is settled before anything was given", func() { r.settled(part(7)) }, false)
	step("three partitions are given", func() { r.assigned(given(0, 1, 2)) }, false)
	step("one is live", func() { r.settled(part(0)) }, false)
	step("the same one is live again, after a fence", func() { r.settled(part(0)) }, false)
	step("one is taken away", func() { r.settled(part(2)) }, false)
	step("another one is given", func() { r.assigned(given(3)) }, false)
	step("the last of the first three is live", func() { r.settled(part(1)) }, true)
	step("more happens", func() { r.assigned(given(4)); r.settled(part(3), part(4)) }, true)
}
