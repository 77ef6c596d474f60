package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// process is a child with its output in a log file. One goroutine waits for its end; stop and kill wait for that.
type process struct {
	name  string
	cmd   *exec.Cmd
	began time.Time
	log   string        // path of the log file, stdout and stderr
	done  chan struct{} // closed when the process has ended; cmd.ProcessState is to be read after it
}

var processNumber atomic.Int64

// startProcess starts a command in a process group of its own, which is killed at the end of the run at the latest.
func startProcess(name string, cmd *exec.Cmd) (*process, error) {
	dir := filepath.Join(scratch, "logs")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, fmt.Sprintf("%02d-%s.log", processNumber.Add(1), name)))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = childAttributes()
	p := &process{name: name, cmd: cmd, began: time.Now(), log: log.Name(), done: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // what there is to know is in cmd.ProcessState
	}()
	atEnd(p.kill)
	return p, nil
}

// stop asks the process to end with SIGTERM, as an operator does, and kills it if it has not within the grace.
// It returns the exit code; -1 stands for an end by a signal.
func (p *process) stop(grace time.Duration) int {
	if p.running() {
		signalGroup(p.cmd.Process, syscall.SIGTERM)
	}
	select {
	case <-p.done:
	case <-time.After(grace):
		p.kill()
	}
	return p.cmd.ProcessState.ExitCode()
}

// kill is kill -9 of the process and of its children. It returns when the process is gone.
func (p *process) kill() {
	if p.running() {
		signalGroup(p.cmd.Process, syscall.SIGKILL)
	}
	<-p.done
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// output is what the process has written so far.
func (p *process) output() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// tail is the end of the output, for messages.
func (p *process) tail() string {
	lines := strings.Split(strings.TrimSpace(p.output()), "\n")
	if len(lines) > 20 {
		lines = lines[len(lines)-20:]
	}
	return fmt.Sprintf("%s (%s):\n\t%s", p.name, p.log, strings.Join(lines, "\n\t"))
}

// waitExit returns the exit code of a process that ends by itself.
func (p *process) waitExit(t *testing.T, deadline time.Duration) int {
	t.Helper()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(deadline):
		t.Fatalf("%s has not ended after %v; the end of its log: %s", p.name, deadline, p.tail())
		return 0
	}
}

// until polls a process that is outside of this one, which no channel can tell us about, until ready returns nil.
// It fails early when the process has ended.
func (p *process) until(ctx context.Context, ready func() error) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.done:
			return fmt.Errorf("it ended (%v) before it was ready; the end of its log: %s", p.cmd.ProcessState, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("not ready in time: %w; the end of its log: %s", err, p.tail())
		}
	}
}

const pollInterval = 20 * time.Millisecond

// eventually polls until check returns nil, and fails the test with check's last word at the deadline.
func eventually(t *testing.T, deadline time.Duration, what string, check func() error) {
	t.Helper()
	tick := time.NewTicker(5 * pollInterval)
	defer tick.Stop()
	timeout := time.After(deadline)
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatalf("%s: not within %v: %v", what, deadline, err)
		}
	}
}

// freePort returns a TCP port that nobody listened on a moment ago.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

func mustFreePort(t *testing.T) string {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// commandOutput runs a command to its end; its error holds what the command wrote.
func commandOutput(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), errors.Join(err, ctx.Err()), out.String())
	}
	return nil
}
