// Package boundtest holds tests of bad input to what it may take. Tests alone import it.
package boundtest

import (
	"runtime"
	"testing"
)

// Memory fails the test if f allocates more than times the size of its input, and a megabyte. What other goroutines allocate counts too, so it is not for
// parallel tests.
func Memory(t testing.TB, size, times int, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(size)*uint64(times)+1<<20; got > most {
		t.Errorf("an input of %d bytes made it allocate %d, more than %d times as much", size, got, times)
	}
}

// Size returns n, or with -short an eighth of it. That is how tests are run with the race detector, which makes long inputs slow and learns
// nothing from their length.
func Size(n int) int {
	if testing.Short() {
		return n / 8
	}
	return n
}
