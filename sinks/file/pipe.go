package file

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// readerPoll is how often a named pipe that nobody reads is tried again. The system does not tell when a reader comes.
const readerPoll = 100 * time.Millisecond

// open opens a file to append to, and tells whether it is a named pipe. It creates a file that is not there, and waits for the reader of a pipe that
// has none, which a plain open would do for ever.
func open(ctx context.Context, name string) (f *os.File, pipe bool, err error) {
	info, err := os.Stat(name)
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		f, err = os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		return f, false, err
	}
	again := time.NewTicker(readerPoll)
	defer again.Stop()
	for {
		f, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if !errors.Is(err, syscall.ENXIO) {
			return f, true, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil, true, ctx.Err()
		}
	}
}

// writePipe writes to a pipe as long as the context lasts: a full one takes nothing until somebody reads.
func writePipe(ctx context.Context, pipe *os.File, b []byte) error {
	if err := errors.Join(ctx.Err(), pipe.SetWriteDeadline(time.Time{})); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = pipe.SetWriteDeadline(time.Unix(0, 1)) })
	defer stop()
	_, err := pipe.Write(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ctx.Err()
	}
	return err
}
