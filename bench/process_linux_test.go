package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a child whose use of the machine is read from /proc.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string        // file of what it writes to standard error and, unless someone reads that, to standard output
	done chan struct{} // closed when it has ended
}

// running is what has to be stopped at the end, last first.
var running struct {
	sync.Mutex
	stops []func()
}

func atEnd(stop func()) {
	running.Lock()
	defer running.Unlock()
	running.stops = append(running.stops, stop)
}

func stopAll() {
	running.Lock()
	defer running.Unlock()
	for i := len(running.stops) - 1; i >= 0; i-- {
		running.stops[i]()
	}
	running.stops = nil
}

// scratch is a folder for logs and for the data of brokers.
var scratch = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sluice-bench-")
	if err == nil {
		atEnd(func() { _ = os.RemoveAll(dir) })
	}
	return dir, err
})

// startProcess starts a command, which dies with this process at the latest.
func startProcess(name string, cmd *exec.Cmd) (*process, error) {
	dir, err := scratch()
	if err != nil {
		return nil, err
	}
	log, err := os.CreateTemp(dir, name+"-*.log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	if cmd.Stdout == nil {
		cmd.Stdout = log
	}
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p := &process{name: name, cmd: cmd, log: log.Name(), done: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // its state says it all
	}()
	return p, nil
}

// self is this test binary in another role.
func self(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	return cmd
}

// stop ends the process in order, or else by force.
func (p *process) stop() {
	select {
	case <-p.done:
		return
	default:
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// kill ends the process at once.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// await polls until ready holds. The benchmark fails if the process ends before, or after two minutes.
func (p *process) await(tb testing.TB, what string, every time.Duration, ready func() bool) {
	tb.Helper()
	tick := time.NewTicker(every)
	defer tick.Stop()
	timeout := time.After(2 * time.Minute)
	for !ready() {
		select {
		case <-tick.C:
		case <-p.done:
			tb.Fatalf("%s has ended: %s", p.name, p.tail())
		case <-timeout:
			tb.Fatalf("%s: no %s after two minutes: %s", p.name, what, p.tail())
		}
	}
}

// tail is the end of the log.
func (p *process) tail() string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

// proc reads one of the process' files in /proc.
func (p *process) proc(tb testing.TB, file string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), file))
	if err != nil {
		tb.Fatalf("%v: %s", err, p.tail())
	}
	return data
}

// processorTime is what the process has used of the processors, in user and in kernel mode, to a hundredth of a second.
func (p *process) processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	stat := p.proc(tb, "stat") // pid (name) state ppid ...: the name may hold anything, also blanks
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const ticksPerSecond = 100 // USER_HZ, which is the same wherever Linux runs
	return time.Duration(number(tb, fields[11])+number(tb, fields[12])) * time.Second / ticksPerSecond
}

// written is how many bytes the process has handed to the system with write, to files, devices and sockets alike.
func (p *process) written(tb testing.TB) int64 {
	tb.Helper()
	return p.field(tb, "io", "wchar:")
}

// memory is how much memory the process occupies now, and the most it ever did, in bytes.
func (p *process) memory(tb testing.TB) (now, peak int64) {
	tb.Helper()
	return p.field(tb, "status", "VmRSS:") << 10, p.field(tb, "status", "VmHWM:") << 10
}

// field returns the number behind a name.
func (p *process) field(tb testing.TB, file, name string) int64 {
	tb.Helper()
	_, rest, found := strings.Cut(string(p.proc(tb, file)), name)
	fields := strings.Fields(rest)
	if !found || len(fields) == 0 {
		tb.Fatalf("/proc says nothing about %s", name)
	}
	return number(tb, fields[0])
}

func number(tb testing.TB, text string) int64 {
	tb.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	must(tb, err)
	return n
}
