package worker_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	embedded "sluice/internal/embedded/kafka"
	"sluice/worker"
)

// position is a change of the offset of orders-0; nil removes it.
func position(offset any) []worker.OffsetChange {
	c := worker.OffsetChange{Partition: map[string]any{"kafka_topic": "orders", "kafka_partition": json.Number("0")}}
	if offset != nil {
		c.Offset = map[string]any{"kafka_offset": json.Number(fmt.Sprint(offset))}
	}
	return []worker.OffsetChange{c}
}

// awaitOffset waits until the connector has committed, which it does every 200 ms.
func awaitOffset(t *testing.T, w *worker.Worker, name, want string) {
	t.Helper()
	await(t, "the offsets "+want, func() (string, bool) {
		all, err := w.Herder().ConnectorOffsets(t.Context(), name)
		if err != nil {
			return err.Error(), false
		}
		got := fmt.Sprint(all.Offsets)
		return got, got == want
	})
}

// A connector that is resumed reads on from where its offsets were set to, or, without any, from where auto.offset.reset says. The
// requests follow each other without a pause.
func TestResumedConnectorsReadFromTheNewOffsets(t *testing.T) {
	t.Parallel()
	b := startBroker(t, embedded.Options{})
	createOrders(t, b.Addr())
	w, _ := startWorker(t, settings(b.Addr()), "one:8083")
	h, ctx := w.Herder(), t.Context()
	out := filepath.Join(t.TempDir(), "out")
	produce(t, b.Addr(), "a", "b", "c", "d") // a and c in partition 0, b and d in 1
	_, _, err := h.PutConnector(ctx, "s", fileSink("s", out, 2), nil, false)
	must(t, err)
	awaitLines(t, out, "a", "b", "c", "d")

	// lines waits until the connector has committed the end, and returns what it has written since the last call, sorted.
	seen := 0
	lines := func() string {
		t.Helper()
		awaitOffset(t, w, "s", "[{{0 orders} {2}} {{1 orders} {2}}]")
		data, err := os.ReadFile(out)
		must(t, err)
		all := strings.Fields(string(data))
		fresh := all[seen:]
		seen = len(all)
		slices.Sort(fresh)
		return strings.Join(fresh, " ")
	}
	restart := func(change func() (worker.Message, error)) {
		t.Helper()
		must(t, h.StopConnector(ctx, "s"))
		_, err := change()
		must(t, err)
		must(t, h.ResumeConnector(ctx, "s"))
		awaitState(t, w, "s", "RUNNING RUNNING RUNNING")
	}
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: written %q, want %q", what, got, want)
		}
	}
	expect("at first", lines(), "a b c d")
	restart(func() (worker.Message, error) { return h.AlterOffsets(ctx, "s", position(1)) })
	expect("partition 0 from 1", lines(), "c")
	restart(func() (worker.Message, error) { return h.AlterOffsets(ctx, "s", position(nil)) })
	expect("partition 0 without an offset", lines(), "a c")
	restart(func() (worker.Message, error) { return h.ResetOffsets(ctx, "s") })
	expect("after the reset", lines(), "a b c d")

	// With auto.offset.reset=latest what is there already is skipped.
	config := fileSink("s", out, 2)
	latest := "latest"
	_, _, err = h.PutConnector(ctx, "s", config.With("consumer.override.auto.offset.reset", &latest), nil, true)
	must(t, err)
	restart(func() (worker.Message, error) { return h.ResetOffsets(ctx, "s") })
	awaitNewRecords(t, b, out, &seen)
}

// awaitNewRecords produces until a record is written, as a reader that begins at the end may begin after the first ones, and checks that nothing old
// was written before it.
func awaitNewRecords(t *testing.T, b *embedded.Broker, out string, seen *int) {
	t.Helper()
	n := 0
	await(t, "a new record", func() (string, bool) {
		produce(t, b.Addr(), fmt.Sprintf("new-%d", n))
		n++
		data, err := os.ReadFile(out)
		must(t, err)
		fresh := strings.Fields(string(data))[*seen:]
		if i := slices.IndexFunc(fresh, func(line string) bool { return !strings.HasPrefix(line, "new-") }); i >= 0 {
			t.Fatalf("old record %s was written", fresh[i])
		}
		return fmt.Sprint(fresh), len(fresh) > 0
	})
}

// After a reset a topic shows again when its next record comes, without a restart of the connector.
func TestTopicsShowAgainAfterAReset(t *testing.T) {
	t.Parallel()
	b := startBroker(t, embedded.Options{})
	createOrders(t, b.Addr())
	w, _ := startWorker(t, settings(b.Addr()), "one:8083")
	h, ctx := w.Herder(), t.Context()
	out := filepath.Join(t.TempDir(), "out")
	produce(t, b.Addr(), "a")
	_, _, err := h.PutConnector(ctx, "s", fileSink("s", out, 1), nil, false)
	must(t, err)
	topics := func() string {
		list, err := h.ActiveTopics("s")
		must(t, err)
		return strings.Join(list, " ")
	}
	for _, next := range []string{"b", "c"} {
		await(t, "the topic", func() (string, bool) { return topics(), topics() == "orders" })
		must(t, h.ResetActiveTopics(ctx, "s"))
		if got := topics(); got != "" {
			t.Errorf("topics right after the reset: %s, want none", got)
		}
		produce(t, b.Addr(), next)
		awaitLines(t, out, next)
	}
	await(t, "the topic", func() (string, bool) { return topics(), topics() == "orders" })
	if data, err := os.ReadFile(out); err != nil || !bytes.Equal(data, []byte("a\nb\nc\n")) {
		t.Errorf("written %q, error %v: the task was not to be started again", data, err)
	}
}
