package state

import (
	"testing"
	"time"
)

// Rows are durable once a flush that began after they were given is over, and not before.
func TestDurableIsWhatAFlushHasTaken(t *testing.T) {
	var d durability
	d.opened(0, 5)
	d.gave(0, 9)
	done := make(chan struct{})
	d.flush(done, d.given())
	d.gave(0, 12) // after the flush began
	if got := d.known()[0]; got != 5 {
		t.Errorf("during the flush: got %d, want 5", got)
	}
	close(done)
	if got := d.known()[0]; got != 9 {
		t.Errorf("after the flush: got %d, want 9", got)
	}
	d.opened(0, 3) // the partition is given to this process again: that says nothing new
	if got := d.known()[0]; got != 9 {
		t.Errorf("opened again: got %d, want 9", got)
	}
	d.dropped(0)
	if got, known := d.known()[0]; known {
		t.Errorf("dropped: got %d, want nothing", got)
	}
}

func TestStallsAreCountedAndTimed(t *testing.T) {
	var s stalls
	at := time.Unix(100, 0)
	s.end(at) // of none
	s.begin(at)
	if n, took, waiting := s.read(at.Add(time.Second)); n != 1 || took != time.Second || !waiting {
		t.Errorf("during a stall: got %d, %v, %v", n, took, waiting)
	}
	s.end(at.Add(2 * time.Second))
	s.begin(at.Add(5 * time.Second))
	s.end(at.Add(6 * time.Second))
	if n, took, waiting := s.read(at.Add(time.Hour)); n != 2 || took != 3*time.Second || waiting {
		t.Errorf("after two stalls: got %d, %v, %v", n, took, waiting)
	}
}

// What the store tells follows what it was given, also after it was opened again.
func TestMetricsOfAStore(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: dir, Owner: "a"})
	fill(t, s, 5, 1000)
	flag(t, s, 5)
	if m := s.Metrics(); m.Flags != 1 || m.DiskBytes == 0 || m.Flushes == 0 || m.Durable[0] != 0 {
		t.Errorf("got %+v", m)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, Options{Dir: dir, Owner: "a"})
	defer s.Close()
	if _, err := s.Shard(0, Position{Partitions: 1}); err != nil {
		t.Fatal(err)
	}
	if got := s.Metrics().Durable[0]; got != 1000 {
		t.Errorf("after opening: got %d rows on disk, want 1000", got)
	}
}
