package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"sluice/connect"
)

// task implements [connect.SinkTask] and [connect.Flusher].
//
// Kafka: org.apache.kafka.connect.file.FileStreamSinkTask.
type task struct {
	appendText func(line []byte, value any) []byte
	out        io.Writer // standard output until Start opens a file

	file  *os.File // nil for standard output
	pipe  bool     // the file is a named pipe
	lines []byte   // reused from one batch to the next
}

// OpenError says that the file could not be opened. The task fails.
type OpenError struct {
	File  string
	Cause error
}

// Error returns the message of Kafka's example.
func (e *OpenError) Error() string {
	return fmt.Sprintf("Couldn't find or create file '%s' for FileStreamSinkTask", e.File)
}

// Unwrap returns the cause.
func (e *OpenError) Unwrap() error { return e.Cause }

// Start opens the file. Of a named pipe it waits for the reader.
func (t *task) Start(ctx context.Context, tc connect.SinkTaskContext, props map[string]string) error {
	cfg, err := configDef.Parse(props)
	if err != nil {
		return err
	}
	name := cfg.String(FileConfig)
	if name == "" {
		return nil
	}
	if t.file, t.pipe, err = open(ctx, name); err != nil {
		return &OpenError{File: name, Cause: err}
	}
	t.out = t.file
	tc.Logger().Debug("appending records to file", "file", name)
	return nil
}

// writeSize is how many bytes are gathered before they are written, and then to the end of the line. It bounds what a task keeps.
const writeSize = 64 << 10

// Put writes whole lines in one go, so that those of several tasks do not mix within a line.
func (t *task) Put(ctx context.Context, records []connect.SinkRecord) error {
	for i := range records {
		t.lines = append(t.appendText(t.lines, records[i].Value), '\n')
		if len(t.lines) < writeSize && i < len(records)-1 {
			continue
		}
		lines := t.lines
		if t.lines = lines[:0]; cap(lines) > 4*writeSize {
			t.lines = nil // a record was much longer than most
		}
		if err := t.write(ctx, lines); err != nil {
			err = fmt.Errorf("append %d records: %w", len(records), err)
			if errors.Is(err, syscall.EPIPE) { // another reader may come
				return connect.Retriable(err)
			}
			return err
		}
	}
	return nil
}

func (t *task) write(ctx context.Context, lines []byte) (err error) {
	if t.pipe {
		return writePipe(ctx, t.file, lines)
	}
	_, err = t.out.Write(lines)
	return err
}

// Flush brings the file to the disk, after which offsets may be committed. Pipes and terminals have no disk.
//
// Differs: Java's example leaves this to the operating system and can lose committed records when the machine fails.
func (t *task) Flush(context.Context, map[connect.TopicPartition]int64) error {
	if t.file == nil {
		return nil
	}
	info, err := t.file.Stat()
	if err != nil {
		return fmt.Errorf("look at file %s: %w", t.file.Name(), err)
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	if err := t.file.Sync(); err != nil {
		return fmt.Errorf("bring file %s to the disk: %w", t.file.Name(), err)
	}
	return nil
}

// Stop closes the file.
func (t *task) Stop(context.Context) error {
	if t.file == nil {
		return nil
	}
	err := t.file.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
