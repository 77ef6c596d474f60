//go:build unix

package file_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/connecttest"
	"sluice/connect/converter"
	"sluice/sinks/file"
)

// namedPipe is a pipe that the test reads when it wants to.
type namedPipe struct {
	name   string
	reader int // file descriptor; -1 for none
	got    []byte
}

func newPipe(t testing.TB) *namedPipe {
	t.Helper()
	p := &namedPipe{name: filepath.Join(t.TempDir(), "pipe"), reader: -1}
	if err := syscall.Mkfifo(p.name, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.leave(t) })
	return p
}

// read begins to read.
func (p *namedPipe) read(t testing.TB) {
	t.Helper()
	var err error
	if p.reader, err = syscall.Open(p.name, syscall.O_RDONLY|syscall.O_NONBLOCK, 0); err != nil {
		t.Fatal(err)
	}
}

// drain takes what is in the pipe.
func (p *namedPipe) drain(t testing.TB) {
	t.Helper()
	buf := make([]byte, 1<<16)
	for {
		n, err := syscall.Read(p.reader, buf)
		if n > 0 {
			p.got = append(p.got, buf[:n]...)
		}
		if n == 0 || errors.Is(err, syscall.EAGAIN) {
			return
		}
		if err != nil && !errors.Is(err, syscall.EINTR) {
			t.Fatal(err)
		}
	}
}

// leave ends the reading.
func (p *namedPipe) leave(t testing.TB) {
	t.Helper()
	if p.reader < 0 {
		return
	}
	p.drain(t)
	if err := syscall.Close(p.reader); err != nil {
		t.Error(err)
	}
	p.reader = -1
}

const filler = "~"

// fill leaves no room in the pipe.
func (p *namedPipe) fill(t testing.TB) {
	t.Helper()
	writer, err := syscall.Open(p.name, syscall.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(writer)
	for _, size := range []int{4096, 1} {
		for {
			_, err := syscall.Write(writer, []byte(strings.Repeat(filler, size)))
			if errors.Is(err, syscall.EAGAIN) {
				break
			}
			if err != nil && !errors.Is(err, syscall.EINTR) {
				t.Fatal(err)
			}
		}
	}
}

// A pipe is what a file is not: it can be away, and it can hang.
func TestContractOfAPipe(t *testing.T) {
	pipes := map[string]*namedPipe{}
	connecttest.TestSink(t, connecttest.Sink{
		New: newSink,
		Props: func(t testing.TB) map[string]string {
			p := newPipe(t)
			p.read(t)
			pipes[p.name] = p
			return map[string]string{file.FileConfig: p.name}
		},
		Value: func(n int) any { return int64(n) },
		Check: func(t testing.TB, props map[string]string, put []connect.SinkRecord) {
			var want []string
			for _, r := range put {
				want = append(want, converter.JavaString(r.Value))
			}
			p := pipes[props[file.FileConfig]]
			p.drain(t)
			if got := strings.Fields(string(p.got)); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		},
		Outage: func(t testing.TB, props map[string]string) (end func()) {
			p := pipes[props[file.FileConfig]]
			p.leave(t)
			return func() { p.read(t) }
		},
		Hang: func(t testing.TB, props map[string]string) (end func()) {
			p := pipes[props[file.FileConfig]]
			p.drain(t)
			p.fill(t)
			return func() {
				p.drain(t)
				p.got = bytes.ReplaceAll(p.got, []byte(filler), nil)
			}
		},
	})
}

// Given a pipe that nobody reads, when a task starts, then it waits for a reader, and for its context.
func TestAPipeIsWaitedFor(t *testing.T) {
	p := newPipe(t)
	props := map[string]string{file.FileConfig: p.name}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	task := newSink(t).NewTask()
	if err := task.Start(ctx, connecttest.NewTaskContext(t), props); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the end of the context", err)
	}
	if err := task.Stop(t.Context()); err != nil {
		t.Errorf("Stop after a failed start: %v", err)
	}

	started := make(chan error)
	task = newSink(t).NewTask()
	go func() { started <- task.Start(t.Context(), connecttest.NewTaskContext(t), props) }()
	p.read(t)
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(task.Put(t.Context(), connecttest.Records(0, "a")), task.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
	if p.drain(t); string(p.got) != "a\n" {
		t.Errorf("got %q", p.got)
	}
}
