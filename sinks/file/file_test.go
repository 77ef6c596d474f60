package file_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/connecttest"
	"sluice/connect/converter"
	"sluice/sinks/file"
)

func newSink(testing.TB) connect.SinkConnector {
	return file.Plugin(converter.AppendJavaString).NewSink()
}

func TestContract(t *testing.T) {
	connecttest.TestSink(t, connecttest.Sink{
		New: newSink,
		Props: func(t testing.TB) map[string]string {
			return map[string]string{file.FileConfig: filepath.Join(t.TempDir(), "out.txt")}
		},
		Value: func(n int) any { return int64(n) },
		Check: func(t testing.TB, props map[string]string, put []connect.SinkRecord) {
			var want strings.Builder
			for _, r := range put {
				want.WriteString(converter.JavaString(r.Value) + "\n")
			}
			if got := content(t, props[file.FileConfig]); got != want.String() {
				t.Errorf("got %q, want %q", got, want.String())
			}
		},
	})
}

func content(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLinesAreWhatJavaPrints(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out.txt")
	if err := os.WriteFile(name, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	task := newSink(t).NewTask()
	if err := task.Start(t.Context(), connecttest.NewTaskContext(t), map[string]string{"file": name}); err != nil {
		t.Fatal(err)
	}
	if err := task.Put(t.Context(), connecttest.Records(0, "text", nil, connect.RawJSON(`{"a":1.50}`), int64(7))); err != nil {
		t.Fatal(err)
	}
	if err := task.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := task.Stop(t.Context()); err != nil {
		t.Errorf("stopped twice: %v", err)
	}
	if got, want := content(t, name), "before\ntext\nnull\n{a=1.5}\n7\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A batch that takes several writes, one of them of a very long line, and the batch after it.
func TestManyLines(t *testing.T) {
	name := filepath.Join(t.TempDir(), "out.txt")
	task := newSink(t).NewTask()
	if err := task.Start(t.Context(), connecttest.NewTaskContext(t), map[string]string{"file": name}); err != nil {
		t.Fatal(err)
	}
	var values []any
	var want strings.Builder
	for i := range 2000 {
		text := strings.Repeat("x", 100+i%7)
		if i == 700 {
			text = strings.Repeat("y", 1<<20)
		}
		values = append(values, text)
		want.WriteString(text + "\n")
	}
	for range 2 {
		if err := task.Put(t.Context(), connecttest.Records(0, values...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := task.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := content(t, name); got != want.String()+want.String() {
		t.Errorf("%d bytes are not the %d that were put twice", len(got), want.Len())
	}
}

func TestStandardOutput(t *testing.T) {
	name := filepath.Join(t.TempDir(), "stdout")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	defer func(before *os.File) { os.Stdout = before }(os.Stdout)
	os.Stdout = f
	task := newSink(t).NewTask()
	if err := errors.Join(
		task.Start(t.Context(), connecttest.NewTaskContext(t), map[string]string{}),
		task.Put(t.Context(), connecttest.Records(0, "a", "b")),
		task.(connect.Flusher).Flush(t.Context(), nil),
		task.Stop(t.Context()),
	); err != nil {
		t.Fatal(err)
	}
	if got := content(t, name); got != "a\nb\n" {
		t.Errorf("got %q", got)
	}
	if _, err := f.WriteString("still open"); err != nil {
		t.Errorf("standard output was closed: %v", err)
	}
}

func TestAFileThatCannotBeOpened(t *testing.T) {
	task := newSink(t).NewTask()
	name := filepath.Join(t.TempDir(), "missing", "out.txt")
	err := task.Start(t.Context(), connecttest.NewTaskContext(t), map[string]string{"file": name})
	if want := "Couldn't find or create file '" + name + "' for FileStreamSinkTask"; err == nil || err.Error() != want {
		t.Fatalf("got %v, want %q", err, want)
	}
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the cause is lost: %v", errors.Unwrap(err))
	}
	if err := task.Stop(t.Context()); err != nil {
		t.Errorf("Stop after a failed start: %v", err)
	}
}

func TestAFailedWriteFailsTheTask(t *testing.T) {
	task := newSink(t).NewTask()
	if err := task.Start(t.Context(), connecttest.NewTaskContext(t), map[string]string{"file": "/dev/full"}); err != nil {
		t.Skipf("no device that is always full: %v", err)
	}
	defer func() { _ = task.Stop(context.Background()) }()
	if err := task.Put(t.Context(), connecttest.Records(0, "a")); err == nil || connect.IsRetriable(err) {
		t.Errorf("got %v, want an error that is not retriable", err)
	}
}

// The definition is that of GET /connector-plugins/FileStreamSinkConnector/config of Kafka Connect 3.9.2; its text is our own.
func TestConfigIsThatOfKafkaConnect(t *testing.T) {
	keys := newSink(t).Config().Keys()
	if len(keys) != 1 {
		t.Fatalf("got %d keys, want 1", len(keys))
	}
	k := keys[0]
	got, err := json.Marshal([]any{k.Name, k.Type, k.Required, k.Default, k.Importance, k.Group, k.Width, k.DisplayName, k.Dependents})
	if want := `["file","STRING",false,null,"HIGH","","","",null]`; err != nil || string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOffsetsMayBeAltered(t *testing.T) {
	if ok, err := newSink(t).(connect.OffsetAlterer).AlterOffsets(t.Context(), nil, nil); !ok || err != nil {
		t.Errorf("got %v, %v", ok, err)
	}
}
