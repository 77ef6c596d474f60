package worker

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/worker/store"
)

// largeConfig has about as many keys as the body of a request can hold.
func largeConfig(prefix string) Properties {
	value := ""
	p := make(Properties, 200_000)
	for i := range p {
		p[i] = store.Property{Key: fmt.Sprintf("%s%d", prefix, i), Value: &value}
	}
	return p
}

// soon fails the test if f takes longer than anything linear would, be the machine slow.
func soon(t *testing.T, what string, f func()) {
	t.Helper()
	over := make(chan struct{})
	go func() {
		defer close(over)
		f()
	}()
	select {
	case <-over:
	case <-time.After(20 * time.Second):
		t.Fatal(what, "takes too long for its size")
	}
}

func TestPatchOfVeryManyKeysIsOneMerge(t *testing.T) {
	r := newRig(t, &MemoryStorage{})
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- r.worker.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-over; err != nil {
			t.Error(err)
		}
	}()
	<-r.worker.Ready()
	if _, _, err := r.h.PutConnector(t.Context(), "x", config("x", "topics", "a"), nil, false); err != nil {
		t.Fatal(err)
	}
	soon(t, "the patch", func() {
		info, err := r.h.PatchConnector(t.Context(), "x", largeConfig("k"))
		if err != nil || len(info.Config) != 200_003 {
			t.Errorf("%d keys, error %v", len(info.Config), err)
		}
	})
	none := largeConfig("k")
	for i := range none {
		none[i].Value = nil
	}
	soon(t, "the patch of nulls", func() {
		info, err := r.h.PatchConnector(t.Context(), "x", none)
		if err != nil || len(info.Config) != 3 {
			t.Errorf("%d keys, error %v", len(info.Config), err)
		}
	})
}

func TestTaskConfigOfVeryManyKeys(t *testing.T) {
	soon(t, "the task's configuration", func() {
		connector, other := largeConfig("k"), largeConfig("t")
		settings := connector.Merge(other).Map()
		p := completeTaskConfig(connector, settings, sinkTaskClass)
		if len(p) != 400_001 || p[0].Key != "k0" || p[200_000].Key != "t0" {
			t.Errorf("%d keys, the first is %s", len(p), p[0].Key)
		}
		if !p.Equal(store.PropertiesOf(p.Map())) {
			t.Error("not equal to itself in another order")
		}
	})
}

func TestTopicsOfAVeryLongListAreDistinct(t *testing.T) {
	soon(t, "the list of topics", func() {
		text := make([]string, 300_000)
		for i := range text {
			text[i] = fmt.Sprint("t", i%200_000)
		}
		if got := topicsOf(map[string]string{"topics": strings.Join(text, ", ")}, nil); len(got) != 200_000 || got[1] != "t1" {
			t.Errorf("%d topics", len(got))
		}
	})
}
