package integration

import (
	"debug/elf"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The bars are what is promised; a test on a busy machine asserts less of the start.
const (
	startBar    = time.Second
	startLimit  = 3 * startBar
	memoryLimit = 120 << 20 // bytes
)

func TestStart(t *testing.T) {
	kafka := sharedKafka(t)
	config := newWorkerConfig(t, kafka, nil)
	for _, start := range []string{"first start, which creates the topics", "second start"} {
		w := startWorker(t, config)
		took := time.Since(w.began)
		t.Logf("%s: GET / answers after %v (bar: %v)", start, took.Round(time.Millisecond), startBar)
		if took > startLimit {
			t.Errorf("%s: took %v, want less than %v", start, took, startLimit)
		}
		stopCleanly(t, w.process)
	}
}

func TestMemoryWhileWriting(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	const total = 50_000
	kafka, endpoint := sharedKafka(t), sharedDynamoDB(t)
	topic, table, name := uniqueName("memory"), uniqueName("memory"), uniqueName("memory")
	mustCreateTable(t, endpoint, table)
	mustCreateTopic(t, kafka, topic, 2)
	produce(t, kafka, topic, newLoad(t, total, total).records...)
	w := startWorker(t, newWorkerConfig(t, kafka, nil), awsEnvironment(endpoint)...)
	idle := residentMemory(t, w.cmd.Process.Pid, "VmRSS")
	w.create(t, sinkJSON(t, name, map[string]string{"topics": topic, "camel.kamelet.aws-ddb-sink.table": table}))
	admin := mustAdmin(t, kafka)
	began := time.Now()
	eventually(t, 3*time.Minute, "the load is written", func() error {
		if n := written(t, admin, "connect-"+name, topic); n < total {
			return fmt.Errorf("%d of %d records", n, total)
		}
		return nil
	})
	took := time.Since(began)
	peak := residentMemory(t, w.cmd.Process.Pid, "VmHWM")
	t.Logf("resident: %d MB idle, %d MB at most while it wrote %d records in %v", idle>>20, peak>>20, total, took.Round(time.Millisecond))
	if peak > memoryLimit {
		t.Errorf("resident memory was up to %d MB, want at most %d MB", peak>>20, memoryLimit>>20)
	}
	stopCleanly(t, w.process)
}

// residentMemory reads VmRSS (now) or VmHWM (the most so far) of a process, in bytes.
func residentMemory(t *testing.T, pid int, field string) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatalf("no %s in /proc/%d/status", field, pid)
	return 0
}

// The binary needs nothing of the system it runs on: no dynamic loader, no libraries.
func TestBinaryIsStatic(t *testing.T) {
	needReal(t)
	if runtime.GOOS != "linux" {
		t.Skip("reads an ELF file")
	}
	binary, err := buildBinary()
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the binary asks for a dynamic loader")
		}
	}
	if libraries, err := f.ImportedLibraries(); err != nil || len(libraries) > 0 {
		t.Errorf("the binary needs the libraries %v (error %v), want none", libraries, err)
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("one static file of %d MB", info.Size()>>20)
}
