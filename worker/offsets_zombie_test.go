//go:build unix

package worker_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	embedded "sluice/internal/embedded/kafka"
)

// A task that does not stop is abandoned, but it is still in the group: Kafka refuses the change of its offsets, and the answer says why. Once
// it has ended the same request is carried out.
func TestOffsetsWhileAnAbandonedTaskIsInTheGroup(t *testing.T) {
	t.Parallel()
	b := startBroker(t, embedded.Options{})
	createOrders(t, b.Addr())
	w, _ := startWorker(t, settings(b.Addr(), "task.shutdown.graceful.timeout.ms", "100"), "one:8083")
	h, ctx := w.Herder(), t.Context()

	// The sink writes to a pipe that nobody empties.
	pipe := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(pipe, 0o600))
	reader, err := os.OpenFile(pipe, os.O_RDWR, 0)
	must(t, err)
	emptied := make(chan struct{})
	empty := func() {
		defer close(emptied)
		buffer := make([]byte, 1<<16)
		for {
			if _, err := reader.Read(buffer); err != nil {
				return // closed
			}
		}
	}
	produce(t, b.Addr(), slices.Repeat([]string{strings.Repeat("x", 1000)}, 400)...)
	_, _, err = h.PutConnector(ctx, "s", fileSink("s", pipe, 1), nil, false)
	must(t, err)
	_, err = b.Cluster().WaitGroupStable(ctx, "connect-s", 1)
	must(t, err)
	await(t, "a record in the pipe", func() (string, bool) {
		topics, err := h.ActiveTopics("s")
		must(t, err)
		return strings.Join(topics, " "), len(topics) == 1
	})

	must(t, h.StopConnector(ctx, "s"))
	for what, err := range map[string]error{
		"alter": func() error { _, err := h.AlterOffsets(ctx, "s", position(1)); return err }(),
		"reset": func() error { _, err := h.ResetOffsets(ctx, "s"); return err }(),
	} {
		want := "Failed to " + what + " consumer group offsets for connector s either because its tasks haven't stopped completely yet"
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s...", what, err, want)
		}
	}

	go empty()
	await(t, "the task to end", func() (string, bool) {
		_, err := h.AlterOffsets(ctx, "s", position(1))
		if err != nil {
			return err.Error(), false
		}
		return "", true
	})
	awaitOffset(t, w, "s", "[{{0 orders} {1}}]")
	must(t, reader.Close())
	<-emptied
}
