package integration

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// gate is the variable that lets these tests run.
const gate = "SLUICE_TEST_REAL"

// scratch is the run's folder: logs, the data of brokers, generated files.
var scratch string

// shutdown is what has been started and must be stopped, last first.
var shutdown struct {
	sync.Mutex
	stops []func()
}

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

// run leaves no process behind: neither when the tests end, nor when they are interrupted. A test binary that is killed
// or that runs into its timeout takes its children with it where the system can do that (see childAttributes).
func run(m *testing.M) int {
	if os.Getenv(gate) != "1" {
		return m.Run() // every test that needs a component skips
	}
	dir, err := os.MkdirTemp("", "sluice-integration-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "integration:", err)
		return 1
	}
	scratch = dir
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		if _, ok := <-interrupted; ok {
			stopAll()
			os.Exit(1)
		}
	}()
	code := m.Run()
	stopAll()
	if code != 0 || os.Getenv("SLUICE_TEST_KEEP_LOGS") == "1" {
		fmt.Fprintln(os.Stderr, "integration: logs are in", filepath.Join(dir, "logs"))
		return code
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, "integration:", err)
	}
	return code
}

// atEnd has stop called when the run ends, before what was registered earlier.
func atEnd(stop func()) {
	shutdown.Lock()
	defer shutdown.Unlock()
	shutdown.stops = append(shutdown.stops, stop)
}

func stopAll() {
	shutdown.Lock()
	defer shutdown.Unlock()
	for len(shutdown.stops) > 0 {
		last := len(shutdown.stops) - 1
		shutdown.stops[last]()
		shutdown.stops = shutdown.stops[:last]
	}
}

// needReal skips the test unless real components are wanted.
func needReal(t *testing.T) {
	t.Helper()
	if os.Getenv(gate) != "1" {
		t.Skipf("set %s=1 to test against real components", gate)
	}
	if testing.Short() {
		t.Skip("-short leaves out the tests against real components")
	}
}
